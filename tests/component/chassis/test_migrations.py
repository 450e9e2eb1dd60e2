"""Migrations: numbered, in order, once, by one replica."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import eventlet
import pytest

from services.chassis import migrations
from services.chassis.clock import FixedClock
from services.chassis.errors import Unavailable
from services.chassis.leases import Leases
from services.chassis.migrations import TTL, MigrationError, found, migrate, outstanding
from services.chassis.store import Store
from services.chassis.testing import wait_for

UP = """
import eventlet
def up(database):
    eventlet.sleep(0.02)
    database["ran"].insert_one({"number": %d})
"""

SLOW = """
import eventlet
def up(database):
    database["ran"].insert_one({"number": 1})
    while not database["go"].find_one():
        eventlet.sleep(0.02)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """An importable package with two migrations."""
    name = f"migrations_of_{abs(hash(request.node.name))}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "0001_first.py").write_text(UP % 1)
    (folder / "0002_second.py").write_text(UP % 2)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    for module in [each for each in sys.modules if each.startswith(name)]:
        del sys.modules[module]


def ran(database: Store) -> list[int]:
    return [each["number"] for each in database["ran"].find({}).sort("_id", 1)]


def test_they_run_in_order_and_once(database: Store, clock: FixedClock, package: str) -> None:
    assert [each.name for each in outstanding(database, package)] == ["first", "second"]
    assert migrate(database, package, clock) == ["first", "second"]
    assert migrate(database, package, clock) == []
    assert ran(database) == [1, 2]


def test_replicas_that_start_together_run_each_once(database: Store, clock: FixedClock, package: str) -> None:
    applied = eventlet.GreenPool().imap(lambda _: migrate(database, package, clock), range(4))
    assert sorted(name for names in applied for name in names) == ["first", "second"]
    assert ran(database) == [1, 2]


def test_one_that_outlasts_the_lease_is_not_begun_by_another(
    database: Store, clock: FixedClock, package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(migrations, "KEEP_SECONDS", 0.02)
    (tmp_path / package / "0001_first.py").write_text(SLOW)
    first = eventlet.spawn(migrate, database, package, clock)
    wait_for(lambda: ran(database) == [1])
    second = eventlet.spawn(migrate, database, package, clock)
    for _ in range(4):
        clock.advance(TTL * 0.9)
        wait_for(lambda: Leases(database, clock).acquire("migrations", "somebody", TTL) is None)
        wait_for(lambda: database["leases"].find_one()["until"] == clock.now() + TTL)
    database["go"].insert_one({})
    assert (first.wait(), second.wait()) == (["first", "second"], [])
    assert ran(database) == [1, 2]


def test_one_that_lost_its_lease_is_not_recorded_by_who_lost_it(
    database: Store, clock: FixedClock, package: str, tmp_path: Path
) -> None:
    (tmp_path / package / "0001_first.py").write_text(SLOW)
    first = eventlet.spawn(migrate, database, package, clock)
    wait_for(lambda: ran(database) == [1])
    clock.advance(TTL + timedelta(seconds=1))
    assert Leases(database, clock).acquire("migrations", "somebody", TTL)
    database["go"].insert_one({})
    with pytest.raises(Unavailable, match=r"migrations\.taken_over"):
        first.wait()
    assert [each.name for each in outstanding(database, package)] == ["first", "second"]


def test_what_failed_is_run_again_and_what_ran_is_not(
    database: Store, clock: FixedClock, package: str, tmp_path: Path
) -> None:
    second = tmp_path / package / "0002_second.py"
    whole = second.read_text()
    second.write_text("def up(database): raise RuntimeError\n")
    with pytest.raises(RuntimeError):
        migrate(database, package, clock)
    second.write_text(whole)
    sys.modules.pop(f"{package}.0002_second")
    assert migrate(database, package, clock) == ["second"]
    assert ran(database) == [1, 2]


def test_a_replica_does_not_wait_for_ever(database: Store, clock: FixedClock, package: str) -> None:
    Leases(database, clock).acquire("migrations", "somebody", TTL)
    with pytest.raises(Unavailable, match=r"migrations\.busy"):
        migrate(database, package, clock, seconds=0.3)
    clock.advance(TTL + timedelta(seconds=1))
    assert migrate(database, package, clock) == ["first", "second"]


def test_a_hole_or_a_wrong_name_is_refused(package: str, tmp_path: Path) -> None:
    (tmp_path / package / "0004_fourth.py").write_text(UP % 4)
    with pytest.raises(MigrationError, match="without a hole"):
        found(package)
    (tmp_path / package / "third.py").write_text(UP % 3)
    with pytest.raises(MigrationError, match="NNNN_name"):
        found(package)


def test_a_service_without_migrations_has_none(database: Store, clock: FixedClock) -> None:
    assert migrate(database, "services.chassis.no_such_migrations", clock) == []
