"""Addresses of ballot rounds: calling them, drawing papers by name, voting without one."""

from __future__ import annotations

from gateway.routing import Access, Call, Route
from services.contracts.feedback_rpc import ballots as rpc

_CALLERS = "secretary, organisation commissioner, organiser or administrator of the organisation or above"
_ELECTORS = "whoever is in the frozen electorate"

ROUTES = (
    Route(
        "POST",
        "/api/v1/ballot-rounds",
        "Call a ballot round",
        "ballots",
        call=Call("feedback.draft_round", rpc.DraftRound, rpc.Round),
        status=201,
        location="/api/v1/ballot-rounds/{id}",
        permission=_CALLERS,
    ),
    Route(
        "GET",
        "/api/v1/ballot-rounds",
        "Ballot rounds of an organisation and below it",
        "ballots",
        call=Call("feedback.list_rounds", rpc.ListRounds, rpc.RoundPage),
        permission="whoever may read there",
    ),
    Route(
        "GET",
        "/api/v1/ballot-rounds/{round}",
        "One ballot round, and its result once that may be read",
        "ballots",
        call=Call("feedback.get_round", rpc.NameRound, rpc.Round),
        permission=f"{_CALLERS}; {_ELECTORS}",
    ),
    *(
        Route(
            "POST",
            f"/api/v1/ballot-rounds/{{round}}/{step}",
            summary,
            "ballots",
            call=Call(f"feedback.{step}_round", rpc.StepRound, rpc.Round, seconds=15.0),
            expects="version",
            permission=_CALLERS,
        )
        for step, summary in (
            ("open", "Freeze the electorate and open a round, by a job"),
            ("close", "Take no more ballots and count them, by a job"),
            ("publish", "Let everybody whom it is about read the result"),
        )
    ),
    Route(
        "GET",
        "/api/v1/ballot-rounds/{round}/papers",
        "The papers on which I may vote",
        "ballots",
        call=Call("feedback.my_papers", rpc.NameRound, rpc.MyPapers),
        permission=_ELECTORS,
    ),
    Route(
        "POST",
        "/api/v1/ballot-rounds/{round}/papers",
        "Draw tickets for papers of mine, signed blind",
        "ballots",
        call=Call("feedback.draw_papers", rpc.DrawPapers, rpc.DrawnPapers, seconds=15.0),
        status=201,
        permission=_ELECTORS,
    ),
    Route(
        "POST",
        "/api/v1/ballot-rounds/{round}/self",
        "Rate myself, by name, where the round asks for it",
        "ballots",
        call=Call("feedback.rate_myself", rpc.RateMyself, rpc.SelfRated),
        permission="whoever is rated",
    ),
    Route(
        "POST",
        "/api/v1/ballots",
        "Vote without a name, or change the ballot of the same ticket",
        "ballots",
        call=Call("feedback.cast_ballot", rpc.CastBallot, rpc.BallotKept),
        access=Access.ANONYMOUS,
        permission="whoever holds a ticket of the paper",
    ),
)
