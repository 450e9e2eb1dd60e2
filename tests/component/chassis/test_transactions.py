"""Transactions of the real store: all or nothing, joined, run again after a lost race, ended if left open."""

import subprocess
import sys

import eventlet
import pytest

from deploy.local.store import Store as StoreServer
from services.chassis import left_open
from services.chassis.errors import Contended, Unavailable
from services.chassis.store import Store
from services.chassis.transactions import in_transaction, on_commit, session, transaction


def test_what_commits_together_is_there_together(database: Store) -> None:
    with transaction(database):
        database["a"].insert_one({"_id": 1}, session=session())
        database["b"].insert_one({"_id": 1}, session=session())
        assert database["a"].find_one({"_id": 1}) is None  # nobody else sees it yet
    assert database["a"].find_one({"_id": 1}) == database["b"].find_one({"_id": 1}) == {"_id": 1}
    assert session() is None


def test_what_fails_leaves_nothing(database: Store) -> None:
    told: list[str] = []

    def fail() -> None:
        database["a"].insert_one({"_id": 1}, session=session())
        on_commit(lambda: told.append("committed"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        in_transaction(database, fail)
    assert (database["a"].count_documents({}), told, session()) == (0, [], None)


def test_what_was_committed_is_not_run_again_and_all_that_follows_has_its_turn(database: Store) -> None:
    told: list[str] = []

    def lose() -> None:
        told.append("lost")
        raise Contended("audit.contended")

    def write() -> None:
        database["a"].insert_one({"_id": database["a"].count_documents({})}, session=session())
        on_commit(lose)
        on_commit(lambda: told.append("woken"))

    with pytest.raises(Contended, match=r"audit\.contended"):
        in_transaction(database, write)
    assert (database["a"].count_documents({}), told) == (1, ["lost", "woken"])
    with pytest.raises(Contended), transaction(database):
        write()
    assert (database["a"].count_documents({}), told) == (2, ["lost", "woken"] * 2)


def test_an_inner_transaction_joins_the_outer(database: Store) -> None:
    told: list[str] = []
    with transaction(database) as outer:
        with transaction(database) as inner:
            on_commit(lambda: told.append("committed"))
        assert inner is outer
        assert told == []
    assert told == ["committed"]
    on_commit(lambda: told.append("at once"))
    assert told[-1] == "at once"


def test_a_greenthread_does_not_join_the_transaction_of_another(database: Store) -> None:
    with transaction(database):
        assert eventlet.spawn(session).wait() is None
        assert session() is not None


def test_writers_in_conflict_are_run_again_until_all_count(database: Store) -> None:
    database["counters"].insert_one({"_id": 1, "count": 0})

    def add() -> None:
        found = database["counters"].find_one({"_id": 1}, session=session())
        assert found is not None
        eventlet.sleep(0.001)
        database["counters"].update_one(
            {"_id": 1}, {"$set": {"count": found["count"] + 1}}, session=session()
        )

    pool = eventlet.GreenPool()
    for _ in range(6):
        pool.spawn(in_transaction, database, add, attempts=1, seconds=30)
    pool.waitall()
    assert database["counters"].find_one({"_id": 1}) == {"_id": 1, "count": 6}


def test_a_conflict_that_does_not_end_is_unavailable(database: Store) -> None:
    database["counters"].insert_one({"_id": 1, "count": 0})

    def lose() -> None:
        database["counters"].find_one({"_id": 1}, session=session())
        database["counters"].update_one({"_id": 1}, {"$inc": {"count": 1}})  # somebody else, meanwhile
        database["counters"].update_one({"_id": 1}, {"$inc": {"count": 1}}, session=session())

    with pytest.raises(Unavailable, match=r"store\.contended"):
        in_transaction(database, lose, attempts=2, seconds=0)


def test_what_a_killed_process_left_open_is_ended_by_the_next_one(
    database: Store, store: StoreServer
) -> None:
    database["things"].insert_one({"_id": 1, "count": 0})

    def count() -> None:
        database["things"].update_one({"_id": 1}, {"$inc": {"count": 1}}, session=session())

    code = f"""
from services.chassis import patch
import time
from services.chassis import left_open
from services.chassis.store import connect
from services.chassis.transactions import session, transaction
database = connect({store.uri!r}, {database.name!r})
left_open.watch(database)
with transaction(database):
    database["things"].update_one({{"_id": 1}}, {{"$inc": {{"count": 10}}}}, session=session())
    print("written", flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "written\n"
            assert left_open.watch(database) == 0, "it lives"
            with pytest.raises(Contended):
                in_transaction(database, count, attempts=1, seconds=0)
        finally:
            process.kill()
    assert left_open.watch(database) == 1
    in_transaction(database, count)
    assert database["things"].find_one() == {"_id": 1, "count": 1}
    assert left_open.watch(database) == 0


def test_a_session_whose_note_was_not_answered_runs_transactions_all_the_same(database: Store) -> None:
    left_open.watch(database)
    with database.client.start_session() as own:
        left_open.note(database, own)
        left_open._noted.discard(bytes(own.session_id["id"]))
        left_open.note(database, own)
    assert database[left_open.SESSIONS].count_documents({}) == 1
