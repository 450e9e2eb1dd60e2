"""The inbox: an event delivered any number of times, in any order, is applied once."""

from datetime import UTC, datetime

import eventlet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.errors import PyMongoError

from services.chassis.clock import FixedClock
from services.chassis.envelope import Event
from services.chassis.identity import new_id
from services.chassis.inbox import Inbox, Verdict
from services.chassis.store import Store
from services.chassis.transactions import in_transaction, session

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)


@pytest.fixture
def inbox(database: Store, clock: FixedClock) -> Inbox:
    inbox = Inbox(database, clock)
    inbox.declare()
    return inbox


def event(subject: str, sequence: int = 0, id: str = "") -> Event:  # noqa: A002 - the field's name
    return Event(
        id or f"{subject}-{sequence}",
        "records.activity.planned.v1",
        "/jishi/records",
        subject,
        NOON,
        {},
        sequence,
    )


def test_a_marked_event_is_a_duplicate_for_its_consumer_alone(inbox: Inbox) -> None:
    inbox.mark("one", event("s", id="e1"))
    assert inbox.verdict("one", event("s", id="e1")) is Verdict.DUPLICATE
    assert inbox.verdict("two", event("s", id="e1")) is Verdict.NEW
    assert inbox.verdict("one", event("s", id="e2")) is Verdict.NEW


def test_by_sequence_the_old_is_stale_and_the_early_is_a_gap(inbox: Inbox) -> None:
    inbox.mark("one", event("s", 3), ordered=True)
    verdicts = [inbox.verdict("one", event("s", sequence), ordered=True) for sequence in (2, 3, 4, 5)]
    assert verdicts == [Verdict.STALE, Verdict.STALE, Verdict.NEW, Verdict.GAP]
    assert inbox.verdict("one", event("t", 1), ordered=True) is Verdict.NEW
    assert inbox.verdict("one", event("t", 2), ordered=True) is Verdict.GAP


def test_a_sender_without_sequences_is_judged_by_the_id(inbox: Inbox) -> None:
    inbox.mark("one", event("s", 0, "e1"), ordered=True)
    assert inbox.verdict("one", event("s", 0, "e1"), ordered=True) is Verdict.DUPLICATE
    assert inbox.verdict("one", event("s", 0, "e2"), ordered=True) is Verdict.NEW


def test_a_batch_lets_each_new_event_through_once(inbox: Inbox) -> None:
    inbox.mark("one", event("s", id="e2"))
    batch = [event("s", id=each) for each in ("e1", "e2", "e3", "e1")]
    fresh = inbox.fresh("one", batch)
    assert [each.id for each in fresh] == ["e1", "e3"]
    inbox.mark_all("one", fresh)
    assert inbox.fresh("one", batch) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from("stu"), st.integers(0, 6)), min_size=1, max_size=12), st.integers(1, 5)
)
def test_a_batch_by_sequence_is_judged_as_if_one_by_one(
    inbox: Inbox, came: list[tuple[str, int]], size: int
) -> None:
    one, many = new_id(), new_id()
    events = [event(subject, sequence) for subject, sequence in came]
    applied = []
    for each in events:
        if inbox.verdict(one, each, ordered=True) in (Verdict.NEW, Verdict.GAP):
            inbox.mark(one, each, ordered=True)
            applied.append(each.id)
    taken: list[str] = []
    for start in range(0, len(events), size):
        fresh = inbox.fresh(many, events[start : start + size], ordered=True)
        inbox.mark_all(many, fresh, ordered=True)
        taken += [each.id for each in fresh]
    assert taken == applied


def test_a_mark_keeps_the_day_and_nothing_finer(inbox: Inbox, database: Store) -> None:
    inbox.mark("one", event("s", id="e1"))
    (mark,) = database["inbox"].find({})
    assert mark["day"] == datetime(2026, 3, 10, tzinfo=UTC)
    assert "e1" not in str(mark)


@pytest.mark.parametrize("ordered", [False, True])
def test_an_effect_that_failed_leaves_no_mark(inbox: Inbox, database: Store, ordered: bool) -> None:
    def apply() -> None:
        inbox.mark("one", event("s", 1), ordered=ordered)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        in_transaction(database, apply)
    assert inbox.verdict("one", event("s", 1), ordered=ordered) is Verdict.NEW


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(list(range(1, 6)) * 2), st.booleans())
def test_shuffled_and_doubled_deliveries_have_one_effect(
    inbox: Inbox, database: Store, deliveries: list[int], ordered: bool
) -> None:
    subject = new_id()
    effects: list[int] = []
    for sequence in deliveries:
        arrived = event(subject, sequence)

        def apply(arrived: Event = arrived) -> None:
            if inbox.verdict("one", arrived, ordered=ordered) in (Verdict.NEW, Verdict.GAP):
                inbox.mark("one", arrived, ordered=ordered)
                effects.append(arrived.sequence)

        in_transaction(database, apply)
    assert len(effects) == len(set(effects))
    if ordered:
        assert effects == sorted(effects)  # newest wins: none after a newer one
        assert effects[-1] == 5
    else:
        assert set(effects) == set(range(1, 6))


@pytest.mark.parametrize("ordered", [False, True])
def test_two_workers_with_the_same_event_commit_one_effect(
    inbox: Inbox, database: Store, ordered: bool
) -> None:
    arrived = event("s", 1)

    def apply() -> None:
        if inbox.verdict("one", arrived, ordered=ordered) is Verdict.NEW:
            eventlet.sleep(0.02)  # both have looked before either marks
            database["effects"].insert_one({"of": arrived.id}, session=session())
            inbox.mark("one", arrived, ordered=ordered)

    def deliver(_: int) -> None:
        for _ in range(5):
            try:
                in_transaction(database, apply)
            except PyMongoError:
                continue
            return

    list(eventlet.GreenPool().imap(deliver, range(4)))
    assert database["effects"].count_documents({}) == 1
