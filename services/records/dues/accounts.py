"""The accounts of a year: totals of one organisation's book, opened to its members once published."""

from __future__ import annotations

from services.chassis import context
from services.chassis.errors import Conflict, NotFound
from services.chassis.identity import derived_id
from services.contracts.records_events import DuesAccountsPublished
from services.records.dues import ledger
from services.records.dues.office import Answer, Office


class Accounts:
    """A year's totals: as they stand for posts there or above, as published for members."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._documents = office.accounts

    def get(self, request: Answer) -> Answer:
        """The accounts of a year; to a member without a post only once published."""
        office, actor = self._office, context.actor()
        node = office.directory.organisation_named_in("organisation", request["organisation"]).id
        published = self._documents.find_one({"_id": accounts_id(node, request["year"])})
        if office.access.reads_people(actor, node):
            standing = self._standing(node, request["year"])
            return {**standing, "published_on": published.state["published_on"] if published else None}
        if published is None or not office.access.reads_activities(actor, node):
            raise NotFound("dues_accounts.not_found")
        return published.state

    def publish(self, request: Answer) -> Answer:
        """Freeze the year and open it to the members, once; from December on."""
        office, actor, today = self._office, context.actor(), self._office.clock.today()
        node = office.directory.organisation_named_in("organisation", request["organisation"]).id
        office.access.require_writer(actor, node)
        year = request["year"]
        if today.isoformat()[:7] < f"{year}-12":
            latest = today.year if today.month == 12 else today.year - 1
            pack = office.rules_for(node)
            raise pack.refusal("accounts_months", "dues_accounts.year_unfit", "year", f"… {latest}")
        if office.books.recounted(node, year) != office.books.accounts(node, year):
            raise Conflict("dues.not_balanced")
        state = {**self._standing(node, year), "published_on": today}
        told = DuesAccountsPublished.of(organisation=node, year=year, published_on=today)
        opened = self._documents.create(
            accounts_id(node, year), state, [told], respond=lambda document: document.state
        )
        return opened.response or {}

    def _standing(self, node: str, year: int) -> Answer:
        office = self._office
        accounts = office.books.accounts(node, year)
        if not ledger.sums_to_zero(accounts):
            raise Conflict("dues.not_balanced")
        opening, cash = office.books.cash(node, before=year), accounts.get(ledger.CASH, 0)
        mark = f"{ledger.SPENT}:"
        spent = {name.removeprefix(mark): fen for name, fen in accounts.items() if name.startswith(mark)}
        return {
            "organisation": node,
            "year": year,
            "opening_cash_fen": opening,
            "assessed_fen": -accounts.get(ledger.ASSESSED, 0),
            "relieved_fen": accounts.get(ledger.RELIEVED, 0),
            "received_fen": cash + sum(spent.values()),
            "spent_fen": spent,
            "closing_cash_fen": opening + cash,
        }


def accounts_id(organisation: str, year: int) -> str:
    """One publication an organisation and year."""
    return derived_id("dues accounts", organisation, str(year))
