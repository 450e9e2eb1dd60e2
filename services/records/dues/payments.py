"""Payments: entered by a treasurer or told by the campus, allocated to bills, undone by reversal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import partial

from services.chassis import context
from services.chassis.documents import Document
from services.chassis.envelope import Event
from services.chassis.errors import Invalid, Permanent, Retryable
from services.chassis.identity import derived_id
from services.chassis.pages import page
from services.chassis.transactions import in_transaction
from services.records.directory.store import only
from services.records.dues import ledger, settling
from services.records.dues import model as rules
from services.records.dues.office import Answer, Office, as_decided, shown


class Payments:
    """Money that came in. Payment, bills and books change in one commit, or not at all."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._documents = office.payments

    # -- commands ------------------------------------------------------------------------------

    def enter(self, request: Answer) -> Answer:
        """Enter what somebody paid; repeated with its key it answers the same."""
        person = self._office.directory.person_named_in("person", request["person"])
        self._office.access.require_writer(context.actor(), person.state["organisation"])
        if not self._pays(person):
            pack, accepted = self._office.rules_for(person.state["organisation"]), "member, probationary"
            raise pack.refusal("first_month", "dues.not_a_payer", "person", accepted)
        given = {**request, "entered_by": "treasurer"}
        payment = self._documents.id_for_command()
        return self._received(payment, person, given, may_be_ahead=request["ahead"]).response or {}

    def reverse(self, request: Answer) -> Answer:
        """Undo a payment; undone a second time it stays as it is."""
        actor = context.actor()
        found = self._known(request["payment"])
        self._office.access.require_writer(actor, found.state["organisation"])
        undone = self._given_back(found.id, request["reason"], expected_version=request["expected_version"])
        return undone.response or {}

    def draw(self, people: Iterable[str]) -> None:
        """What ``people`` paid ahead settles what they owe by now. Repeated, there is nothing to settle."""
        for person in sorted(set(people)):
            in_transaction(self._office.database, partial(self._drawn, person))

    # -- what the campus payment system tells --------------------------------------------------

    def told(self, event: Event) -> None:
        """Take over a payment; told again it is the same one.

        Raises ``Permanent`` with ``time_in_future``, ``dues_payments.differs`` for other figures than before
        or ``dues.not_a_payer``; ``Retryable`` for an unknown person, who may be on the way.
        """
        said, office = event.data, self._office
        person = office.directory.people.find_one({"number": said["number"]})
        if person is None:
            raise Retryable("unknown_person")
        if said["paid_on"] > office.clock.today():
            raise Permanent("time_in_future", "paid_on")
        payment = _told_id(event)
        met = self._documents.find_one({"_id": payment})
        if met is not None:
            same = (met.state["person"], met.state["amount_fen"], met.state["paid_on"])
            if same != (person.id, said["amount_fen"], said["paid_on"].isoformat()):
                raise Permanent("dues_payments.differs", "amount_fen, number, paid_on")
            return
        if not self._pays(person):
            raise Permanent("dues.not_a_payer", "number")
        given = {**said, "entered_by": "campus", "reference": said["payment"]}
        # Whoever sent it may claim to be anybody: nobody of ours acted.
        with context.entered(replace(context.current(), actor=None)):
            try:
                self._received(payment, person, given, may_be_ahead=True)
            except Invalid as wrong:
                raise Permanent(wrong.code, ", ".join(sorted(wrong.fields))) from None

    def undone(self, event: Event) -> None:
        """Undo a payment that the same system told; ``Retryable`` while it is not known."""
        payment = _told_id(event)
        if self._documents.find_one({"_id": payment}) is None:
            raise Retryable("unknown_payment")
        with context.entered(replace(context.current(), actor=None)):
            self._given_back(payment, "campus")

    # -- questions -----------------------------------------------------------------------------

    def get(self, payment: str) -> Answer:
        """One payment, to the person and to posts there or above."""
        return shown(self._known(payment))

    def listed(self, request: Answer) -> Answer:
        """Payments, newest first."""
        wanted = whose(self._office, request)
        found = page(
            self._documents,
            {**wanted, **only(request, "state")},
            order=[("paid_on", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _pays(self, person: Document) -> bool:
        """Members and probationary members pay, and whoever still owes."""
        return person.state["political_status"] in rules.PAYERS or bool(self._office.outstanding(person.id))

    def _known(self, payment: str) -> Document:
        found = self._documents.get(payment)
        self._office.require_known_to(context.actor(), found, "dues_payments.not_found")
        return found

    def _received(self, payment: str, person: Document, given: Answer, *, may_be_ahead: bool) -> Document:
        office = self._office
        home, today = office.book_of(person.state["organisation"]), office.clock.today()
        pack = office.rules_for(home)
        stated = {**given, "person": person.id, "organisation": home}

        def commit() -> Document:
            repeated = self._documents.repeated(payment)
            if repeated is not None:
                return repeated
            bills = {each.id: each for each in office.outstanding(person.id)}
            owed = [(b.id, b.state["month"], b.state["outstanding_fen"]) for b in bills.values()]
            change = settling.receive(payment, stated, owed, pack, today=today, may_be_ahead=may_be_ahead)
            created = self._documents.create(payment, change.state, change.events, respond=shown)
            settled = self._settle(payment, created.state["parts"], given["paid_on"])
            sums = _by_organisation(bills, settled)
            sums.setdefault(home, 0)
            office.books.post(
                today,
                [
                    (node, ledger.received(payment, fen, created.state["ahead_fen"] if node == home else 0))
                    for node, fen in sums.items()
                ],
            )
            return created

        return in_transaction(office.database, commit)

    def _settle(self, payment: str, parts: list[Answer], on: date) -> list[Answer]:
        for part in parts:
            self._office.bills.change(
                part["bill"],
                partial(
                    rules.settle, part["bill"], cause=part["cause"], payment=payment, fen=part["fen"], on=on
                ),
            )
        return parts

    def _drawn(self, person: str) -> None:
        office, today = self._office, self._office.clock.today()
        ahead = self._documents.find({"ahead_of": person}, sort=[("_id", 1)], limit=0)
        for payment in sorted(ahead, key=lambda each: (each.state["paid_on"], each.id)):
            bills = {each.id: each for each in office.outstanding(person)}
            owed = [(each.id, each.state["outstanding_fen"]) for each in bills.values()]
            change = settling.draw(payment.id, payment.state, owed)
            if change is None:
                continue
            self._documents.change(payment.id, partial(as_decided, change))
            parts = change.state["parts"][len(payment.state["parts"]) :]
            self._settle(payment.id, parts, today)
            home = payment.state["organisation"]
            entries = []
            for part in parts:
                node = bills[part["bill"]].state["organisation"]
                entries += ledger.moved(part["cause"], part["fen"], home, node)
            office.books.post(today, entries)

    def _given_back(self, payment: str, reason: str, *, expected_version: int | None = None) -> Document:
        office, today = self._office, self._office.clock.today()
        cause = derived_id("dues reversal", payment)

        def commit() -> Document:
            before = self._documents.get(payment)
            undone = self._documents.change(
                payment,
                lambda state: settling.give_back(payment, state, reason=reason, today=today),
                expected_version=expected_version,
                respond=shown,
            )
            if undone.version == before.version:
                return undone
            bills: dict[str, Document] = {}
            for bill in sorted({part["bill"] for part in before.state["parts"]}):
                bills[bill] = office.bills.change(
                    bill,
                    partial(rules.reopen, bill, cause=cause, payment=payment, on=today),
                )
            home = before.state["organisation"]
            sums = _by_organisation(bills, before.state["parts"])
            sums.setdefault(home, 0)
            ahead = before.state["ahead_fen"]
            office.books.post(
                today,
                [
                    (node, ledger.given_back(payment, payment, fen, ahead if node == home else 0))
                    for node, fen in sums.items()
                ],
            )
            office.audit.append(
                "dues.payment_reversed", context.current().actor, "dues payment", payment, reason
            )
            return undone

        return in_transaction(office.database, commit)


def whose(office: Office, request: Answer) -> Answer:
    """The filter of a list: an organisation's or a person's, for posts there or above; else one's own."""
    actor = context.actor()
    wanted = only(request, "organisation", "person")
    if "organisation" in wanted:
        node = office.directory.organisation_named_in("organisation", wanted["organisation"]).id
        office.access.require_reader(actor, node)
    elif wanted.setdefault("person", actor) != actor:
        person = office.directory.person_named_in("person", wanted["person"])
        office.access.require_reader(actor, person.state["organisation"])
    return wanted


def _told_id(event: Event) -> str:
    return derived_id("campus dues payment", event.source, event.data["payment"])


def _by_organisation(bills: dict[str, Document], parts: list[Answer]) -> dict[str, int]:
    """What of a payment settles bills in each organisation's book."""
    sums: dict[str, int] = {}
    for part in parts:
        node = bills[part["bill"]].state["organisation"]
        sums[node] = sums.get(node, 0) + part["fen"]
    return sums
