"""What every part of dues stands on: where it is kept, which rules count, whose book it is in."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.policies import Pack
from services.chassis.vault import Vault
from services.records.access import Access
from services.records.directory.store import Directory
from services.records.dues.books import Books
from services.records.dues.pack import DuesPack

Answer = dict[str, Any]


class Office:
    """Documents, books and rules of dues."""

    def __init__(
        self, application: Application, directory: Directory, access: Access, packs: list[Pack]
    ) -> None:
        self.database = application.database
        self.directory = directory
        self.access = access
        self.clock: Clock = application.clock
        self.vault: Vault = application.vault
        self.audit: Audit = application.audit
        self.books = Books(application)
        self.bases = application.bundled_documents("dues_bases")
        self.bills = application.bundled_documents("dues_bills")
        self.payments = application.documents("dues_payments")
        self.reliefs = application.documents("dues_reliefs")
        self.deferrals = application.documents("dues_deferrals")
        self.expenditures = application.documents("dues_expenditures")
        self.accounts = application.documents("dues_accounts")
        self._packs = packs
        indexes = application.indexes
        for collection, order in (("dues_bills", "month"), ("dues_payments", "paid_on")):
            for whose in ("person", "organisation"):
                indexes.declare(collection, [(whose, 1), (order, -1), ("_id", -1)])
                indexes.declare(collection, [(whose, 1), ("state", 1), (order, -1), ("_id", -1)])
        indexes.declare("dues_bases", "year")
        indexes.declare("dues_payments", "ahead_of", sparse=True)
        for collection in ("dues_reliefs", "dues_deferrals", "dues_expenditures"):
            indexes.declare(collection, [("organisation", 1), ("asked_on", -1), ("_id", -1)])
            indexes.declare(collection, [("organisation", 1), ("state", 1), ("asked_on", -1), ("_id", -1)])
        indexes.declare("dues_reliefs", [("person", 1), ("state", 1)])
        for collection in ("dues_reliefs", "dues_deferrals"):
            indexes.declare(collection, [("state", 1), ("to_month", 1)])
        self.pack(self.clock.today(), [])  # a pack that cannot be applied is found at start

    def pack(self, day: date, path: list[str]) -> DuesPack:
        """The rules of ``day`` at the organisation of ``path``."""
        return DuesPack.in_force_on(self._packs, day, path)

    def rules_for(self, organisation: str) -> DuesPack:
        """The rules of today."""
        return self.pack(self.clock.today(), self.directory.authority.path(organisation))

    def rules_of_month(self, organisation: str, month: str) -> DuesPack:
        """The rules by which the dues of ``month`` are reckoned, whenever that is: those of its first day."""
        first = date.fromisoformat(f"{month}-01")
        return self.pack(first, self.directory.authority.path(organisation))

    def book_of(self, organisation: str) -> str:
        """Whose book the dues of people there are in: a group's are in its branch's."""
        known = self.directory.authority.node(organisation)
        path = self.directory.authority.path(organisation)
        return path[-2] if known is not None and known.kind == "group" else organisation

    def books_kept(self) -> list[str]:
        """Every organisation that has a book of its own: all that are active but groups."""
        found = self.directory.organisations.find({"active": True}, limit=0)
        return sorted(each.id for each in found if each.state["kind"] != "group")

    def outstanding(self, person: str) -> list[Document]:
        """What a person still owes, oldest first."""
        return self.bills.find({"person": person, "state": "due"}, sort=[("month", 1), ("_id", 1)], limit=0)

    def require_known_to(self, actor: str, document: Document, code: str) -> None:
        """Raises ``NotFound(code)`` unless ``document`` is the actor's own or within reach of a post."""
        if document.state.get("person") == actor:
            return
        if not self.access.reads_people(actor, document.state["organisation"]):
            raise NotFound(code)


def shown(document: Document) -> Answer:
    """A document as its readers see it."""
    return {"id": document.id, "version": document.version, **document.state}


def as_decided(change: Change, state: Answer) -> Change:
    """``change``, which was decided on the state that this transaction read."""
    return change
