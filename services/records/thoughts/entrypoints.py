"""Who handles what about thought reports."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import thoughts as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class ThoughtsTable:
    """Who handles what about thought reports."""

    records: Records

    @rpc(request=calls.HandInThoughtReport, response=calls.ThoughtSummary)
    def hand_in_thought_report(self, request: Request) -> Answer:
        return self.records.thoughts.hand_in(request)

    @rpc(request=calls.HandInThoughtReportAgain, response=calls.ThoughtSummary)
    def hand_in_thought_report_again(self, request: Request) -> Answer:
        return self.records.thoughts.hand_in_again(request)

    @rpc(request=calls.ReadThoughtReport, response=calls.ThoughtSummary)
    def read_thought_report(self, request: Request) -> Answer:
        return self.records.thoughts.read(request)

    @rpc(request=calls.GetThoughtReport, response=calls.ThoughtReport)
    def get_thought_report(self, request: Request) -> Answer:
        return self.records.thoughts.get(request["report"])

    @rpc(request=calls.ListThoughtReports, response=calls.ThoughtReports)
    def list_thought_reports(self, request: Request) -> Answer:
        return self.records.thoughts.listed(request)

    @rpc(request=calls.ListThoughtDuties, response=calls.ThoughtDuties)
    def list_thought_duties(self, request: Request) -> Answer:
        return self.records.thoughts.duties(request)

    @rpc(request=calls.NameThoughtContacts, response=calls.ThoughtContacts)
    def name_thought_contacts(self, request: Request) -> Answer:
        return self.records.thought_contacts.name(request)

    @rpc(request=calls.GetThoughtContacts, response=calls.ThoughtContacts)
    def get_thought_contacts(self, request: Request) -> Answer:
        return self.records.thought_contacts.get(request["person"])
