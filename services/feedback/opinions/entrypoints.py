"""Who handles what about opinions."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.contracts.feedback_rpc import opinions as calls
from services.feedback.application import Feedback

Request = dict[str, Any]
Answer = dict[str, Any]


class OpinionsTable:
    """Who handles what about opinions."""

    feedback: Feedback

    @rpc(request=calls.SubmitOpinion, response=calls.Opinion)
    def submit_opinion(self, request: Request) -> Answer:
        return self.feedback.speaking.submit(request)

    @rpc(request=calls.SubmitAnonymousOpinion, response=calls.Receipt, anonymous=True)
    def submit_anonymous_opinion(self, request: Request) -> Answer:
        return self.feedback.speaking.submit_anonymously(request)

    @rpc(request=calls.FollowReceipt, response=calls.OpinionProgress, anonymous=True)
    def follow_receipt(self, request: Request) -> Answer:
        return self.feedback.opinion_reading.follow(request["code"])

    @rpc(request=calls.ListOpinions, response=calls.OpinionPage)
    def list_opinions(self, request: Request) -> Answer:
        return self.feedback.opinion_reading.several(request)

    @rpc(request=calls.GetOpinion, response=calls.Opinion)
    def get_opinion(self, request: Request) -> Answer:
        return self.feedback.opinion_reading.one(request["opinion"])

    @rpc(request=calls.DeclineOpinion, response=calls.Opinion)
    def decline_opinion(self, request: Request) -> Answer:
        return self.feedback.handling.decline(request)

    @scheduled(every=lambda feedback: feedback.releasing.every.total_seconds(), name="feedback.releasing")
    def release_opinions(self) -> None:
        self.feedback.releasing.release()
