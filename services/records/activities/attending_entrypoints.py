"""Who handles what about the time before and at an activity."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import attending as calls
from services.contracts.records_rpc.activities import Activity
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class AttendingTable:
    """Who handles what about the time before and at an activity."""

    records: Records

    @rpc(request=calls.ReplanActivity, response=Activity)
    def replan_activity(self, request: Request) -> Answer:
        return self.records.planning.replan(request)

    @rpc(request=calls.AnnounceActivity, response=Activity)
    def announce_activity(self, request: Request) -> Answer:
        return self.records.planning.announce(request)

    @rpc(request=calls.CancelActivity, response=Activity)
    def cancel_activity(self, request: Request) -> Answer:
        return self.records.planning.cancel(request)

    @rpc(request=calls.MakeUp, response=Activity)
    def make_up_activity(self, request: Request) -> Answer:
        return self.records.planning.make_up(request)

    @rpc(request=calls.ListMyActivities, response=calls.MyActivities)
    def list_my_activities(self, request: Request) -> Answer:
        return self.records.attending.mine(request)

    @rpc(request=calls.ReplyToActivity, response=calls.OwnWord)
    def reply_to_activity(self, request: Request) -> Answer:
        return self.records.attending.reply(request)

    @rpc(request=calls.OpenCheckIn, response=calls.CheckInCode)
    def open_check_in(self, request: Request) -> Answer:
        return self.records.desk.open_check_in(request)

    @rpc(request=calls.OneActivity, response=calls.CheckInCode)
    def get_check_in(self, request: Request) -> Answer:
        return self.records.desk.current_code(request["activity"])

    @rpc(request=calls.OneActivity, response=calls.CheckInCode)
    def close_check_in(self, request: Request) -> Answer:
        return self.records.desk.close_check_in(request["activity"])

    @rpc(request=calls.CheckIn, response=calls.OwnWord)
    def check_in(self, request: Request) -> Answer:
        return self.records.desk.check_in(request)

    @rpc(request=calls.OneActivity, response=calls.DraftedAttendance)
    def draft_attendance(self, request: Request) -> Answer:
        return self.records.attending.drafted(request["activity"])

    @rpc(request=calls.CreateActivityTemplate, response=calls.ActivityTemplate)
    def create_activity_template(self, request: Request) -> Answer:
        return self.records.activity_templates.create(request)

    @rpc(request=calls.ChangeActivityTemplate, response=calls.ActivityTemplate)
    def change_activity_template(self, request: Request) -> Answer:
        return self.records.activity_templates.change(request)

    @rpc(request=calls.DropActivityTemplate, response=calls.ActivityTemplate)
    def drop_activity_template(self, request: Request) -> Answer:
        return self.records.activity_templates.drop(request)

    @rpc(request=calls.ListActivityTemplates, response=calls.ActivityTemplates)
    def list_activity_templates(self, request: Request) -> Answer:
        return self.records.activity_templates.listed(request)

    @rpc(request=calls.DraftActivity, response=calls.DraftedActivity)
    def draft_activity(self, request: Request) -> Answer:
        return self.records.activity_templates.draft(request)
