"""Jobs: progress that is seen, one worker, resumed where it stood, failed with a reason."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import eventlet
import pytest
from greenlet import GreenletExit

from services.chassis.clock import FixedClock
from services.chassis.context import Context, entered
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.job_attempts import (
    ERRORS_KEPT,
    LEASE,
    MOST_ATTEMPTS,
    Checkpoint,
    Job,
    JobLost,
    JobStopped,
)
from services.chassis.job_errors import JobErrors
from services.chassis.jobs import MOST_OPEN, Jobs
from services.chassis.store import Store
from services.chassis.testing import wait_for


@pytest.fixture
def jobs(database: Store, clock: FixedClock) -> Iterator[Jobs]:
    jobs = Jobs(database, clock)
    jobs.declare()
    yield jobs
    jobs.kill()


def count_to_five(job: Job, checkpoint: Checkpoint) -> dict[str, Any]:
    for number in range(job.cursor or 0, 5):
        checkpoint(cursor=number + 1, done=number + 1, total=5)
    return {"counted": 5}


def test_a_job_is_done_and_shows_its_progress_and_result(jobs: Jobs) -> None:
    jobs.work("count", count_to_five)
    job = jobs.create("count", "p1", {"upload": "u1"})
    assert jobs.view(job).state == "queued"
    jobs.start()
    wait_for(lambda: jobs.view(job).state == "done")
    seen = jobs.view(job)
    assert (seen.done, seen.total, seen.result, seen.owner) == (5, 5, {"counted": 5}, "p1")


def test_the_same_command_gets_the_same_job(jobs: Jobs) -> None:
    with entered(Context(actor="p1", idempotency_key="k1")):
        assert jobs.create("count", "p1", {}) == jobs.create("count", "p1", {})
    assert jobs.create("count", "p1", {}) != jobs.create("count", "p1", {})


def test_a_key_used_for_another_request_gets_no_job(jobs: Jobs) -> None:
    with entered(Context(actor="p1", idempotency_key="k1", fingerprint="f1")):
        job = jobs.create("count", "p1", {"upload": "u1"})
        with pytest.raises(Conflict, match=r"idempotency\.key_reused"):
            jobs.create("other", "p1", {"upload": "u1"})
    with (
        entered(Context(actor="p1", idempotency_key="k1", fingerprint="f2")),
        pytest.raises(Conflict, match=r"idempotency\.key_reused"),
    ):
        jobs.create("count", "p1", {"upload": "u2"})
    assert jobs.view(job).params == {"upload": "u1"}


def test_nobody_queues_more_jobs_than_others_can_wait_for(jobs: Jobs) -> None:
    with entered(Context(actor="p1", idempotency_key="k1")):
        first = jobs.create("count", "p1", {})
    for _ in range(MOST_OPEN - 1):
        jobs.create("count", "p1", {})
    with pytest.raises(Conflict, match=r"jobs\.too_many_open"):
        jobs.create("count", "p1", {})
    with entered(Context(actor="p1", idempotency_key="k1")):
        assert jobs.create("count", "p1", {}) == first
    jobs.create("count", "p2", {})
    jobs.create("count", None, {})
    jobs.stop(first)
    jobs.create("count", "p1", {})


def test_an_unknown_job_is_not_found(jobs: Jobs) -> None:
    with pytest.raises(NotFound, match=r"jobs\.not_found"):
        jobs.view("none")


def test_of_many_workers_one_gets_the_job(jobs: Jobs, database: Store, clock: FixedClock) -> None:
    worked: list[str] = []

    def work(job: Job, checkpoint: Checkpoint) -> None:
        worked.append(job.id)
        eventlet.sleep(0.05)

    job = jobs.create("count", None, {})
    replicas = [Jobs(database, clock) for _ in range(5)]
    for replica in replicas:
        replica.work("count", work)
    list(eventlet.GreenPool().imap(Jobs.run_one, replicas))
    assert worked == [job]


def test_after_a_crash_another_worker_resumes_at_the_last_checkpoint(
    jobs: Jobs, database: Store, clock: FixedClock
) -> None:
    began_at: list[Any] = []

    def dies_at_three(job: Job, checkpoint: Checkpoint) -> None:
        checkpoint(cursor=3, done=3, total=5)
        raise SystemExit  # as kill -9: nothing is written after it

    jobs.work("count", dies_at_three)
    job = jobs.create("count", None, {})
    with pytest.raises(SystemExit):
        jobs.run_one()

    def resumes(job: Job, checkpoint: Checkpoint) -> dict[str, Any]:
        began_at.append(job.cursor)
        return count_to_five(job, checkpoint)

    successor = Jobs(database, clock)
    successor.work("count", resumes)
    assert not successor.run_one()  # the lease of the dead one still stands
    clock.advance(LEASE + timedelta(seconds=1))
    assert successor.run_one()
    assert began_at == [3]
    assert jobs.view(job).state == "done"


def test_who_lost_the_job_writes_nothing_more(jobs: Jobs, database: Store, clock: FixedClock) -> None:
    successor = Jobs(database, clock)
    successor.work("count", count_to_five)
    lost: list[bool] = []

    def pauses(job: Job, checkpoint: Checkpoint) -> None:
        clock.advance(LEASE + timedelta(seconds=1))
        successor.run_one()
        try:
            checkpoint(cursor=1, done=1, total=5)
        except JobLost:
            lost.append(True)
            raise

    jobs.work("count", pauses)
    job = jobs.create("count", None, {})
    jobs.run_one()
    assert lost == [True]
    assert (jobs.view(job).state, jobs.view(job).done) == ("done", 5)


@pytest.mark.parametrize("ends", [None, Invalid("roster.no_sheet"), JobStopped(), RuntimeError("late")])
def test_who_loses_a_job_at_its_end_goes_on_with_the_next(
    jobs: Jobs, database: Store, clock: FixedClock, ends: Exception | None
) -> None:
    successor = Jobs(database, clock)
    successor.work("slow", lambda job, checkpoint: {"by": "successor"})

    def outlasts_its_lease(job: Job, checkpoint: Checkpoint) -> dict[str, Any]:
        clock.advance(LEASE + timedelta(seconds=1))
        assert successor.run_one()
        if ends:
            raise ends
        return {"by": "nobody"}

    jobs.work("slow", outlasts_its_lease)
    jobs.work("count", count_to_five)
    lost, following = jobs.create("slow", None, {}), jobs.create("count", None, {})
    jobs.start()
    wait_for(lambda: jobs.view(following).state == "done")
    assert jobs.view(lost).result == {"by": "successor"}
    assert jobs.alive


def test_a_worker_outlives_what_nobody_foresaw(
    jobs: Jobs, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, stumbled = jobs._claim, []

    def stumbles_once() -> Job | None:
        if not stumbled:
            stumbled.append(True)
            raise LookupError("nobody foresaw this")
        return claim()

    monkeypatch.setattr(jobs, "_claim", stumbles_once)
    jobs.work("count", count_to_five)
    job = jobs.create("count", None, {})
    jobs.start()
    wait_for(lambda: jobs.view(job).state == "done")
    assert stumbled
    assert jobs.alive


def test_a_worker_that_died_is_noticed(jobs: Jobs) -> None:
    def dies(job: Job, checkpoint: Checkpoint) -> None:
        raise GreenletExit

    jobs.work("count", dies)
    assert jobs.alive  # nothing was begun
    jobs.start()
    assert jobs.alive
    jobs.create("count", None, {})
    wait_for(lambda: not jobs.alive)


def test_a_refusal_fails_the_job_with_its_code(jobs: Jobs) -> None:
    def refuses(job: Job, checkpoint: Checkpoint) -> None:
        raise Invalid("roster.no_sheet")

    jobs.work("count", refuses)
    job = jobs.create("count", None, {})
    jobs.run_one()
    assert (jobs.view(job).state, jobs.view(job).failure) == ("failed", "roster.no_sheet")


def test_a_surprise_is_tried_again_and_not_for_ever(jobs: Jobs, clock: FixedClock) -> None:
    attempts: list[int] = []

    def surprises(job: Job, checkpoint: Checkpoint) -> None:
        attempts.append(job.attempts)
        raise RuntimeError("a name that must not be shown")

    jobs.work("count", surprises)
    job = jobs.create("count", None, {})
    for _ in range(MOST_ATTEMPTS + 3):
        jobs.run_one()
        clock.advance(timedelta(hours=1))
    assert attempts == list(range(1, MOST_ATTEMPTS + 1))
    assert (jobs.view(job).state, jobs.view(job).failure) == ("failed", "jobs.internal")


def test_saying_that_it_is_alive_is_no_progress(jobs: Jobs, clock: FixedClock) -> None:
    def poisoned(job: Job, checkpoint: Checkpoint) -> None:
        checkpoint()
        checkpoint(cursor=job.cursor, done=job.done)
        raise RuntimeError("again at the same place")

    jobs.work("count", poisoned)
    job = jobs.create("count", None, {})
    for _ in range(MOST_ATTEMPTS + 1):
        jobs.run_one()
        clock.advance(timedelta(hours=1))
    assert jobs.view(job).state == "failed"


def test_a_long_job_outlives_any_number_of_restarts_as_long_as_it_gets_on(
    jobs: Jobs, clock: FixedClock
) -> None:
    def one_step(job: Job, checkpoint: Checkpoint) -> dict[str, Any]:
        at = (job.cursor or 0) + 1
        checkpoint(cursor=at, done=at, total=30)
        if at < 30:
            raise RuntimeError("restarted")
        return {}

    jobs.work("count", one_step)
    job = jobs.create("count", None, {})
    for _ in range(30):
        jobs.run_one()
        clock.advance(timedelta(hours=1))
    assert jobs.view(job).state == "done"


def test_errors_are_counted_and_the_first_are_kept(jobs: Jobs) -> None:
    def finds(job: Job, checkpoint: Checkpoint) -> None:
        for row in range(0, 300, 100):
            checkpoint(errors=[{"row": row + each, "reason": "bad"} for each in range(100)])

    jobs.work("count", finds)
    job = jobs.create("count", None, {})
    jobs.run_one()
    seen = jobs.view(job)
    assert (seen.error_count, len(seen.errors)) == (300, ERRORS_KEPT)
    assert [each["row"] for each in seen.errors] == list(range(ERRORS_KEPT))


def test_every_error_is_kept_and_read_in_pages(jobs: Jobs) -> None:
    def finds(job: Job, checkpoint: Checkpoint) -> None:
        for row in range(0, 1500, 300):
            checkpoint(errors=[{"row": row + each} for each in range(300)])

    jobs.work("count", finds)
    job, other = jobs.create("count", None, {}), jobs.create("count", None, {})
    jobs.run_one()
    read: list[int] = []
    while page := jobs.errors(job, after=len(read), limit=400):
        assert [each.number for each in page] == list(range(len(read) + 1, len(read) + len(page) + 1))
        read += [each.error["row"] for each in page]
    assert read == list(range(1500))
    assert jobs.errors(other) == []


def test_a_piece_that_is_done_twice_tells_its_errors_once(
    jobs: Jobs, database: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finds(job: Job, checkpoint: Checkpoint) -> dict[str, Any]:
        for bunch in range(job.cursor or 0, 3):
            checkpoint(cursor=bunch + 1, errors=[{"row": bunch * 2}, {"row": bunch * 2 + 1}])
        return {}

    def dies(self: JobErrors, job: str, after: int, errors: list[dict[str, Any]]) -> None:
        add(self, job, after, errors)
        if after == 2:
            raise SystemExit

    add = JobErrors.add
    monkeypatch.setattr(JobErrors, "add", dies)
    jobs.work("count", finds)
    job = jobs.create("count", None, {})
    with pytest.raises(SystemExit):
        jobs.run_one()
    monkeypatch.setattr(JobErrors, "add", add)
    assert [each.error["row"] for each in jobs.errors(job)] == [0, 1]
    clock.advance(LEASE + timedelta(seconds=1))
    jobs.run_one()
    assert [each.error["row"] for each in jobs.errors(job)] == list(range(6))
    assert [each["row"] for each in jobs.view(job).errors] == list(range(6))
    assert jobs.view(job).error_count == 6


def test_a_job_that_is_stopped_ends_at_its_next_checkpoint(jobs: Jobs) -> None:
    def work(job: Job, checkpoint: Checkpoint) -> None:
        for number in range(5):
            if number == 2:
                jobs.stop(job.id)
            checkpoint(done=number)

    jobs.work("count", work)
    job = jobs.create("count", None, {})
    jobs.run_one()
    assert (jobs.view(job).state, jobs.view(job).done) == ("stopped", 2)


def test_a_job_that_nobody_works_on_is_stopped_at_once(jobs: Jobs) -> None:
    jobs.work("count", count_to_five)
    job = jobs.create("count", None, {})
    jobs.stop(job)
    assert (jobs.view(job).state, jobs.view(job).failure) == ("stopped", "jobs.stopped")
    assert not jobs.run_one()
    assert jobs.view(job).done == 0


def test_a_stop_is_heeded_also_when_the_worker_dies_before_it_sees_it(
    jobs: Jobs, database: Store, clock: FixedClock
) -> None:
    def dies(job: Job, checkpoint: Checkpoint) -> None:
        jobs.stop(job.id)
        raise SystemExit

    jobs.work("count", dies)
    job = jobs.create("count", None, {})
    with pytest.raises(SystemExit):
        jobs.run_one()
    assert jobs.view(job).state == "running"
    clock.advance(LEASE + timedelta(seconds=1))
    successor = Jobs(database, clock)
    successor.work("count", count_to_five)
    assert not successor.run_one()
    assert (jobs.view(job).state, jobs.view(job).done) == ("stopped", 0)


def test_a_job_that_is_at_its_end_is_not_stopped(jobs: Jobs) -> None:
    jobs.work("count", count_to_five)
    job = jobs.create("count", None, {})
    jobs.run_one()
    jobs.stop(job)
    assert jobs.view(job).state == "done"


def test_a_process_that_goes_down_hands_its_job_on_at_once(
    jobs: Jobs, database: Store, clock: FixedClock
) -> None:
    def endless(job: Job, checkpoint: Checkpoint) -> None:
        at = job.cursor or 0
        while True:
            at += 1
            checkpoint(cursor=at, done=at)
            eventlet.sleep(0.01)

    jobs.work("count", endless)
    job = jobs.create("count", None, {})
    jobs.start()
    wait_for(lambda: jobs.view(job).done > 2)
    jobs.halt()
    stood_at = jobs.view(job).done
    successor = Jobs(database, clock)
    successor.work("count", lambda job, checkpoint: {"began_at": job.cursor})
    assert successor.run_one()
    assert jobs.view(job).result == {"began_at": stood_at}
