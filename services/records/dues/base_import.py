"""The job that sets the bases of a year from a spreadsheet: sealed as they are read, each row or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Refusal, Unavailable
from services.chassis.files.jobs import FileJobs
from services.chassis.job_attempts import Job
from services.chassis.transactions import in_transaction
from services.records.access import not_a_reader
from services.records.directory.store import found_by
from services.records.dues.bases import Bases, base_id, of_year
from services.records.dues.office import Answer, Office, as_decided
from services.records.dues.pack import DuesPack
from services.records.roster.columns import DUES_BASE
from services.records.roster.rows import (
    CHANGED,
    CREATED,
    REFUSED,
    UNCHANGED,
    Handled,
    RowRefused,
    Rows,
    Values,
)
from services.records.roster.takeover import TakeOver

KIND = "dues bases import"


class BaseImport(TakeOver):
    """Bases of everybody whom the caller writes for. No base stands in an error, a job or a log."""

    reader = "services.records.dues.sheets:read_bases"

    def __init__(self, application: Application, office: Office, bases: Bases, files: FileJobs) -> None:
        self._office = office
        self._bases = bases
        self._files = files
        application.jobs.work(KIND, self.step)

    def start(self, request: Answer) -> Answer:
        """Queue the job; asks for a post. Whose base each row may set is decided row by row."""
        actor = context.actor()
        if not self._office.access.scope_of_people(actor):
            raise not_a_reader()
        job = self._files.start(KIND, request["file"], {"year": request["year"]})
        self._office.audit.append("dues.bases_import", actor, "job", job)
        return {"job": job}

    def content(self, job: Job) -> bytes:
        """The file that was sent."""
        return self._files.content(job)

    def forget(self, job: Job) -> None:
        """Nothing of it is kept but what the rows became."""
        self._files.forget(job)

    def appliers(self, job: Job, before: Sequence[dict[str, Any]]) -> Mapping[str, Rows]:
        """Rows of bases, as the owner of the job may set them."""
        return {DUES_BASE: BaseRows(self._office, self._bases, job)}


class BaseRows:
    """Rows of one year, a bunch in one commit. Months that are billed keep their base."""

    def __init__(self, office: Office, bases: Bases, job: Job) -> None:
        self._office = office
        self._bases = bases
        self._actor = str(job.owner)
        self._year = int(job.params["year"])
        self._today = office.clock.today()
        self._packs: dict[str, DuesPack] = {}

    def apply(self, rows: Sequence[Values]) -> list[Handled]:
        """What became of each of ``rows``, in their order."""
        numbers = (row["number"] for row in rows)
        people = {
            str(each.state["number"]): each
            for each in found_by(self._office.directory.people, "number", numbers)
        }
        return in_transaction(self._office.database, lambda: self._written(rows, people))

    def _written(self, rows: Sequence[Values], people: Mapping[str, Document]) -> list[Handled]:
        ids = [each.id for each in people.values()]
        subjects = [base_id(person, self._year) for person in ids]
        met = {each.id: each.state for each in found_by(self._office.bases, "_id", subjects)}
        billed: dict[str, str] = {}
        for bill in found_by(self._office.bills, "person", ids, month=of_year(self._year)):
            person, month = bill.state["person"], bill.state["month"]
            billed[person] = max(billed.get(person, month), month)
        changes: dict[str, Change] = {}
        handled = []
        for row in rows:
            found = people.get(row["number"])
            try:
                subject, change = self._decided(row, found, met, changes, billed)
            except RowRefused as refused:
                handled.append(Handled(REFUSED, [(refused.field, refused.code)]))
            except Unavailable:
                raise
            except Refusal as refused:
                named = [(name, code) for name, codes in refused.fields.items() for code in codes]
                handled.append(Handled(REFUSED, named or [(None, refused.code)], refused.params))
            else:
                outcome = CHANGED if subject in met else CREATED
                handled.append(Handled(outcome if change is not None else UNCHANGED))
                if change is not None:
                    earlier = changes[subject].events if subject in changes else ()
                    changes[subject] = Change(change.state, [*earlier, *change.events])
        new = [(each, change.state, change.events) for each, change in changes.items() if each not in met]
        self._office.bases.create_many(new)
        for subject, change in changes.items():
            if subject in met:
                self._office.bases.change(subject, partial(as_decided, change))
        return handled

    def _decided(
        self,
        row: Values,
        person: Document | None,
        met: Mapping[str, Values],
        changes: Mapping[str, Change],
        billed: Mapping[str, str],
    ) -> tuple[str, Change | None]:
        """The base document of a row and what becomes of it, on top of earlier rows of the same person."""
        access = self._office.access
        node = person.state["organisation"] if person is not None else None
        if person is None or node is None or not access.reads_people(self._actor, node):
            raise RowRefused("number", "person.unknown")
        access.require_writer(self._actor, node)
        subject = base_id(person.id, self._year)
        before = changes[subject].state if subject in changes else met.get(subject)
        given = {
            "person": person.id,
            "year": self._year,
            # Whoever names a base and no kind has it from a salary: that is what most rows are.
            "kind": row.get("kind", "salaried"),
            **{name: row.get(name) for name in ("base_fen", "amount_fen", "from_month")},
        }
        return subject, self._bases.decided(given, before, self._pack(node), billed=billed.get(person.id))

    def _pack(self, node: str) -> DuesPack:
        """The rules of the day on which the job works."""
        if node not in self._packs:
            path = self._office.directory.authority.path(node)
            self._packs[node] = self._office.pack(self._today, path)
        return self._packs[node]
