"""Commands and questions about thought reports; what they say is sealed where it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Forbidden, NotFound
from services.chassis.grants import denied
from services.chassis.identity import derived_id
from services.chassis.pages import page
from services.chassis.policies import Pack, effective
from services.chassis.vault import Vault
from services.records.directory.store import Directory, found_by
from services.records.thoughts import model as rules
from services.records.thoughts.contacts import Contacts

Answer = dict[str, Any]
COLLECTION = "thought_reports"
FIELD = "thought"  # under which texts and comments are sealed


class Thoughts:
    """Reports are seen by their author, the author's contacts and the secretary of the author's branch.

    No post above reaches them. To anybody else there is no such report.
    """

    def __init__(
        self, application: Application, directory: Directory, contacts: Contacts, packs: list[Pack]
    ) -> None:
        self.documents = application.documents(COLLECTION)
        application.indexes.declare(COLLECTION, [("author", 1), ("period", -1), ("_id", -1)])
        self._directory = directory
        self._contacts = contacts
        self._vault: Vault = application.vault
        self._audit: Audit = application.audit
        self._clock: Clock = application.clock
        self._packs = packs
        self._rulings([])  # a pack that cannot be applied is found at start

    # -- commands ------------------------------------------------------------------------------

    def hand_in(self, request: Answer) -> Answer:
        """One's own report of a quarter; repeated with its key it answers the same."""
        author = self._directory.people.get(context.actor())
        if not author.state["active"]:
            raise Forbidden("person.inactive", params={"accepted": "active"})
        home, today = author.state["organisation"], self._clock.today()
        given = {
            "author": author.id,
            "organisation": home,
            "period": request.get("period", rules.quarter(today)),
            "text": self._vault.seal(FIELD, request["text"]),
        }
        report = report_of(author.id, given["period"])
        in_force = self._rulings(self._directory.authority.path(home))
        change = rules.hand_in(report, given, today=today, rulings=in_force)
        try:
            made = self.documents.create(report, change.state, change.events, respond=summary)
        except Conflict as taken:
            if taken.code != f"{COLLECTION}.exists":
                raise
            raise Conflict("thought.exists", params={"period": given["period"]}) from None
        return made.response or {}

    def hand_in_again(self, request: Answer) -> Answer:
        """The author's new version of what was returned."""
        report, actor = self._readable(request["report"]), context.actor()
        if report.state["author"] != actor:
            raise Forbidden("thought.not_author")
        text, today = self._vault.seal(FIELD, request["text"]), self._clock.today()
        return self._changed(
            request, report, lambda state: rules.hand_in_again(report.id, state, text=text, today=today)
        )

    def read(self, request: Answer) -> Answer:
        """Accept or return, as the author's contact, or as the secretary where no contact is named."""
        report, actor = self._readable(request["report"]), context.actor()
        if actor == report.state["author"]:
            raise Forbidden("thought.own")
        if not rules.may_judge(report.state, actor, *self._readers(report.state["author"])):
            raise Forbidden("thought.not_contact")
        comment = self._vault.seal(FIELD, request["comment"]) if request["comment"] else None
        today = self._clock.today()
        return self._changed(
            request,
            report,
            lambda state: rules.read(
                report.id, state, verdict=request["verdict"], comment=comment, by=actor, today=today
            ),
        )

    # -- questions -----------------------------------------------------------------------------

    def get(self, report: str) -> Answer:
        """One report with what it says. Whoever opens somebody else's is on record with its author."""
        found = self._readable(report)
        self._note("thought.read", found.state["author"], found.id)
        opened = self._vault.open
        earlier = [{**each, "text": opened(FIELD, each["text"])} for each in found.state["earlier"]]
        readings = [
            {**each, "comment": opened(FIELD, each["comment"]) if each["comment"] else None}
            for each in found.state["readings"]
        ]
        text = opened(FIELD, found.state["text"])
        return {**summary(found), "text": text, "earlier": earlier, "readings": readings}

    def listed(self, request: Answer) -> Answer:
        """Reports of one author without what they say, newest quarter first."""
        actor = context.actor()
        author = request.get("author", actor)
        if not rules.may_read({"author": author}, actor, *self._readers(author)):
            raise NotFound("people.not_found")
        found = page(
            self.documents,
            {"author": author},
            order=[("period", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        self._note("thought.listed", author)
        return {"items": [summary(each) for each in found.documents], "next": found.next}

    def duties(self, request: Answer) -> Answer:
        """How a quarter stands of whom one accompanies, or of the branch whose secretary one is."""
        actor, today = context.actor(), self._clock.today()
        period = request.get("period", rules.quarter(today))
        rules.bounds(period)
        if "organisation" in request:
            organisation = request["organisation"]
            path = self._directory.authority.path(organisation)
            if actor not in self._contacts.secretaries_at(organisation):
                raise denied(("secretary",), "here")
            people = self._members(organisation)
        else:
            accompanied = self._contacts.accompanied_by(actor)
            people = found_by(self._directory.people, "_id", accompanied, active=True)
            path = []
        in_force = self._rulings(path)
        reports = self._reports([each.id for each in people], period)
        contacts = self._contacts.of_all([each.id for each in people])
        items = []
        for each in sorted(people, key=lambda person: str(person.state["number"])):
            report = reports.get(each.id)
            owes = rules.owes(each.state["political_status"], in_force)
            if not owes and report is None:
                continue
            state = report.state if report is not None else None
            items.append(
                {
                    "person": each.id,
                    "name": each.state["name"],
                    "political_status": each.state["political_status"],
                    "owes": owes,
                    "duty": rules.state_of_duty(state, period, today, in_force),
                    "report": summary(report) if report is not None else None,
                    "contacts": contacts.get(each.id, []),
                }
            )
        ruling = in_force.get("thought_report")
        return {
            "period": period,
            "pack": ruling.pack.id if ruling else None,
            "article": ruling.parameter.article if ruling else None,
            "items": items,
        }

    # -- within --------------------------------------------------------------------------------

    def _rulings(self, path: list[str]) -> rules.Rulings:
        return effective(self._packs, self._clock.today(), path)

    def _readers(self, author: str) -> tuple[list[str], list[str]]:
        """The author's contacts and the secretaries of the author's branch, as they are now."""
        return self._contacts.of(author), self._contacts.secretaries_of(author)

    def _readable(self, report: str) -> Document:
        found = self.documents.get(report)
        if not rules.may_read(found.state, context.actor(), *self._readers(found.state["author"])):
            raise NotFound(f"{COLLECTION}.not_found")
        return found

    def _changed(self, request: Answer, report: Document, decide: Callable[[Answer], Change]) -> Answer:
        changed = self.documents.change(
            report.id, decide, expected_version=request["expected_version"], respond=summary
        )
        return changed.response or {}

    def _members(self, organisation: str) -> list[Document]:
        groups = self._directory.organisations.find({"parent": organisation, "kind": "group"}, limit=0)
        home = [organisation, *(each.id for each in groups)]
        return found_by(self._directory.people, "organisation", home, active=True)

    def _reports(self, people: list[str], period: str) -> dict[str, Document]:
        ids = [report_of(each, period) for each in people]
        return {each.state["author"]: each for each in found_by(self.documents, "_id", ids)}

    def _note(self, action: str, author: str, report: str | None = None) -> None:
        actor = context.actor()
        if actor != author:
            self._audit.append(action, actor, "person", author, report)


def report_of(author: str, period: str) -> str:
    """The id of an author's one report of a quarter."""
    return derived_id("thought report", author, period)


def summary(report: Document) -> Answer:
    """A report without what it says: all that is kept of an answer, and all that a list shows."""
    shown = ("author", "organisation", "period", "state", "late", "handed_in_on")
    return {"id": report.id, "version": report.version, **{name: report.state[name] for name in shown}}
