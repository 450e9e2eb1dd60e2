"""Relief: to pay less or nothing for some months, and what of bills is waived by it."""

from __future__ import annotations

from functools import partial

from services.chassis import context
from services.chassis.documents import Document
from services.records.dues import approvals, ledger
from services.records.dues import model as rules
from services.records.dues.asking import Requests
from services.records.dues.office import Answer, Office


class Reliefs(Requests):
    """What members are let off, asked by their branch."""

    def __init__(self, office: Office) -> None:
        super().__init__(office, office.reliefs, "relief")

    def ask(self, request: Answer) -> Answer:
        """Ask for a member of one's organisation."""
        office, actor, today = self._office, context.actor(), self._office.clock.today()
        person = office.directory.person_named_in("person", request["person"])
        office.access.require_writer(actor, person.state["organisation"])
        home = office.book_of(person.state["organisation"])
        pack = office.rules_for(home)
        return self._asked(
            {**request, "organisation": home},
            lambda relief, given: approvals.ask_relief(relief, given, pack, by=actor, today=today),
        )

    def decide(self, request: Answer) -> Answer:
        """Approve or refuse; what is billed and unpaid of these months is waived in the same commit."""
        approve, comment = request["verdict"] == "approve", request["comment"]
        actor, today = context.actor(), self._office.clock.today()
        return self._decided(
            request,
            lambda relief, state: approvals.decide_relief(
                relief, state, approve=approve, comment=comment, by=actor, today=today
            ),
            self._waive,
        )

    def _waive(self, relief: Document) -> None:
        office, today = self._office, self._office.clock.today()
        for bill in office.outstanding(relief.state["person"]):
            if not approvals.covers(relief.state, bill.state["month"]):
                continue
            eased = office.bills.change(
                bill.id,
                partial(
                    rules.relieve,
                    bill.id,
                    relief=relief.id,
                    monthly_fen=relief.state["monthly_fen"],
                    on=today,
                ),
            )
            waived = eased.state["relieved_fen"] - bill.state["relieved_fen"]
            entry = ledger.relieved(f"{relief.id}:{bill.id}", waived)
            office.books.post(today, [(bill.state["organisation"], entry)])
