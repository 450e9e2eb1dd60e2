"""What a service in this process stands on: declared once, used by one test after another, empty for each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing

import pymongo
import pytest
from amqp.exceptions import ChannelError

from deploy.local.broker import Broker
from deploy.local.store import Store
from services.chassis import broker as topology

# What was migrated once is so for the next test as well.
_KEPT = ("migrations",)


class Ground:
    """A virtual host with the platform's policies, and databases of one prefix.

    To declare some thirty queues and five times as many indexes costs more than most tests. So a service
    finds them when it starts, as it does at each start but its first, and finds nothing in them.
    """

    def __init__(self, broker: Broker, store: Store) -> None:
        self._broker = broker
        self._client: pymongo.MongoClient = pymongo.MongoClient(store.uri)
        self._break()

    def _break(self) -> None:
        self.prefix = f"t{uuid.uuid4().hex[:12]}"
        self.amqp_uri = self._broker.amqp_uri(self.prefix)
        self._broker.management.create_vhost(self.prefix)
        self._broker.apply_policies(self.prefix)

    def clear(self) -> None:
        """Take away every message and every document.

        Where somebody reads there still, as a service may whose test failed, it is left to them for another.
        """
        if not self._without_messages():
            self._break()
            return
        for name in self._databases():
            database = self._client[name]
            for collection in database.list_collection_names():
                if collection not in _KEPT and database[collection].find_one({}, {"_id": 1}):
                    database[collection].delete_many({})

    def _without_messages(self) -> bool:
        """Whether nobody reads any more, and so nothing is left to be read."""
        queues = [each["name"] for each in self._broker.management.queues(self.prefix)]
        with closing(topology.connect(self.amqp_uri, name="tests", seconds=30)) as connection:
            channel = connection.channel()
            try:
                for queue in queues:
                    found = channel.queue_declare(queue, passive=True)
                    if found.consumer_count:
                        return False
                    if found.message_count:
                        channel.queue_purge(queue)
            except ChannelError:  # it goes while we look, or is somebody's own
                return False
        return True

    def _databases(self) -> list[str]:
        return [name for name in self._client.list_database_names() if name.startswith(f"{self.prefix}_")]

    def close(self) -> None:
        # The servers end with the tests, and what they hold with them.
        self._client.close()


@pytest.fixture(scope="session")
def ground(broker: Broker, store: Store) -> Iterator[Ground]:
    """What the services stand on in all tests of a folder whose ``conftest`` takes these three over."""
    with closing(Ground(broker, store)) as ground:
        yield ground


@pytest.fixture
def database_prefix(ground: Ground) -> str:
    """That of the ground, on which nothing is left of another test."""
    ground.clear()
    return ground.prefix


@pytest.fixture
def vhost(ground: Ground, database_prefix: str) -> str:
    """The AMQP address of the ground."""
    return ground.amqp_uri
