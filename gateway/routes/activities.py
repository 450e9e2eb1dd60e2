"""Addresses of activities."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import activities as rpc
from services.contracts.records_rpc import amendments
from services.contracts.records_rpc.parts import Nothing

_WRITER = "writer of the organisation (secretary, deputy, commissioner, group leader) or administrator above"
_MEMBER = (
    "member of the organisation, or a post there or above; of a restricted activity: participants, "
    "writers of the organisation, and reviewers above"
)

ROUTES = (
    Route(
        "POST",
        "/api/v1/activities",
        "Plan an activity",
        "activities",
        call=Call("records.plan_activity", rpc.PlanActivity, rpc.Activity),
        status=201,
        location="/api/v1/activities/{id}",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/activities/filed",
        "Plan, record and hand in a routine meeting at once",
        "activities",
        call=Call("records.file_activity", rpc.FileActivity, rpc.Activity),
        status=201,
        location="/api/v1/activities/{id}",
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/activity-kinds",
        "What kinds of activities there are, and what is asked of each",
        "activities",
        call=Call("records.list_activity_kinds", Nothing, rpc.ActivityKinds),
    ),
    Route(
        "GET",
        "/api/v1/activities",
        "Activities, newest first",
        "activities",
        call=Call("records.list_activities", rpc.ListActivities, rpc.Activities),
        permission=_MEMBER,
    ),
    Route(
        "GET",
        "/api/v1/activities/{activity}",
        "One activity with everything recorded of it",
        "activities",
        call=Call("records.get_activity", rpc.GetActivity, rpc.Activity),
        permission=_MEMBER,
    ),
    Route(
        "PUT",
        "/api/v1/activities/{activity}/record",
        "Record attendance, minutes and decisions",
        "activities",
        call=Call("records.record_activity", rpc.RecordActivity, rpc.Activity),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/activities/{activity}/submit",
        "Hand the record to the level above",
        "activities",
        call=Call("records.submit_activity", rpc.SubmitActivity, rpc.Activity),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/activities/{activity}/review",
        "Approve the record, or return it with a comment",
        "activities",
        call=Call("records.review_activity", rpc.ReviewActivity, rpc.Activity),
        status=201,
        expects="expected_version",
        permission="a post strictly above the organisation",
    ),
    Route(
        "POST",
        "/api/v1/activities/reviews",
        "One verdict on many records, each by itself",
        "activities",
        call=Call(
            "records.review_activities",
            amendments.ReviewActivities,
            amendments.ReviewedActivities,
            seconds=30.0,
        ),
        permission="a post strictly above each organisation",
    ),
    Route(
        "POST",
        "/api/v1/activities/{activity}/amendments",
        "Propose a version of an approved record",
        "activities",
        call=Call("records.amend_activity", amendments.AmendActivity, rpc.Activity),
        status=201,
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/activities/{activity}/versions",
        "All versions of a record",
        "activities",
        call=Call("records.get_activity_versions", amendments.GetVersions, amendments.ActivityVersions),
        permission=_MEMBER,
    ),
)
