"""The composition root: built whole with or without a container, started and stopped in order."""

from datetime import date, timedelta
from typing import Any

import pytest

from deploy.local.broker import Broker
from services.chassis import broker as topology
from services.chassis.application import Application, application_of
from services.chassis.clock import FixedClock
from services.chassis.documents import Documents
from services.chassis.settings import Settings
from services.chassis.testing import Running, wait_for
from services.contracts.records_events import ActivityPlanned, PostChanged
from tests import grounds

settings, vhost, new_ground = grounds.settings, grounds.vhost, grounds.new_ground


class Things(Application):
    """An application with one aggregate."""

    things: Documents

    def compose(self) -> None:
        self.things = self.documents("things")

    def plan(self, number: int) -> None:
        event = ActivityPlanned.of(
            activity=f"a{number}", organisation="o1", kind="theme_day", held_on=date(2026, 3, 9)
        )
        self.things.create(f"a{number}", {"number": number}, [event])

    def appoint(self, number: int) -> None:
        event = PostChanged.of(
            post=f"p{number}",
            person="m1",
            role="secretary",
            organisation="o1",
            since=date(2026, 3, 9),
            until=None,
            active=True,
        )
        self.things.create(f"p{number}", {"number": number}, [event])

    @property
    def pending(self) -> int:
        return self.things.collection.count_documents({"pending_since": {"$exists": True}})


class ThingService:
    name = "records"

    things = Things()


def test_it_is_built_without_a_container_and_nothing_runs_by_itself(
    settings: Settings, clock: FixedClock
) -> None:
    things = Things.for_test(settings, clock)
    things.plan(1)
    assert things.pending == 1
    assert things.vault.open("phone", things.vault.seal("phone", "13812345678")) == "13812345678"
    assert things.catalogue.render("version.stale")["en"]
    assert {"pending_since_1"} <= set(things.things.collection.index_information())
    things.stop()


def test_in_a_service_it_publishes_what_is_written(settings: Settings) -> None:
    with Running(ThingService, settings) as running:
        things: Any = running.application
        assert application_of(running.container) is things
        for number in range(10):
            things.plan(number)
        wait_for(lambda: things.pending == 0)


def test_stopping_publishes_what_was_written_last(settings: Settings, clock: FixedClock) -> None:
    with Running(ThingService, settings, clock) as running:
        things: Any = running.application
        for number in range(20):
            things.plan(number)
    again = Things.for_test(settings, clock)
    assert again.pending == 0
    again.stop()


def test_what_a_killed_process_left_pending_is_published_by_the_next(
    settings: Settings, clock: FixedClock
) -> None:
    first = Things.for_test(settings, clock)
    first.plan(1)  # never started: as killed between the write and the publishing
    first.stop()
    clock.advance(timedelta(seconds=11))
    with Running(ThingService, settings, clock) as running:
        wait_for(lambda: running.application.pending == 0)


@pytest.mark.usefixtures("new_ground")
def test_an_event_waits_for_readers_that_never_ran_or_whose_queues_were_lost(
    settings: Settings, broker: Broker, vhost: str
) -> None:
    name = vhost.rpartition("/")[2]
    readers = ("evaluation.authority", "notify.authority", "feedback.authority", "records.authority")

    def depths() -> list[int | None]:
        connection = topology.connect(vhost)
        try:
            return [topology.depth(connection.channel(), queue) for queue in (*readers, topology.UNROUTED)]
        finally:
            connection.close()

    with Running(ThingService, settings) as running:
        things: Any = running.application
        things.appoint(1)
        wait_for(lambda: things.pending == 0)
        assert depths() == [1, 1, 1, 1, 0]
        # Another broker takes over, and nothing was carried across.
        broker.management.delete_vhost(name)
        things.appoint(2)
        broker.management.create_vhost(name)
        broker.apply_policies(name)
        wait_for(lambda: things.pending == 0)
        assert depths() == [1, 1, 1, 1, 0]
