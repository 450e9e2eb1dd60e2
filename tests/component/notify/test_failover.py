"""Several providers and ways: one that fails is passed over, none keeps another waiting."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import eventlet
import pytest

from services.chassis.context import Context, entered
from services.chassis.errors import Unauthenticated
from services.chassis.testing import wait_for
from services.notify.channels.breaker import Breaker, Limits
from services.notify.channels.http import HttpChannel
from services.notify.channels.lines import Line
from services.notify.channels.model import Answer, CannotTell, Enquiry, Finding, Letter, NoAnswer
from services.notify.channels.shape_files import shipped_shape
from services.notify.contacts.store import Contact
from services.notify.messages import model
from services.notify.messages.model import ORDINARY, Purpose

from .conftest import Desk, Provider

SECRET = "a secret of the tests"
FILE = """
providers:
  - {{name: first, channel: sms, kind: http, priority: 1, url: "{url}", shape: campus,
     receipt_secret: REPORTS, limits: {{failures: 2, rest_seconds: 30}}}}
  - {{name: second, channel: sms, kind: http, priority: 2, url: "{url}", shape: campus,
     receipt_secret: REPORTS}}
"""


@dataclass
class Two:
    """A desk with two providers of SMS, both the one sandbox; the first can be led astray."""

    desk: Desk

    def line(self, name: str) -> Line:
        return next(each for each in self.desk.application.sender.lines if each.name == name)

    def lead(self, name: str, url: str, timeout: float = 5.0) -> None:
        self.line(name).way = HttpChannel(shipped_shape("campus"), url, timeout, self.desk.clock)

    def queue(self, count: int, **changes: Any) -> list[str]:
        """That many messages to the secretary, due now."""
        now = self.desk.clock.now()
        given = {
            "channel": "sms",
            "template": "reminder-again.v2",
            "step": "again",
            "organisation": "branch",
            "obligation": None,
            "round": 0,
            "recipient": "secretary",
            "text": "请尽快召开",
            "kind": "announcement",
            **changes,
        }
        made = [Purpose(**given, dedupe=f"{given['step']} {number}") for number in range(count)]
        self.desk.application.messages.create_many([(each, model.created(now, now, None)) for each in made])
        return [each.message_id for each in made]

    def turn(self, **passes: float) -> None:
        self.desk.clock.advance(timedelta(**passes))
        self.desk.application.sender.run_once()

    def states(self, messages: list[str]) -> list[tuple[str, str | None]]:
        found = [self.desk.application.messages.get(each) for each in messages]
        return [(str(each.message.state), each.message.provider) for each in found]


@pytest.fixture
def two(open_desk: Callable[..., Desk], provider: Provider, tmp_path: Path) -> Two:
    from .conftest import furnish

    path = tmp_path / "providers.yaml"
    path.write_text(FILE.format(url=provider.url), encoding="utf-8")
    desk = open_desk(extra={"PROVIDERS_FILE": str(path), "REPORTS": SECRET})
    furnish(desk.application)
    return Two(desk)


def test_a_provider_that_is_down_for_an_hour_loses_nothing_and_doubles_nothing(two: Two) -> None:
    two.lead("first", "http://127.0.0.1:1/sms")
    messages = two.queue(6)
    two.turn()
    two.turn()
    assert two.states(messages) == [("sent", "second")] * 6
    decisions = two.desk.application.messages.get(messages[0]).message.decisions
    assert [(str(each.state), each.reason) for each in decisions][2:] == [
        ("sending", None),
        ("temporary_failure", "provider_unreachable"),
        ("sending", None),
        ("sent", None),
    ]
    two.lead("second", "http://127.0.0.1:1/sms")
    late = two.queue(3, step="above")
    for _ in range(12):
        two.turn(minutes=5)
    assert {state for state, _ in two.states(late)} <= {"queued", "temporary_failure"}
    two.lead("first", two.desk.provider.url)
    two.lead("second", two.desk.provider.url)
    for _ in range(8):
        two.turn(minutes=5)
    assert [state for state, _ in two.states(late)] == ["sent"] * 3
    assert sorted(each["reference"] for each in two.desk.provider.taken()) == sorted([*messages, *late])


def test_what_only_a_provider_that_rests_has_not_refused_goes_to_another_again(two: Two) -> None:
    messages = two.queue(3)
    two.desk.application.messages.change_many(
        dict.fromkeys(messages, lambda message: replace(message, tried=("first",)))
    )
    two.line("second")._breaker = Breaker(5, opened_at=two.desk.clock.now())
    two.turn()
    assert two.states(messages) == [("sent", "first")] * 3


class Stalling:
    """A way whose provider answers when the test says so."""

    def __init__(self, way: HttpChannel) -> None:
        self._way = way
        self.goes_on = eventlet.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._way, name)

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        self.goes_on.wait()
        return self._way.send(call, letters)


def test_a_provider_that_stalls_keeps_nobody_elses_messages_waiting(two: Two) -> None:
    two.lead("first", two.desk.provider.url)
    way = two.line("first").way = Stalling(two.line("first").way)
    messages = two.queue(1)
    inbox = two.queue(2, channel="inbox", channels=("inbox",), step="inbox")
    sender = two.desk.application.sender
    sender._deal([("sms", "ordinary"), ("inbox", "ordinary")])
    wait_for(lambda: _written(two, inbox))
    assert two.states(messages) == [("sending", "first")]
    way.goes_on.send()
    sender._wait()
    assert two.states(messages) == [("sent", "first")]


class Silent(Stalling):
    """A way whose provider loses every answer, and answers no question before the test says so."""

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        return [NoAnswer("no_answer", over=True)] * len(letters)

    def find(self, enquiry: Enquiry) -> Finding:
        self.goes_on.wait()
        return CannotTell()


def test_a_provider_that_answers_no_question_keeps_nobody_elses_messages_waiting(two: Two) -> None:
    line = two.line("first")
    way = line.way = Silent(line.way)
    line._limits = Limits(failures=1000)
    messages = two.queue(20)
    two.turn()
    assert two.states(messages) == [("unknown", "first")] * 20
    two.desk.clock.advance(timedelta(seconds=10))
    inbox = two.queue(2, channel="inbox", channels=("inbox",), step="inbox")
    sender = two.desk.application.sender
    with eventlet.Timeout(60):
        sender._ask_all()
        sender._ask_all()
        sender._deal([("inbox", "ordinary")])
        wait_for(lambda: _written(two, inbox))
    way.goes_on.send()
    sender._wait()


def _written(two: Two, messages: list[str]) -> bool:
    two.desk.application.sender._caller.write()
    return [state for state, _ in two.states(messages)] == ["delivered"] * len(messages)


def test_what_is_bulk_waits_while_there_is_no_more_room_than_for_what_is_ordinary(two: Two) -> None:
    bulk = two.queue(3, priority=ORDINARY + 2, step="bulk")
    two.desk.clock.advance(timedelta(minutes=1))
    ordinary = two.queue(2)
    for name in ("first", "second"):
        two.line(name)._limits = Limits(rate_per_second=0.01, burst=1)
    two.turn()
    assert two.states(ordinary) == [("sent", "first"), ("sent", "second")]
    assert two.states(bulk) == [("queued", None)] * 3
    two.turn(seconds=100)
    assert sorted(two.states(bulk), key=str) == [("queued", None), ("sent", "first"), ("sent", "second")]
    assert len(two.desk.provider.taken()) == 4, "each keeps to its own rate"


def test_who_has_no_address_one_way_is_reached_the_next(two: Two) -> None:
    application = two.desk.application
    application.contacts.put([Contact("member", None, active=True)])
    (message,) = two.queue(1, recipient="member", channels=("sms", "inbox"))
    two.turn()
    two.turn()
    assert two.states([message]) == [("delivered", "inbox")]
    with entered(Context(actor="member")):
        shown = application.reading.get({"message": message})
    assert (shown["channel"], shown["provider"]) == ("inbox", "inbox"), "the way that it went"
    items, _ = application.inbox_entries.page("member", True, None, 10)
    assert [each["message"] for each in items] == [message]
    assert application.inbox_entries.mark_read("member", message)["read_at"] == two.desk.clock.now()
    assert application.inbox_entries.page("member", True, None, 10) == ([], None)


def test_reports_are_believed_of_whoever_shows_the_secret_and_had_the_message(two: Two) -> None:
    messages = two.queue(2)
    two.turn()
    receipts = two.desk.application.receipts
    body = json.dumps([{"reference": each, "status": "delivered"} for each in [*messages, "of-nobody"]])
    with pytest.raises(Unauthenticated):
        receipts.take("first", "another secret of tests", None, body)
    with pytest.raises(Unauthenticated):
        receipts.take("first", None, "00" * 32, body)
    assert receipts.take("second", SECRET, None, body) == 0, "it never had them"
    application = two.desk.application
    at_sms_url = {"token": application.settings.sms_receipt_token, "status": "failed"}
    with pytest.raises(Unauthenticated):  # nobody is at ``SMS_URL``: its token speaks for none of the others
        application.accept_receipt({**at_sms_url, "reference": messages[0]})
    assert receipts.take("first", SECRET, None, body) == 2
    assert receipts.take("first", SECRET, None, body) == 0, "a repeat"
    assert [state for state, _ in two.states(messages)] == ["delivered"] * 2


def test_a_report_that_comes_before_the_answer_is_kept(two: Two) -> None:
    way = two.line("first").way = Stalling(two.line("first").way)
    (message,) = two.queue(1)
    sender = two.desk.application.sender
    sender._deal([("sms", "ordinary")])
    body = json.dumps({"reference": message, "status": "delivered"})
    assert two.desk.application.receipts.take("first", SECRET, None, body) == 1
    way.goes_on.send()
    sender._wait()
    assert two.states([message]) == [("delivered", "first")]
