"""What the chassis's component tests share: a database of their own and a clock that stands still."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from deploy.local.store import Store as StoreServer
from services.chassis import broker as topology
from services.chassis import subscriptions
from services.chassis.cli import main
from services.chassis.cli_frame import service_names
from services.chassis.clock import FixedClock
from services.chassis.envelope import seal, to_bytes
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.settings import Settings
from services.chassis.store import Store, connect
from services.contracts.records_events import ActivityPlanned
from tests.component.chassis.cli_runs import Jishi, Said


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


@pytest.fixture
def surroundings(settings: Settings) -> dict[str, str]:
    return {
        "JISHI_PROFILE": "local",
        "AMQP_URI": settings.amqp_uri,
        "MONGO_URI": settings.mongo_uri,
        "DATABASE_PREFIX": settings.database_prefix,
    }


@pytest.fixture
def jishi(surroundings: dict[str, str]) -> Iterator[Jishi]:
    """Run ``jishi`` against this test's broker and store."""

    def run(*arguments: str, **changed: str) -> Said:
        ended = CliRunner().invoke(main, arguments, env={**surroundings, **changed})
        return Said(ended.exit_code, ended.stdout, ended.stderr)

    yield run
    structlog.reset_defaults()


# Where every service has been: to declare all their queues, also again, costs more than most tests.
_DECLARED: set[str] = set()


@pytest.fixture
def all_declared(settings: Settings) -> Iterator[Any]:
    """A channel on a broker where every service has been. Who takes a queue away asks for ``new_ground``."""
    connection = topology.connect(settings.amqp_uri, name="tests")
    channel = connection.channel()
    if settings.amqp_uri not in _DECLARED:
        for name in service_names():
            subscriptions.declare(channel, name)
        _DECLARED.add(settings.amqp_uri)
    yield channel
    connection.collect()
