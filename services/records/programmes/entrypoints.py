"""Who handles what about programmes."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import programmes as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class ProgrammesTable:
    """Who handles what about programmes."""

    records: Records

    @rpc(request=calls.OpenProgramme, response=calls.Programme)
    def open_programme(self, request: Request) -> Answer:
        return self.records.programmes.open(request)

    @rpc(request=calls.ListProgrammes, response=calls.Programmes)
    def list_programmes(self, request: Request) -> Answer:
        return self.records.programmes.listed(request)

    @rpc(request=calls.GetProgramme, response=calls.Programme)
    def get_programme(self, request: Request) -> Answer:
        return self.records.programmes.get(request["programme"])

    @rpc(request=calls.LinkActivity, response=calls.Programme)
    def link_programme_activity(self, request: Request) -> Answer:
        return self.records.programmes.link(request)

    @rpc(request=calls.CloseProgramme, response=calls.Programme)
    def close_programme(self, request: Request) -> Answer:
        return self.records.programmes.close(request)

    @rpc(request=calls.SetProgrammeMember, response=calls.ProgrammeMember)
    def set_programme_member(self, request: Request) -> Answer:
        return self.records.programmes.set_member(request)

    @rpc(request=calls.ListProgrammeMembers, response=calls.ProgrammeMembers)
    def list_programme_members(self, request: Request) -> Answer:
        return self.records.programmes.members(request)

    @rpc(request=calls.GetProgrammeProgress, response=calls.ProgrammeProgress)
    def get_programme_progress(self, request: Request) -> Answer:
        return self.records.programmes.progress(request)

    @rpc(request=calls.MakeProgrammeEntry, response=calls.ProgrammeEntry)
    def make_programme_entry(self, request: Request) -> Answer:
        return self.records.programmes.enter(request)

    @rpc(request=calls.StrikeProgrammeEntry, response=calls.ProgrammeEntry)
    def strike_programme_entry(self, request: Request) -> Answer:
        return self.records.programmes.strike(request)

    @rpc(request=calls.ListProgrammeEntries, response=calls.ProgrammeEntries)
    def list_programme_entries(self, request: Request) -> Answer:
        return self.records.programmes.entries(request)
