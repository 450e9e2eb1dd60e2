"""The message: its states, and that no provider and no crash makes it go out twice."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.contracts.kinds import MESSAGE_STATES
from services.notify.application import FOLDER
from services.notify.channels.model import Absent, Accepted, CannotTell, Found, NoAnswer, NotReceived, Refused
from services.notify.messages.model import (
    FINAL,
    NEXT,
    Message,
    Sending,
    State,
    answered,
    ask,
    asked,
    claim,
    created,
    lease_ended,
    put_off,
    read_sending,
    receipt,
    suppress,
)

NOW = datetime(2026, 10, 5, 4, 0, tzinfo=UTC)
SENDING = Sending(
    timeout_seconds=8,
    lease_seconds=30,
    most_at_once=4,
    attempts=3,
    backoff_seconds=(10, 60),
    ask_seconds=(5, 20, 60),
    believe_absent_seconds=120,
)
QUEUED = created(NOW, NOW, None)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def claimed(message: Message = QUEUED, now: datetime = NOW) -> Message:
    taken = claim(message, now, SENDING)
    assert taken is not None
    return taken


def test_the_states_are_those_of_the_contract() -> None:
    assert {str(state) for state in State} == set(MESSAGE_STATES)
    assert set(NEXT) == set(State)
    assert all(not NEXT[state] for state in FINAL)


def test_a_message_that_is_not_sent_keeps_why() -> None:
    message = created(NOW, None, "no_contact")
    assert (message.state, message.reason, message.act_at) == (State.SUPPRESSED, "no_contact", None)


def test_only_one_may_claim_and_not_before_it_is_due() -> None:
    assert claim(created(NOW, later(1), "quiet_hours"), NOW, SENDING) is None
    assert claim(claimed(), NOW, SENDING) is None


def test_an_accepted_message_is_sent_and_then_delivered_by_its_receipt() -> None:
    sent = answered(claimed(), 1, Accepted("p-1"), NOW, SENDING)
    assert (sent.state, sent.provider_id) == (State.SENT, "p-1")
    assert receipt(sent, "delivered", NOW).state is State.DELIVERED


def test_a_receipt_that_comes_before_the_answer_is_not_undone_by_it() -> None:
    delivered = receipt(claimed(), "delivered", NOW)
    assert answered(delivered, 1, Accepted("p-1"), NOW, SENDING) == delivered
    assert answered(delivered, 1, NoAnswer("no_answer"), NOW, SENDING) == delivered


@given(st.lists(st.sampled_from(["delivered", "failed"]), min_size=1, max_size=5))
def test_the_first_receipt_counts_and_repeats_or_contradictions_change_nothing(told: list[str]) -> None:
    message = answered(claimed(), 1, Accepted("p-1"), NOW, SENDING)
    for status in told:
        message = receipt(message, status, NOW)
    assert message == receipt(answered(claimed(), 1, Accepted("p-1"), NOW, SENDING), told[0], NOW)


def test_a_receipt_for_what_never_went_out_changes_nothing() -> None:
    assert receipt(QUEUED, "delivered", NOW) == QUEUED
    suppressed = suppress(QUEUED, "fulfilled", NOW)
    assert receipt(suppressed, "delivered", NOW) == suppressed


def test_an_unreachable_provider_is_tried_again_with_growing_pauses_and_given_up_in_the_end() -> None:
    message, pauses = QUEUED, []
    now = NOW
    while message.act_at is not None:
        now = message.act_at
        message = answered(
            claimed(message, now), message.attempts + 1, NotReceived("provider_unreachable"), now, SENDING
        )
        pauses += [(message.act_at - now).total_seconds()] if message.act_at else []
    assert pauses == [10, 60]
    assert (message.state, message.reason) == (State.TECHNICAL_FAILURE, "attempts_exhausted")


def test_a_refused_message_is_not_tried_again() -> None:
    message = answered(claimed(), 1, Refused("refused"), NOW, SENDING)
    assert (message.state, message.act_at) == (State.PERMANENT_FAILURE, None)


def test_a_time_out_is_never_followed_by_a_blind_resend() -> None:
    unknown = answered(claimed(), 1, NoAnswer("no_answer"), NOW, SENDING)
    assert unknown.state is State.UNKNOWN
    assert claim(unknown, later(1000), SENDING) is None


def test_the_answer_of_an_earlier_call_does_not_end_a_later_one() -> None:
    first = answered(claimed(), 1, NotReceived("provider_busy"), NOW, SENDING)
    second = claimed(first, later(10))
    assert answered(second, 1, Refused("refused"), later(11), SENDING) == second


def test_a_crash_between_call_and_answer_is_settled_by_asking() -> None:
    lost = lease_ended(claimed(), later(31), SENDING)
    assert (lost.state, lost.reason) == (State.UNKNOWN, "sender_lost")
    asking = ask(lost, later(31), SENDING)
    assert asking is not None
    assert asked(asking, Found("p-1", None), later(32), SENDING).state is State.SENT
    assert asked(asking, Found("p-1", "delivered"), later(32), SENDING).state is State.DELIVERED
    assert asked(asking, Found("p-1", "failed"), later(32), SENDING).state is State.PERMANENT_FAILURE


def test_absence_is_believed_only_when_no_call_can_be_on_its_way() -> None:
    unknown = answered(claimed(), 1, NoAnswer("no_answer"), later(8), SENDING)
    early = ask(unknown, later(14), SENDING)
    assert early is not None
    still = asked(early, Absent(), later(14), SENDING)
    assert still.state is State.UNKNOWN
    assert still.act_at is not None
    assert still.act_at <= later(120)
    late = ask(still, later(121), SENDING)
    assert late is not None
    again = asked(late, Absent(), later(121), SENDING)
    assert (again.state, again.reason) == (State.TEMPORARY_FAILURE, "not_received")


def test_after_a_failure_that_was_answered_absence_is_believed_at_once() -> None:
    unknown = answered(claimed(), 1, NoAnswer("provider_failed", over=True), later(1), SENDING)
    asking = ask(unknown, later(6), SENDING)
    assert asking is not None
    assert asked(asking, Absent(), later(6), SENDING).state is State.TEMPORARY_FAILURE


def test_what_can_never_be_found_out_ends_and_is_not_sent_again() -> None:
    message, now = answered(claimed(), 1, NoAnswer("no_answer"), NOW, SENDING), NOW
    while message.act_at is not None:
        now = message.act_at
        asking = ask(message, now, SENDING)
        assert asking is not None
        message = asked(asking, CannotTell(), now, SENDING)
    assert (message.state, message.reason) == (State.TECHNICAL_FAILURE, "never_confirmed")
    assert message.attempts == 1


def test_quiet_hours_put_off_once_however_often_they_are_met() -> None:
    once = put_off(QUEUED, later(60), "quiet_hours", NOW)
    twice = put_off(once, later(90), "quiet_hours", later(60))
    assert twice == replace(once, act_at=later(90))


@pytest.mark.parametrize("state", sorted(set(State) - {State.CREATED, State.QUEUED, State.TEMPORARY_FAILURE}))
def test_what_is_out_or_on_its_way_is_not_called_back(state: State) -> None:
    message = replace(claimed(), state=state)
    assert suppress(message, "fulfilled", NOW) == message
    assert put_off(message, later(1), "quiet_hours", NOW) == message


def test_the_shipped_policy_is_patient_enough() -> None:
    sending = read_sending(yaml.safe_load((FOLDER / "policies" / "sending.yaml").read_text("utf-8")))
    assert sending.timeout_seconds < sending.lease_seconds
    assert sending.timeout_seconds < sending.believe_absent_seconds


@pytest.mark.parametrize("change", [{"lease_seconds": 8}, {"believe_absent_seconds": 3}, {"attempts": 0}])
def test_an_impatient_policy_is_refused(change: dict) -> None:
    shipped = yaml.safe_load((FOLDER / "policies" / "sending.yaml").read_text("utf-8"))
    with pytest.raises(ValueError, match="sending policy is not valid"):
        read_sending({**shipped, **change})


@dataclass
class Provider:
    """A provider that takes a message now, or some seconds after the caller has given up, or never."""

    taken: int = 0
    slow: list[datetime] = field(default_factory=list)

    def turn(self, now: datetime) -> None:
        self.taken += sum(1 for at in self.slow if at <= now)
        self.slow = [at for at in self.slow if at > now]


class AnyWeather(RuleBasedStateMachine):
    """One message against a provider and senders that fail in every way, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.message = QUEUED
        self.provider = Provider()
        self.seen_states = [State.QUEUED]
        self.unanswered: list[int] = []

    def become(self, message: Message) -> None:
        if message.state is not self.message.state:
            self.seen_states.append(message.state)
        self.message = message

    @rule(seconds=st.floats(0.1, 4000))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.provider.turn(self.now)

    @precondition(lambda self: self.message.act_at is not None)
    @rule()
    def time_passes_until_something_is_due(self) -> None:
        assert self.message.act_at is not None
        self.now = max(self.now, self.message.act_at)
        self.provider.turn(self.now)

    @rule(
        outcome=st.sampled_from(
            ["ok", "lost", "slow", "failed_after", "failed_before", "unreachable", "crash"]
        )
    )
    def a_sender_takes_it(self, outcome: str) -> None:
        self.become(lease_ended(self.message, self.now, SENDING))
        taken = claim(self.message, self.now, SENDING)
        if taken is None:
            return
        self.become(taken)
        attempt = taken.attempts
        if outcome in ("ok", "lost", "failed_after"):
            self.provider.taken += 1
        if outcome == "slow":
            self.provider.slow.append(self.now + timedelta(seconds=100))
        if outcome == "crash":
            self.provider.taken += 1
            self.unanswered.append(attempt)
            return
        answer = {
            "ok": Accepted("p-1"),
            "lost": NoAnswer("no_answer"),
            "slow": NoAnswer("no_answer"),
            "failed_after": NoAnswer("provider_failed", over=True),
            "failed_before": NoAnswer("provider_failed", over=True),
            "unreachable": NotReceived("provider_unreachable"),
        }[outcome]
        self.become(answered(self.message, attempt, answer, self.now, SENDING))

    @rule(reachable=st.booleans())
    def somebody_asks(self, reachable: bool) -> None:
        self.become(lease_ended(self.message, self.now, SENDING))
        asking = ask(self.message, self.now, SENDING)
        if asking is None:
            return
        self.become(asking)
        known = Found("p-1", None) if self.provider.taken else Absent()
        self.become(asked(self.message, known if reachable else CannotTell(), self.now, SENDING))

    @precondition(lambda self: self.provider.taken)
    @rule(status=st.sampled_from(["delivered", "failed"]))
    def a_receipt_comes(self, status: str) -> None:
        self.become(receipt(self.message, status, self.now))

    @precondition(lambda self: self.unanswered)
    @rule()
    def a_late_answer_comes(self) -> None:
        self.become(answered(self.message, self.unanswered.pop(), Accepted("p-1"), self.now, SENDING))

    @rule()
    def it_is_fulfilled(self) -> None:
        self.become(suppress(self.message, "fulfilled", self.now))

    @invariant()
    def it_never_goes_out_twice(self) -> None:
        assert self.provider.taken + len(self.provider.slow) <= 1

    @invariant()
    def every_change_was_allowed_and_final_is_final(self) -> None:
        for before, after in zip(self.seen_states, self.seen_states[1:], strict=False):
            assert after in NEXT[before] or after is State.DELIVERED or after is State.PERMANENT_FAILURE
            assert before not in FINAL

    @invariant()
    def something_is_to_be_done_until_it_is_out_or_over(self) -> None:
        assert (self.message.act_at is None) == (self.message.final or self.message.state is State.SENT)


AnyWeather.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
test_in_any_weather_a_message_goes_out_at_most_once = AnyWeather.TestCase
