"""Events in: applied once, retried on the ladder, parked with their reason, never acknowledged undone."""

from __future__ import annotations

import json
import struct
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import structlog
from amqp import Message

from services.chassis import broker as topology
from services.chassis import context, retries
from services.chassis.envelope import seal, to_bytes
from services.chassis.errors import Permanent, Retryable
from services.chassis.retries import (
    ATTEMPTS,
    CONSUMER,
    DETAIL,
    FIRST_FAILED_AT,
    LETTER,
    PARKED_AT,
    REASON,
)
from services.chassis.subscribe import Order, Subscribe
from services.chassis.testing import wait_for
from services.contracts.records_events import ActivityPlanned
from tests import grounds
from tests.component.chassis.ledger_service import (
    AnyOrder,
    Batched,
    Greedy,
    Latest,
    Outside,
    Strict,
    await_parked,
    event_id,
    is_empty,
    running,
)

settings, vhost = grounds.settings, grounds.vhost


def sealed_anonymously(settings: Any, subject: str) -> bytes:
    new = ActivityPlanned.of(
        anonymous=True, activity=subject, organisation="o1", kind="theme_day", held_on=date(2026, 3, 5)
    )
    return to_bytes(seal(new, subject=subject, sequence=1, clock=settings.clock(), actor="p1"))


# -- the effect, once ---------------------------------------------------------------------------


def test_an_event_reaches_its_handler_with_what_caused_it(settings, publish, event):
    with running(AnyOrder, settings) as ledger:
        circumstances = []
        ledger.act = lambda _: circumstances.append(context.current())
        body = event(actor="p1", correlationid="c1", traceparent="00-1-2-01")
        publish(body)
        wait_for(lambda: circumstances)
        assert (circumstances[0].actor, circumstances[0].correlationid) == ("p1", "c1")
        assert (circumstances[0].causationid, circumstances[0].traceparent) == (event_id(body), "00-1-2-01")


@pytest.mark.parametrize("service", [AnyOrder, Latest, Strict, Batched])
def test_the_same_event_a_hundred_times_has_one_effect(settings, publish, event, service):
    with running(service, settings) as ledger:
        body = event()
        publish(*[body] * 100)
        last = event("a2")
        publish(last)
        wait_for(lambda: event_id(last) in ledger.effects)
        wait_for(lambda: ledger.container.in_flight == 0)
        assert sorted(ledger.effects) == sorted([event_id(body), event_id(last)])


@pytest.mark.parametrize(
    ("service", "queue", "outcome"),
    [
        (AnyOrder, "evaluation.any", "duplicate"),
        (Latest, "evaluation.latest", "stale"),
        (Batched, "evaluation.batched", "duplicate"),
    ],
)
def test_what_was_applied_before_is_counted_as_such(settings, publish, event, service, queue, outcome):
    def counted(which: str) -> float:
        return retries.EVENTS.labels(queue, which)._value.get()

    before = counted("handled"), counted(outcome)
    with running(service, settings):
        publish(*[event()] * 10)
        wait_for(lambda: (counted("handled") - before[0], counted(outcome) - before[1]) == (1, 9))


def test_an_order_without_a_transaction_asks_for_a_guard_of_the_handler_s_own():
    with pytest.raises(ValueError, match="guard"):
        Subscribe(ActivityPlanned, queue="q", order=Order.LATEST, transaction=False)
    Subscribe(ActivityPlanned, queue="q", order=Order.LATEST, transaction=False, own_guard="a version")
    Subscribe(ActivityPlanned, queue="q", transaction=False)


def test_a_handler_that_raises_leaves_no_effect_and_no_acknowledged_event(settings, publish, event):
    with running(AnyOrder, settings) as ledger:

        def fail_once(_: Any) -> None:
            if len(ledger.seen) == 1:
                raise RuntimeError("surprise")

        ledger.act = fail_once
        body = event()
        publish(body)
        wait_for(lambda: len(ledger.seen) == 2)
        wait_for(lambda: ledger.effects == [event_id(body)])


def test_a_failing_event_waits_and_does_not_spin(settings, publish, event, channel):
    with running(AnyOrder, settings, RETRY_SCALE=1.0) as ledger:

        def fail(_: Any) -> None:
            raise Retryable("not yet")

        ledger.act = fail
        publish(event())
        wait_for(lambda: topology.depth(channel, "jishi.wait.5s") == 1)
        assert len(ledger.seen) == 1
        assert is_empty(channel, "evaluation.any")


def test_a_retried_event_comes_back_to_the_one_consumer_that_failed(settings, publish, event, channel):
    with running(Greedy, settings) as ledger:
        calls: list[str] = []

        def fail_once(applied: Any) -> None:
            # Both handlers come by here: the slow one by itself, the quick one through ``apply``.
            calls.append("quick" if applied.id in ledger.seen else "slow")
            if calls.count("slow") == 1 and calls[-1] == "slow":
                raise Retryable("not yet")

        ledger.act = fail_once
        publish(event())
        wait_for(lambda: len(ledger.effects) == 1 and len(calls) >= 2)
        wait_for(lambda: ledger.container.in_flight == 0 and is_empty(channel, "jishi.wait.5s"))
        assert ledger.seen.count(ledger.seen[0]) == 1


def test_after_its_last_attempt_an_event_is_parked_with_its_history(settings, publish, event, channel):
    with running(Outside, settings) as ledger:

        def fail(_: Any) -> None:
            raise KeyError("13812345678")

        ledger.act = fail
        body = event(traceparent="00-1-2-01")
        publish(body)
        [letter] = await_parked(channel, 1)
        assert bytes(letter.body) == body
        assert letter.headers[REASON] == "retries_exhausted"
        assert letter.headers[DETAIL] == "KeyError"
        assert letter.headers[ATTEMPTS] == 2
        assert letter.headers[CONSUMER] == "evaluation.outside"
        assert letter.headers["traceparent"] == "00-1-2-01"
        assert letter.headers[FIRST_FAILED_AT]
        assert ledger.effects == []


def test_a_permanent_failure_is_parked_at_once(settings, publish, event, channel):
    with running(AnyOrder, settings, RETRY_SCALE=1.0) as ledger:

        def refuse(_: Any) -> None:
            raise Permanent("unknown_organisation", "organisation")

        ledger.act = refuse
        publish(event())
        [letter] = await_parked(channel, 1)
        assert (letter.headers[REASON], letter.headers[DETAIL]) == ("unknown_organisation", "organisation")
        assert len(ledger.seen) == 1


GARBAGE = [
    b"",
    b"\xff\xfe\x00",
    b"not json",
    b"[]",
    b"{}",
    b'{"specversion":"1.0"}',
    b"[" * 50_000,
    "{}".encode("utf-16"),
]


# Properties that py-amqp raises at, as other clients write them.
UNREADABLE = {
    "a message id that is no text": struct.pack(">HB", 1 << 7, 1) + b"\xff",
    "a header with a time in milliseconds": struct.pack(">HI", 1 << 13, 11)
    + b"\x01tT"
    + struct.pack(">Q", 1_772_323_200_000),
}


class Raw(Message):
    """A message with the given octets for its properties."""

    def __init__(self, body: bytes, octets: bytes) -> None:
        super().__init__(body)
        self.octets = octets

    def _serialize_properties(self) -> bytes:
        return self.octets


@pytest.mark.parametrize("service", [AnyOrder, Batched])
def test_properties_that_cannot_be_read_park_their_message_alone(settings, publish, event, channel, service):
    with running(service, settings) as ledger:
        first, last = event("a1"), event("a2")
        publish(first)
        for octets in UNREADABLE.values():
            channel.basic_publish(Raw(event("a3"), octets), "records.events", "activity.planned")
        publish(last)
        letters = await_parked(channel, len(UNREADABLE))
        assert {(each.headers[REASON], each.headers[DETAIL]) for each in letters} == {
            ("not_an_event", "properties")
        }
        wait_for(lambda: sorted(ledger.effects) == sorted([event_id(first), event_id(last)]))


def test_a_header_whose_name_is_no_text_does_not_keep_its_message_from_being_parked(settings, event, channel):
    with running(AnyOrder, settings) as ledger:

        def refuse(_: Any) -> None:
            raise Permanent("unknown_organisation")

        ledger.act = refuse
        octets = struct.pack(">HI", 1 << 13, 4) + b"\x01\xfft\x01"
        channel.basic_publish(Raw(event(), octets), "records.events", "activity.planned")
        [letter] = await_parked(channel, 1)
        assert letter.headers[REASON] == "unknown_organisation"
        assert len(ledger.seen) == 1


def test_what_its_sender_wrote_around_it_does_not_keep_an_event_from_being_parked(
    settings, publish, event, channel, monkeypatch
):
    monkeypatch.setattr(retries, "plain_headers", lambda headers: {"unwritable": object()})
    with running(AnyOrder, settings):
        publish(b"not json", event(), b"not json")
        letters = await_parked(channel, 2)
        assert {each.headers[REASON] for each in letters} == {"not_json"}


def test_a_routing_key_that_is_no_text_does_not_end_the_reader(settings, event, channel):
    with running(Outside, settings) as ledger:
        body = event()
        connection = channel.connection
        frame = struct.pack(">HH", 60, 40) + b"\0\0" + b"\x0erecords.events" + b"\x02\xff\xfe" + b"\0"
        transport = connection.transport

        def write(kind: int, octets: bytes) -> None:
            transport.write(struct.pack(">BHI", kind, channel.channel_id, len(octets)) + octets + b"\xce")

        write(1, frame)
        write(2, struct.pack(">HHQH", 60, 0, len(body), 0))
        write(3, body)
        wait_for(lambda: ledger.effects == [event_id(body)])


@pytest.mark.parametrize("service", [AnyOrder, Batched])
def test_half_a_character_parks_its_event_alone(settings, publish, event, channel, service):
    bodies: dict[bytes, str] = {}
    for name in ("id", "source", "subject", "actor", "correlationid", "traceparent", "data"):
        wire = json.loads(event(f"a-{name}"))
        broken = {**wire["data"], "organisation": "\ud800"} if name == "data" else "\ud800"
        bodies[json.dumps({**wire, name: broken}).encode()] = name
    with running(service, settings) as ledger:
        good = event("a1")
        publish(*bodies, good)
        letters = await_parked(channel, len(bodies))
        assert {bytes(each.body) for each in letters} == set(bodies)
        for letter in letters:
            assert letter.headers[REASON] == "not_an_event"
            assert bodies[bytes(letter.body)] in letter.headers[DETAIL]
        wait_for(lambda: ledger.effects == [event_id(good)])


@pytest.mark.parametrize("service", [AnyOrder, Batched])
def test_what_cannot_be_decoded_is_parked_and_its_neighbours_are_applied(
    settings, publish, event, channel, service
):
    with running(service, settings) as ledger:
        first, last = event("a1"), event("a2")
        publish(first, *GARBAGE, last)
        letters = await_parked(channel, len(GARBAGE))
        assert sorted(each.body or b"" for each in letters) == sorted(GARBAGE)
        wait_for(lambda: sorted(ledger.effects) == sorted([event_id(first), event_id(last)]))


def test_a_body_with_a_false_content_type_or_encoding_is_not_acked_away(settings, event, channel):
    with running(AnyOrder, settings) as ledger:
        body = event()
        for properties in (
            {"content_type": "application/x-python-serialize", "content_encoding": "binary"},
            {"content_type": "application/json", "content_encoding": "no-such-codec"},
        ):
            channel.basic_publish(Message(body, **properties), "records.events", "activity.planned")
        broken = Message(b"\xff", content_type="application/json", content_encoding="utf-8")
        channel.basic_publish(broken, "records.events", "activity.planned")
        [letter] = await_parked(channel, 1)
        assert letter.headers[REASON] == "not_json"
        wait_for(lambda: ledger.effects == [event_id(body)])


def test_what_strangers_send_is_answered_before_it_is_parked(settings, publish, event, channel):
    with running(Outside, settings) as ledger:
        stranger = json.dumps({**json.loads(event()), "type": "records.no.such.v1", "id": "e9"}).encode()
        publish(b"not json", stranger)
        await_parked(channel, 2)
        assert sorted(ledger.parked, key=str) == [("e9", "unknown_type", ""), (None, "not_json", "")]


def test_of_an_anonymous_event_that_fails_only_the_day_is_noted(settings, publish, channel):
    with running(Outside, settings) as ledger, structlog.testing.capture_logs() as lines:
        circumstances: list[Any] = []

        def fail(_: Any) -> None:
            circumstances.append(context.current())
            raise KeyError

        ledger.act = fail
        body = sealed_anonymously(settings, "a1")
        # The second cannot even be read: it is of a version to come.
        publish(body, json.dumps({**json.loads(body), "type": "records.no.such.v1"}).encode())
        for letter in await_parked(channel, 2):
            today = settings.clock().today().isoformat()
            assert (letter.headers[FIRST_FAILED_AT], letter.headers[PARKED_AT]) == (today, today)
            assert UUID(letter.headers[LETTER]).version == 4
        assert set(circumstances) == {context.Context()}
        told = [value for line in lines for value in map(str, line.values())]
        assert any("event.parked" in value for value in told)
        assert not [value for value in told if json.loads(body)["id"] in value or "a1" in value]
        assert not [line for line in lines if line.get("letter") or line.get("event_id")]


def test_an_event_that_can_never_be_answered_is_parked_with_both_reasons(settings, publish, channel):
    with running(Outside, settings) as ledger:
        ledger.parked = None  # every answer raises
        publish(b"not json")
        [letter] = await_parked(channel, 1)
        assert (letter.headers[REASON], letter.headers[DETAIL]) == ("not_answered", "not_json")
        assert letter.headers[ATTEMPTS] == 4


def test_an_event_whose_answer_fails_is_not_parked_unanswered(settings, publish, channel):
    class Stumbling(list[Any]):
        stumbled = False

        def append(self, answer: Any) -> None:
            if not self.stumbled:
                self.stumbled = True
                raise KeyError
            super().append(answer)

    with running(Outside, settings) as ledger:
        answers = ledger.parked = Stumbling()
        publish(b"not json")
        await_parked(channel, 1)
        assert answers.stumbled
        assert answers == [(None, "not_json", "")]
