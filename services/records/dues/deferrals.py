"""Deferral: to pay the dues of some months by the end of their quarter."""

from __future__ import annotations

from functools import partial

from services.chassis import context
from services.chassis.documents import Document
from services.chassis.errors import Invalid
from services.records.dues import approvals
from services.records.dues import model as rules
from services.records.dues.asking import Requests
from services.records.dues.office import Answer, Office


class Deferrals(Requests):
    """Paying by the quarter: one member, or everybody whose dues are in a branch's book."""

    def __init__(self, office: Office) -> None:
        super().__init__(office, office.deferrals, "deferral")

    def ask(self, request: Answer) -> Answer:
        """Ask for one's organisation, or for one of its members."""
        office, actor, today = self._office, context.actor(), self._office.clock.today()
        node = office.directory.organisation_named_in("organisation", request["organisation"]).id
        office.access.require_writer(actor, node)
        home = office.book_of(node)
        if request["person"] is not None:
            person = office.directory.person_named_in("person", request["person"])
            if office.book_of(person.state["organisation"]) != home:
                raise Invalid.at("person", "person.unknown")
        pack = office.rules_for(home)
        return self._asked(
            {**request, "organisation": home},
            lambda deferral, given: approvals.ask_deferral(deferral, given, pack, by=actor, today=today),
        )

    def decide(self, request: Answer) -> Answer:
        """Approve or refuse; bills of these months that are there are due later from the same commit on."""
        approve, comment = request["verdict"] == "approve", request["comment"]
        actor, today = context.actor(), self._office.clock.today()
        return self._decided(
            request,
            lambda deferral, state: approvals.decide_deferral(
                deferral, state, approve=approve, comment=comment, by=actor, today=today
            ),
            self._defer,
        )

    def _defer(self, deferral: Document) -> None:
        state = deferral.state
        months = {"$gte": state["from_month"], "$lte": state["to_month"]}
        wanted = {"organisation": state["organisation"], "state": "due", "month": months}
        for bill in self._office.bills.find(wanted, limit=0):
            if approvals.concerns(state, bill.state["person"], bill.state["organisation"]):
                self._office.bills.change(bill.id, partial(rules.defer, bill.id, deferral=deferral.id))
