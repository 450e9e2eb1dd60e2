"""The evaluation service in this process, on the real broker and store, with a small campus around it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

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


@pytest.fixture
def running(ground: grounds.Ground, clock: FixedClock) -> Running:
    """The service, which the tests of this folder share that ask for it."""
    return ground.running(EvaluationService, clock)


@pytest.fixture
def evaluation(running: Running, campus: Campus) -> Evaluation:
    """The application of the running service, which knows the campus."""
    campus.settle_in()
    found: Evaluation = running.application
    return found
