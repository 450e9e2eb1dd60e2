"""Who handles what about ballot rounds."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.contracts.feedback_rpc import ballots as calls
from services.feedback.application import Feedback

Request = dict[str, Any]
Answer = dict[str, Any]


class BallotsTable:
    """Who handles what about ballot rounds."""

    feedback: Feedback

    @rpc(request=calls.DraftRound, response=calls.Round)
    def draft_round(self, request: Request) -> Answer:
        return self.feedback.rounds.draft(request)

    @rpc(request=calls.StepRound, response=calls.Round)
    def open_round(self, request: Request) -> Answer:
        return self.feedback.rounds.open(request)

    @rpc(request=calls.StepRound, response=calls.Round)
    def close_round(self, request: Request) -> Answer:
        return self.feedback.rounds.close(request)

    @rpc(request=calls.StepRound, response=calls.Round)
    def publish_round(self, request: Request) -> Answer:
        return self.feedback.rounds.publish(request)

    @rpc(request=calls.NameRound, response=calls.Round)
    def get_round(self, request: Request) -> Answer:
        return self.feedback.rounds.one(request["round"])

    @rpc(request=calls.ListRounds, response=calls.RoundPage)
    def list_rounds(self, request: Request) -> Answer:
        return self.feedback.rounds.several(request)

    @rpc(request=calls.NameRound, response=calls.MyPapers)
    def my_papers(self, request: Request) -> Answer:
        return self.feedback.voting.papers(request["round"])

    @rpc(request=calls.DrawPapers, response=calls.DrawnPapers)
    def draw_papers(self, request: Request) -> Answer:
        return self.feedback.voting.draw(request)

    @rpc(request=calls.RateMyself, response=calls.SelfRated)
    def rate_myself(self, request: Request) -> Answer:
        return self.feedback.voting.rate_myself(request)

    @rpc(request=calls.CastBallot, response=calls.BallotKept, anonymous=True)
    def cast_ballot(self, request: Request) -> Answer:
        return self.feedback.voting.cast(request)

    @scheduled(every=lambda feedback: feedback.releasing.every.total_seconds(), name="feedback.shuffling")
    def shuffle_ballots(self) -> None:
        self.feedback.voting.shuffle()

    @scheduled("00:20", name="feedback.rounds")
    def close_rounds(self, today: date) -> None:
        self.feedback.rounds.close_what_is_over(today)
