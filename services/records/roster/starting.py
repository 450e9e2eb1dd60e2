"""The command that begins to take a roster over, once for each upload."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.files.uploads import Uploads
from services.chassis.transactions import in_transaction
from services.records.access import Access
from services.records.roster import importer

Answer = dict[str, Any]


class RosterStart:
    """Asks for the administrator of the root, since a roster may hold the whole tree."""

    def __init__(self, application: Application, access: Access, uploads: Uploads) -> None:
        self._database = application.database
        self._jobs = application.jobs
        self._audit = application.audit
        self._clock = application.clock
        self._access = access
        self._uploads = uploads

    def start(self, upload: str, filename: str) -> Answer:
        """Queue the job that takes the upload over; the same upload gets the same job.

        No job begins that is not on record: the job, whose the upload is and the entry are one commit.
        """
        actor = context.actor()
        self._access.require_root_administrator(actor)
        job = self._uploads.view(upload, actor).taken_by
        if job is None:
            self._uploads.require_whole(upload, actor)
            params = {"upload": upload, "filename": filename, "today": self._clock.today()}

            def commit() -> str:
                begun = self._jobs.repeated(importer.KIND)
                if begun is not None:
                    return begun
                queued = self._jobs.create(importer.KIND, actor, params)
                self._uploads.hand_over(upload, queued)
                self._audit.append("roster.import", actor, "job", queued)
                return queued

            with context.entered(replace(context.current(), idempotency_key=f"import {upload}")):
                job = in_transaction(self._database, commit)
        return {"job": job}
