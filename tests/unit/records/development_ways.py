"""A way through development for the tests of its rules: a dossier walked up to any step, on stated days."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from services.chassis.policies import load_all
from services.chassis.working_days import WorkingDays
from services.records.development import model
from services.records.development.rulebook import RuleBook
from services.records.development.steps import BY_ID, STEPS
from services.records.development.verdict import Facts

FOLDER = Path(__file__).parents[3] / "services" / "records" / "policies"
PACKS = load_all(FOLDER, "development-*.yaml")
BOOK = RuleBook(PACKS)
TODAY = date(2030, 1, 1)
PAPERS = BOOK.on(TODAY)["materials"].value


class Weekdays:
    """Monday to Friday: a calendar without holidays."""

    def between(self, first: date, last: date) -> WorkingDays:
        days = range((last - first).days + 1)
        return WorkingDays(sum((first + timedelta(days=each)).weekday() < 5 for each in days))


FACTS = Facts(Weekdays(), frozenset({"anna", "bert", "carl"}))
VOTE = {"entitled": 15, "present": 15, "written": 0, "in_favour": 15, "secret": True}
# A way without a single warning under the rules of 2026.
DAYS = {
    "application": date(2026, 6, 1),
    "talk": date(2026, 6, 15),
    "activist_decision": date(2026, 7, 1),
    "activist_filing": date(2026, 7, 2),
    "contacts": date(2026, 7, 2),
    "cultivation_check": date(2027, 1, 1),
    "candidate_decision": date(2027, 7, 1),
    "candidate_filing": date(2027, 7, 2),
    "introducers": date(2027, 7, 2),
    "political_review": date(2027, 8, 1),
    "training": date(2027, 8, 10),
    "committee_review": date(2027, 8, 20),
    "pre_review": date(2027, 9, 1),
    "volunteer_book": date(2027, 9, 2),
    "branch_meeting": date(2027, 9, 10),
    "talk_above": date(2027, 9, 12),
    "approval": date(2027, 9, 20),
    "filing_above": date(2027, 9, 25),
    "join_branch": date(2027, 9, 26),
    "oath": date(2027, 10, 1),
    "continued_check": date(2028, 3, 10),
    "full_application": date(2028, 9, 1),
    "full_meeting": date(2028, 9, 10),
    "full_approval": date(2028, 10, 1),
    "archive": date(2028, 10, 10),
}
_WITH: dict[str, dict[str, Any]] = {
    "contacts": {"people": ["anna"]},
    "candidate_decision": {
        "publicity_since": date(2027, 6, 21),
        "publicity_until": date(2027, 6, 25),
    },
    "introducers": {"people": ["anna", "bert"]},
    "training": {"training_days": 3, "training_hours": 0},
    "branch_meeting": {"vote": VOTE},
    "full_meeting": {"vote": VOTE},
}


def intended(step: str, on: date | None = None, **more: Any) -> dict[str, Any]:
    """A step as it should be, unless ``more`` says otherwise."""
    known = BY_ID[step]
    return {
        "step": step,
        "on": on or DAYS[step],
        "outcome": "pass" if known.outcomes else None,
        "materials": PAPERS.get(step, []),
        **_WITH.get(step, {}),
        **more,
    }


def opened(on: date | None = None, born_on: date = date(2000, 1, 1)) -> dict[str, Any]:
    given = {**intended("application", on), "person": "nora", "born_on": born_on, "political_status": "none"}
    change = model.open_dossier("d", given, "branch", BOOK, FACTS, by="secretary", today=TODAY)
    return dict(change.state)


def walked(
    until: str, before: dict[str, Any] | None = None, days: dict[str, date] | None = None
) -> dict[str, Any]:
    """A dossier with every step before ``until`` on its day, ``days`` first."""
    days = days or {}
    dossier = before or opened(days.get("application"))
    for step in STEPS[1:]:
        if step.id == until:
            break
        dossier = recorded(dossier, intended(step.id, days.get(step.id)))
    return dossier


def recorded(dossier: dict[str, Any], step: dict[str, Any], today: date = TODAY) -> dict[str, Any]:
    return dict(model.record("d", dossier, step, BOOK, FACTS, by="secretary", today=today).state)
