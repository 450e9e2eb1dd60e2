"""Who handles what about activities."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import activities as calls
from services.contracts.records_rpc import amendments, entry_windows
from services.contracts.records_rpc.parts import Nothing
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class ActivitiesTable:
    """Who handles what about activities."""

    records: Records

    @rpc(request=calls.PlanActivity, response=calls.Activity)
    def plan_activity(self, request: Request) -> Answer:
        return self.records.activities.plan(request)

    @rpc(request=calls.FileActivity, response=calls.Activity)
    def file_activity(self, request: Request) -> Answer:
        return self.records.activities.file(request)

    @rpc(request=calls.RecordActivity, response=calls.Activity)
    def record_activity(self, request: Request) -> Answer:
        return self.records.activities.record(request)

    @rpc(request=calls.SubmitActivity, response=calls.Activity)
    def submit_activity(self, request: Request) -> Answer:
        return self.records.activities.submit(request)

    @rpc(request=calls.ReviewActivity, response=calls.Activity)
    def review_activity(self, request: Request) -> Answer:
        return self.records.activities.review(request)

    @rpc(request=amendments.ReviewActivities, response=amendments.ReviewedActivities)
    def review_activities(self, request: Request) -> Answer:
        return self.records.activity_reviews.many(request)

    @rpc(request=amendments.AmendActivity, response=calls.Activity)
    def amend_activity(self, request: Request) -> Answer:
        return self.records.activities.amend(request)

    @rpc(request=amendments.GetVersions, response=amendments.ActivityVersions)
    def get_activity_versions(self, request: Request) -> Answer:
        return self.records.activity_reading.versions(request["activity"])

    @rpc(request=calls.GetActivity, response=calls.Activity)
    def get_activity(self, request: Request) -> Answer:
        return self.records.activity_reading.get(request["activity"])

    @rpc(request=calls.ListActivities, response=calls.Activities)
    def list_activities(self, request: Request) -> Answer:
        return self.records.activity_reading.listed(request)

    @rpc(request=Nothing, response=calls.ActivityKinds)
    def list_activity_kinds(self, request: Request) -> Answer:
        return self.records.activity_reading.all_kinds()

    @rpc(request=Nothing, response=calls.RestrictedReach)
    def restricted_reach(self, request: Request) -> Answer:
        return self.records.activity_reading.restricted_reach()

    @rpc(request=entry_windows.OpenEntryWindow, response=entry_windows.EntryWindow)
    def open_entry_window(self, request: Request) -> Answer:
        return self.records.openings.open(request)

    @rpc(request=entry_windows.ListEntryWindows, response=entry_windows.EntryWindows)
    def list_entry_windows(self, request: Request) -> Answer:
        return self.records.openings.listed(request)

    @rpc(request=entry_windows.CloseEntryWindow, response=entry_windows.EntryWindow)
    def close_entry_window(self, request: Request) -> Answer:
        return self.records.openings.close(request)
