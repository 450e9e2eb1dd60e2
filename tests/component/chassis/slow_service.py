"""A service for tests of a process's life: it takes its time over each event, and notes what it did."""

import os

import eventlet
from marshmallow import Schema, fields
from nameko.extensions import Entrypoint

from services.chassis.application import Application
from services.chassis.contract import EventContract
from services.chassis.envelope import Event
from services.chassis.rpc import rpc
from services.chassis.subscribe import subscribe


class ThingHappened(EventContract):
    """Something happened."""

    type = "slow.thing.happened.v1"
    number = fields.Integer(required=True)


class Slow(Application):
    def apply(self, event: Event) -> None:
        eventlet.sleep(float(os.environ.get("SLOW_SECONDS", "0.1")))
        self.database["effects"].update_one({"_id": event.id}, {"$inc": {"times": 1}}, upsert=True)


class SlowService:
    name = "slow"

    slow = Slow()

    @subscribe(ThingHappened, queue="slow.things", prefetch=12, workers=3, transaction=False)
    def happened(self, event: Event) -> None:
        self.slow.apply(event)

    @rpc(request=Schema, public=True)
    def wait(self, request: dict[str, float]) -> dict[str, float]:
        """Answer once the test lets it."""
        while self.slow.database["go"].find_one() is None:
            eventlet.sleep(0.05)
        return {}


class Breaks(Entrypoint):  # type: ignore[misc]  # nameko publishes no types
    def start(self) -> None:
        self.container.spawn_managed_thread(self._break)

    def _break(self) -> None:
        eventlet.sleep(0.2)
        raise RuntimeError("张三 13812345678")


class DyingService:
    name = "dying"

    @Breaks.decorator
    def never(self) -> None:
        raise AssertionError("it is not an entrypoint that anybody calls")
