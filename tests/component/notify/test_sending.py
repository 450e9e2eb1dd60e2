"""Sending through a provider that fails, dawdles, lies low or dies: out once, or known why not."""

from datetime import timedelta

import pytest
import structlog
from prometheus_client import generate_latest

from services.chassis.testing import wait_for
from services.notify.channels.http import HttpChannel
from services.notify.channels.lines import Line
from services.notify.channels.model import Channel, Letter
from services.notify.channels.shape_files import shipped_shape
from services.notify.contacts.store import Contact
from services.notify.messages import model, outcomes, queues, sender
from tests.mailing import purpose

from .conftest import PHONES, Desk, fulfilled, overdue


def campus(desk: Desk) -> Line:
    return next(line for line in desk.application.sender.lines if line.name == "campus")


def way(desk: Desk, url: str) -> HttpChannel:
    return HttpChannel(shipped_shape("campus"), url, 2, desk.clock)


@pytest.fixture
def queued(desk: Desk) -> Desk:
    """One reminder is ready to go."""
    desk.tell(overdue())
    desk.clock.advance(timedelta(seconds=11))
    desk.application.remind()
    return desk


def test_a_provider_that_fails_before_it_takes_a_message_is_asked_and_tried_again(queued: Desk) -> None:
    queued.provider.faults(fail_rate=1)
    queued.application.sender.run_once()
    assert queued.kept() == [("first", "unknown", "provider_failed")]
    queued.wait_until_due()
    assert queued.kept() == [("first", "temporary_failure", "not_received")]
    queued.provider.faults(fail_rate=0)
    queued.wait_until_due()
    assert queued.kept() == [("first", "sent", None)]
    assert len(queued.provider.taken()) == 1


def test_a_provider_that_fails_after_it_took_a_message_is_not_sent_it_again(queued: Desk) -> None:
    queued.provider.faults(fail_after_rate=1)
    queued.application.sender.run_once()
    assert queued.kept() == [("first", "unknown", "provider_failed")]
    queued.wait_until_due()
    assert queued.kept() == [("first", "sent", None)]
    assert queued.only_message().message.provider_id == queued.provider.taken()[0]["id"]
    assert len(queued.provider.taken()) == 1


@pytest.mark.usefixtures("impatient")
def test_a_slow_provider_is_given_up_on_and_later_found_to_have_it(queued: Desk) -> None:
    queued.provider.faults(delay_ms=4000)
    queued.application.sender.run_once()
    assert queued.kept() == [("first", "unknown", "no_answer")]
    queued.wait_until_due()
    assert queued.kept() == [("first", "unknown", "no_answer")], "absent, but a call is still on its way"
    wait_for(queued.provider.taken)

    def found() -> bool:
        queued.wait_until_due()  # once more, where it did not say in time what it has
        return queued.kept() == [("first", "sent", None)]

    wait_for(found)
    assert len(queued.provider.taken()) == 1


def test_a_provider_that_is_down_is_tried_again_later(queued: Desk) -> None:
    up = campus(queued).way
    campus(queued).way = way(queued, "http://127.0.0.1:1/sms")
    queued.application.sender.run_once()
    assert queued.kept() == [("first", "temporary_failure", "provider_unreachable")]
    campus(queued).way = up
    queued.wait_until_due()
    assert queued.kept() == [("first", "sent", None)]
    assert len(queued.provider.taken()) == 1


@pytest.mark.parametrize("crashed_after_the_call", [True, False])
def test_a_crash_between_claim_and_answer_is_settled_by_asking(
    queued: Desk, crashed_after_the_call: bool
) -> None:
    sending = queued.application.sender._sending
    (message,) = queued.application.messages.due("send.sms.ordinary", queued.clock.now())
    queued.application.messages.change(
        message, lambda m: outcomes.claim(m, queued.clock.now(), sending, provider="campus")
    )
    if crashed_after_the_call:
        letter = Letter(message, PHONES["secretary"], "…")
        way(queued, queued.provider.url).send(message, [letter])
    queued.application.sender.run_once()
    assert queued.kept() == [("first", "sending", None)], "the claim still holds"
    for _ in range(20):
        if queued.only_message().message.act_at is None:
            break
        queued.wait_until_due()
    assert queued.kept() == [("first", "sent", None)]
    assert len(queued.provider.taken()) == 1
    told = [str(each.state) for each in queued.only_message().message.decisions]
    assert told[:4] == ["created", "queued", "sending", "unknown"]


def test_what_a_killed_process_holds_on_to_keeps_nothing_else_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "MOST_PER_ROUND", 4)
    now, messages = desk.clock.now(), desk.application.messages
    made = [purpose("held", number, "branch", "secretary") for number in range(10)]
    messages.create_many([(each, model.created(now, now, None)) for each in made])
    held = set(messages.due("send.sms.ordinary", now)[:4])
    database = desk.application.database
    with database.client.start_session() as killed:
        killed.start_transaction()
        for each in held:
            claimed = {"$set": {"state": "sending"}}
            database["messages"].update_one({"_id": each}, claimed, session=killed)
        for _ in range(3):  # the first meets nothing but what is held
            desk.application.sender.run_once()
        assert {each["reference"] for each in desk.provider.taken()} == {m.message_id for m in made} - held
        killed.abort_transaction()
    desk.turn(seconds=queues.PASSED_OVER.total_seconds())
    taken = [each["reference"] for each in desk.provider.taken()]
    assert sorted(taken) == sorted(each.message_id for each in made)


def test_what_is_due_is_read_once_however_much_it_is_and_goes_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "MOST_PER_ROUND", 4)
    now, messages, lane, read = desk.clock.now(), desk.application.messages, "send.sms.ordinary", []
    made = [purpose("many", number, "branch", "secretary") for number in range(11)]
    messages.create_many([(each, model.created(now, now, None)) for each in made[:10]])
    due = messages.due
    monkeypatch.setattr(messages, "due", lambda *asked: read.append(asked[0]) or due(*asked))
    desk.application.sender.run_once()
    desk.application.sender.run_once()
    assert (len(desk.provider.taken()), read.count(lane)) == (8, 1)
    desk.clock.advance(timedelta(seconds=1))
    messages.create(made[10], model.created(desk.clock.now(), desk.clock.now(), None))
    desk.application.sender.run_once()
    assert read.count(lane) == 2, "what has come since goes with the last of before"
    taken = [each["reference"] for each in desk.provider.taken()]
    assert sorted(taken) == sorted(each.message_id for each in made)


def test_what_is_due_again_does_not_wait_behind_all_that_was_read_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "MOST_PER_ROUND", 2)
    now, messages = desk.clock.now(), desk.application.messages
    made = [purpose("many", number, "branch", "secretary") for number in range(8)]
    again, earlier = purpose("again", 1, "branch", "secretary"), now - timedelta(seconds=1)
    messages.create_many([(each, model.created(now, now, None)) for each in made])
    desk.application.sender.run_once()
    messages.create(again, model.created(earlier, earlier, None))
    desk.turn(seconds=1)
    references = [each["reference"] for each in desk.provider.taken()]
    assert (len(references), again.message_id in references) == (4, False), "what was read is not exhausted"
    desk.turn(seconds=queues.READ_AGAIN.total_seconds())
    assert again.message_id in [each["reference"] for each in desk.provider.taken()]


def test_a_provider_that_cannot_be_asked_is_never_sent_the_message_again(queued: Desk) -> None:
    queued.provider.faults(fail_after_rate=1, blind=True)
    queued.application.sender.run_once()
    while queued.only_message().message.act_at is not None:
        queued.wait_until_due()
    assert queued.kept() == [("first", "technical_failure", "never_confirmed")]
    queued.provider.faults(blind=False)
    assert len(queued.provider.taken()) == 1


def test_a_message_that_was_not_received_is_not_sent_again_once_it_is_fulfilled(queued: Desk) -> None:
    queued.provider.faults(fail_rate=1)
    queued.application.sender.run_once()
    queued.tell(fulfilled(), sequence=2)
    queued.provider.faults(fail_rate=0)
    queued.wait_until_due()
    queued.wait_until_due()
    assert queued.kept() == [("first", "suppressed", "fulfilled")]
    assert queued.provider.taken() == []


def test_a_number_that_the_provider_refuses_is_a_permanent_failure(desk: Desk) -> None:
    sealed = desk.application.vault.seal("phone", "051912345")
    desk.application.contacts.put([Contact("secretary", sealed, active=True)])
    desk.tell(overdue())
    desk.turn(seconds=11)
    assert desk.kept() == [("first", "permanent_failure", "refused")]


def test_the_store_finds_what_is_due_by_an_index(queued: Desk) -> None:
    database = queued.application.database
    for collection, wanted in (
        ("messages", {"lane": "send.sms.ordinary", "act_at": {"$lte": queued.clock.now()}}),
        ("messages", {"release_at": {"$lte": queued.clock.now()}}),
        ("messages", {"watch": "obligation-1"}),
        ("watches", {"next_at": {"$lte": queued.clock.now()}}),
    ):
        plan = str(database[collection].find(wanted).explain()["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in plan, (collection, wanted)


def test_no_number_stands_in_the_store_in_logs_or_in_metrics(queued: Desk) -> None:
    with structlog.testing.capture_logs() as lines:
        up = campus(queued).way
        campus(queued).way = way(queued, "http://127.0.0.1:1/sms")
        queued.application.sender.run_once()
        campus(queued).way = up
        queued.wait_until_due()
    assert len(queued.provider.taken()) == 1
    assert [each["state"] for each in lines if each["event"] == "message.changed"][-1] == "sent"
    database = queued.application.database
    everything = str([list(database[name].find()) for name in database.list_collection_names()])
    everything += str(lines) + generate_latest().decode()
    assert not any(phone in everything for phone in PHONES.values())


def test_what_no_provider_serves_is_looked_at_when_woken_and_else_seldom(desk: Desk) -> None:
    sender_ = desk.application.sender

    def channels(**wanted: bool) -> set[str]:
        return {channel for channel, _ in sender_._lanes(**wanted)}

    sender_._hot.clear()
    assert channels(everything=False, unserved=False) == set()
    assert channels(everything=True, unserved=False) == {"sms", "inbox"}
    assert channels(everything=True, unserved=True) == {*Channel}
    sender_.wake()
    assert channels(everything=False, unserved=False) == {*Channel}
