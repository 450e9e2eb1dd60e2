"""The job that takes a roster over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.application import Application
from services.chassis.files.uploads import Uploads
from services.chassis.job_attempts import Job
from services.contracts.kinds import ACTIVITY_KINDS
from services.records.activities.register import Register
from services.records.directory.organisations import Organisations
from services.records.directory.people import People
from services.records.directory.store import Directory
from services.records.posts.register import Posts
from services.records.roster.columns import ACTIVITY, ORGANISATION, PERSON
from services.records.roster.person_rows import PersonRows
from services.records.roster.rows import ActivityRows, OrganisationRows, Rows, Tree
from services.records.roster.takeover import TakeOver

KIND = "roster import"


class RosterImport(TakeOver):
    """Takes over organisations, people and activities that were uploaded."""

    reader = "services.records.roster.reading:read"

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

    def content(self, job: Job) -> bytes:
        """The upload; raises ``NotFound`` where its day is over."""
        return self._uploads.content(job.params["upload"])

    def forget(self, job: Job) -> None:
        """Nothing of the upload is kept but that it was there."""
        self._uploads.remove(job.params["upload"])

    def appliers(self, job: Job, before: Sequence[dict[str, Any]]) -> Mapping[str, Rows]:
        """Rows of each kind; an activity that one of ``before`` brought is known."""
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
