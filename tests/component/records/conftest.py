"""A small campus inside the records service, which runs in this process on the real broker and store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import kombu
import pytest

from services.chassis.clock import FixedClock
from services.chassis.rpc_client import RpcClient
from services.chassis.testing import Running
from services.records.bootstrap import establish
from services.records.service import RecordsService
from tests import grounds
from tests.component.records.surroundings import Campus, Faculty

settings, database_prefix, vhost = grounds.settings, grounds.database_prefix, grounds.vhost


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 9, 10, 4, 0, tzinfo=UTC))


@pytest.fixture
def running(ground: grounds.Ground, clock: FixedClock) -> Running:
    """The service, which the tests of this folder share."""
    return ground.running(RecordsService, clock)


@pytest.fixture
def campus(running: Running, clock: FixedClock) -> Iterator[Campus]:
    """The service with its root and first administrator."""
    settings = running.settings
    with kombu.Connection(settings.amqp_uri) as broker:
        with broker.channel() as channel:
            for queue, exchange in (("heard", "records.events"), ("rejected", "campus.rejections")):
                channel.queue_declare(queue, durable=True, auto_delete=False)
                channel.queue_bind(queue, exchange, "#")
        application = running.application
        root, administrator = establish(
            application, number="A001", name="管理员", organisation="某某大学党委", code="DW"
        )
        client = RpcClient(settings.amqp_uri)
        try:
            yield Campus(
                settings=settings,
                clock=clock,
                client=client,
                application=application,
                root=root,
                administrator=administrator,
                heard=[],
                rejected=[],
                broker=broker,
            )
        finally:
            client.close()


@pytest.fixture
def faculty(campus: Campus) -> Faculty:
    above = campus.organisation("S1", "secondary", campus.root)
    branch = campus.organisation("B1", "branch", above, has_committee=True)
    neighbour = campus.organisation("B2", "branch", above)
    group = campus.organisation("B1-G1", "group", branch)
    made = Faculty(
        faculty=above,
        branch=branch,
        neighbour=neighbour,
        group=group,
        dean=campus.person("T001", above),
        secretary=campus.person("T002", branch),
        next_door=campus.person("T003", neighbour),
        member=campus.person("S001", branch, phone="13812345678"),
        groupie=campus.person("S002", group),
    )
    campus.post(made.dean, "secretary", above)
    campus.post(made.secretary, "secretary", branch)
    campus.post(made.next_door, "secretary", neighbour)
    return made
