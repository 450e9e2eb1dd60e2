"""Addresses of programmes 先锋工程 and 素质工程."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import programmes as rpc

_WRITER = "writer of the organisation (secretary, deputy, commissioner, group leader) or administrator above"
_READER = "member of the organisation, a post there or above, the programme's cohort and mentors"
_CLOSE = "the person, their mentor, or a post at the organisation or above; reading is audited"

ROUTES = (
    Route(
        "POST",
        "/api/v1/programmes",
        "Open a programme for teachers 先锋工程 or students 素质工程",
        "programmes",
        call=Call("records.open_programme", rpc.OpenProgramme, rpc.Programme),
        status=201,
        location="/api/v1/programmes/{id}",
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/programmes",
        "Programmes of an organisation",
        "programmes",
        call=Call("records.list_programmes", rpc.ListProgrammes, rpc.Programmes),
        permission="member of the organisation, or a post there or above",
    ),
    Route(
        "GET",
        "/api/v1/programmes/{programme}",
        "A programme, and what is done of what it owes as a whole",
        "programmes",
        call=Call("records.get_programme", rpc.GetProgramme, rpc.Programme),
        permission=_READER,
    ),
    Route(
        "POST",
        "/api/v1/programmes/{programme}/activities",
        "Have an activity count for a target, or no more",
        "programmes",
        call=Call("records.link_programme_activity", rpc.LinkActivity, rpc.Programme),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/programmes/{programme}/close",
        "End a programme",
        "programmes",
        call=Call("records.close_programme", rpc.CloseProgramme, rpc.Programme),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "PUT",
        "/api/v1/programmes/{programme}/members/{person}",
        "Take a person into the cohort, or change their mentor or days",
        "programmes",
        call=Call("records.set_programme_member", rpc.SetProgrammeMember, rpc.ProgrammeMember),
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/programmes/{programme}/members",
        "The cohort in the order in which they joined; to a mentor, their mentees",
        "programmes",
        call=Call("records.list_programme_members", rpc.ListProgrammeMembers, rpc.ProgrammeMembers),
        permission="a post at the organisation or above; a mentor",
    ),
    Route(
        "GET",
        "/api/v1/programmes/{programme}/progress",
        "How far a person of the cohort is, oneself where nothing is said",
        "programmes",
        call=Call("records.get_programme_progress", rpc.GetProgrammeProgress, rpc.ProgrammeProgress),
        permission=_CLOSE,
    ),
    Route(
        "POST",
        "/api/v1/programmes/{programme}/entries",
        "Enter something towards a target, with its evidence",
        "programmes",
        call=Call("records.make_programme_entry", rpc.MakeProgrammeEntry, rpc.ProgrammeEntry),
        status=201,
        permission=f"{_WRITER}, or the person's mentor",
    ),
    Route(
        "GET",
        "/api/v1/programmes/{programme}/entries",
        "Entries of the programme as a whole, or of a person",
        "programmes",
        call=Call("records.list_programme_entries", rpc.ListProgrammeEntries, rpc.ProgrammeEntries),
        permission=f"{_READER}; of a person: {_CLOSE}",
    ),
    Route(
        "POST",
        "/api/v1/programme-entries/{entry}/strike",
        "Have an entry count no more; it stays with the reason",
        "programmes",
        call=Call("records.strike_programme_entry", rpc.StrikeProgrammeEntry, rpc.ProgrammeEntry),
        expects="expected_version",
        permission=f"who entered it, or {_WRITER}",
    ),
)
