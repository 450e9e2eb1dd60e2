"""Addresses that count votes; nothing is kept."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import votes as rpc

ROUTES = (
    Route(
        "POST",
        "/api/v1/votes/decision",
        "Count the vote on the admission or the full membership of one person",
        "votes",
        call=Call("records.count_decision", rpc.CountDecision, rpc.DecisionCounted),
        permission="any session",
    ),
    Route(
        "POST",
        "/api/v1/votes/election",
        "Count an election",
        "votes",
        call=Call("records.count_election", rpc.CountElection, rpc.ElectionCounted),
        permission="any session",
    ),
)
