"""Addresses of jobs and of the audit chain."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import imports as rpc
from services.contracts.records_rpc.audit import AuditEntries, ReadAudit

ROUTES = (
    Route(
        "POST",
        "/api/v1/exports/roster",
        "Write a roster that can be imported again",
        "exports",
        call=Call("records.export_roster", rpc.ExportRoster, rpc.StartedJob),
        status=202,
        permission="a post; unmasked, administrator or organiser",
    ),
    Route(
        "GET",
        "/api/v1/jobs/{job}",
        "How far a job is, and what it could not do",
        "jobs",
        call=Call("records.get_job", rpc.GetJob, rpc.Job),
        permission="whoever started it",
    ),
    Route(
        "POST",
        "/api/v1/jobs/{job}/stop",
        "Stop what one has started; what it has done already stays done",
        "jobs",
        call=Call("records.stop_job", rpc.StopJob, rpc.Job),
        permission="whoever started it",
    ),
    Route(
        "GET",
        "/api/v1/jobs/{job}/errors",
        "Everything that a job could not do, with the reasons",
        "jobs",
        call=Call("records.list_job_errors", rpc.ListJobErrors, rpc.JobErrors),
        permission="whoever started it",
    ),
    Route(
        "GET",
        "/api/v1/audit",
        "The audit chain, newest first",
        "audit",
        call=Call("records.read_audit", ReadAudit, AuditEntries),
        permission="what is about oneself; inspectors and administrators all",
    ),
)
