"""Jobs: long work with progress, one worker at a time, resumed where a crash left it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

import structlog
from eventlet import Timeout, spawn
from eventlet.greenthread import GreenThread
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.chassis import context
from services.chassis.clock import Clock
from services.chassis.commands import id_for_command
from services.chassis.errors import Conflict, NotFound, Refusal, origin
from services.chassis.identity import new_id
from services.chassis.indexes import Indexes
from services.chassis.job_attempts import LEASE, Attempt, Failed, Job, Step
from services.chassis.job_errors import JobError, JobErrors
from services.chassis.leases import FREE
from services.chassis.store import Record, Store, answering, plain
from services.chassis.transactions import on_commit, session

MOST_OPEN = 20  # of one owner: jobs are done one after the other, and others wait as well
POLL_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Jobs:
    """The jobs of one service: ``queued`` → ``running`` → ``done`` | ``failed`` | ``stopped``."""

    def __init__(self, database: Store, clock: Clock) -> None:
        self._jobs = database["jobs"]
        self._errors = JobErrors(database)
        self._database = database
        self._clock = clock
        self._steps: dict[str, Step] = {}
        self._failed: dict[str, Failed] = {}
        self._threads: list[GreenThread] = []
        self._stopping = False
        self._roused = False
        self._holder = f"{os.getpid()}-{new_id()}"

    def declare(self) -> None:
        """The indexes by which workers find what is to be done, and readers what was not."""
        indexes = Indexes(self._database)
        indexes.declare("jobs", [("state", 1), ("kind", 1), ("_id", 1)])
        indexes.declare("jobs", [("owner", 1), ("state", 1)])
        self._errors.declare()

    def create(self, kind: str, owner: str | None, params: Mapping[str, Any]) -> str:
        """Queue a job; its id. The same command again gets the same job.

        Within a transaction it commits with it: ask ``repeated`` there first.
        Raises ``Conflict``: ``idempotency.key_reused`` where its key came with another request,
        ``jobs.too_many_open`` where ``MOST_OPEN`` of ``owner`` are not over yet.
        """
        job = id_for_command("jobs")
        fingerprint = context.current().fingerprint
        queued: Record = {
            "_id": job,
            "kind": kind,
            "owner": owner,
            "params": plain(dict(params)),
            "state": "queued",
            "done": 0,
            "total": None,
            "errors": [],
            "error_count": 0,
            "result": None,
            "cursor": None,
            "failure": None,
            "failure_params": {},
            "attempts": 0,
            "token": 0,
            "lease_until": FREE,
            "stop": False,
            "fingerprint": fingerprint,
            "created_at": self._clock.now(),
        }
        with answering():
            self._require_room(job, owner)
            try:
                self._jobs.insert_one(queued, session=session())
            except DuplicateKeyError:
                met = self._jobs.find_one({"_id": job}) or {}
                if (met.get("kind"), met.get("fingerprint")) != (kind, fingerprint):
                    raise Conflict("idempotency.key_reused") from None
                return job
        on_commit(self._rouse)
        return job

    def _rouse(self) -> None:
        self._roused = True

    def _require_room(self, job: str, owner: str | None) -> None:
        if owner is None:
            return
        waiting = {"owner": owner, "state": {"$in": ["queued", "running"]}}
        many = len(list(self._jobs.find(waiting, {"_id": 1}, limit=MOST_OPEN))) == MOST_OPEN
        if many and self._jobs.find_one({"_id": job}, {"_id": 1}) is None:
            raise Conflict("jobs.too_many_open", params={"most": MOST_OPEN})

    def repeated(self, kind: str) -> str | None:
        """The job that the running command queued when it came before; None where it did not.

        For a command that judges what its job has changed since. Raises as ``create``.
        """
        job, fingerprint = id_for_command("jobs"), context.current().fingerprint
        with answering():
            met = self._jobs.find_one({"_id": job}, {"kind": 1, "fingerprint": 1})
        if met is None:
            return None
        if (met["kind"], met["fingerprint"]) != (kind, fingerprint):
            raise Conflict("idempotency.key_reused")
        return job

    def view(self, job: str) -> Job:
        """The job; raises ``NotFound("jobs.not_found")``. Who may see it is for the service to decide."""
        with answering():
            found = self._jobs.find_one({"_id": job})
        if found is None:
            raise NotFound("jobs.not_found")
        return _job(found)

    def errors(self, job: str, after: int = 0, limit: int = 100) -> list[JobError]:
        """At most ``limit`` errors of the job from number ``after + 1`` on: all of them, page by page."""
        return self._errors.read(job, after, limit)

    def stop(self, job: str) -> None:
        """Stop a job that goes on: at once where no worker holds it, else at its next checkpoint."""
        open_still = {"_id": job, "state": {"$in": ["queued", "running"]}}
        held_by_nobody = {**open_still, "lease_until": {"$lte": self._clock.now()}}
        stopped = {"state": "stopped", "stop": True, "failure": "jobs.stopped"}
        with answering():
            if not self._jobs.update_one(held_by_nobody, {"$set": stopped}).matched_count:
                self._jobs.update_one(open_still, {"$set": {"stop": True}})

    # -- working -------------------------------------------------------------------------------

    def work(self, kind: str, step: Step, *, failed: Failed | None = None) -> None:
        """Have jobs of ``kind`` done by ``step(job, checkpoint)``, which returns the result.

        ``checkpoint(cursor=, done=, total=, errors=)`` writes progress and keeps the lease: call it at least
        every few seconds and after each piece of work. It raises ``JobLost`` or ``JobStopped``: let them
        pass. After a crash ``step`` is called again with ``job.cursor`` as last written, so a piece may be
        done twice: make pieces idempotent. A ``Refusal`` fails the job with its code; a surprise is tried
        ``MOST_ATTEMPTS`` times without progress. ``failed(job, code)`` is told right before a job of the kind
        ends as failed, and after a crash in between again.
        """
        self._steps[kind] = step
        if failed is not None:
            self._failed[kind] = failed

    def start(self) -> None:
        """Begin to work on the kinds registered."""
        if self._steps and not self._threads:
            self._stopping = False
            self._threads = [spawn(self._run)]

    def halt(self, seconds: float = 2.0) -> None:
        """Stop working. A running job is left at its last checkpoint and taken over by the next worker."""
        self._stopping = True
        deadline = time.monotonic() + seconds
        while any(not thread.dead for thread in self._threads) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """Stop at once, as a crash would: the lease lapses, then another worker resumes."""
        self._stopping = True
        for thread in self._threads:
            thread.kill()
        self._threads = []

    @property
    def alive(self) -> bool:
        """Whether jobs are worked on, as far as this was begun."""
        return self._stopping or not any(thread.dead for thread in self._threads)

    def run_one(self) -> bool:
        """Work on one job that is due, to its end; False where there is none."""
        job = self._claim()
        if job is None:
            return False
        Attempt(
            job,
            self._steps[job.kind],
            failed=self._failed.get(job.kind),
            stopping=lambda: self._stopping,
            database=self._database,
            errors=self._errors,
            clock=self._clock,
        ).run()
        return True

    def _run(self) -> None:
        while not self._stopping:
            self._roused = False
            try:
                if self.run_one():
                    continue
            except (Refusal, PyMongoError) as failure:
                _log.warning("jobs wait", kind=type(failure).__name__)
            except (Exception, Timeout) as surprise:
                # Whatever it was, the jobs after this one are still to be done.
                _log.error("jobs stumbled", error=type(surprise).__name__, origin=origin(surprise))
            deadline = time.monotonic() + POLL_SECONDS
            while not self._roused and not self._stopping and time.monotonic() < deadline:
                time.sleep(0.05)

    def _claim(self) -> Job | None:
        now = self._clock.now()
        due = {
            "state": {"$in": ["queued", "running"]},
            "kind": {"$in": list(self._steps)},
            "lease_until": {"$lte": now},
        }
        for found in self._jobs.find(due, sort=[("_id", 1)], limit=20):
            if found["stop"]:  # asked for while it was held by a worker that is gone
                self.stop(found["_id"])
                continue
            claimed = {
                "state": "running",
                "token": found["token"] + 1,
                "attempts": found["attempts"] + 1,
                "lease_until": now + LEASE,
                "holder": self._holder,
            }
            guard = {"_id": found["_id"], "token": found["token"]}
            if self._jobs.update_one(guard, {"$set": claimed}).matched_count:
                return _job({**found, **claimed})
        return None


def _job(found: Record) -> Job:
    known = {"failure_params": {}, **found}  # none, of jobs that failed before these were kept
    return Job(
        **{"id": found["_id"], **{name: known[name] for name in Job.__dataclass_fields__ if name != "id"}}
    )
