"""The job that takes a roster over: with progress, resumed after a crash, each row wholly or not at all."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import eventlet

from services.chassis import context
from services.chassis.application import Application
from services.chassis.context import Context
from services.chassis.errors import Refusal, Unavailable
from services.chassis.jobs import Checkpoint, Job
from services.chassis.offload import offload
from services.contracts.kinds import ACTIVITY_KINDS
from services.records.activities.register import Register
from services.records.directory.organisations import Organisations
from services.records.directory.people import People
from services.records.directory.posts import Posts
from services.records.directory.store import Directory
from services.records.files.uploads import Uploads
from services.records.roster.columns import ACTIVITY, ORGANISATION, PERSON, column_of
from services.records.roster.person_rows import PersonRows
from services.records.roster.rows import REFUSED, ActivityRows, Handled, OrganisationRows, Rows, Tree

KIND = "roster import"
BUNCH = 200
READING_SECONDS = 300.0
ALIVE_EVERY = 5.0
_NOTHING = {"created": 0, "changed": 0, "unchanged": 0, REFUSED: 0}
_Row = dict[str, Any]


class RosterImport:
    """Takes over what was uploaded. Taking the same file over again changes nothing and says no event.

    A crash repeats at most one bunch: its rows are then found as they are. The outcome of such rows is
    counted as ``unchanged``; nothing is done twice.
    """

    def __init__(
        self,
        application: Application,
        directory: Directory,
        organisations: Organisations,
        people: People,
        posts: Posts,
        register: Register,
        uploads: Uploads,
    ) -> None:
        self._application = application
        self._directory = directory
        self._organisations = organisations
        self._people = people
        self._posts = posts
        self._register = register
        self._uploads = uploads

    def step(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The job's work; see ``Jobs.work``."""
        upload = job.params["upload"]
        cursor = job.cursor or {"at": 0, "counts": dict(_NOTHING), "over": False}
        if not cursor["over"]:
            try:
                roster = self._read(upload, job.params["filename"], checkpoint)
            except Unavailable:
                raise
            except Refusal:
                self._uploads.remove(upload)
                raise
            with context.entered(Context(actor=job.owner, correlationid=job.id)):
                cursor = self._take_over(job, roster, cursor, checkpoint)
        self._uploads.remove(upload)
        return dict(cursor["counts"])

    def _read(self, upload: str, filename: str, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The roster, read in another process; the job stays ours meanwhile."""
        # Over a pipe: a file would stay behind when this process is killed, numbers and all.
        content = base64.b64encode(self._uploads.content(upload)).decode()
        argument = {"content": content, "filename": filename}
        reading = eventlet.spawn(
            offload, "services.records.roster.reading:read", argument, timeout=READING_SECONDS
        )
        try:
            while True:
                with eventlet.Timeout(ALIVE_EVERY, False):
                    roster: Mapping[str, Any] = reading.wait()
                    return roster
                checkpoint()
        finally:
            reading.kill()

    def _take_over(
        self, job: Job, roster: Mapping[str, Any], cursor: _Row, checkpoint: Checkpoint
    ) -> dict[str, Any]:
        rows: list[_Row] = roster["rows"]
        at, counts = cursor["at"], dict(cursor["counts"])
        appliers = self._appliers(job, rows[:at])
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
                errors=list(_errors(bunch, handled, roster["labels"])),
            )
        over = {"at": at, "counts": counts, "over": True}
        checkpoint(cursor=over)
        return over

    def _appliers(self, job: Job, before: Sequence[_Row]) -> dict[str, Rows]:
        """How rows of each kind are applied, after those ``before``."""
        application, today = self._application, date.fromisoformat(job.params["today"])
        tree = Tree(self._directory.organisations)
        titles = {kind: application.catalogue.render(f"kind.{kind}")["zh"] for kind in ACTIVITY_KINDS}
        activities = ActivityRows(
            self._register.documents, tree, titles, self._register.kinds, self._register.window_days, today
        )
        activities.meet(row["values"] for row in before if row["kind"] == ACTIVITY and not row["problems"])
        return {
            ORGANISATION: OrganisationRows(self._directory, self._organisations, tree, today, job.id),
            PERSON: PersonRows(
                application.database, self._directory, self._people, self._posts, tree, today, job.id
            ),
            ACTIVITY: activities,
        }


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


def _errors(
    bunch: Sequence[_Row], handled: Sequence[Handled], labels: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    for row, each in zip(bunch, handled, strict=True):
        names = labels.get(row["sheet"], {})
        found = [(column_of(row["kind"], name, names), code) for name, code in each.problems]
        for column, code in [*map(tuple, row["problems"]), *found]:
            yield {"sheet": row["sheet"], "row": row["row"], "column": column, "code": code}
