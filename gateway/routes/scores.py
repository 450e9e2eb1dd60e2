"""Addresses of scores: what a year is worth, why, how it went, and what it would be."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts import evaluation_scores_rpc as rpc

_READER = "member of the organisation, or a post there or above"

ROUTES = (
    Route(
        "GET",
        "/api/v1/scores",
        "Scores of a year",
        "scores",
        call=Call("evaluation.list_scores", rpc.ListScores, rpc.ScorePage),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/scores/{organisation}",
        "An organisation's score of a year",
        "scores",
        call=Call("evaluation.get_score", rpc.GetScore, rpc.Score),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/scores/{organisation}/explanation",
        "Where every point of a score comes from",
        "scores",
        call=Call("evaluation.explain_score", rpc.ExplainScore, rpc.ScoreExplanation),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/scores/{organisation}/secretary",
        "What the year of an organisation's secretary is worth, and why; on record",
        "scores",
        call=Call("evaluation.explain_head_score", rpc.ExplainHeadScore, rpc.HeadScore),
        permission="that secretary, or a reviewer strictly above",
    ),
    Route(
        "GET",
        "/api/v1/scores/{organisation}/trend",
        "What an organisation's year was worth at the end of each month",
        "scores",
        call=Call("evaluation.score_trend", rpc.ScoreTrend, rpc.Trend),
        permission=_READER,
    ),
    Route(
        "POST",
        "/api/v1/scores/{organisation}/what-if",
        "What the score would be with more records; nothing is written",
        "scores",
        call=Call("evaluation.suppose", rpc.WhatIf, rpc.Supposition),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/scores/{organisation}/roll-up",
        "What the scores below an organisation come to, by its children",
        "scores",
        call=Call("evaluation.roll_up", rpc.RollUp, rpc.RolledUp),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/scores/{organisation}/burden",
        "How many fields and minutes an organisation was asked for",
        "scores",
        call=Call("evaluation.get_burden", rpc.GetBurden, rpc.Burden),
        permission=_READER,
    ),
)
