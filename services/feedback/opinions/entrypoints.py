"""Who handles what about opinions."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.contracts.feedback_rpc import handling as steps
from services.contracts.feedback_rpc import opinions as calls
from services.feedback.application import Feedback

Request = dict[str, Any]
Answer = dict[str, Any]


class OpinionsTable:
    """Who handles what about opinions."""

    feedback: Feedback

    @rpc(request=calls.ListCategories, response=calls.OpinionCategories, public=True)
    def list_categories(self, request: Request) -> Answer:
        return self.feedback.categories()

    @rpc(request=calls.SubmitOpinion, response=calls.Opinion)
    def submit_opinion(self, request: Request) -> Answer:
        return self.feedback.speaking.submit(request)

    @rpc(request=calls.SubmitAnonymousOpinion, response=calls.Receipt, anonymous=True)
    def submit_anonymous_opinion(self, request: Request) -> Answer:
        return self.feedback.speaking.submit_anonymously(request)

    @rpc(request=calls.FollowReceipt, response=calls.OpinionProgress, anonymous=True)
    def follow_receipt(self, request: Request) -> Answer:
        return self.feedback.opinion_reading.follow(request["code"])

    @rpc(request=steps.ReplyByReceipt, response=calls.OpinionProgress, anonymous=True)
    def reply_by_receipt(self, request: Request) -> Answer:
        return self.feedback.talking.by_receipt(request["code"], "reply", text=request["text"])

    @rpc(request=steps.AttachByReceipt, response=calls.OpinionProgress, anonymous=True)
    def attach_by_receipt(self, request: Request) -> Answer:
        return self.feedback.attachments.by_receipt(request["code"], request["filename"], request["content"])

    @rpc(request=steps.RateByReceipt, response=calls.OpinionProgress, anonymous=True)
    def rate_by_receipt(self, request: Request) -> Answer:
        return self.feedback.talking.by_receipt(request["code"], "rate", rating=request["rating"])

    @rpc(request=steps.ReopenByReceipt, response=calls.OpinionProgress, anonymous=True)
    def reopen_by_receipt(self, request: Request) -> Answer:
        return self.feedback.talking.by_receipt(request["code"], "reopen", reason=request["reason"])

    @rpc(request=calls.ListOpinions, response=calls.OpinionPage)
    def list_opinions(self, request: Request) -> Answer:
        return self.feedback.opinion_reading.several(request)

    @rpc(request=calls.GetOpinion, response=calls.Opinion)
    def get_opinion(self, request: Request) -> Answer:
        return self.feedback.opinion_reading.one(request["opinion"])

    @rpc(request=steps.NameAuthor, response=steps.NamedAuthor)
    def name_author(self, request: Request) -> Answer:
        return self.feedback.opinion_reading.author(request["opinion"], request["reason"])

    @rpc(request=steps.TriageOpinion, response=calls.Opinion)
    def triage_opinion(self, request: Request) -> Answer:
        return self.feedback.handling.triage(request)

    @rpc(request=steps.SuggestTopics, response=steps.Suggestions)
    def suggest_topics(self, request: Request) -> Answer:
        return self.feedback.handling.suggestions(request["opinion"])

    @rpc(request=steps.ReassignOpinion, response=calls.Opinion)
    def reassign_opinion(self, request: Request) -> Answer:
        return self.feedback.handling.reassign(request)

    @rpc(request=steps.MergeOpinion, response=calls.Opinion)
    def merge_opinion(self, request: Request) -> Answer:
        return self.feedback.handling.merge(request)

    @rpc(request=steps.DeclineOpinion, response=calls.Opinion)
    def decline_opinion(self, request: Request) -> Answer:
        return self.feedback.handling.decline(request)

    @rpc(request=steps.PauseOpinion, response=calls.Opinion)
    def pause_opinion(self, request: Request) -> Answer:
        return self.feedback.handling.pause(request)

    @rpc(request=steps.ResumeOpinion, response=calls.Opinion)
    def resume_opinion(self, request: Request) -> Answer:
        return self.feedback.handling.resume(request)

    @rpc(request=steps.NoteOpinion, response=calls.Opinion)
    def note_opinion(self, request: Request) -> Answer:
        return self.feedback.handling.note(request)

    @rpc(request=steps.ReplyToOpinion, response=calls.Opinion)
    def reply_to_opinion(self, request: Request) -> Answer:
        return self.feedback.talking.reply(request)

    @rpc(request=steps.RateOpinion, response=calls.Opinion)
    def rate_opinion(self, request: Request) -> Answer:
        return self.feedback.talking.rate(request)

    @rpc(request=steps.ReopenOpinion, response=calls.Opinion)
    def reopen_opinion(self, request: Request) -> Answer:
        return self.feedback.talking.reopen(request)

    @scheduled(every=lambda feedback: feedback.releasing.every.total_seconds(), name="feedback.releasing")
    def release_opinions(self) -> None:
        self.feedback.releasing.release()
        self.feedback.talking.release_held()

    @scheduled("00:30", name="feedback.clock")
    def turn_the_clock(self, today: date) -> None:
        self.feedback.ticking.turn_the_day()
