"""Who handles what about measures and results."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.feedback_rpc import measures as calls
from services.feedback.application import Feedback

Request = dict[str, Any]
Answer = dict[str, Any]


class MeasuresTable:
    """Who handles what about measures and results."""

    feedback: Feedback

    @rpc(request=calls.PlanMeasure, response=calls.Measure)
    def plan_measure(self, request: Request) -> Answer:
        return self.feedback.measuring.plan(request)

    @rpc(request=calls.PublishResult, response=calls.Measure)
    def publish_result(self, request: Request) -> Answer:
        return self.feedback.measuring.publish(request)

    @rpc(request=calls.GetMeasure, response=calls.Measure)
    def get_measure(self, request: Request) -> Answer:
        return self.feedback.measure_reading.one(request["measure"])

    @rpc(request=calls.ListMeasures, response=calls.MeasurePage)
    def list_measures(self, request: Request) -> Answer:
        return self.feedback.measure_reading.several(request)

    @rpc(request=calls.ListPublicMeasures, response=calls.PublicMeasurePage, public=True)
    def public_measures(self, request: Request) -> Answer:
        return self.feedback.measure_reading.published(request)
