"""Expenditures: asked for by an organisation, approved by the level above, paid out, undone by reversal."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.transactions import in_transaction
from services.records.dues import approvals, ledger
from services.records.dues.asking import listed, require_above
from services.records.dues.office import Answer, Office, shown


class Spending:
    """What dues are spent on: asked, approved from above, paid out, and undone by reversal."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._documents = office.expenditures

    def ask(self, request: Answer) -> Answer:
        """Ask to spend; repeated with its key it answers the same."""
        office, actor = self._office, context.actor()
        node = office.directory.organisation_named_in("organisation", request["organisation"]).id
        office.access.require_writer(actor, node)
        book = office.book_of(node)
        given = {**request, "organisation": book}
        expenditure, today = self._documents.id_for_command(), office.clock.today()
        change = approvals.ask_expenditure(expenditure, given, office.rules_for(book), by=actor, today=today)
        created = self._documents.create(expenditure, change.state, change.events, respond=shown)
        return created.response or {}

    def decide(self, request: Answer) -> Answer:
        """Approve or refuse, from strictly above; nobody who writes for the organisation as well."""
        office, actor = self._office, context.actor()
        found = self._known(request["expenditure"])
        require_above(office, actor, found, "expenditure")
        decided = self._documents.change(
            found.id,
            lambda state: approvals.decide_expenditure(
                found.id,
                state,
                approve=request["verdict"] == "approve",
                comment=request["comment"],
                by=actor,
                today=office.clock.today(),
            ),
            expected_version=request["expected_version"],
            respond=shown,
        )
        return decided.response or {}

    def pay(self, request: Answer) -> Answer:
        """Pay out what was approved, of the cash that is there."""
        office, today = self._office, self._office.clock.today()
        found = self._writable(request["expenditure"])
        node, pack = found.state["organisation"], office.rules_for(found.state["organisation"])

        def decide(state: Answer) -> Change | None:
            return approvals.pay_expenditure(
                found.id,
                state,
                pack,
                cash_fen=office.books.cash(node),
                paid_on=request["paid_on"],
                today=today,
            )

        entry = ledger.spent(found.id, found.state["use"], found.state["amount_fen"])
        return self._posted(found, request, decide, entry)

    def reverse(self, request: Answer) -> Answer:
        """Undo what was paid out: its entry stays, and the reverse is added."""
        office, today = self._office, self._office.clock.today()
        found = self._writable(request["expenditure"])
        paid = ledger.spent(found.id, found.state["use"], found.state["amount_fen"])
        return self._posted(
            found,
            request,
            lambda state: approvals.reverse_expenditure(
                found.id, state, reason=request["reason"], today=today
            ),
            ledger.reversal(paid, found.id),
            audit=("dues.expenditure_reversed", office.audit),
        )

    def get(self, expenditure: str) -> Answer:
        """One expenditure."""
        return shown(self._known(expenditure))

    def listed(self, request: Answer) -> Answer:
        """Expenditures of one organisation, newest first."""
        return listed(self._office, self._documents, request)

    def _posted(
        self, found: Document, request: Answer, decide: Any, entry: ledger.Entry, audit: Any = None
    ) -> Answer:
        office = self._office

        def commit() -> Document:
            repeated = self._documents.repeated(found.id)
            if repeated is not None:
                return repeated
            before = self._documents.get(found.id)
            changed = self._documents.change(
                found.id, decide, expected_version=request["expected_version"], respond=shown
            )
            if changed.version != before.version:
                office.books.post(office.clock.today(), [(found.state["organisation"], entry)])
                if audit:
                    action, chain = audit
                    chain.append(action, context.actor(), "dues expenditure", found.id, request["reason"])
            return changed

        return in_transaction(office.database, commit).response or {}

    def _known(self, expenditure: str) -> Document:
        found = self._documents.get(expenditure)
        self._office.require_known_to(context.actor(), found, "dues_expenditures.not_found")
        return found

    def _writable(self, expenditure: str) -> Document:
        found = self._known(expenditure)
        self._office.access.require_writer(context.actor(), found.state["organisation"])
        return found
