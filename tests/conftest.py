"""The real broker and the real store that component tests run against."""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.broker import Broker
from deploy.local.store import Store
from services.chassis.settings import Settings
from services.chassis.testing import settings_for_tests, wait_for
from tests.beside import shared_broker


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[tuple[Broker, Store]]:
    """A private broker, that of all runs beside each other, and an embedded store for the whole run."""
    folder = Path(tempfile.mkdtemp(prefix="jishi-tests-"))
    shared = shared_broker(request.config)
    broker, store = shared or Broker(folder / "broker"), Store(folder / "store")
    try:
        if shared is None:
            broker.start()
        store.start()
        store.wait_ready()
        try:
            wait_for(broker.ready, 240, every=0.1)
        except AssertionError as failed:
            said = (broker.folder / "broker.log").read_text(encoding="utf-8", errors="replace")
            raise AssertionError(said) from failed
        yield broker, store
    finally:
        # What they hold is thrown away: no reason to end them in order.
        if shared is None:
            broker.kill()
        store.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def broker(servers: tuple[Broker, Store]) -> Broker:
    return servers[0]


@pytest.fixture(scope="session")
def store(servers: tuple[Broker, Store]) -> Store:
    """The embedded store; ``store.uri`` is its address."""
    return servers[1]


@pytest.fixture
def vhost(broker: Broker) -> Iterator[str]:
    """The AMQP address of a fresh virtual host with the platform's policies."""
    name = f"t{uuid.uuid4().hex[:12]}"
    broker.management.create_vhost(name)
    broker.apply_policies(name)
    yield broker.amqp_uri(name)
    broker.management.delete_vhost(name)


@pytest.fixture
def database_prefix() -> str:
    """A prefix that no other test has: each service's database is ``<prefix>_<service>``."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def database_name(database_prefix: str) -> str:
    """The name of a database that no other test has."""
    return f"{database_prefix}_records"


@pytest.fixture
def settings(vhost: str, store: Store, database_prefix: str) -> Settings:
    """Settings of records against the real servers; ``settings.for_service("notify")`` for another."""
    return settings_for_tests(vhost, store.uri, database_prefix)


@pytest.fixture(scope="module")
def remembered() -> Iterator[None]:
    """What a process knows of trees and posts it knows for longer than a slow machine needs for a module.

    Whoever counts what the store is asked would count the refreshing too, now and then.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("services.chassis.authority.CACHED_SECONDS", 600.0)
        yield
