"""Addresses of thought reports."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import thoughts as rpc

_READER = "the author, a contact named for the author, the secretary of the author's branch"

ROUTES = (
    Route(
        "POST",
        "/api/v1/thought-reports",
        "Hand in one's own report of a quarter",
        "thoughts",
        call=Call("records.hand_in_thought_report", rpc.HandInThoughtReport, rpc.ThoughtSummary),
        status=201,
        location="/api/v1/thought-reports/{id}",
        permission="the caller's own",
    ),
    Route(
        "GET",
        "/api/v1/thought-reports",
        "Reports of one author without what they say, newest quarter first",
        "thoughts",
        call=Call("records.list_thought_reports", rpc.ListThoughtReports, rpc.ThoughtReports),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/thought-reports/{report}",
        "One report with what it says; opening somebody else's is on record",
        "thoughts",
        call=Call("records.get_thought_report", rpc.GetThoughtReport, rpc.ThoughtReport),
        permission=_READER,
    ),
    Route(
        "PUT",
        "/api/v1/thought-reports/{report}",
        "Hand in a new version of what was returned",
        "thoughts",
        call=Call("records.hand_in_thought_report_again", rpc.HandInThoughtReportAgain, rpc.ThoughtSummary),
        expects="expected_version",
        permission="the author",
    ),
    Route(
        "POST",
        "/api/v1/thought-reports/{report}/reading",
        "Accept the report, or return it with a comment",
        "thoughts",
        call=Call("records.read_thought_report", rpc.ReadThoughtReport, rpc.ThoughtSummary),
        status=201,
        expects="expected_version",
        permission="a contact of the author; the secretary of the branch where none is named",
    ),
    Route(
        "GET",
        "/api/v1/thought-duties",
        "Who owes a report of a quarter, and how it stands",
        "thoughts",
        call=Call("records.list_thought_duties", rpc.ListThoughtDuties, rpc.ThoughtDuties),
        permission="a contact, of whom they accompany; with organisation: its secretary",
    ),
    Route(
        "GET",
        "/api/v1/people/{person}/thought-contacts",
        "Who reads a person's reports",
        "thoughts",
        call=Call("records.get_thought_contacts", rpc.GetThoughtContacts, rpc.ThoughtContacts),
        permission="the person, a contact, who names the contacts",
    ),
    Route(
        "PUT",
        "/api/v1/people/{person}/thought-contacts",
        "Name the one or two members who read a person's reports",
        "thoughts",
        call=Call("records.name_thought_contacts", rpc.NameThoughtContacts, rpc.ThoughtContacts),
        expects="expected_version",
        permission="secretary, deputy or organisation commissioner of the person's branch",
    ),
)
