"""The audit chain: append-only, one sequence under concurrency, every tampering found."""

from datetime import timedelta

import eventlet
import pytest

from services.chassis.audit import FIRST, STEPS, Audit
from services.chassis.clock import FixedClock
from services.chassis.store import Store
from services.chassis.testing import wait_for
from services.chassis.transactions import in_transaction, transaction


@pytest.fixture
def audit(database: Store, clock: FixedClock) -> Audit:
    audit = Audit(database, clock)
    audit.declare()
    return audit


def test_entries_follow_one_another_and_the_chain_is_whole(audit: Audit) -> None:
    assert audit.verify() is None
    entries = [audit.append("dossier.read", "p1", "dossier", f"d{n}", reason="复核") for n in range(3)]
    assert [each.seq for each in entries] == [1, 2, 3]
    assert [each.previous for each in entries] == [FIRST, entries[0].hash, entries[1].hash]
    assert audit.verify() is None
    assert audit.head() == (3, entries[2].hash)


def test_replicas_that_append_at_once_make_one_chain(database: Store, clock: FixedClock) -> None:
    replicas = [Audit(database, clock) for _ in range(4)]
    pool = eventlet.GreenPool()
    for number in range(24):
        pool.spawn(replicas[number % 4].append, "read", f"p{number}", "dossier", "d1")
    pool.waitall()
    assert replicas[0].verify() is None
    assert {each.actor for each in replicas[0].read()} == {f"p{number}" for number in range(24)}


def test_what_others_appended_meanwhile_is_followed_however_much_it_is(
    database: Store, clock: FixedClock
) -> None:
    one, other = Audit(database, clock), Audit(database, clock)
    one.append("read", "p1", "dossier", "d1")
    for count in (3, STEPS + 2):
        for _ in range(count):
            other.append("read", "p2", "dossier", "d1")
        one.append("read", "p1", "dossier", "d1")
    assert one.head() == other.head()
    assert (one.head()[0], one.verify()) == (STEPS + 8, None)


def test_an_entry_that_was_not_committed_leaves_no_gap(audit: Audit, database: Store) -> None:
    audit.append("read", "p1", "dossier", "d1")

    class Undone(Exception):
        pass

    def give_and_fail() -> None:
        with transaction(database):
            assert [audit.append("give", "p1", "person", "d1").seq for _ in range(2)] == [2, 3]
            raise Undone

    with pytest.raises(Undone):
        give_and_fail()
    assert audit.append("read", "p1", "dossier", "d1").seq == 2
    assert audit.verify() is None


def test_many_entries_at_once_stay_in_the_chain_with_what_others_append(
    database: Store, clock: FixedClock
) -> None:
    replicas = [Audit(database, clock) for _ in range(3)]
    pool = eventlet.GreenPool()
    for number in range(6):
        objects = [f"p{number}-{each}" for each in range(10)]
        pool.spawn(replicas[number % 3].append_many, "give", "a", "person", objects)
        pool.spawn(replicas[(number + 1) % 3].append, "read", "a", "person", f"p{number}")
    pool.waitall()
    assert replicas[0].verify() is None
    assert len({each.object_id for each in replicas[0].read()}) == replicas[0].head()[0] == 66
    replicas[0].append_many("give", "a", "person", [])
    assert replicas[0].head()[0] == 66


@pytest.mark.parametrize("field", ["actor", "action", "object_id", "reason", "at", "hash", "previous"])
def test_a_changed_entry_is_found(audit: Audit, database: Store, clock: FixedClock, field: str) -> None:
    for number in range(4):
        audit.append("read", f"p{number}", "dossier", "d1")
    value = clock.now().replace(year=2020) if field == "at" else "meddled"
    database["audit"].update_one({"_id": 2}, {"$set": {field: value}})
    assert audit.verify() == 2


def test_a_removed_entry_is_found(audit: Audit, database: Store) -> None:
    for number in range(4):
        audit.append("read", f"p{number}", "dossier", "d1")
    database["audit"].delete_one({"_id": 3})
    assert audit.verify() == 3


def test_what_a_commit_owes_is_entered_once_also_when_its_process_ends_before(
    audit: Audit, database: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given(*people: str) -> None:
        audit.owe("post.given", "p1", "person", people)

    with pytest.raises(RuntimeError):
        given("a")
    in_transaction(database, lambda: given("a", "b"))
    with monkeypatch.context() as dying:
        dying.setattr(audit, "settle", lambda: None)
        in_transaction(database, lambda: given("c", "d"))
    owed_at = clock.now()
    assert [each.object_id for each in audit.read()] == ["b", "a"]
    clock.advance(timedelta(hours=1))
    with pytest.raises(ZeroDivisionError):
        in_transaction(database, lambda: (given("nobody"), 1 / 0))

    successors = [Audit(database, clock) for _ in range(4)]
    pool = eventlet.GreenPool()
    for each in successors:
        pool.spawn(each.settle)
        pool.spawn(each.append, "read", "p2", "person", "e")
    pool.waitall()

    assert database["audit_owed"].count_documents({}) == 0
    found = audit.read("person")
    assert audit.verify() is None
    assert sorted(each.object_id for each in found) == ["a", "b", "c", "d", *"eeee"]
    assert {each.at for each in found if each.object_id in ("c", "d")} == {owed_at}


def test_what_is_owed_waits_for_no_transaction_that_waits_for_it(
    audit: Audit, database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(audit, "settle", lambda: None)
        in_transaction(database, lambda: audit.owe("post.given", "p1", "person", ["a"]))
    asked: list[int] = []
    head = audit.head
    monkeypatch.setattr(audit, "head", lambda: asked.append(1) or head())
    with transaction(database):
        audit.append("post.withdrawn", "p1", "person", "b")
        settling = eventlet.spawn(audit.settle)
        wait_for(lambda: len(asked) > 2)  # it met the entry that is not committed, and tries again
        audit.append("post.given", "p1", "person", "b")
    settling.wait()
    assert database["audit_owed"].count_documents({}) == 0
    assert audit.verify() is None
    assert [each.object_id for each in reversed(audit.read())] == ["b", "b", "a"]


def test_a_person_sees_who_opened_what_is_theirs(audit: Audit) -> None:
    for number in range(5):
        audit.append("read", "p1" if number % 2 else "p2", "dossier", f"d{number % 2}")
    assert [each.seq for each in audit.read("dossier", "d0")] == [5, 3, 1]
    assert [each.seq for each in audit.read("dossier", "d0", before=5, limit=1)] == [3]
    assert [each.seq for each in audit.read(actor="p1")] == [4, 2]


def test_an_entry_that_lost_its_hash_is_not_the_one_that_was_noted(audit: Audit, database: Store) -> None:
    audit.append("thing.done", "p", "thing", "t")
    last, noted = audit.head()
    database["audit"].update_one({"_id": last}, {"$unset": {"hash": ""}})
    assert audit.hash_at(last) != noted
