"""Statements of the payment system beside the books: compared at once, or as a job over a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.context import Context
from services.chassis.documents import Document
from services.chassis.errors import Invalid, NotFound, Refusal, Unavailable
from services.chassis.files.jobs import FileJobs
from services.chassis.identity import derived_id
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.pages import page
from services.chassis.store import answering
from services.records.directory.store import found_by, only
from services.records.dues.office import Answer, Office
from services.records.dues.reconciliation import counted, reconcile, results
from services.records.roster.rows import REFUSED, Handled
from services.records.roster.takeover import errors_of, read_elsewhere

KIND = "dues reconciliation"
READER = "services.records.dues.sheets:read_statement"
MOST_DAYS = 31
BUNCH = 500


class Statements:
    """Nothing in the books is changed: what differs is undone and entered anew by people."""

    def __init__(self, application: Application, office: Office, files: FileJobs) -> None:
        self._office = office
        self._files = files
        self._reconciliations = application.bundled_documents("dues_reconciliations")
        self._results = application.bundled_documents("dues_reconciliation_lines")
        for keys in ([("reconciliation", 1)], [("reconciliation", 1), ("outcome", 1)]):
            application.indexes.declare("dues_reconciliation_lines", [*keys, ("number", 1), ("_id", 1)])
        application.jobs.work(KIND, self.step)

    # -- at once -------------------------------------------------------------------------------

    def compare(self, request: Answer) -> Answer:
        """A statement beside one organisation's book."""
        node = self._asked(request)
        ours = self._payments([node], request["since"], request["until"])
        outcomes, unnamed = reconcile(self._lines(request["lines"]), ours)
        return {"lines": outcomes, "unnamed": unnamed}

    # -- of a file -----------------------------------------------------------------------------

    def start(self, request: Answer) -> Answer:
        """Queue the job for the books of an organisation and all below it."""
        node = self._asked(request)
        days = {name: request[name].isoformat() for name in ("since", "until")}
        return {"job": self._files.start(KIND, request["file"], {"organisation": node, **days})}

    def step(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The job's work; see ``Jobs.work``. What a run that was cut off compared is forgotten: payments may
        have come since, and lines of two days are no statement.
        """
        if job.cursor is None:
            try:
                found = read_elsewhere(READER, self._files.content(job), job.params["filename"], checkpoint)
            except Unavailable:
                raise
            except Refusal:
                self._files.forget(job)
                raise
            with context.entered(Context(actor=job.owner, correlationid=job.id)):
                counts = self._compared(job, found["rows"])
            broken = [row for row in found["rows"] if row["problems"]]
            errors = list(errors_of(broken, [Handled(REFUSED)] * len(broken), found["labels"]))
            outcome = {"created": sum(counts.values()), "changed": 0, "unchanged": 0, "refused": len(broken)}
            total = len(found["rows"])
            checkpoint(cursor=outcome, done=total, total=total, errors=errors)
        else:
            outcome = job.cursor
        self._files.forget(job)
        return dict(outcome)

    def get(self, reconciliation: str) -> Answer:
        """What a statement came to, to posts at its organisation or above."""
        found = self._readable(reconciliation)
        return {"id": found.id, "version": found.version, **found.state}

    def listed(self, request: Answer) -> Answer:
        """Line by line, in the order of the file; then the payments that no line names."""
        comparison = self._readable(request["reconciliation"])
        found = page(
            self._results,
            {"reconciliation": comparison.state["reading"], **only(request, "outcome")},
            order=[("number", 1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        names = ("number", "row", "reference", "payment", "outcome")
        return {"items": [only(each.state, *names) for each in found.documents], "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _asked(self, request: Answer) -> str:
        """The organisation whose statement it is; asks for a writer, and for a month at most."""
        office = self._office
        node = office.directory.organisation_named_in("organisation", request["organisation"]).id
        office.access.require_writer(context.actor(), node)
        since, until = request["since"], request["until"]
        if not 0 <= (until - since).days <= MOST_DAYS:
            accepted = f"{since.isoformat()} … {(since + timedelta(MOST_DAYS)).isoformat()}"
            raise Invalid.at("until", "dues.days_unfit", accepted=accepted)
        return node

    def _payments(self, nodes: Iterable[str], since: date, until: date) -> list[tuple[str, Answer]]:
        """What the campus told of these days in the books of ``nodes``."""
        days = {"$gte": since.isoformat(), "$lte": until.isoformat()}
        found = found_by(self._office.payments, "organisation", nodes, paid_on=days)
        found.sort(key=lambda each: (each.state["paid_on"], each.id), reverse=True)
        return [(each.id, each.state) for each in found if each.state["entered_by"] == "campus"]

    def _lines(self, given: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """The lines with the person that each number is of."""
        numbers = (line["number"] for line in given)
        people = {
            each.state["number"]: each.id
            for each in found_by(self._office.directory.people, "number", numbers)
        }
        return [
            {**line, "person": people.get(line["number"]), "paid_on": str(line["paid_on"])} for line in given
        ]

    def _compared(self, job: Job, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        params = job.params
        since, until = (date.fromisoformat(params[name]) for name in ("since", "until"))
        ours = self._payments(self._office.access.within(params["organisation"]), since, until)
        sound = [row for row in rows if not row["problems"]]
        outcomes, unnamed = reconcile(self._lines([row["values"] for row in sound]), ours)
        found = results([row["row"] for row in sound], outcomes, unnamed, dict(ours))
        reading = _reading(job.id, job.token)
        for start in range(0, len(found), BUNCH):
            written = [
                (derived_id(KIND, reading, str(each["number"])), {"reconciliation": reading, **each}, ())
                for each in found[start : start + BUNCH]
            ]
            self._results.create_many(written)
        state = {
            **{name: params[name] for name in ("organisation", "since", "until")},
            "asked_by": job.owner,
            "reading": reading,
            "outcomes": counted(found),
        }
        return self._settled(job, state)

    def _settled(self, job: Job, state: Mapping[str, Any]) -> dict[str, int]:
        """The outcomes that count: of whichever reading was whole first. Lines of any other are removed."""
        self._reconciliations.create_many([(job.id, state, ())])
        kept = self._reconciliations.get(job.id).state
        # Only now: a worker that lost the job may have been the first to end.
        for token in range(1, job.token + 1):
            if (other := _reading(job.id, token)) != kept["reading"]:
                with answering():
                    self._results.collection.delete_many({"reconciliation": other})
        return dict(kept["outcomes"])

    def _readable(self, reconciliation: str) -> Document:
        found = self._reconciliations.get(reconciliation)
        if not self._office.access.reads_people(context.actor(), found.state["organisation"]):
            raise NotFound("dues_reconciliations.not_found")
        return found


def _reading(job: str, token: int) -> str:
    """Under which the lines are kept that one worker compared: each that takes the job over begins anew."""
    return f"{job}:{token}"
