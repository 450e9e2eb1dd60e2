"""Who handles what about imports, jobs and the audit chain."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import imports as calls
from services.contracts.records_rpc.audit import AuditEntries, ReadAudit
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class RosterTable:
    """Who handles what about imports, jobs and the audit chain."""

    records: Records

    @rpc(request=calls.StartImport, response=calls.StartedJob)
    def start_import(self, request: Request) -> Answer:
        return self.records.roster_start.start(request["upload"], request["filename"])

    @rpc(request=calls.ExportRoster, response=calls.StartedJob)
    def export_roster(self, request: Request) -> Answer:
        return self.records.roster_export.start(request)

    @rpc(request=calls.GetJob, response=calls.Job)
    def get_job(self, request: Request) -> Answer:
        return self.records.overseeing.job(request["job"])

    @rpc(request=calls.StopJob, response=calls.Job)
    def stop_job(self, request: Request) -> Answer:
        return self.records.overseeing.stop_job(request["job"])

    @rpc(request=calls.ListJobErrors, response=calls.JobErrors)
    def list_job_errors(self, request: Request) -> Answer:
        return self.records.overseeing.job_errors(request)

    @rpc(request=ReadAudit, response=AuditEntries)
    def read_audit(self, request: Request) -> Answer:
        return self.records.overseeing.read_audit(request)
