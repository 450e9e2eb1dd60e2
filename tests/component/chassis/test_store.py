"""The store: transactions that are run again, failures that are told apart, and the traps of its driver."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import eventlet
import pytest
from pymongo.errors import DuplicateKeyError, OperationFailure

from deploy.local.store import Store as StoreServer
from services.chassis import left_open
from services.chassis.clock import FixedClock
from services.chassis.context import Context, entered
from services.chassis.documents import Change, Documents
from services.chassis.errors import Contended, Unavailable
from services.chassis.indexes import IndexClash, Indexes
from services.chassis.publishing import ConfirmedPublisher
from services.chassis.relay import Relay
from services.chassis.store import (
    Store,
    answering,
    await_store,
    connect,
    in_transaction,
    on_commit,
    reading_all,
    session,
    transaction,
)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[StoreServer]:
    """A store of this test alone, which may be killed."""
    server = StoreServer(tmp_path / "store")
    server.start()
    server.wait_ready()
    yield server
    server.kill()


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
from services.chassis.store import connect, session, transaction
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


def test_dates_and_decimals_are_kept_as_text_and_compare_as_such(database: Store) -> None:
    for day in (9, 10, 11):
        database["a"].insert_one({"held_on": date(2026, 3, day), "points": Decimal("0.50")})
    found = database["a"].find_one({"held_on": {"$gt": date(2026, 3, 9)}}, sort=[("held_on", 1)])
    assert found is not None
    assert (found["held_on"], found["points"]) == ("2026-03-10", "0.50")


def test_a_reading_from_end_to_end_may_take_longer_than_any_other_question(
    database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    database["long"].insert_many([{"_id": number, "text": "x" * 200} for number in range(6_000)])
    monkeypatch.setattr("services.chassis.store.SOCKET_MS", 20)  # a whole reading takes ten times as long
    (host, port), name = database.client.address or ("", 0), database.name
    hasty = connect(f"mongodb://{host}:{port}/?directConnection=true", name)
    with pytest.raises(Unavailable), answering():
        list(hasty["long"].find({}))
    with reading_all():
        assert len(list(hasty["long"].find({}))) == 6_000
    hasty.client.close()


def test_instants_come_back_aware(database: Store) -> None:
    instant = datetime(2026, 3, 10, 4, tzinfo=UTC)
    database["a"].insert_one({"_id": 1, "at": instant})
    found = database["a"].find_one({"_id": 1})
    assert found is not None
    assert found["at"] == instant
    assert found["at"].tzinfo is not None


def test_an_index_that_exists_otherwise_is_named(database: Store) -> None:
    Indexes(database).declare("a", "number")
    Indexes(database).declare("a", "number")
    with pytest.raises(IndexClash, match="number"):
        Indexes(database).declare("a", "number", unique=True)


def test_indexes_declared_together_are_there_at_the_end(database: Store) -> None:
    indexes = Indexes(database)
    with indexes.together():
        indexes.declare("a", "number")
        Indexes(database).declare("a", [("kind", 1), ("_id", -1)])
        Indexes(database).declare("a", "number")
        indexes.declare("b", "number", unique=True)
        assert database.list_collection_names() == []
    assert set(database["a"].index_information()) == {"_id_", "number_1", "kind_1__id_-1"}
    assert database["b"].index_information()["number_1"]["unique"]
    indexes.declare("c", "number")
    assert "number_1" in database["c"].index_information()


def test_of_indexes_declared_together_the_one_that_exists_otherwise_is_named(database: Store) -> None:
    indexes = Indexes(database)
    indexes.declare("a", "number")

    def declare() -> None:
        with indexes.together():
            indexes.declare("a", "word")
            indexes.declare("a", "number", unique=True)

    with pytest.raises(IndexClash, match=r"a: \[\('number', 1\)\]"):
        declare()


def test_a_fault_of_the_program_is_not_called_a_refusal(database: Store) -> None:
    with pytest.raises(OperationFailure), answering():
        database.command("no such command")


def test_within_a_transaction_failures_keep_their_labels(database: Store) -> None:
    database["a"].insert_one({"_id": 1})

    def insert_again() -> None:
        with answering():
            database["a"].insert_one({"_id": 1}, session=session())

    with pytest.raises(DuplicateKeyError):
        in_transaction(database, insert_again)


def test_a_dead_store_is_unavailable_within_five_seconds_and_back_without_a_restart(
    mortal: StoreServer, clock: FixedClock
) -> None:
    database = connect(mortal.uri, "mortal")
    relay = Relay(ConfirmedPublisher("amqp://127.0.0.1:1//"), clock)
    documents = Documents(database, "things", source="records", clock=clock, relay=relay)
    documents.create("a1", {"count": 0})
    mortal.kill()
    for attempt in (
        lambda: documents.get("a1"),
        lambda: documents.create("a2", {}),
        lambda: documents.change("a1", lambda state: Change({"count": 1})),
    ):
        began = time.monotonic()
        with pytest.raises(Unavailable, match=r"store\.unavailable"):
            attempt()
        assert time.monotonic() - began < 5
    mortal.start()
    await_store(database)
    with entered(Context(actor="p", idempotency_key="k")):
        assert documents.change("a1", lambda state: Change({"count": 1})).version == 2
    database.client.close()


def test_a_transaction_with_a_dead_store_is_no_lost_race(mortal: StoreServer) -> None:
    database = connect(mortal.uri, "mortal")
    database["a"].insert_one({"_id": 1, "count": 0})
    asked = 0

    def count() -> None:
        nonlocal asked
        asked += 1
        database["a"].update_one({"_id": 1}, {"$inc": {"count": 1}}, session=session())

    mortal.kill()
    with pytest.raises(Unavailable, match=r"store\.unavailable"):
        in_transaction(database, count)
    assert asked == 2
    mortal.start()
    await_store(database)
    in_transaction(database, count)
    assert database["a"].find_one({}) == {"_id": 1, "count": 1}
    database.client.close()


def test_what_was_acknowledged_survives_a_kill(mortal: StoreServer) -> None:
    database = connect(mortal.uri, "mortal")
    for number in range(50):
        database["a"].insert_one({"_id": number})
    mortal.kill()
    mortal.start()
    await_store(database)
    assert database["a"].count_documents({}) == 50
    database.client.close()


def test_waiting_for_a_store_that_never_comes_ends() -> None:
    database = connect("mongodb://127.0.0.1:1", "nowhere")
    with pytest.raises(Unavailable, match=r"store\.unavailable"):
        await_store(database, seconds=0.5)
    database.client.close()


def test_a_client_before_the_monkey_patch_is_refused(store: StoreServer) -> None:
    code = "from services.chassis.store import connect; connect('mongodb://127.0.0.1:1', 'x')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "import services.chassis.patch before" in ran.stderr


def test_no_module_connects_when_it_is_imported() -> None:
    code = """
from services.chassis import patch
import importlib, pathlib, pymongo
def refuse(*_, **__): raise SystemExit("a client was made at import")
pymongo.MongoClient.__init__ = refuse
for path in sorted(pathlib.Path("services/chassis").glob("*.py")):
    importlib.import_module(f"services.chassis.{path.stem}")
"""
    root = Path(__file__).parents[3]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
