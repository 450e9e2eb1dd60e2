"""Editing a scoring policy: a draft, tried on a year's evidence, then activated. Pure decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.contracts.evaluation_rating_events import PolicyActivated
from services.evaluation.indicators.model import Policy
from services.evaluation.scores.model import Breakdown

DRAFT, TRYING, TRIED, ACTIVE = "draft", "trying", "tried", "active"
State = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """What a subject is worth under the policy in force and would be under the draft, in hundredths."""

    subject: str
    organisation: str
    points: int | None
    band: str | None
    points_then: int
    band_then: str

    @property
    def change(self) -> int:
        return self.points_then - (self.points or 0)


def difference(subject: str, organisation: str, now: Breakdown | None, then: Breakdown) -> Difference:
    """The two scores of one subject beside each other."""
    return Difference(
        subject, organisation, now.points if now else None, now.band if now else None, then.points, then.band
    )


def draft(policy: Policy, text: str, by: str, today: date) -> State:
    """A policy that nobody is scored by yet."""
    return {
        "policy": policy.id,
        "title": policy.title,
        "subject_kind": policy.subject,
        "kinds": list(policy.kinds),
        "effective_from": policy.effective_from,
        "text": text,
        "digest": digest(text),
        "by": by,
        "drafted_on": today,
        "state": DRAFT,
        "year": None,
        "done": 0,
        "total": None,
        "outcome": None,
    }


def try_on(state: State, year: int) -> Change:
    """Begin to try the draft on the evidence of ``year``; raises ``Conflict`` while it is, or once active."""
    if state["state"] in (TRYING, ACTIVE):
        raise Conflict(f"policy.is_{state['state']}")
    return Change({**state, "state": TRYING, "year": year, "done": 0, "total": None, "outcome": None})


def reached(state: State, done: int, total: int) -> Change | None:
    """How far the trial is; None where it is no longer tried."""
    return Change({**state, "done": done, "total": total}) if state["state"] == TRYING else None


def tried(state: State, outcome: Mapping[str, Any]) -> Change | None:
    """What came of it; None where it is no longer tried."""
    if state["state"] != TRYING:
        return None
    return Change({**state, "state": TRIED, "outcome": dict(outcome)})


def activate(
    state: State, policy: Policy, *, replaces: Policy | None, today: date, frozen: frozenset[int]
) -> Change:
    """The draft comes into force on its day.

    Raises ``Conflict`` unless it was tried, ``Invalid`` where it would begin before this year, or in or
    before a year that a rating has closed: what is frozen is not scored anew.
    """
    if state["state"] != TRIED:
        raise Conflict(f"policy.is_{state['state']}")
    since = policy.effective_from
    if since < date(today.year, 1, 1):
        raise _wrong("policy.too_early", first=date(today.year, 1, 1).isoformat())
    if any(year >= since.year for year in frozen):
        raise _wrong("policy.year_is_closed", year=max(frozen))
    event = PolicyActivated.of(
        policy=policy.id,
        subject_kind=policy.subject,
        kinds=list(policy.kinds),
        effective_from=since,
        replaces=replaces.id if replaces else None,
    )
    return Change({**state, "state": ACTIVE}, [event])


def digest(text: str) -> str:
    """SHA-256 of a policy's text: what was tried is what is activated."""
    return hashlib.sha256(text.encode()).hexdigest()


def _wrong(code: str, **params: Any) -> Invalid:
    return Invalid(code, params=params, fields={"text": [code]})
