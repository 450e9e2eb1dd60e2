"""The counts that trends are read from: kept as opinions come in, by organisation, month and week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pymongo import UpdateOne

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Documents
from services.chassis.envelope import Event
from services.chassis.store import Record, answering
from services.chassis.transactions import session
from services.feedback.access import Access
from services.feedback.trends import model as rules
from services.feedback.trends.lineage import FEWEST, Cells, Lineage, below
from services.feedback.trends.model import Counted

MONTHS = 12


class Trends:
    """One document per organisation and period, of what was said there and below at that time.

    An opinion is counted on the way from the root to who answered it when it came in. Where an organisation
    moves later, what was said before stays counted where it was. What is about a head is not counted: from
    some who read the counts it is kept, and what they may list beside the count would tell them of it.
    Nothing is read of a month that is not settled, and nothing is counted in one that is.
    """

    def __init__(self, application: Application, opinions: Documents, access: Access) -> None:
        self._opinions = opinions
        self._authority = application.authority
        self._clock = application.clock
        self._access = access
        self._entries = application.database["trend_entries"]
        self._cells = application.database["trend_cells"]

    def fold(self, events: Sequence[Event]) -> None:
        """Count what the events tell; within the transaction that marks them as applied."""
        for event in events:
            told = event.data
            counted = Counted(told["category"], tuple(told.get("topics", ())))
            said = self._opinions.find_one({"_id": told["opinion"]})
            if said is not None and said.state["about_head"]:
                continue
            known = self._entries.find_one({"_id": told["opinion"]}, session=session())
            before = Counted(known["category"], tuple(known["topics"])) if known else None
            if "topics" not in told and before is not None:
                continue  # told of again
            entry = known or self._begun(event)
            changes = rules.recount(date.fromisoformat(entry["on"]), before, counted, self._clock.today())
            if not changes:
                continue
            written = {**entry, "category": counted.category, "topics": list(counted.topics)}
            self._entries.replace_one({"_id": told["opinion"]}, written, upsert=True, session=session())
            self._count(entry, changes)

    def seen(self, organisation: str) -> Record:
        """The table of ``organisation`` and below, to its readers: two questions for each level above it,
        however much was said."""
        self._access.reach(context.actor(), organisation)
        until = rules.told_until(self._clock.today())
        periods = rules.months(until, MONTHS)
        weeks = {week for end in rules.judged(until) for week in rules.weeks(end)}
        rows = rules.table(
            self._pages(organisation, periods),
            self._pages(organisation, sorted(weeks)),
            until,
            count=MONTHS,
        )
        return {
            "organisation": organisation,
            "fewest": FEWEST,
            "months": periods,
            "rows": [
                {
                    "kind": row.mark.partition(":")[0],
                    "id": row.mark.partition(":")[2],
                    "counts": list(row.counts),
                    "total": row.total,
                    "recurring": row.recurring,
                    "burst": {"week": row.burst} if row.burst else None,
                }
                for row in rows
            ],
        }

    def tables(
        self, organisation: str
    ) -> tuple[list[str], list[tuple[str, dict[str, Sequence[int | None]]]]]:
        """The months, and by mark the counts of ``organisation`` and of each directly below it.

        Raises as ``seen``.
        """
        self._access.reach(context.actor(), organisation)
        periods = rules.months(rules.told_until(self._clock.today()), MONTHS)
        pages = self._pages(organisation, periods)
        parts: dict[str, dict[str, Lineage]] = {organisation: {**pages}}
        for period, page in pages.items():
            for part in below(page):
                parts.setdefault(part[0].organisation, {})[period] = part
        return periods, [(each, rules.shown_rows(of_each, periods)) for each, of_each in parts.items()]

    def _begun(self, event: Event) -> Record:
        day = event.time.astimezone(self._clock.zone).date()
        path = self._authority.path(event.data["organisation"])
        return {"_id": event.data["opinion"], "path": path, "on": day.isoformat()}

    def _count(self, entry: Record, changes: dict[str, int]) -> None:
        day = date.fromisoformat(entry["on"])
        written = [
            each
            for period in (rules.month_of(day), rules.week_of(day))
            for each in counted(entry["path"], period, changes)
        ]
        if written:
            self._cells.bulk_write(written, session=session())

    def _pages(self, organisation: str, periods: Sequence[str]) -> dict[str, list[Cells]]:
        """By period the cells of ``organisation`` and of those above it: one question for each level."""
        pages: dict[str, list[Cells]] = {}
        asked = {f"{organisation} {period}": period for period in periods}
        while asked:
            with answering():
                found = list(self._cells.find({"_id": {"$in": list(asked)}}))
            above: dict[str, str] = {}
            for each in found:
                period = asked[each["_id"]]
                node = each["_id"].removesuffix(f" {period}")
                pages.setdefault(period, []).append(Cells(node, each["counts"], each.get("below", {})))
                if each["up"] is not None:
                    above[f"{each['up']} {period}"] = period
            asked = above
        return pages


def counted(path: Sequence[str], period: str, changes: Mapping[str, int]) -> list[UpdateOne]:
    """The writes by which ``changes`` count at each organisation of ``path``, from the root down."""
    written = []
    for at, node in enumerate(path):
        steps = {f"counts.{mark}": step for mark, step in changes.items()}
        if at + 1 < len(path):
            steps |= {f"below.{path[at + 1]}.{mark}": step for mark, step in changes.items()}
        change = {"$inc": steps, "$set": {"up": path[at - 1] if at else None}}
        written.append(UpdateOne({"_id": f"{node} {period}"}, change, upsert=True))
    return written
