"""A service in this process and what it stands on: used by one test after another, empty for each."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, TypeAlias

import pymongo
import pymongo.monitoring
import pytest
from amqp.exceptions import AMQPError

from deploy.local.broker import Broker
from deploy.local.store import Store
from services.chassis import broker as topology
from services.chassis.clock import Clock
from services.chassis.settings import Settings
from services.chassis.store import Record
from services.chassis.testing import Running, settings_for_tests, wait_for

# What was migrated once is so for the next test as well.
_KEPT = "migrations"
_GROUND = pytest.StashKey["Ground"]()
GONE_SECONDS = 1.0
Laid: TypeAlias = Mapping[str, Sequence[Record]]


class Written(pymongo.monitoring.CommandListener):
    """Listens to every client of this process that is made from now on, and knows where any has written."""

    def __init__(self) -> None:
        self.places: set[tuple[str, str]] = set()

    def started(self, event: pymongo.monitoring.CommandStartedEvent) -> None:
        if event.command_name in ("insert", "update", "findAndModify"):
            self.places.add((event.database_name, event.command[event.command_name]))

    def succeeded(self, event: pymongo.monitoring.CommandSucceededEvent) -> None:
        """What came of it is for the writer."""

    def failed(self, event: pymongo.monitoring.CommandFailedEvent) -> None:
        """As ``succeeded``."""


_WRITTEN = Written()
pymongo.monitoring.register(_WRITTEN)


def written(database: str) -> list[str]:
    """The collections of ``database`` that this process has written to since it was empty."""
    return sorted(collection for name, collection in _WRITTEN.places if name == database)


class Ground:
    """A virtual host with the platform's policies, databases of one prefix, and a service that stays there.

    To start a service, and before it to declare some thirty queues and five times as many indexes, costs more
    than most tests. So it is started by the first test of a folder that shares it; for each other it is
    renewed where it stands. Who starts a service of its own finds queues and indexes, as at each start but
    the first, and finds nothing in them.
    """

    def __init__(self, broker: Broker, store: Store) -> None:
        self._broker = broker
        self._store = store
        self._client: pymongo.MongoClient[Record] = pymongo.MongoClient(store.uri, tz_aware=True)
        self._running: Running | None = None
        self._connection: Any = None
        self._names: list[str] = []
        self._filled: list[str] = []
        self._break()

    def begin_anew(self) -> None:
        """Leave what is here as it is, and everything that is from here on to a new virtual host."""
        self.end()
        self._break()

    def _break(self) -> None:
        self.prefix = f"t{uuid.uuid4().hex[:12]}"
        amqp_uri = self._broker.amqp_uri(self.prefix)
        self.settings = settings_for_tests(amqp_uri, self._store.uri, self.prefix)
        if self._connection is not None:
            self._connection.collect()
        self._broker.management.create_vhost(self.prefix)
        self._broker.apply_policies(self.prefix)

    def running(
        self, service_cls: type[Any], clock: Clock, laid: Laid | None = None, **changed: Any
    ) -> Running:
        """The service as after a start at ``clock`` where there is no message, and no document but ``laid``.

        ``changed`` are settings that differ from those of the ground.
        """
        running, wanted = self._running, replace(self.settings.for_service(service_cls.name), **changed)
        if running is not None and running.container.connected and running.settings == wanted:
            try:
                self._names = [each["name"] for each in self._broker.management.queues(self.prefix)]
                running.renew(clock, settled=self._settled, clear=lambda: self._prepare(wanted, laid))
                return running
            except (AssertionError, TimeoutError):  # a test left it with something that does not end
                running.container.kill()
                self._running = None
        self.clear()
        self._lay(wanted, laid)
        started = Running(service_cls, replace(self.settings, **changed), clock)
        started.__enter__()
        self._running = started
        return started

    def await_rest(self, running: Running) -> None:
        """Return when the service has done all that it was told, and has told of it."""
        wait_for(lambda: running.idle and self._settled() and running.idle)

    def kept(self, running: Running) -> Laid:
        """Every document of the service, to be laid for another test. Nobody holds a lease any more."""
        self.await_rest(running)
        database = self._client[running.settings.database_name]
        kept = (each for each in database.list_collection_names() if each not in (_KEPT, "leases"))
        found = {name: list(database[name].find()) for name in kept}
        return {name: documents for name, documents in found.items() if documents}

    def end(self) -> None:
        """End the service that stands here."""
        running, self._running = self._running, None
        if running is not None:
            with contextlib.suppress(TimeoutError):
                running.__exit__(None, None, None)

    def clear(self) -> None:
        """Take away every message and every document, and the service.

        Where somebody reads there still, as a service may whose test failed, it is left to them for another.
        """
        self.end()
        if self._read():
            self._break()
        else:
            self._purge()
            self._empty()
            _WRITTEN.places.clear()

    def _read(self) -> bool:
        """Whether anybody reads here, or may: a queue that goes while we look, or is somebody's own.

        The broker learns some instants after us that somebody has gone.
        """
        self._names = [each["name"] for each in self._broker.management.queues(self.prefix)]

        def left() -> bool:
            found = self._queues()
            self._filled = [name for name, count, _ in found or () if count]
            return found is not None and not any(readers for _, _, readers in found)

        try:
            return not wait_for(left, GONE_SECONDS)
        except AssertionError:
            return True

    def _settled(self) -> bool:
        """Whether nothing waits for the service, nor is on the way to it."""
        for _ in range(2):  # what a queue had just sent is then in the hands of the service
            found = self._queues()
            if found is None or any(count for _, count, readers in found if readers):
                return False
            self._filled = [name for name, count, _ in found if count]
        return True

    def _queues(self) -> list[tuple[str, int, int]] | None:
        """Each queue, how many messages wait in it, and how many read from it; None where one is gone."""
        channel = self._channel()
        try:
            found = [channel.queue_declare(name, passive=True) for name in self._names]
        except AMQPError:
            self._connection.collect()
            self._names = [each["name"] for each in self._broker.management.queues(self.prefix)]
            return None
        return [(each.queue, each.message_count, each.consumer_count) for each in found]

    def _channel(self) -> Any:
        if self._connection is None or not self._connection.connected:
            self._connection = topology.connect(self.settings.amqp_uri, name="tests", seconds=30, heartbeat=0)
            self._on = self._connection.channel()
        return self._on

    def _prepare(self, settings: Settings, laid: Laid | None) -> None:
        self._purge()
        database = self._client[settings.database_name]
        for collection in written(database.name):
            if collection != _KEPT:
                database[collection].delete_many({})
        # Another process may have written as well.
        if database.command("dbStats")["objects"] != database[_KEPT].count_documents({}):
            self._empty()
        _WRITTEN.places.clear()
        self._lay(settings, laid)

    def _lay(self, settings: Settings, laid: Laid | None) -> None:
        for name, documents in (laid or {}).items():
            self._client[settings.database_name][name].insert_many(documents)

    def _purge(self) -> None:
        """Empty what was met last with messages in it: nobody reads there, and whoever writes there rests."""
        for name in self._filled:
            self._channel().queue_purge(name)
        self._filled = []

    def _empty(self) -> None:
        for name in self._client.list_database_names():
            if name.startswith(f"{self.prefix}_"):
                database = self._client[name]
                for collection in database.list_collection_names():
                    if collection != _KEPT and database[collection].find_one({}, {"_id": 1}):
                        database[collection].delete_many({})

    def close(self) -> None:
        # The servers end with the tests, and what they hold with them.
        if self._running is not None:
            self._running.container.kill()
        self._client.close()


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """A service is of a folder: no other test has to bear with its timers."""
    ground = item.session.stash.get(_GROUND, None)
    if ground is not None and (nextitem is None or nextitem.path.parent != item.path.parent):
        ground.end()


@pytest.fixture(scope="session")
def ground(broker: Broker, store: Store, request: pytest.FixtureRequest) -> Iterator[Ground]:
    """What the services stand on in all tests of a folder whose ``conftest`` takes over what follows."""
    with closing(Ground(broker, store)) as ground:
        request.session.stash[_GROUND] = ground
        yield ground


@pytest.fixture
def settings(ground: Ground, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Those of the ground, on which nothing is left of another test.

    Nor is there a service, but for a test that shares it: by the fixture ``running`` of its folder. A test
    that asks for ``new_ground`` begins on a new one, which is nobody's after it.
    """
    anew = "new_ground" in request.fixturenames
    if anew:
        ground.begin_anew()
    elif "running" in request.fixturenames:
        request.getfixturevalue("running")
    else:
        ground.clear()
    yield ground.settings
    if anew:
        ground.begin_anew()


@pytest.fixture
def new_ground() -> None:
    """For a test that needs a broker where nobody has been, or leaves one as it must not be."""


@pytest.fixture
def database_prefix(settings: Settings) -> str:
    return settings.database_prefix


@pytest.fixture
def vhost(settings: Settings) -> str:
    """The AMQP address of the ground."""
    return settings.amqp_uri
