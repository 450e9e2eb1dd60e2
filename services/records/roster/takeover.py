"""Jobs that take a spreadsheet over: with progress, resumed after a crash, each row wholly or not at all."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from services.chassis import context
from services.chassis.bundles import MOST_AT_ONCE
from services.chassis.context import Context
from services.chassis.errors import Refusal, Unavailable
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.job_pulse import pulsed
from services.chassis.offload import offload
from services.records.roster.columns import column_of
from services.records.roster.rows import CHANGED, CREATED, REFUSED, UNCHANGED, Handled, Rows

BUNCH = MOST_AT_ONCE  # of people and their posts, one transaction
READING_SECONDS = 300.0
_NOTHING = {CREATED: 0, CHANGED: 0, UNCHANGED: 0, REFUSED: 0}
_Row = dict[str, Any]


class TakeOver(ABC):
    """Takes a file over. Taking the same file over again changes nothing and says no event.

    A crash repeats at most one bunch: its rows are then found as they are. The outcome of such rows is
    counted as ``unchanged``; nothing is done twice. ``reader`` names what reads the file: see ``reading``.
    """

    reader: str

    @abstractmethod
    def content(self, job: Job) -> bytes:
        """The file of a job, in memory alone."""

    @abstractmethod
    def appliers(self, job: Job, before: Sequence[_Row]) -> Mapping[str, Rows]:
        """How rows of each kind are applied, after those ``before``."""

    @abstractmethod
    def forget(self, job: Job) -> None:
        """The file of a job is needed no more; it may be gone already."""

    def step(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The job's work; see ``Jobs.work``."""
        cursor = job.cursor or {"at": 0, "counts": dict(_NOTHING), "over": False}
        if not cursor["over"]:
            try:
                found = read_elsewhere(self.reader, self.content(job), job.params["filename"], checkpoint)
            except Unavailable:
                raise
            except Refusal:
                self.forget(job)
                raise
            with context.entered(Context(actor=job.owner, correlationid=job.id)):
                cursor = self._take_over(job, found, cursor, checkpoint)
        self.forget(job)
        return dict(cursor["counts"])

    def _take_over(
        self, job: Job, found: Mapping[str, Any], cursor: _Row, checkpoint: Checkpoint
    ) -> dict[str, Any]:
        rows: list[_Row] = found["rows"]
        at, counts = cursor["at"], dict(cursor["counts"])
        appliers = self.appliers(job, rows[:at])
        checkpoint(done=at, total=len(rows))
        for bunch in _bunches(rows[at:]):
            handled = _applied(appliers[bunch[0]["kind"]], bunch)
            for each in handled:
                counts[each.outcome] += 1
            at += len(bunch)
            # Progress and errors in one write: a bunch that is repeated repeats no error.
            checkpoint(
                cursor={"at": at, "counts": counts, "over": False},
                done=at,
                errors=list(errors_of(bunch, handled, found["labels"])),
            )
        over = {"at": at, "counts": counts, "over": True}
        checkpoint(cursor=over)
        return over


def read_elsewhere(reader: str, content: bytes, filename: str, checkpoint: Checkpoint) -> Mapping[str, Any]:
    """What ``reader`` makes of a file in another process; the job stays ours meanwhile."""
    # Over a pipe: a file would stay behind when this process is killed, numbers and all.
    argument = {"content": base64.b64encode(content).decode(), "filename": filename}
    found: Mapping[str, Any] = pulsed(checkpoint, offload, reader, argument, timeout=READING_SECONDS)
    return found


def errors_of(
    rows: Sequence[_Row], handled: Sequence[Handled], labels: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    """Every error of ``rows`` as a job keeps it: sheet, row, column and code, and what would be accepted."""
    for row, each in zip(rows, handled, strict=True):
        names = labels.get(row["sheet"], {})
        found = [(column_of(row["kind"], name, names), code) for name, code in each.problems]
        for column, code in [*map(tuple, row["problems"]), *found]:
            told = {"sheet": row["sheet"], "row": row["row"], "column": column, "code": code}
            yield {**told, "params": dict(each.params)} if each.params else told


def _bunches(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Rows of one kind, at most ``BUNCH`` at a time, in their order."""
    for _, alike in groupby(rows, key=lambda row: row["kind"]):
        same = list(alike)
        for start in range(0, len(same), BUNCH):
            yield same[start : start + BUNCH]


def _applied(applier: Rows, bunch: Sequence[_Row]) -> list[Handled]:
    """What became of each row; those that could not even be read are refused with the reader's reasons."""
    sound = iter(applier.apply([row["values"] for row in bunch if not row["problems"]]))
    return [Handled(REFUSED) if row["problems"] else next(sound) for row in bunch]
