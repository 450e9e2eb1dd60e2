"""The store: what is kept of a value, failures that are told apart, and the traps of its driver."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pymongo.errors import DuplicateKeyError, OperationFailure

from deploy.local.store import Store as StoreServer
from services.chassis.clock import FixedClock
from services.chassis.context import Context, entered
from services.chassis.contract import Change
from services.chassis.documents import Documents
from services.chassis.errors import Unavailable
from services.chassis.publishing import ConfirmedPublisher
from services.chassis.relay import Relay
from services.chassis.store import (
    IDS_AT_ONCE,
    Store,
    answering,
    await_store,
    by_ids,
    connect,
    reading_all,
)
from services.chassis.transactions import in_transaction, session


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[StoreServer]:
    """A store of this test alone, which may be killed."""
    server = StoreServer(tmp_path / "store")
    server.start()
    server.wait_ready()
    yield server
    server.kill()


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


def test_documents_are_found_by_however_many_ids(database: Store) -> None:
    there = [f"a{number:02}" for number in range(2 * IDS_AT_ONCE + 1)]
    database["a"].insert_many([{"_id": each, "text": "x"} for each in there])
    found = list(by_ids(database["a"], [*there, "gone", there[0]], {"text": 0}))
    assert sorted(each["_id"] for each in found) == there
    assert all(each.keys() == {"_id"} for each in found)
    assert list(by_ids(database["a"], [])) == []


def test_instants_come_back_aware(database: Store) -> None:
    instant = datetime(2026, 3, 10, 4, tzinfo=UTC)
    database["a"].insert_one({"_id": 1, "at": instant})
    found = database["a"].find_one({"_id": 1})
    assert found is not None
    assert found["at"] == instant
    assert found["at"].tzinfo is not None


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
