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

    @rpc(request=calls.AnswerMore, response=calls.Measure)
    def answer_more(self, request: Request) -> Answer:
        return self.feedback.measuring.answer_more(request)

    @rpc(request=calls.ChangeMeasure, response=calls.Measure)
    def change_measure(self, request: Request) -> Answer:
        return self.feedback.measuring.change(request)

    @rpc(request=calls.CancelMeasure, response=calls.Measure)
    def cancel_measure(self, request: Request) -> Answer:
        return self.feedback.measuring.cancel(request)

    @rpc(request=calls.ReportMeasure, response=calls.Measure)
    def report_measure(self, request: Request) -> Answer:
        return self.feedback.measuring.report(request)

    @rpc(request=calls.FinishNode, response=calls.Measure)
    def finish_measure_node(self, request: Request) -> Answer:
        return self.feedback.measuring.finish_node(request)

    @rpc(request=calls.HandInResult, response=calls.Measure)
    def hand_in_result(self, request: Request) -> Answer:
        return self.feedback.measuring.hand_in(request)

    @rpc(request=calls.ReviewResult, response=calls.Measure)
    def review_result(self, request: Request) -> Answer:
        return self.feedback.measuring.review(request)

    @rpc(request=calls.GetMeasure, response=calls.Measure)
    def get_measure(self, request: Request) -> Answer:
        return self.feedback.measure_reading.one(request["measure"])

    @rpc(request=calls.ListMeasures, response=calls.MeasurePage)
    def list_measures(self, request: Request) -> Answer:
        return self.feedback.measure_reading.several(request)

    @rpc(request=calls.ListPublicMeasures, response=calls.PublicMeasurePage, public=True)
    def public_measures(self, request: Request) -> Answer:
        return self.feedback.measure_reading.published(request)
