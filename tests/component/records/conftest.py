"""A small campus inside the records service, which runs in this process on the real broker and store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

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


@dataclass(frozen=True)
class Beginning:
    """What a test with a faculty begins with, as the service made it for the first: laid for the others."""

    documents: grounds.Laid
    heard: Sequence[dict[str, Any]]
    root: str
    administrator: str
    faculty: Faculty


@pytest.fixture(scope="session")
def beginnings() -> dict[datetime, Beginning]:
    """By the instant at which a test begins."""
    return {}


@pytest.fixture
def beginning(
    request: pytest.FixtureRequest, clock: FixedClock, beginnings: dict[datetime, Beginning]
) -> Beginning | None:
    return beginnings.get(clock.now()) if "faculty" in request.fixturenames else None


@pytest.fixture
def running(ground: grounds.Ground, clock: FixedClock, beginning: Beginning | None) -> Running:
    """The service, which the tests of this folder share."""
    return ground.running(RecordsService, clock, beginning and beginning.documents)


@pytest.fixture
def campus(running: Running, clock: FixedClock, beginning: Beginning | None) -> Iterator[Campus]:
    """The service with its root and first administrator."""
    settings = running.settings
    # What is published without confirms may be lost when its channel is closed behind it.
    confirming = {"confirm_publish": True}
    with kombu.Connection(settings.amqp_uri, transport_options=confirming) as broker:
        with broker.channel() as channel:
            for queue, exchange in (("heard", "records.events"), ("rejected", "campus.rejections")):
                channel.queue_declare(queue, durable=True, auto_delete=False)
                channel.queue_bind(queue, exchange, "#")
        if beginning is None:
            root, administrator = establish(
                running.application, number="A001", name="管理员", organisation="某某大学党委", code="DW"
            )
        else:
            root, administrator = beginning.root, beginning.administrator
        client = RpcClient(settings.amqp_uri)
        try:
            yield Campus(
                settings=settings,
                clock=clock,
                client=client,
                application=running.application,
                root=root,
                administrator=administrator,
                heard=list(beginning.heard) if beginning else [],
                rejected=[],
                broker=broker,
            )
        finally:
            client.close()


@pytest.fixture
def faculty(
    campus: Campus,
    running: Running,
    ground: grounds.Ground,
    beginning: Beginning | None,
    beginnings: dict[datetime, Beginning],
) -> Faculty:
    if beginning is not None:
        return replace(beginning.faculty)
    made = _founded(campus)
    documents = ground.kept(running)
    campus.drain()
    beginnings[campus.clock.now()] = Beginning(
        documents, tuple(campus.heard), campus.root, campus.administrator, made
    )
    return made


def _founded(campus: Campus) -> Faculty:
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
