"""A service in this process and what it stands on: used by one test after another, empty for each."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pymongo
import pytest
from amqp.exceptions import ChannelError

from deploy.local.broker import Broker
from deploy.local.store import Store
from services.chassis import broker as topology
from services.chassis.clock import Clock
from services.chassis.settings import Settings
from services.chassis.testing import Running, settings_for_tests

# What was migrated once is so for the next test as well.
_KEPT = ("migrations",)
_GROUND = pytest.StashKey["Ground"]()


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
        self._client: pymongo.MongoClient = pymongo.MongoClient(store.uri)
        self._running: Running | None = None
        self._break()

    def _break(self) -> None:
        self.prefix = f"t{uuid.uuid4().hex[:12]}"
        amqp_uri = self._broker.amqp_uri(self.prefix)
        self.settings = settings_for_tests(amqp_uri, self._store.uri, self.prefix)
        self._broker.management.create_vhost(self.prefix)
        self._broker.apply_policies(self.prefix)

    def running(self, service_cls: type, clock: Clock, **changed: Any) -> Running:
        """The service as it is after a start at ``clock`` where there is no message and no document.

        ``changed`` are settings that differ from those of the ground.
        """
        running, wanted = self._running, replace(self.settings.for_service(service_cls.name), **changed)
        if running is not None and running.container.connected and running.settings == wanted:
            try:
                running.renew(clock, settled=self._settled, clear=self._empty)
                return running
            except (AssertionError, TimeoutError):  # a test left it with something that does not end
                running.container.kill()
                self._running = None
        self.clear()
        started = Running(service_cls, replace(self.settings, **changed), clock)
        started.__enter__()
        self._running = started
        return started

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
            self._empty()

    def _read(self) -> bool:
        """Whether anybody reads here, or may: a queue that goes while we look, or is somebody's own."""
        try:
            return any(readers for _, _, readers in self._queues())
        except ChannelError:
            return True

    def _settled(self) -> bool:
        """Whether nothing waits for the service, nor is on the way to it."""
        try:  # twice: what a queue has just sent is then in the hands of the service
            return not any(count for _ in range(2) for _, count, readers in self._queues() if readers)
        except ChannelError:
            return False

    def _queues(self) -> list[tuple[str, int, int]]:
        """Each queue, how many messages wait in it, and how many read from it."""
        names = [each["name"] for each in self._broker.management.queues(self.prefix)]
        with self._channel() as channel:
            found = [channel.queue_declare(name, passive=True) for name in names]
        return [(each.queue, each.message_count, each.consumer_count) for each in found]

    def _empty(self) -> None:
        waiting = [name for name, count, _ in self._queues() if count]
        with self._channel() as channel:
            for name in waiting:
                channel.queue_purge(name)
        for name in self._client.list_database_names():
            if not name.startswith(f"{self.prefix}_"):
                continue
            database = self._client[name]
            for collection in database.list_collection_names():
                if collection not in _KEPT and database[collection].find_one({}, {"_id": 1}):
                    database[collection].delete_many({})

    @contextlib.contextmanager
    def _channel(self) -> Iterator[Any]:
        with closing(topology.connect(self.settings.amqp_uri, name="tests", seconds=30)) as connection:
            yield connection.channel()

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
def settings(ground: Ground, request: pytest.FixtureRequest) -> Settings:
    """Those of the ground, on which nothing is left of another test.

    Nor is there a service, but for a test that shares it: by the fixture ``running`` of its folder.
    """
    if "running" in request.fixturenames:
        request.getfixturevalue("running")
    else:
        ground.clear()
    return ground.settings


@pytest.fixture
def database_prefix(settings: Settings) -> str:
    return settings.database_prefix


@pytest.fixture
def vhost(settings: Settings) -> str:
    """The AMQP address of the ground."""
    return settings.amqp_uri
