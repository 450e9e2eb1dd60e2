"""The job that makes the bills of a month, and the questions about bills and arrears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.context import Context
from services.chassis.documents import Document, Documents
from services.chassis.errors import Invalid
from services.chassis.identity import derived_id
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.pages import page
from services.chassis.transactions import in_transaction
from services.records.directory.store import found_by, only
from services.records.dues import approvals, ledger, settling
from services.records.dues import model as rules
from services.records.dues.bases import Bases, base_id
from services.records.dues.months import month_of, shifted
from services.records.dues.office import Answer, Office, shown
from services.records.dues.payments import Payments, whose

KIND = "dues billing"
BUNCH = 200
MONTHS_BACK, MONTHS_AHEAD = 12, 1
_NOTHING = {"created": 0, "changed": 0, "unchanged": 0, "refused": 0}


def bill_id(person: str, month: str) -> str:
    """One bill a person and month, on every run and every replica."""
    return derived_id("dues bill", person, month)


class Billing:
    """Makes bills. Run again, whoever has a bill of the month keeps it as it is."""

    def __init__(self, application: Application, office: Office, bases: Bases, payments: Payments) -> None:
        self._office = office
        self._bases = bases
        self._payments = payments
        self._jobs = application.jobs
        self._jobs.work(KIND, self.step)

    # -- the job -------------------------------------------------------------------------------

    def start(self, request: Answer) -> Answer:
        """Queue the job for an organisation and all below it."""
        office, actor, month = self._office, context.actor(), request["month"]
        node = office.directory.organisation_named_in("organisation", request["organisation"]).id
        office.access.require_administrator(actor, node)
        now = month_of(office.clock.today())
        first, last = shifted(now, -MONTHS_BACK), shifted(now, MONTHS_AHEAD)
        if not first <= month <= last:
            raise Invalid.at("month", "dues.month_unfit", accepted=f"{first} … {last}")
        params = {"organisation": node, "month": month, "today": office.clock.today()}
        return {"job": self._jobs.create(KIND, actor, params)}

    def turn(self, today: date) -> None:
        """Queue this month's job once, from the day on that the pack says; none where nobody has a base.

        On every replica and every day of the month it is the same job.
        """
        office, month = self._office, month_of(today)
        if office.bases.find_one({"year": today.year}) is None:
            return
        for root in office.directory.organisations.find({"parent": None, "active": True}, limit=0):
            day = self._pack(root.id, today).auto_bill_day
            if not 0 < day <= today.day:
                continue
            params = {"organisation": root.id, "month": month, "today": today}
            with context.entered(Context(idempotency_key=f"dues billing {root.id} {month}")):
                self._jobs.create(KIND, None, params)

    def step(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The job's work; see ``Jobs.work``. A bunch that is repeated finds its bills made."""
        month, today = job.params["month"], date.fromisoformat(job.params["today"])
        nodes = sorted(self._office.access.within(job.params["organisation"]))
        cursor = job.cursor or {"after": "", "done": 0, "counts": dict(_NOTHING)}
        people = [
            person.id
            for person in found_by(self._office.directory.people, "organisation", nodes, active=True)
            if rules.owes(person.state, month)
        ]
        waiting = [person for person in sorted(people) if person > cursor["after"]]
        checkpoint(done=cursor["done"], total=cursor["done"] + len(waiting))
        reliefs, deferrals = self._reliefs(month), self._approved(self._office.deferrals, month)
        counts, done = dict(cursor["counts"]), cursor["done"]
        with context.entered(Context(actor=job.owner, correlationid=job.id)):
            for start in range(0, len(waiting), BUNCH):
                bunch = waiting[start : start + BUNCH]
                outcome, errors = self._bill(bunch, month, today, reliefs, deferrals, done)
                for name, count in outcome.items():
                    counts[name] += count
                done += len(bunch)
                reached = {"after": bunch[-1], "done": done, "counts": counts}
                checkpoint(cursor=reached, done=done, errors=errors)
        return counts

    def _bill(
        self,
        bunch: list[str],
        month: str,
        today: date,
        reliefs: Mapping[str, Document],
        deferrals: Sequence[Document],
        done: int,
    ) -> tuple[dict[str, int], list[Answer]]:
        office = self._office
        people = {each.id: each for each in found_by(office.directory.people, "_id", bunch)}
        bases = self._bases_of(bunch, int(month[:4]))

        def commit() -> tuple[dict[str, int], list[Answer]]:
            billed = {each.id for each in found_by(office.bills, "_id", [bill_id(p, month) for p in bunch])}
            made, entries, errors = [], [], []
            for position, person in enumerate(bunch, done + 1):
                bill = bill_id(person, month)
                if bill in billed:
                    continue
                base = bases.get(base_id(person, int(month[:4])))
                given = self._bases.opened_for(base, month) if base else None
                if given is None:
                    errors.append({"sheet": month, "row": position, "column": person, "code": "dues.no_base"})
                    continue
                node = office.book_of(people[person].state["organisation"])
                try:
                    dues = rules.dues_of(**given, pack=office.rules_of_month(node, month))
                except Invalid as unfit:  # set under earlier rules: everybody else is billed all the same
                    told = {"code": unfit.code, "params": dict(unfit.params)}
                    errors.append({"sheet": month, "row": position, "column": person, **told})
                    continue
                relief = reliefs.get(person)
                put_off = (each.id for each in deferrals if approvals.concerns(each.state, person, node))
                change = rules.issue(
                    bill,
                    person=person,
                    organisation=node,
                    month=month,
                    kind=given["kind"],
                    dues=dues,
                    relief={"id": relief.id, **only(relief.state, "monthly_fen")} if relief else None,
                    deferral=next(put_off, None),
                    today=today,
                )
                made.append((bill, change.state, change.events))
                entries.append((node, ledger.assessed(bill, dues.fen)))
                entries.append((node, ledger.relieved(bill, change.state["relieved_fen"])))
            office.bills.create_many(made)
            office.books.post(today, entries)
            outcome = {"created": len(made), "unchanged": len(billed), "refused": len(errors)}
            return outcome, errors

        result = in_transaction(office.database, commit)
        ahead = found_by(office.payments, "ahead_of", bunch)
        self._payments.draw(each.state["person"] for each in ahead)
        return result

    def _pack(self, node: str, today: date) -> Any:
        return self._office.pack(today, self._office.directory.authority.path(node))

    def _bases_of(self, people: list[str], year: int) -> dict[str, Document]:
        wanted = [base_id(person, year) for person in people]
        return {each.id: each for each in found_by(self._office.bases, "_id", wanted)}

    def _reliefs(self, month: str) -> dict[str, Document]:
        """Of each person the approved relief that counts for the month: the one that asks least."""
        counting = self._approved(self._office.reliefs, month)
        counting.sort(key=lambda each: -each.state["monthly_fen"])
        return {each.state["person"]: each for each in counting}

    def _approved(self, requests: Documents, month: str) -> list[Document]:
        """What was approved and counts for the month."""
        approved = {"state": "approved", "to_month": {"$gte": month}}
        found = requests.find(approved, sort=[("to_month", 1)], limit=0)
        return [each for each in found if approvals.covers(each.state, month)]

    # -- questions -----------------------------------------------------------------------------

    def get(self, bill: str) -> Answer:
        """One bill, to the person and to posts there or above."""
        found = self._office.bills.get(bill)
        self._office.require_known_to(context.actor(), found, "dues_bills.not_found")
        return shown(found)

    def listed(self, request: Answer) -> Answer:
        """Bills, the newest month first."""
        wanted = {**whose(self._office, request), **only(request, "state", "month")}
        found = page(
            self._office.bills,
            wanted,
            order=[("month", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    def arrears(self, organisation: str) -> Answer:
        """Who of one organisation owes dues past their day, who owes for longest first."""
        office = self._office
        node = office.directory.organisation_named_in("organisation", organisation).id
        office.access.require_reader(context.actor(), node)
        items = self.owing(node, office.clock.today())
        return {"items": sorted(items, key=lambda each: (each["since"], each["person"]))}

    def owing(self, node: str, today: date) -> list[Answer]:
        """As ``arrears``, of the book of ``node``, whoever asks."""
        office = self._office
        due = {"organisation": node, "state": "due", "month": {"$lt": month_of(today)}}
        bills = office.bills.find(due, sort=[("month", -1), ("_id", -1)], limit=0)
        bills.sort(key=lambda each: (each.state["person"], each.state["month"]))
        pack = self._pack(node, today)
        items = []
        for person, theirs in groupby(bills, key=lambda each: str(each.state["person"])):
            owed = settling.arrears([each.state for each in theirs], pack, today)
            if owed is not None:
                items.append({"person": person, **owed})
        return items
