"""Many aggregates at once: written together, told of once, and each by one worker alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

import eventlet
import pytest

from services.chassis import outbox
from services.chassis.bundles import MOST_AT_ONCE, BundledDocuments
from services.chassis.clock import FixedClock
from services.chassis.contract import Change
from services.chassis.errors import Conflict, Unavailable
from services.chassis.indexes import Indexes
from services.chassis.outbox import BUNDLES, Woken
from services.chassis.publishing import ConfirmedPublisher
from services.chassis.relay import REST_SECONDS, Relay
from services.chassis.store import Store
from services.chassis.testing import wait_for

from .test_relay import Unlucky, Wiretap, planned


@pytest.fixture
def publisher(vhost: str) -> Iterator[Unlucky]:
    publisher = Unlucky(vhost)
    yield publisher
    publisher.close()


@pytest.fixture
def relay(publisher: Unlucky, clock: FixedClock) -> Iterator[Relay]:
    relay = Relay(publisher, clock, sweep_every=0.1)
    yield relay
    relay.stop(1)


@pytest.fixture
def documents(database: Store, clock: FixedClock, relay: Relay) -> BundledDocuments:
    documents = BundledDocuments(database, "things", source="records", clock=clock, relay=relay)
    documents.declare()
    return documents


def counted(id: str, state: dict) -> Change:  # noqa: A002 - the field's name
    return Change({**state, "count": state["count"] + 1}, [planned(id)])


def test_what_is_written_together_is_published_in_order_and_leaves_no_trace(
    documents: BundledDocuments, database: Store, relay: Relay, vhost: str
) -> None:
    documents.create("a2", {"count": 7})
    made = [(f"a{n}", {"count": n}, [planned(f"a{n}")]) for n in range(4)]
    assert documents.create_many(made) == {"a2"}, "what was there stays as it is"

    def decide(id: str, state: dict) -> Change | None:  # noqa: A002 - the field's name
        return None if id == "a3" else counted(id, state)

    changed = documents.change_many(["a0", "a1", "a2", "a3", "gone"], decide)
    assert {each: document.state["count"] for each, document in changed.documents.items()} == {
        "a0": 1,
        "a1": 2,
        "a2": 8,
    }
    assert {each.id: (each.version, each.state["count"]) for each in documents.find()} == {
        "a0": (2, 1),
        "a1": (2, 2),
        "a2": (2, 8),
        "a3": (1, 3),
    }
    assert [len(each["pending"]) for each in database[BUNDLES].find().sort("_id", 1)] == [3, 3]
    tap = Wiretap(vhost)
    relay.start()
    wait_for(lambda: database[BUNDLES].count_documents({}) == 0)
    told = [(each["subject"], each["sequence"]) for each in tap.taken()]
    tap.close()
    assert sorted(told) == [("a0", 1), ("a0", 2), ("a1", 1), ("a1", 2), ("a2", 1), ("a3", 1)]
    assert all(told.index((each, 1)) < told.index((each, 2)) for each in ("a0", "a1"))


def test_events_of_one_subject_leave_in_order_from_however_many_bundles(
    documents: BundledDocuments, database: Store, relay: Relay, publisher: Unlucky, vhost: str
) -> None:
    def twice(id: str, state: dict) -> Change:  # noqa: A002 - the field's name
        return Change({**state, "count": state["count"] + 1}, [planned(id), planned(id)])

    tap = Wiretap(vhost)
    documents.create_many([("a1", {"count": 0}, [planned("a1"), planned("a1")])])
    documents.change_many(["a1"], twice)
    documents.change("a1", lambda state: twice("a1", state))
    documents.change_many(["a1"], twice)
    relay.publish_bunch()
    assert [each["sequence"] for each in tap.taken()] == list(range(1, 9))

    # The broker is away while the first of two is about to leave: it leaves first all the same.
    documents.change_many(["a1"], twice)
    publish, publisher.down = relay._publish, True

    def meanwhile(bunch: Sequence[Woken]) -> int:
        relay._publish = publish  # type: ignore[method-assign]
        documents.change_many(["a1"], twice)
        return publish(bunch)

    relay._publish = meanwhile  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        relay.publish_bunch()
    publisher.down = False
    while relay.backlog:
        relay.publish_bunch()
    assert [each["sequence"] for each in tap.taken()] == list(range(9, 13))
    assert database[BUNDLES].count_documents({}) == 0
    tap.close()


def test_an_event_that_cannot_leave_holds_back_its_own_subject_alone(
    documents: BundledDocuments,
    database: Store,
    relay: Relay,
    vhost: str,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = [f"a{n}" for n in range(4)]
    documents.create_many([(each, {"count": 0}, [planned(each)]) for each in ids])
    documents.change_many(ids, counted)
    first, _ = database[BUNDLES].find().sort("_id", 1)
    sound = first["pending"]
    no_type = {name: value for name, value in sound[1].items() if name != "type"}
    broken = [sound[0], no_type, {**sound[2], "id": "x" * 300}, sound[3]]
    database[BUNDLES].update_one({"_id": first["_id"]}, {"$set": {"pending": broken}})
    tap = Wiretap(vhost)

    def told() -> list[tuple[str, int]]:
        return sorted((each["subject"], each["sequence"]) for each in tap.taken())

    while relay.backlog:
        relay.publish_bunch()
    # Before its failure was known something may have left that leaves again when all are sent one by one.
    assert set(told()) == {("a0", 1), ("a0", 2), ("a3", 1), ("a3", 2)}
    documents.change_many(["a1", "a3"], counted)
    relay.publish_bunch()
    assert told() == [("a3", 3)], "the third of a1 does not overtake its first"
    left = [[each["sequence"] for each in bundle["pending"]] for bundle in database[BUNDLES].find()]
    assert sorted(left) == [[1, 1], [2, 2], [3]]

    database[BUNDLES].update_one({"_id": first["_id"]}, {"$set": {"pending": sound[1:3]}})
    clock.advance(timedelta(minutes=1))
    assert relay.sweep() == 0, "they rest"
    ahead = time.monotonic() + REST_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: ahead)
    assert relay.sweep() == 3
    monkeypatch.undo()
    relay.publish_bunch()
    assert told() == [("a1", 1), ("a1", 2), ("a1", 3), ("a2", 1), ("a2", 2)]
    assert database[BUNDLES].count_documents({}) == 0
    tap.close()


def test_a_bundle_that_is_not_seen_yet_is_not_taken_for_published(
    documents: BundledDocuments, database: Store
) -> None:
    documents.create_many([("a1", {"count": 0}, [planned("a1")])])
    [bundle] = database[BUNDLES].find()
    met = Woken(database[BUNDLES], bundle["_id"], ())
    outbox.clear([met], [[]])
    assert list(database[BUNDLES].find()) == [bundle]
    database[BUNDLES].update_one({"_id": bundle["_id"]}, {"$unset": {"pending": "", "pending_since": ""}})
    outbox.clear([met], [[]])
    assert database[BUNDLES].count_documents({}) == 0


def test_a_bundle_that_a_crash_left_is_found_by_the_sweeper(
    documents: BundledDocuments, database: Store, clock: FixedClock, relay: Relay, vhost: str
) -> None:
    deaf = Relay(ConfirmedPublisher(vhost), clock, enabled=False)
    crashed = BundledDocuments(database, "things", source="records", clock=clock, relay=deaf)
    crashed.create_many([("a1", {"count": 0}, [planned("a1")])])
    clock.advance(timedelta(minutes=1))
    tap = Wiretap(vhost)
    relay.start()
    wait_for(lambda: database[BUNDLES].count_documents({}) == 0)
    assert [each["subject"] for each in tap.taken()] == ["a1"]
    tap.close()


def test_what_others_write_meanwhile_stays_and_a_value_that_one_alone_may_have_is_a_conflict(
    documents: BundledDocuments, database: Store
) -> None:
    Indexes(database).declare("things", "number", unique=True)
    ids = [f"a{n}" for n in range(8)]
    made = [(each, {"number": each}, [planned(each)]) for each in ids]
    taken = list(eventlet.GreenPool().imap(documents.create_many, [made, made[::-1], made]))
    assert sum(len(ids) - len(each) for each in taken) == len(ids), "each was written by one"
    with pytest.raises(Conflict, match=r"things\.exists"):
        documents.create_many([("b1", {"number": "b1"}, ()), ("b2", {"number": "a1"}, ())])
    assert [each.id for each in documents.find()] == ids, "all of what is written together, or nothing"
    told = [each["subject"] for bundle in database[BUNDLES].find() for each in bundle["pending"]]
    assert sorted(told) == ids


def test_of_two_who_claim_the_same_documents_each_document_has_one(
    documents: BundledDocuments, database: Store
) -> None:
    ids = [f"a{n:02}" for n in range(20)]
    documents.create_many([(each, {"by": None}, ()) for each in ids])
    won: dict[str, set[str]] = {}

    def claim(worker: str) -> None:
        def decide(id: str, state: dict) -> Change | None:  # noqa: A002 - the field's name
            eventlet.sleep(0)  # somebody else has their turn between what was met and what is written
            return Change({**state, "by": worker}, [planned(id)]) if state["by"] is None else None

        won[worker] = set(documents.change_many(ids, decide, seconds=30).documents)

    workers = [eventlet.spawn(claim, name) for name in ("one", "two", "three")]
    for each in workers:
        each.wait()
    assert sorted(id for theirs in won.values() for id in theirs) == ids  # noqa: A001 - the field's name
    assert all(each.state["by"] in won and each.id in won[each.state["by"]] for each in documents.find())
    assert sum(len(each["pending"]) for each in database[BUNDLES].find()) == len(ids)


def test_what_a_killed_process_holds_on_to_is_told_and_all_the_rest_is_written(
    documents: BundledDocuments, database: Store
) -> None:
    ids = [f"a{n:02}" for n in range(20)]
    documents.create_many([(each, {"count": 0}, ()) for each in ids])
    with database.client.start_session() as killed:
        killed.start_transaction()
        for each in ("a03", "a04", "a17"):
            documents.collection.update_one({"_id": each}, {"$set": {"count": 9}}, session=killed)
        changed = documents.change_many(ids, counted, seconds=0)
        assert changed.held == {"a03", "a04", "a17"}
        assert set(changed.documents) == set(ids) - changed.held
        killed.abort_transaction()
    assert set(documents.change_many(sorted(changed.held), counted).documents) == changed.held
    assert [(each.version, each.state["count"]) for each in documents.find()] == [(2, 1)] * 20
    told = [each["subject"] for bundle in database[BUNDLES].find() for each in bundle["pending"]]
    assert sorted(told) == ids, "and nothing of what was tried in vain"


def test_what_was_written_before_the_store_went_away_is_told(documents: BundledDocuments) -> None:
    ids = [f"a{n:03}" for n in range(MOST_AT_ONCE + 20)]
    first, rest = set(ids[:MOST_AT_ONCE]), set(ids[MOST_AT_ONCE:])
    documents.create_many([(each, {"count": 0}, ()) for each in ids])

    def decide(id: str, state: dict) -> Change | None:  # noqa: A002 - the field's name
        if id in rest:
            raise Unavailable("store.unavailable")
        return counted(id, state)

    changed = documents.change_many(ids, decide)
    assert (set(changed.documents), changed.held) == (first, rest)
    with pytest.raises(Unavailable):
        documents.change_many(sorted(rest), decide)
