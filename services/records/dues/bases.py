"""Commands and questions about bases: what a person's dues are reckoned from, sealed at rest."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.identity import derived_id
from services.chassis.transactions import in_transaction
from services.records.dues import ledger
from services.records.dues import model as rules
from services.records.dues.office import Answer, Office
from services.records.dues.pack import DuesPack

FIELD = "dues base"


def base_id(person: str, year: int) -> str:
    """One document a person and year."""
    return derived_id("dues base", person, str(year))


class Bases:
    """Which base counts from which month. It is masked but to the person it is of."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._documents = office.bases

    def set(self, request: Answer) -> Answer:
        """Set a base; the same again changes nothing. Months that are billed keep theirs."""
        office, actor = self._office, context.actor()
        person = office.directory.person_named_in("person", request["person"])
        office.access.require_writer(actor, person.state["organisation"])
        pack = office.rules_for(person.state["organisation"])
        subject = base_id(person.id, request["year"])

        def commit() -> Document:
            repeated = self._documents.repeated(subject)
            if repeated is not None:
                return repeated
            met = self._documents.find_one({"_id": subject})
            before = met.state if met else None
            billed = self._last_billed(person.id, request["year"])
            change = self.decided(request, before, pack, billed=billed)
            if met is None and change is not None:
                set_now = self._documents.create(subject, change.state, change.events, respond=self._masked)
            else:
                set_now = self._documents.change(subject, lambda _: change, respond=self._masked)
            if request["correction_reason"] and billed is not None:
                self._correct(set_now, request["correction_reason"], actor)
            return set_now

        return in_transaction(office.database, commit).response or {}

    def get(self, request: Answer) -> Answer:
        """A person's bases of a year: masked, but to the person."""
        actor = context.actor()
        found = self._readable(actor, request)
        return self._opened(found) if found.state["person"] == actor else self._masked(found)

    def reveal(self, request: Answer) -> Answer:
        """The bases themselves; who asked and why is on record."""
        actor = context.actor()
        found = self._readable(actor, request)
        person = self._office.directory.people.get(found.state["person"])
        self._office.access.require_dues_keeper(actor, person.state["organisation"])
        self._office.audit.append("dues.base_revealed", actor, "person", person.id, request["reason"])
        return self._opened(found)

    def opened_for(self, base: Document, month: str) -> Answer | None:
        """Kind, base and amount that count for ``month``; None before the first."""
        entry = rules.base_for(base.state, month)
        if entry is None:
            return None
        return {"kind": entry["kind"], "base_fen": self._open(entry), "amount_fen": entry["amount_fen"]}

    def decided(
        self, given: Answer, before: Mapping[str, Any] | None, pack: DuesPack, *, billed: str | None
    ) -> Change | None:
        """What becomes of a person's bases; see ``set_base``. The base is sealed from here on."""
        rules.dues_of(given["kind"], given["base_fen"], given["amount_fen"], pack)
        sealed = self._sealed(given["person"], given["base_fen"])
        return rules.set_base({**given, **sealed}, before, pack, billed=billed)

    def _correct(self, base: Document, reason: str, actor: str) -> None:
        """Every bill of the year as this base asks for it; amounts asked before stay in the bills."""
        office, today = self._office, self._office.clock.today()
        of_person = {"person": base.state["person"], "month": of_year(base.state["year"])}
        for bill in office.bills.find(of_person, limit=0):
            given = self.opened_for(base, bill.state["month"])
            if given is None:
                continue
            pack = office.rules_of_month(bill.state["organisation"], bill.state["month"])
            dues = rules.dues_of(**given, pack=pack)
            after = office.bills.change(
                bill.id,
                partial(rules.correct, bill.id, dues=dues, reason=reason, by=actor, on=today),
            )
            more = after.state["assessed_fen"] - bill.state["assessed_fen"]
            entry = ledger.corrected(bill.id, len(after.state["corrections"]), more)
            office.books.post(today, [(bill.state["organisation"], entry)])
        office.audit.append("dues.base_corrected", actor, "person", base.state["person"], reason)

    def _readable(self, actor: str, request: Answer) -> Document:
        found = self._documents.find_one({"_id": base_id(request["person"], request["year"])})
        person = self._office.directory.people.find_one({"_id": request["person"]})
        if found is None or person is None:
            raise NotFound("dues_bases.not_found")
        if actor != person.id and not self._office.access.reads_people(actor, person.state["organisation"]):
            raise NotFound("dues_bases.not_found")
        return found

    def _last_billed(self, person: str, year: int) -> str | None:
        wanted = {"person": person, "month": of_year(year)}
        found = self._office.bills.find(wanted, sort=[("month", -1), ("_id", -1)], limit=1)
        return found[0].state["month"] if found else None

    def _sealed(self, person: str, base_fen: int | None) -> dict[str, str | None]:
        if base_fen is None:
            return {"base_sealed": None, "base_fingerprint": None}
        vault = self._office.vault
        return {
            "base_sealed": vault.seal(FIELD, str(base_fen)),
            # With the person: equal bases of two people are not seen to be equal.
            "base_fingerprint": vault.fingerprint(FIELD, f"{person}:{base_fen}"),
        }

    def _open(self, entry: Answer) -> int | None:
        sealed = entry["base_sealed"]
        return int(self._office.vault.open(FIELD, sealed)) if sealed else None

    def _opened(self, base: Document) -> Answer:
        return _told(base, [{**_entry(each), "base_fen": self._open(each)} for each in base.state["bases"]])

    def _masked(self, base: Document) -> Answer:
        hidden = [
            {**_entry(each), "base_fen": None, "masked": each["base_sealed"] is not None}
            for each in base.state["bases"]
        ]
        return _told(base, hidden)


def of_year(year: int) -> Answer:
    """The months of a year, as a filter."""
    return {"$gte": f"{year}-01", "$lte": f"{year}-12"}


def _entry(entry: Answer) -> Answer:
    return {**{name: entry[name] for name in ("from_month", "kind", "amount_fen")}, "masked": False}


def _told(base: Document, bases: list[dict[str, Any]]) -> Answer:
    told = {name: base.state[name] for name in ("person", "year")}
    return {"id": base.id, "version": base.version, **told, "bases": bases}
