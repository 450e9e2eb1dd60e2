"""What belongs to an organisation's year, in which order, and where it stands in the pack. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.chassis.sheets.model import COUNT, DAY, TEXT
from services.records.exports.model import ORGANISATION, WORD, Column

BOOK = "records.xlsx"
MOST_BYTES = 2 * 1024**3  # of all attachments: a pack is one file, and fits where people carry it
MOST_NAME = 100
MOST_ENDING = 10
_FORBIDDEN = frozenset('/\\:*?"<>|')
Query = dict[str, Any]


def _of_year(organisation: str, year: int) -> list[Query]:
    return [{"organisation": organisation, "year": year}]


def _of_organisation(organisation: str, year: int) -> list[Query]:
    return [{"organisation": organisation}]


def _published(organisation: str, year: int) -> list[Query]:
    return [{"organisation": organisation, "state": state} for state in ("published", "withdrawn")]


def _within_days(organisation: str, year: int) -> list[Query]:
    return [{"organisation": organisation, "since": f"{year}-01-01", "until": f"{year}-12-31"}]


def _by_month(organisation: str, year: int) -> list[Query]:
    return [{"organisation": organisation, "month": f"{year}-{month:02}"} for month in range(1, 13)]


@dataclass(frozen=True)
class Part:
    """A sheet of the pack: a list that can be exported, asked for one organisation and year.

    Where the list knows no years, ``day`` names the field by which its items belong to one. Of what goes on
    (``lasts``), everything counts that was there for a day of it.
    """

    name: str
    queries: Callable[[str, int], list[Query]]
    day: str | None = None
    lasts: bool = False

    def keeps(self, item: Mapping[str, Any], year: int) -> bool:
        """Whether an item belongs to ``year``."""
        if self.lasts:
            until = item["until"]
            return bool(item["since"] <= f"{year}-12-31" and (until is None or until >= f"{year}-01-01"))
        return self.day is None or str(item[self.day])[:4] == str(year)


PARTS = (
    Part("posts", _of_organisation, lasts=True),
    Part("people", _of_organisation),
    Part("memberships", _within_days),
    Part("transfers", _of_organisation, day="asked_on"),
    Part("elections", _of_organisation, day="held_on"),
    Part("activities", _within_days),
    Part("plans", _of_year),
    Part("tasks", _of_organisation, day="due_on"),
    Part("dues_bills", _by_month),
    Part("dues_payments", _of_organisation, day="paid_on"),
    Part("dues_reliefs", _of_organisation, day="asked_on"),
    Part("dues_expenditures", _of_organisation, day="asked_on"),
    Part("dues_accounts", _of_year),
    Part("dossiers", _of_organisation),
    Part("training_hours", _of_year),
    Part("bulletins", _published, day="published_on"),
)
MINUTES = (
    Column("organisation", ORGANISATION, "column.organisation"),
    Column("held_on", DAY, "column.held_on"),
    Column("kind", WORD, "column.kind", "kind"),
    Column("title", TEXT, "column.title"),
    Column("minutes", TEXT, "column.record"),
    Column("decided", TEXT, "column.decisions"),
    Column("files", TEXT, "column.attachments"),
)
REPORTS = (
    Column("organisation", ORGANISATION, "column.organisation"),
    Column("period", TEXT, "column.period"),
    Column("duty", WORD, "column.duty", "word.duty"),
    Column("count", COUNT, "column.people"),
)


def quarters(year: int, today: str) -> list[str]:
    """The quarters of ``year`` that have begun by ``today``."""
    begun = [number for number in (1, 2, 3, 4) if f"{year}-{3 * number - 2:02}-01" <= today]
    return [f"{year}-Q{number}" for number in begun]


def attachment_path(activity: str, held_on: str, number: int, name: str) -> str:
    """Where the attachment of an activity stands: by day, activity and place in its list.

    ``name`` is as its sender called it: what some system does not take in a name is replaced, and the
    ending stays.
    """
    named = _named(name)
    stem, dot, ending = named.rpartition(".")
    if dot and stem and len(ending) <= MOST_ENDING:
        named = f"{_named(stem[: MOST_NAME - MOST_ENDING])}.{ending}"
    return f"attachments/{held_on} {_named(activity[-12:])}/{number:02} {_named(named[:MOST_NAME])}"


def _named(text: str) -> str:
    named = "".join("_" if each in _FORBIDDEN or not each.isprintable() else each for each in text)
    return named.strip(" .") or "_"
