"""The feedback service: who handles what."""

from __future__ import annotations

from typing import Any

from services.chassis.batches import subscribe_batch
from services.chassis.envelope import Event
from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.chassis.subscribe import Order
from services.contracts.feedback_rpc import (
    DeclineOpinion,
    FollowReceipt,
    GetMeasure,
    GetOpinion,
    ListMeasures,
    ListOpinions,
    ListPublicMeasures,
    Measure,
    MeasurePage,
    Opinion,
    OpinionPage,
    OpinionProgress,
    PlanMeasure,
    PublicMeasurePage,
    PublishResult,
    Receipt,
    SubmitAnonymousOpinion,
    SubmitOpinion,
)
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged
from services.feedback.application import Feedback

Request = dict[str, Any]
Answer = dict[str, Any]


class FeedbackService:
    """Sees that what people say is answered, and that who spoke without a name stays without one."""

    name = "feedback"

    feedback = Feedback()

    @subscribe_batch(
        OrganisationChanged,
        PersonChanged,
        PostChanged,
        queue="feedback.authority",
        order=Order.LATEST,
        most=100,  # each event is a write of its own: what is in flight has to be done within a drain
    )
    def learn(self, events: list[Event]) -> None:
        self.feedback.learn(events)

    # Opinions

    @rpc(request=SubmitOpinion, response=Opinion)
    def submit_opinion(self, request: Request) -> Answer:
        return self.feedback.submit(request)

    @rpc(request=SubmitAnonymousOpinion, response=Receipt, anonymous=True)
    def submit_anonymous_opinion(self, request: Request) -> Answer:
        return self.feedback.submit_anonymously(request)

    @rpc(request=FollowReceipt, response=OpinionProgress, anonymous=True)
    def follow_receipt(self, request: Request) -> Answer:
        return self.feedback.follow(request["code"])

    @rpc(request=ListOpinions, response=OpinionPage)
    def list_opinions(self, request: Request) -> Answer:
        return self.feedback.opinions_of(request)

    @rpc(request=GetOpinion, response=Opinion)
    def get_opinion(self, request: Request) -> Answer:
        return self.feedback.opinion(request["opinion"])

    @rpc(request=DeclineOpinion, response=Opinion)
    def decline_opinion(self, request: Request) -> Answer:
        return self.feedback.decline(request)

    @scheduled(every=lambda feedback: feedback.releasing.every.total_seconds(), name="feedback.releasing")
    def release_opinions(self) -> None:
        self.feedback.releasing.release()

    # Measures and results

    @rpc(request=PlanMeasure, response=Measure)
    def plan_measure(self, request: Request) -> Answer:
        return self.feedback.plan(request)

    @rpc(request=PublishResult, response=Measure)
    def publish_result(self, request: Request) -> Answer:
        return self.feedback.publish(request)

    @rpc(request=GetMeasure, response=Measure)
    def get_measure(self, request: Request) -> Answer:
        return self.feedback.measure(request["measure"])

    @rpc(request=ListMeasures, response=MeasurePage)
    def list_measures(self, request: Request) -> Answer:
        return self.feedback.measures_of(request)

    @rpc(request=ListPublicMeasures, response=PublicMeasurePage, public=True)
    def public_measures(self, request: Request) -> Answer:
        return self.feedback.published(request)
