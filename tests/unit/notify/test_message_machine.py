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
from services.notify.channels.model import (
    Absent,
    Accepted,
    CannotTell,
    Found,
    NoAnswer,
    NotCalled,
    NotReceived,
    Refused,
    Reporting,
)
from services.notify.messages.model import (
    FINAL,
    NEXT,
    NOT_OUT,
    Decision,
    Message,
    State,
    closed,
    created,
    put_off,
    suppress,
)
from services.notify.messages.outcomes import answered, ask, asked, claim, lease_ended, receipt
from services.notify.messages.patience import Sending, read_sending

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


def test_a_call_that_was_not_made_costs_neither_a_pause_nor_a_try() -> None:
    message, now = QUEUED, NOW
    for turn in range(2 * SENDING.attempts):
        now = later(15 * turn)
        taken = claimed(message, now)
        message = answered(taken, taken.claims, NotCalled("waited_too_long"), now, SENDING)
        assert (message.state, message.act_at, message.tried) == (State.TEMPORARY_FAILURE, now, ())
    taken = claimed(message, now)
    failed = answered(taken, taken.claims, NotReceived("provider_unreachable"), now, SENDING)
    assert failed.act_at == now + timedelta(seconds=SENDING.backoff(1)), "its first try"


def test_what_was_tried_and_waits_for_its_turn_for_hours_is_given_up() -> None:
    tried = answered(claimed(), 1, NotReceived("provider_unreachable"), NOW, SENDING)
    late = later(SENDING.give_up_seconds + 1)
    over = answered(claimed(tried, late), 2, NotCalled("waited_too_long"), late, SENDING)
    assert (over.state, over.reason) == (State.TECHNICAL_FAILURE, "attempts_exhausted")


def test_what_was_never_tried_is_not_given_up_however_long_it_waits_for_its_turn() -> None:
    waits = answered(claimed(), 1, NotCalled("waited_too_long"), NOW, SENDING)
    late = later(SENDING.give_up_seconds + 1)
    still = answered(claimed(waits, late), 2, NotCalled("waited_too_long"), late, SENDING)
    assert (still.state, still.act_at) == (State.TEMPORARY_FAILURE, late)


def test_that_a_call_was_not_made_says_nothing_of_the_next_one_however_often_it_is_written() -> None:
    not_called = NotCalled("waited_too_long")
    again = claimed(answered(claimed(), 1, not_called, NOW, SENDING), NOW)
    assert answered(again, 1, not_called, NOW, SENDING) == again, "whose call may be on its way"


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


@pytest.mark.parametrize("state", sorted(set(State) - NOT_OUT))
def test_what_is_out_or_on_its_way_is_not_called_back(state: State) -> None:
    message = replace(claimed(), state=state)
    assert suppress(message, "fulfilled", NOW) == message
    assert put_off(message, later(1), "quiet_hours", NOW) == message


def test_the_shipped_policy_is_patient_enough() -> None:
    sending = read_sending(yaml.safe_load((FOLDER / "policies" / "sending.yaml").read_text("utf-8")))
    assert sending.timeout_seconds < sending.lease_seconds
    assert sending.timeout_seconds < sending.believe_absent_seconds


def refused_by(provider: str, message: Message, now: datetime, *, others: tuple[str, ...]) -> Message:
    """After ``provider`` certainly did not take it, where ``others`` may be tried."""
    taken = claim(message, now, SENDING, provider=provider)
    assert taken is not None
    answer = NotReceived("provider_unreachable")
    return answered(taken, taken.claims, answer, now, SENDING, providers=("a", "b", *others))


def test_the_next_provider_is_tried_at_once_and_a_pause_follows_the_last() -> None:
    first = refused_by("a", QUEUED, NOW, others=())
    assert (first.state, first.act_at, first.tried) == (State.TEMPORARY_FAILURE, NOW, ("a",))
    second = refused_by("b", first, NOW, others=())
    assert (second.act_at, second.tried, second.rounds) == (later(10), (), 1)


def test_a_lost_answer_is_never_followed_by_another_provider() -> None:
    taken = claim(QUEUED, NOW, SENDING, provider="a")
    assert taken is not None
    unknown = answered(taken, 1, NoAnswer("no_answer"), NOW, SENDING, providers=("a", "b"))
    assert unknown.state is State.UNKNOWN
    assert claim(unknown, later(1000), SENDING, provider="b") is None


def test_what_failed_for_good_goes_the_next_way_and_ends_after_the_last() -> None:
    two = replace(QUEUED, more=1)
    next_way = answered(claimed(two), 1, Refused("refused"), NOW, SENDING)
    assert (next_way.state, next_way.way, next_way.more) == (State.TEMPORARY_FAILURE, 1, 0)
    assert receipt(next_way, "failed", NOW) == next_way, "about the way before"
    over = answered(claimed(next_way), 2, Refused("refused"), NOW, SENDING)
    assert (over.state, over.reason) == (State.PERMANENT_FAILURE, "refused")


def test_a_closed_way_is_passed_over_and_without_another_nothing_is_sent() -> None:
    passed = closed(replace(QUEUED, more=1), "no_contact", NOW)
    assert (passed.state, passed.way, passed.act_at) == (State.QUEUED, 1, NOW)
    assert closed(passed, "no_contact", NOW).state is State.SUPPRESSED


def test_trying_ends_after_four_hours() -> None:
    patient = replace(SENDING, attempts=1000, backoff_seconds=(10, 1800), give_up_seconds=14_400)
    message, now = QUEUED, NOW
    while message.act_at is not None:
        now = message.act_at
        taken = claim(message, now, patient, provider="a")
        assert taken is not None
        message = answered(taken, taken.claims, NotReceived("provider_unreachable"), now, patient)
    assert (message.state, message.reason) == (State.TECHNICAL_FAILURE, "attempts_exhausted")
    assert timedelta(hours=3, minutes=30) < now - NOW <= timedelta(hours=4)


def test_a_provider_that_only_answers_questions_is_asked_until_it_knows() -> None:
    polling = replace(SENDING, poll_seconds=(600, 3600))
    message = answered(claimed(), 1, Accepted("p-1"), NOW, polling, reporting=Reporting.WHEN_ASKED)
    assert (message.state, message.act_at) == (State.SENT, later(600))
    asking = ask(message, later(600), polling)
    assert asking is not None
    still = asked(asking, Found("p-1", None), later(600), polling)
    assert (still.state, still.act_at) == (State.SENT, later(4200))
    last = ask(still, later(4200), polling)
    assert last is not None
    assert asked(last, Found("p-1", "delivered"), later(4200), polling).state is State.DELIVERED
    silent = asked(last, CannotTell(), later(4200), polling)
    assert (silent.state, silent.reason, silent.act_at) == (State.SENT, "never_reported", None)
    assert silent.decisions[-1] == Decision(later(4200), State.SENT, "never_reported", 1), "it is shown"
    assert receipt(silent, "delivered", later(9000)).state is State.DELIVERED, "better late than never"


def test_of_what_a_provider_never_tells_that_is_said_at_once() -> None:
    silent = answered(claimed(), 1, Accepted("p-1"), NOW, SENDING, reporting=Reporting.NEVER)
    assert (silent.state, silent.reason, silent.act_at) == (State.SENT, "never_reported", None)
    known = answered(claimed(), 1, Accepted("p-1", "delivered"), NOW, SENDING, reporting=Reporting.NEVER)
    assert (known.state, known.reason) == (State.DELIVERED, None)
    assert "never_reported" not in {each.reason for each in known.decisions}


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

    @property
    def may_have(self) -> int:
        return self.taken + len(self.slow)


POLLING = replace(SENDING, attempts=50, poll_seconds=(600, 3600))
OUTCOMES = [
    "ok",
    "lost",
    "slow",
    "failed_after",
    "failed_before",
    "unreachable",
    "refused",
    "crash",
    "waited",
]


class AnyWeather(RuleBasedStateMachine):
    """One message with two ways, each with two providers, and senders, all of which fail in every way."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.message = replace(QUEUED, more=1)
        self.providers = {f"{way}{name}": Provider() for way in (0, 1) for name in "ab"}
        self.seen_states = [State.QUEUED]
        self.unanswered: list[tuple[int, int]] = []
        self.not_called: list[int] = []

    @property
    def called(self) -> Provider:
        return self.providers[self.message.provider or "0a"]

    def become(self, message: Message) -> None:
        if message.state is not self.message.state:
            self.seen_states.append(message.state)
        self.message = message

    def pass_to(self, now: datetime) -> None:
        self.now = now
        for each in self.providers.values():
            each.turn(now)

    @rule(seconds=st.floats(0.1, 4000))
    def time_passes(self, seconds: float) -> None:
        self.pass_to(self.now + timedelta(seconds=seconds))

    @precondition(lambda self: self.message.act_at is not None)
    @rule()
    def time_passes_until_something_is_due(self) -> None:
        assert self.message.act_at is not None
        self.pass_to(max(self.now, self.message.act_at))

    @rule(outcome=st.sampled_from(OUTCOMES), name=st.sampled_from("ab"))
    def a_sender_takes_it(self, outcome: str, name: str) -> None:
        self.become(lease_ended(self.message, self.now, POLLING))
        own = [f"{self.message.way}{each}" for each in "ab"]
        chosen = f"{self.message.way}{name}"
        taken = claim(self.message, self.now, POLLING, provider=chosen)
        if taken is None:
            return
        self.become(taken)
        if outcome in ("ok", "lost", "failed_after", "crash"):
            self.called.taken += 1
        if outcome == "slow":
            self.called.slow.append(self.now + timedelta(seconds=100))
        if outcome == "crash":
            self.unanswered.append((taken.claims, taken.way))
            return
        answer = {
            "ok": Accepted("p-1"),
            "lost": NoAnswer("no_answer"),
            "slow": NoAnswer("no_answer"),
            "failed_after": NoAnswer("provider_failed", over=True),
            "failed_before": NoAnswer("provider_failed", over=True),
            "unreachable": NotReceived("provider_unreachable"),
            "refused": Refused("refused"),
            "waited": NotCalled("waited_too_long"),
        }[outcome]
        self.become(
            answered(
                self.message,
                taken.claims,
                answer,
                self.now,
                POLLING,
                providers=own,
                reporting=Reporting.WHEN_ASKED,
            )
        )
        if outcome == "waited":
            self.not_called.append(taken.claims)

    @rule(reachable=st.booleans(), outcome=st.sampled_from([None, "delivered", "failed"]))
    def somebody_asks(self, reachable: bool, outcome: str | None) -> None:
        self.become(lease_ended(self.message, self.now, POLLING))
        asking = ask(self.message, self.now, POLLING)
        if asking is None:
            return
        self.become(asking)
        known = Found("p-1", outcome) if self.called.taken else Absent()
        finding = known if reachable else CannotTell()
        self.become(asked(self.message, finding, self.now, POLLING, reporting=Reporting.WHEN_ASKED))

    @precondition(lambda self: self.called.taken)
    @rule(status=st.sampled_from(["delivered", "failed"]))
    def a_receipt_comes(self, status: str) -> None:
        self.become(receipt(self.message, status, self.now))

    @precondition(lambda self: self.unanswered and self.unanswered[-1][1] == self.message.way)
    @rule()
    def a_late_answer_comes(self) -> None:
        number, _ = self.unanswered.pop()
        self.become(answered(self.message, number, Accepted("p-1"), self.now, POLLING))

    @precondition(lambda self: self.not_called)
    @rule()
    def that_a_call_was_not_made_is_written_again(self) -> None:
        answer = NotCalled("waited_too_long")
        self.become(answered(self.message, self.not_called[-1], answer, self.now, POLLING))

    @rule()
    def it_is_fulfilled(self) -> None:
        self.become(suppress(self.message, "fulfilled", self.now))

    @rule()
    def its_recipient_has_no_address(self) -> None:
        self.become(closed(self.message, "no_contact", self.now))

    @invariant()
    def no_way_is_gone_twice(self) -> None:
        for way in (0, 1):
            assert sum(self.providers[f"{way}{name}"].may_have for name in "ab") <= 1

    @invariant()
    def every_change_was_allowed_and_final_is_final(self) -> None:
        for before, after in zip(self.seen_states, self.seen_states[1:], strict=False):
            allowed = NEXT[before] | {each for met in NEXT[before] - FINAL for each in NEXT[met]}
            assert after in allowed
            assert before not in FINAL

    @invariant()
    def something_is_to_be_done_until_it_is_out_or_over(self) -> None:
        if self.message.final:
            assert self.message.act_at is None
        elif self.message.state is not State.SENT:
            assert self.message.act_at is not None


AnyWeather.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
test_in_any_weather_each_way_is_gone_at_most_once = AnyWeather.TestCase
