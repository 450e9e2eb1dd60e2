"""Jobs that take over a file which its sender attached to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.chassis import context
from services.chassis.commands import id_for_command
from services.chassis.errors import Invalid, NotFound
from services.chassis.files.kept import Files
from services.chassis.job_attempts import Job
from services.chassis.jobs import Jobs


class FileJobs:
    """The same file taken over in the same way by the same person is the same job, whoever repeats it when.

    When the job is over nothing is left of the file.
    """

    def __init__(self, files: Files, jobs: Jobs) -> None:
        self._files = files
        self._jobs = jobs

    def start(self, kind: str, file: str, params: Mapping[str, str | int]) -> str:
        """Queue the job; its id. Raises ``Invalid("file.unknown")`` for one that the caller may not read."""
        actor = context.actor()
        key = " ".join([kind, file, *(f"{name}={value}" for name, value in sorted(params.items()))])
        with context.entered(replace(context.current(), idempotency_key=key, fingerprint=None)):
            try:
                return self._jobs.view(id_for_command("jobs")).id
            except NotFound:
                filename = self._name(file)
            return self._jobs.create(kind, actor, {**params, "file": file, "filename": filename})

    def content(self, job: Job) -> bytes:
        """The file of a job, in memory alone; raises ``NotFound("files.not_found")`` once it is forgotten."""
        return b"".join(self._files.content(job.params["file"]))

    def forget(self, job: Job) -> None:
        """Nothing is kept of the file of a job, unless something holds it."""
        self._files.forget(job.params["file"])

    def _name(self, file: str) -> Any:
        try:
            return self._files.open(file)["name"]
        except NotFound:
            raise Invalid.at("file", "file.unknown") from None
