"""Relief and expenditures: asked for by an organisation, decided by the level above."""

from __future__ import annotations

from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.contract import Change
from services.chassis.documents import Document, Documents
from services.chassis.errors import Forbidden
from services.chassis.pages import page
from services.chassis.store import in_transaction
from services.records.directory.store import only
from services.records.dues import approvals, ledger
from services.records.dues import model as rules
from services.records.dues.office import Answer, Office, shown

REASON = "dues relief reason"


class Reliefs:
    """To pay less or nothing for some months. Why is sealed, and read by those who decide or asked."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._documents = office.reliefs

    def ask(self, request: Answer) -> Answer:
        """Ask for a member of one's organisation."""
        office, actor = self._office, context.actor()
        person = office.directory.person_named_in("person", request["person"])
        office.access.require_writer(actor, person.state["organisation"])
        home = office.book_of(person.state["organisation"])
        given = {
            **request,
            "organisation": home,
            "reason_sealed": office.vault.seal(REASON, request["reason"]),
        }
        relief, today = self._documents.id_for_command(), office.clock.today()
        change = approvals.ask_relief(relief, given, office.rules_for(home), by=actor, today=today)
        asked = self._documents.create(relief, change.state, change.events, respond=shown)
        return self._opened(asked.response or {})

    def decide(self, request: Answer) -> Answer:
        """Approve or refuse; what is billed and unpaid of these months is waived in the same commit."""
        office, actor, today = self._office, context.actor(), self._office.clock.today()
        found = self._known(request["relief"])
        _require_above(office, actor, found, "relief")
        if actor == found.state["person"]:
            raise Forbidden("relief.own_request")
        approve = request["verdict"] == "approve"

        def commit() -> Document:
            repeated = self._documents.repeated(found.id)
            if repeated is not None:
                return repeated
            decided = self._documents.change(
                found.id,
                lambda state: approvals.decide_relief(
                    found.id, state, approve=approve, comment=request["comment"], by=actor, today=today
                ),
                expected_version=request["expected_version"],
                respond=shown,
            )
            if approve:
                self._waive(decided)
            return decided

        return self._opened(in_transaction(office.database, commit).response or {})

    def get(self, relief: str) -> Answer:
        """One request with its reason."""
        found = self._known(relief)
        if context.actor() != found.state["person"]:
            self._office.audit.append("dues.relief_read", context.actor(), "person", found.state["person"])
        return self._opened(shown(found))

    def listed(self, request: Answer) -> Answer:
        """Requests of one organisation, newest first, without their reasons."""
        return _listed(self._office, self._documents, request)

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

    def _known(self, relief: str) -> Document:
        found = self._documents.get(relief)
        self._office.require_known_to(context.actor(), found, "dues_reliefs.not_found")
        return found

    def _opened(self, relief: Answer) -> Answer:
        told = {name: value for name, value in relief.items() if name != "reason_sealed"}
        return {**told, "reason": self._office.vault.open(REASON, relief["reason_sealed"])}


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
        _require_above(office, actor, found, "expenditure")
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
        return _listed(self._office, self._documents, request)

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


def _listed(office: Office, documents: Documents, request: Answer) -> Answer:
    node = office.directory.organisation_named_in("organisation", request["organisation"]).id
    if not office.access.reads_people(context.actor(), node):
        raise Forbidden("permission.denied")
    wanted = {"organisation": node, **only(request, "state")}
    # Ids of one collection are not all ordered by time; the day of asking is.
    found = page(
        documents, wanted, order=[("asked_on", -1)], limit=request["limit"], cursor=request["cursor"]
    )
    return {"items": [shown(each) for each in found.documents], "next": found.next}


def _require_above(office: Office, actor: str, found: Document, name: str) -> None:
    """A post strictly above, and none that writes for the organisation itself."""
    node = found.state["organisation"]
    office.access.require_reviewer(actor, node)
    if office.access.holds_writing_post(actor, node):
        raise Forbidden(f"{name}.own_organisation")
