"""Who handles what about trends."""

from __future__ import annotations

from typing import Any

from services.chassis.batches import subscribe_batch
from services.chassis.envelope import Event
from services.chassis.rpc import rpc
from services.chassis.subscribe import Order
from services.contracts.feedback_events import OpinionReceived, OpinionTriaged
from services.contracts.feedback_rpc import trends as calls
from services.feedback.application import Feedback


class TrendsTable:
    """Who handles what about trends."""

    feedback: Feedback

    @subscribe_batch(OpinionReceived, OpinionTriaged, queue="feedback.trends", order=Order.LATEST, most=50)
    def count_opinions(self, events: list[Event]) -> None:
        self.feedback.trends.fold(events)

    @rpc(request=calls.GetTrends, response=calls.OpinionTrends)
    def get_trends(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.feedback.trends.seen(request["organisation"])
