"""What is watched from outside of any part: jobs with their progress, the chain of who did and read what."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.errors import Invalid, NotFound
from services.chassis.grants import denied
from services.chassis.job_attempts import Job
from services.records.access import AUDITORS, ROOT, Access

Answer = dict[str, Any]


class Overseeing:
    """A job is for its owner and the root administrator; the chain for auditors, and each for their own."""

    def __init__(self, application: Application, access: Access) -> None:
        self._jobs = application.jobs
        self._audit = application.audit
        self._catalogue = application.catalogue
        self._access = access

    # -- jobs ----------------------------------------------------------------------------------

    def job(self, job: str) -> Answer:
        """A job with its progress, to its owner and the administrator of the root."""
        found = self._seen_job(job)
        return {
            "id": found.id,
            "kind": found.kind,
            "state": found.state,
            "done": found.done,
            "total": found.total,
            "errors": [self._told(each) for each in found.errors],
            "error_count": found.error_count,
            "result": found.result,
            "failure": self._catalogue.render(found.failure, found.failure_params) if found.failure else None,
        }

    def stop_job(self, job: str) -> Answer:
        """Stop a job, to whom it is shown; what it has done already stays done."""
        self._jobs.stop(self._seen_job(job).id)
        return self.job(job)

    def job_errors(self, request: Answer) -> Answer:
        """All errors of a job in pages, to whom the job is shown."""
        job, limit = self._seen_job(request["job"]), request["limit"]
        found = self._jobs.errors(job.id, _sequence(request["cursor"]) or 0, limit + 1)
        return {
            "items": [self._told(each.error) for each in found[:limit]],
            "next": str(found[limit - 1].number) if len(found) > limit else None,
        }

    def _seen_job(self, job: str) -> Job:
        actor = context.actor()
        found = self._jobs.view(job)
        if found.owner != actor and not self._access.is_root_administrator(actor):
            raise NotFound("jobs.not_found")
        return found

    def _told(self, error: Answer) -> Answer:
        return {**error, "text": self._catalogue.render(error["code"], error.get("params"))}

    # -- audit ---------------------------------------------------------------------------------

    def read_audit(self, request: Answer) -> Answer:
        """The chain, newest first: to auditors of the root; to a person, what concerns them."""
        actor = context.actor()
        if request.get("object") == "me":
            request = {**request, "object_kind": "person", "object": actor}
        mine = request.get("object_kind") == "person" and request.get("object") == actor
        if not mine and not self._access.is_root_auditor(actor):
            raise denied(AUDITORS, ROOT)
        found = self._audit.read(
            request.get("object_kind"),
            request.get("object"),
            before=_sequence(request["cursor"]),
            limit=request["limit"] + 1,
        )
        entries = found[: request["limit"]]
        items = [
            {
                "seq": each.seq,
                "at": each.at,
                "actor": each.actor,
                "action": each.action,
                "object_kind": each.object_kind,
                "object": each.object_id,
                "reason": each.reason,
            }
            for each in entries
        ]
        return {"items": items, "next": str(entries[-1].seq) if len(found) > len(entries) else None}


def _sequence(cursor: str | None) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 15):
        raise Invalid.at("cursor", "request.cursor")
    return int(cursor)
