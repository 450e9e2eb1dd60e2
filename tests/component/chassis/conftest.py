"""What the chassis's component tests share: a database of their own and a clock that stands still."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from deploy.local.store import Store as StoreServer
from services.chassis import broker as topology
from services.chassis.clock import FixedClock
from services.chassis.envelope import seal, to_bytes
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.store import Store, connect
from services.contracts.records_events import ActivityPlanned


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 10, 4, 0, tzinfo=UTC))


@pytest.fixture
def database(store: StoreServer, database_name: str) -> Iterator[Store]:
    database = connect(store.uri, database_name)
    yield database
    database.client.drop_database(database_name)
    database.client.close()


@pytest.fixture
def channel(vhost) -> Iterator[Any]:
    connection = topology.connect(vhost)
    channel = connection.channel()
    channel.auto_decode = False
    yield channel
    connection.close()


@pytest.fixture
def publish(vhost, settings) -> Iterator[Callable[..., None]]:
    publisher = ConfirmedPublisher(vhost)

    def publish(*bodies: bytes, exchange: str = "records.events", headers: Any = None) -> None:
        outgoing = [Outgoing(exchange, "activity.planned", body, headers or {}) for body in bodies]
        assert set(publisher.publish(outgoing)) == {Outcome.CONFIRMED}

    yield publish
    publisher.close()


@pytest.fixture
def event(settings) -> Callable[..., bytes]:
    def event(subject: str = "a1", sequence: int = 1, **extensions: Any) -> bytes:
        new = ActivityPlanned.of(
            activity=subject, organisation="o1", kind="theme_day", held_on=date(2026, 3, 5)
        )
        return to_bytes(seal(new, subject=subject, sequence=sequence, clock=settings.clock(), **extensions))

    return event
