"""One attempt at a job by the worker that holds it: whatever it writes carries the fencing token."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from eventlet import Timeout
from pymongo.errors import PyMongoError

from services.chassis.clock import Clock
from services.chassis.errors import Refusal, Unavailable
from services.chassis.job_errors import JobErrors
from services.chassis.leases import FREE
from services.chassis.store import Record, Store, plain
from services.chassis.transactions import in_transaction, session

ERRORS_KEPT = 20  # in the job itself, which is written at every step and asked for while it runs
MOST_ATTEMPTS = 5
LEASE = timedelta(seconds=30)

_log = structlog.get_logger(__name__)


class JobLost(Exception):
    """Another worker has taken the job over: leave it at once, without another write."""


class _Halted(JobLost):
    """This process is going down: the job is free for the next worker."""


class JobStopped(Exception):
    """Somebody asked for the job to be stopped."""


@dataclass(frozen=True)
class Job:
    """A job as it stands. ``cursor`` is what the last checkpoint said; None on the first attempt.

    ``errors`` are the first ``ERRORS_KEPT`` of ``error_count``; ``Jobs.errors`` has them all.
    """

    id: str
    kind: str
    owner: str | None
    params: dict[str, Any]
    state: str
    done: int
    total: int | None
    errors: list[dict[str, Any]]
    error_count: int
    result: dict[str, Any] | None
    cursor: Any
    failure: str | None
    failure_params: dict[str, Any]
    attempts: int
    token: int


Checkpoint = Callable[..., None]
Step = Callable[[Job, Checkpoint], Mapping[str, Any] | None]
Failed = Callable[[Job, str], None]


class Attempt:
    """From the claim of a job until it has ended, or is left to the next worker.

    ``failed`` is told right before it ends as failed; ``stopping``: whether this process is going down.
    """

    def __init__(
        self,
        job: Job,
        step: Step,
        *,
        failed: Failed | None,
        stopping: Callable[[], bool],
        database: Store,
        errors: JobErrors,
        clock: Clock,
    ) -> None:
        self._job = job
        self._step = step
        self._failed = failed
        self._stopping = stopping
        self._database = database
        self._jobs = database["jobs"]
        self._errors = errors
        self._clock = clock

    def run(self) -> None:
        """Do the step and write what came of it; raises ``PyMongoError`` where the store does not answer."""
        try:
            self._attempt()
        except JobLost:  # also from the write that was to end it: another worker has it by now
            _log.warning("job was taken over", job=self._job.id)

    def _attempt(self) -> None:
        job = self._job
        if job.attempts > MOST_ATTEMPTS:
            self._fail("jobs.internal", {})
            return
        try:
            result = self._step(job, self._checkpoints())
        except _Halted:
            self._write({"lease_until": FREE, "attempts": 0})
        except JobLost:
            raise
        except JobStopped:
            self._end("stopped", failure="jobs.stopped")
        except (PyMongoError, Unavailable):
            raise  # the lease lapses and somebody resumes
        except Refusal as refused:
            self._fail(refused.code, refused.params)
        except (Exception, Timeout) as surprise:
            _log.error("job failed", job=job.id, kind=job.kind, error=type(surprise).__name__)
            pause = timedelta(seconds=2**job.attempts)
            self._write({"lease_until": self._clock.now() + pause})
        else:
            self._end("done", result=plain(dict(result or {})))

    def _checkpoints(self) -> Checkpoint:
        job = self._job
        kept, counted, reached = list(job.errors), job.error_count, (job.cursor, job.done)

        def checkpoint(
            *,
            cursor: Any = None,
            done: int | None = None,
            total: int | None = None,
            errors: Sequence[Mapping[str, Any]] = (),
        ) -> None:
            nonlocal counted, reached
            found = [plain(dict(each)) for each in errors]
            progress: Record = {"lease_until": self._clock.now() + LEASE}
            given = {"cursor": cursor, "done": done, "total": total}
            progress.update({name: plain(value) for name, value in given.items() if value is not None})
            now_at = (progress.get("cursor", reached[0]), progress.get("done", reached[1]))
            if now_at != reached:
                # Attempts count from the last progress: a long job outlives many restarts, a poisoned one
                # does not, however often it says that it is still alive.
                reached = now_at
                progress["attempts"] = 0
            if found:
                # With the progress or not at all: a piece that is done twice tells its errors once.
                first = [*kept, *found][:ERRORS_KEPT]
                progress.update(errors=first, error_count=counted + len(found))
                in_transaction(self._database, lambda: self._write_errors(progress, counted, found))
                kept[:], counted = first, counted + len(found)
            else:
                self._write(progress)
            asked = self._jobs.find_one({"_id": job.id}, {"stop": 1})
            if asked and asked["stop"]:
                raise JobStopped(job.id)
            if self._stopping():
                raise _Halted(job.id)

        return checkpoint

    def _write_errors(self, progress: Record, after: int, found: list[dict[str, Any]]) -> None:
        self._write(progress)
        self._errors.add(self._job.id, after, found)

    def _fail(self, code: str, params: Mapping[str, Any]) -> None:
        if self._failed is not None:
            self._failed(self._job, code)
        self._end("failed", failure=code, failure_params=plain(dict(params)))

    def _end(self, state: str, **outcome: Any) -> None:
        self._write({"state": state, "lease_until": FREE, **outcome})

    def _write(self, fields: Mapping[str, Any]) -> None:
        """Write with the fencing token: whoever lost the job writes nothing more."""
        guard = {"_id": self._job.id, "token": self._job.token, "state": "running"}
        if not self._jobs.update_one(guard, {"$set": dict(fields)}, session=session()).matched_count:
            raise JobLost(self._job.id)
