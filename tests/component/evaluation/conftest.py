"""The evaluation service in this process, on the real broker and store, with a small campus around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import kombu
import pytest

from services.chassis.clock import FixedClock
from services.chassis.publishing import ConfirmedPublisher
from services.chassis.rpc_client import RpcClient
from services.chassis.settings import Settings
from services.chassis.testing import Running
from services.evaluation.application import Evaluation
from services.evaluation.service import EvaluationService
from tests import grounds
from tests.component.evaluation.surroundings import Campus, Overheard

settings, database_prefix, vhost = grounds.settings, grounds.database_prefix, grounds.vhost


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 6, 20, 2, 33, tzinfo=UTC))


@pytest.fixture
def campus(settings: Settings, vhost: str, clock: FixedClock) -> Iterator[Campus]:
    """The surroundings alone: start the service by ``evaluation`` or by ``Running``."""
    connection = kombu.Connection(vhost)
    channel = connection.channel()
    kombu.Exchange("evaluation.events", "topic", durable=True)(channel).declare()
    queue = kombu.Queue("", exclusive=True)(channel)
    queue.declare()
    queue.bind_to("evaluation.events", "#")
    publisher, client = ConfirmedPublisher(vhost), RpcClient(vhost)
    yield Campus(settings.for_service("evaluation"), clock, publisher, client, Overheard(channel, queue))
    publisher.close()
    client.close()
    connection.release()


@dataclass(frozen=True)
class Beginning:
    """What a test begins with that knows the campus, as the service made it for the first."""

    documents: grounds.Laid
    told: Mapping[str, dict[str, Any]]
    sequences: Mapping[str, int]


@pytest.fixture(scope="session")
def beginnings() -> dict[datetime, Beginning]:
    """By the instant at which a test begins."""
    return {}


@pytest.fixture
def beginning(
    request: pytest.FixtureRequest, clock: FixedClock, beginnings: dict[datetime, Beginning]
) -> Beginning | None:
    return beginnings.get(clock.now()) if "evaluation" in request.fixturenames else None


@pytest.fixture
def running(ground: grounds.Ground, clock: FixedClock, beginning: Beginning | None) -> Running:
    """The service, which the tests of this folder share that ask for it."""
    return ground.running(EvaluationService, clock, beginning and beginning.documents)


@pytest.fixture
def evaluation(
    ground: grounds.Ground,
    running: Running,
    campus: Campus,
    beginning: Beginning | None,
    beginnings: dict[datetime, Beginning],
) -> Evaluation:
    """The application of the running service, which knows the campus and has told all of it."""
    if beginning is None:
        campus.settle_in()
        documents = ground.kept(running)
        campus.overheard.listen()
        beginnings[campus.clock.now()] = Beginning(
            documents, dict(campus.overheard.events), dict(campus.sequences)
        )
    else:
        campus.overheard.events.update(beginning.told)
        campus.sequences.update(beginning.sequences)
    found: Evaluation = running.application
    return found
