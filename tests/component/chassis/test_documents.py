"""Aggregates: the change, its events and the command's answer are one write."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import eventlet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.clock import FixedClock
from services.chassis.commands import FEWEST_KEPT, KEPT_FOR, MOST_KEPT
from services.chassis.context import Context, entered
from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Document, Documents
from services.chassis.errors import Conflict, NotFound, Unavailable
from services.chassis.identity import new_id
from services.chassis.indexes import Indexes
from services.chassis.publishing import ConfirmedPublisher
from services.chassis.relay import Relay
from services.chassis.store import Store
from services.chassis.transactions import in_transaction, transaction
from services.contracts.records_events import ActivityPlanned


def planned(subject: str = "a1") -> NewEvent:
    return ActivityPlanned.of(activity=subject, organisation="o1", kind="theme_day", held_on=date(2026, 3, 9))


def command(key: str | None, actor: str = "p1", fingerprint: str = "f1") -> Context:
    return Context(actor=actor, idempotency_key=key, fingerprint=fingerprint, correlationid="c1")


def counted(state: dict) -> Change:
    return Change({**state, "count": state["count"] + 1}, [planned()])


def answer(document: Document) -> dict:
    return {"id": document.id, "version": document.version, "count": document.state["count"]}


@pytest.fixture
def relay(clock: FixedClock) -> Relay:
    return Relay(ConfirmedPublisher("amqp://127.0.0.1:1//"), clock)  # not started: events stay pending


@pytest.fixture
def documents(database: Store, clock: FixedClock, relay: Relay) -> Documents:
    documents = Documents(database, "things", source="records", clock=clock, relay=relay)
    documents.declare()
    return documents


def raw(documents: Documents, id: str) -> dict:  # noqa: A002 - the field's name
    found = documents.collection.find_one({"_id": id})
    assert found is not None
    return found


def test_a_change_and_its_events_are_in_the_same_document(documents: Documents, clock: FixedClock) -> None:
    documents.create("a1", {"count": 0, "held_on": date(2026, 3, 9)}, [planned()])
    changed = documents.change("a1", counted)
    kept = raw(documents, "a1")
    assert (changed.version, changed.state["count"]) == (2, 1)
    assert [event["sequence"] for event in kept["pending"]] == [1, 2]
    assert kept["sequence"] == 2
    assert kept["pending_since"] == clock.now()
    assert kept["held_on"] == "2026-03-09"


def test_what_is_read_shows_the_state_and_nothing_of_the_chassis(documents: Documents) -> None:
    with entered(command("k1")):
        written = documents.create("a1", {"count": 0}, [planned()], respond=answer)
    assert documents.get("a1").state == written.state == {"count": 0}
    assert [each.id for each in documents.find({"count": 0})] == ["a1"]
    with pytest.raises(NotFound, match=r"things\.not_found"):
        documents.get("a2")


@pytest.mark.parametrize("direction", [1, -1])
def test_a_range_holds_both_its_ends_whichever_way_its_index_runs(
    documents: Documents, database: Store, direction: int
) -> None:
    Indexes(database).declare("things", [("of", 1), ("month", direction), ("_id", direction)])
    months = ["2026-06", "2026-07", "2026-08", "2026-09"]
    for month in months:
        documents.create(month, {"of": "x", "month": month})
    for wanted, expected in (
        ({"$gte": "2026-07", "$lte": "2026-08"}, months[1:3]),
        ({"$gte": "2026-07"}, months[1:]),
        ({"$lte": "2026-08"}, months[:3]),
        ({"$gte": "2026-07", "$lte": "2026-07"}, months[1:2]),
    ):
        given = {"of": "x", "month": wanted}
        assert [each.id for each in documents.find(given, sort=[("month", 1)])] == expected
        assert [each.id for each in documents.find({"$and": [given]}, sort=[("month", 1)])] == expected
        found = documents.find_one(given)
        assert found is not None
        assert found.id in expected


def test_the_same_command_answers_the_same_and_writes_once(documents: Documents) -> None:
    with entered(command("k1")):
        first = documents.create(documents.id_for_command(), {"count": 0}, [planned()], respond=answer)
        again = documents.create(documents.id_for_command(), {"count": 0}, [planned()], respond=answer)
    with entered(command("k2")):
        changed = documents.change(first.id, counted, respond=answer)
    documents.change(first.id, counted)
    with entered(command("k2")):
        repeated = documents.change(first.id, counted, respond=answer)
    assert first.response == again.response
    assert changed.response == repeated.response == {"id": first.id, "version": 2, "count": 1}
    assert raw(documents, first.id)["count"] == 2


def test_a_key_used_for_another_request_is_a_conflict(documents: Documents) -> None:
    with entered(command("k1")):
        document = documents.create(documents.id_for_command(), {"count": 0})
    with (
        entered(command("k1", fingerprint="other")),
        pytest.raises(Conflict, match=r"idempotency\.key_reused"),
    ):
        documents.change(document.id, counted)
    with (
        entered(command("k1", fingerprint="other")),
        pytest.raises(Conflict, match=r"idempotency\.key_reused"),
    ):
        documents.create(documents.id_for_command(), {"count": 0})


def test_two_people_may_use_the_same_key(documents: Documents) -> None:
    ids = set()
    for actor in ("p1", "p2"):
        with entered(command("k1", actor=actor)):
            ids.add(documents.create(documents.id_for_command(), {"count": 0}).id)
    assert len(ids) == 2
    (one, _) = sorted(ids)
    for actor in ("p1", "p2"):
        with entered(command("k2", actor=actor)):
            documents.change(one, counted)
    assert documents.get(one).state["count"] == 2


def test_a_command_is_answered_again_within_a_day_whatever_came_after_it(
    documents: Documents, clock: FixedClock
) -> None:
    with entered(command("k0")):
        thing = documents.create(documents.id_for_command(), {"count": 0}, respond=answer)
    for number in range(1, FEWEST_KEPT * 2):
        clock.advance(timedelta(hours=1))
        with entered(command(f"k{number}")):
            assert documents.change(thing.id, counted, respond=answer).response["count"] == number
    for number in range(1, FEWEST_KEPT * 2):
        with entered(command(f"k{number}")):
            assert documents.change(thing.id, counted, respond=answer).response["count"] == number
    assert documents.get(thing.id).state["count"] == FEWEST_KEPT * 2 - 1


def test_the_command_that_created_is_answered_again_for_ever(documents: Documents, clock: FixedClock) -> None:
    with entered(command("k0")):
        created = documents.create(documents.id_for_command(), {"count": 0}, [planned()], respond=answer)
    for number in range(1, MOST_KEPT * 2):
        clock.advance(timedelta(minutes=1))
        with entered(command(f"k{number}")):
            documents.change(created.id, counted)
    assert len(raw(documents, created.id)["commands"]) == MOST_KEPT + 1
    clock.advance(timedelta(days=400))
    with entered(command("after a year")):
        documents.change(created.id, counted)
    assert len(raw(documents, created.id)["commands"]) == FEWEST_KEPT + 1
    with entered(command("k0")):
        again = documents.create(documents.id_for_command(), {"count": 0}, [planned()], respond=answer)
    assert again.response == created.response


def test_a_command_that_is_forgotten_is_a_new_one(documents: Documents, clock: FixedClock) -> None:
    documents.create("a1", {"count": 0})
    with entered(command("k0")):
        documents.change("a1", counted)
    clock.advance(KEPT_FOR + timedelta(seconds=1))
    for number in range(1, FEWEST_KEPT + 1):
        with entered(command("k0")):
            documents.change("a1", counted)
        with entered(command(f"k{number}")):
            documents.change("a1", counted)
    with entered(command("k0")):
        assert documents.change("a1", counted).state["count"] == FEWEST_KEPT + 2


def test_a_stale_version_is_refused_and_nothing_is_written(documents: Documents) -> None:
    documents.create("a1", {"count": 0}, [planned()])
    before = raw(documents, "a1")
    with pytest.raises(Conflict, match=r"version\.stale"):
        documents.change("a1", counted, expected_version=2)
    assert raw(documents, "a1") == before


def test_a_lost_race_is_decided_again_on_the_newer_state(documents: Documents) -> None:
    documents.create("a1", {"count": 0})
    meddled = []

    def decide(state: dict) -> Change:
        if not meddled:
            meddled.append(state["count"])
            documents.change("a1", counted)
        return counted(state)

    assert documents.change("a1", decide).state["count"] == 2
    assert [event["sequence"] for event in raw(documents, "a1")["pending"]] == [1, 2]


def test_a_race_that_is_always_lost_ends(documents: Documents) -> None:
    documents.create("a1", {"count": 0})

    def decide(state: dict) -> Change:
        documents.collection.update_one({"_id": "a1"}, {"$inc": {"version": 1}})
        return counted(state)

    with pytest.raises(Unavailable, match=r"document\.contended"):
        documents.change("a1", decide, attempts=3, seconds=0)


def test_concurrent_changes_all_count_and_their_sequences_have_no_hole(documents: Documents) -> None:
    documents.create("a1", {"count": 0})
    pool = eventlet.GreenPool()
    for _ in range(12):
        pool.spawn(documents.change, "a1", counted, seconds=60)
    pool.waitall()
    kept = raw(documents, "a1")
    assert (kept["count"], kept["version"]) == (12, 13)
    assert [event["sequence"] for event in kept["pending"]] == list(range(1, 13))


def test_nothing_to_do_writes_nothing(documents: Documents) -> None:
    documents.create("a1", {"count": 0})
    before = raw(documents, "a1")
    assert documents.change("a1", lambda state: None).version == 1
    assert documents.change("a1", lambda state: Change(state)).version == 1
    assert raw(documents, "a1") == before


def test_a_decision_that_changes_the_state_in_place_is_written_like_any_other(documents: Documents) -> None:
    documents.create("a1", {"count": 0, "rows": [{"at": 1}]})

    def in_place(state: dict) -> Change:
        state["rows"][0]["at"] = 2
        state["rows"].append({"at": 3})
        return Change(state, [planned()])

    answered = documents.change("a1", in_place)
    assert answered.state == documents.get("a1").state == {"count": 0, "rows": [{"at": 2}, {"at": 3}]}

    def in_place_and_then_nothing(state: dict) -> None:
        state["rows"].clear()

    assert documents.change("a1", in_place_and_then_nothing).state == answered.state


def test_a_field_left_out_of_the_new_state_is_gone(documents: Documents) -> None:
    documents.create("a1", {"count": 0, "draft": True})
    documents.change("a1", lambda state: Change({"count": 5}))
    assert documents.get("a1").state == {"count": 5}


def test_a_taken_unique_field_is_a_conflict_that_names_it(documents: Documents, database: Store) -> None:
    database["things"].create_index("number", unique=True)
    documents.create("a1", {"number": "n1"})
    documents.create("a2", {"number": "n2"})
    with pytest.raises(Conflict, match=r"things\.exists") as created:
        documents.create("a3", {"number": "n1"})
    assert created.value.params == {"field": "number"}
    with pytest.raises(Conflict, match=r"things\.exists"):
        documents.change("a2", lambda state: Change({"number": "n1"}))


def test_an_insert_sent_twice_by_the_driver_is_one(documents: Documents) -> None:
    written = documents.create("a1", {"count": 0}, [planned()])
    insert = documents.collection.insert_one

    class Twice:
        """The collection as the driver drives it when the first answer was lost."""

        def __getattr__(self, name: str) -> Callable:
            return getattr(documents.collection, name)

        def insert_one(self, document: dict, session: object = None) -> None:
            insert(document)
            insert(document)

    twice = Documents(
        documents._database, "things", source="records", clock=documents._clock, relay=documents._relay
    )
    twice.collection = Twice()  # type: ignore[assignment]
    assert twice.create("a2", {"count": 0}, [planned()]).version == written.version
    assert documents.collection.count_documents({}) == 2


def test_names_of_the_chassis_are_refused_in_a_state(documents: Documents) -> None:
    with pytest.raises(ValueError, match="pending"):
        documents.create("a1", {"pending": []})


def test_an_anonymous_document_keeps_no_time_and_nobody(documents: Documents, clock: FixedClock) -> None:
    with entered(command(None, actor="p1")):
        documents.create("a1", {"text": "t"}, [planned()], anonymous=True)
    kept = raw(documents, "a1")
    (envelope,) = kept["pending"]
    midnight = datetime(2026, 3, 9, 16, tzinfo=UTC)  # 2026-03-10 00:00 on campus
    assert kept["pending_since"] == midnight
    assert envelope["time"] == "2026-03-09T16:00:00.000Z"
    assert not {"actor", "correlationid", "traceparent", "causationid"} & set(envelope)
    assert "p1" not in str(kept)
    assert kept["_id"] == "a1"


def test_several_documents_change_together_or_not_at_all(documents: Documents, database: Store) -> None:
    documents.create("a1", {"count": 0})

    def both() -> None:
        documents.change("a1", counted)
        documents.create("a2", {"count": 0}, [planned("a2")])

    def both_and_then_nothing() -> None:
        both()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        in_transaction(database, both_and_then_nothing)
    assert documents.get("a1").state["count"] == 0
    assert documents.find_one({"_id": "a2"}) is None
    in_transaction(database, both)
    assert documents.get("a1").state["count"] == 1
    assert documents.get("a2").version == 1


def test_an_id_that_is_taken_leaves_a_transaction_as_it_was(documents: Documents, database: Store) -> None:
    documents.create("a1", {"count": 0})

    def look_and_go_on() -> None:
        with pytest.raises(Conflict):
            documents.create("a1", {"count": 1})
        documents.create("a2", {"count": documents.get("a1").state["count"]})

    in_transaction(database, look_and_go_on)
    assert documents.get("a2").state["count"] == 0


def test_nothing_goes_on_in_a_transaction_that_a_taken_field_ended(
    documents: Documents, database: Store
) -> None:
    Indexes(database).declare("things", "slot", unique=True)
    documents.create("a1", {"slot": "s"})

    def go_on_regardless() -> None:
        with pytest.raises(Conflict):
            documents.create("a2", {"slot": "s"})
        documents.get("a1")

    with pytest.raises(RuntimeError, match="ended"):
        in_transaction(database, go_on_regardless)


def test_the_relay_is_woken_only_after_the_commit(
    documents: Documents, database: Store, relay: Relay
) -> None:
    def create_and_fail() -> None:
        documents.create("a1", {"count": 0}, [planned()])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        in_transaction(database, create_and_fail)
    assert relay.backlog == 0
    with transaction(database):
        documents.create("a1", {"count": 0}, [planned()])
        assert relay.backlog == 0
    assert relay.backlog == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["k1", "k2", "k3"]), min_size=1, max_size=12))
def test_repeating_commands_in_any_order_has_one_effect_each(documents: Documents, keys: list[str]) -> None:
    thing = new_id()
    documents.create(thing, {"count": 0})
    answers: dict[str, dict | None] = {}
    for key in keys:
        with entered(command(key)):
            said = documents.change(thing, counted, respond=answer).response
        assert answers.setdefault(key, said) == said
    kept = raw(documents, thing)
    assert kept["count"] == len(set(keys)) == len(kept["pending"])
