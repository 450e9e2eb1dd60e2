"""Events in: applied once, retried on the ladder, parked with their reason, never acknowledged undone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from amqp import Message

from services.chassis import broker as topology
from services.chassis import context
from services.chassis.errors import Permanent, Retryable
from services.chassis.retries import ATTEMPTS, CONSUMER, DETAIL, FIRST_FAILED_AT, REASON
from services.chassis.testing import wait_for
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


GARBAGE = [b"", b"\xff\xfe\x00", b"not json", b"[]", b"{}", b'{"specversion":"1.0"}', b"[" * 50_000]


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


def test_an_event_whose_answer_fails_is_not_parked_unanswered(settings, publish, channel):
    with running(Outside, settings) as ledger:
        answers = ledger.parked
        ledger.parked = None  # the first answer raises
        publish(b"not json")
        wait_for(lambda: topology.depth(channel, "jishi.wait.5s") == 1 or ledger.parked is not None, 5)
        ledger.parked = answers
        await_parked(channel, 1)
        assert answers == [(None, "not_json", "")]
