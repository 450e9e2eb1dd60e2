"""Addresses of elections of committees and of their terms."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import elections as rpc

_WRITER = "writer of the organisation or administrator above"
_READER = "a post at the organisation or above, or who belongs to it"

ROUTES = (
    Route(
        "POST",
        "/api/v1/organisations/{organisation}/elections",
        "Record an election of the committee",
        "elections",
        call=Call("records.record_election", rpc.RecordElection, rpc.Election),
        status=201,
        location="/api/v1/elections/{id}",
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/elections",
        "Committees' terms: of one organisation, or due soon and overdue",
        "elections",
        call=Call("records.list_elections", rpc.ListElections, rpc.Elections),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/elections/{election}",
        "One election and the term that it began",
        "elections",
        call=Call("records.get_election", rpc.GetElection, rpc.Election),
        permission=_READER,
    ),
    Route(
        "POST",
        "/api/v1/elections/{election}/confirm",
        "Confirm the result: who was elected takes the posts of the committee",
        "elections",
        call=Call("records.confirm_election", rpc.ConfirmElection, rpc.Election),
        expects="expected_version",
        permission="a level strictly above",
    ),
    Route(
        "POST",
        "/api/v1/elections/{election}/shift",
        "Ask that an election be postponed or advanced",
        "elections",
        call=Call("records.ask_election_shift", rpc.AskElectionShift, rpc.Election),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/elections/{election}/shift/decide",
        "Approve or refuse another day",
        "elections",
        call=Call("records.decide_election_shift", rpc.DecideElectionShift, rpc.Election),
        expects="expected_version",
        permission="a level strictly above",
    ),
)
