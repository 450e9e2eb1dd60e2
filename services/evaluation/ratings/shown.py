"""Ratings, entries and appeals as they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis.documents import Document
from services.evaluation.ratings.model import final_band, final_points
from services.evaluation.scores.model import in_points

Answer = dict[str, Any]


def rating_shown(rating: Document) -> Answer:
    """A rating, without its entries."""
    state = rating.state
    names = ("organisation", "subject_kind", "kind", "year", "policy", "state", "rated", "digest")
    days = ("closed_on", "published_on", "appeals_until")
    return {
        "id": rating.id,
        "version": rating.version,
        **{name: state[name] for name in names},
        **{name: _day(state[name]) for name in days},
    }


def entry_shown(entry: Document) -> Answer:
    """What one subject got, with the decision and the corrections beside it."""
    state = entry.state
    names = ("rating", "subject", "organisation", "earned", "band", "capped", "tied", "evidence_digest")
    decision = state["decision"]
    return {
        **{name: state[name] for name in names},
        "points": in_points(state["points"]),
        "decision": decision and {**decision, "on": _day(decision["on"])},
        "corrections": [_correction(each) for each in state["corrections"]],
        "final_band": final_band(state),
        "final_points": in_points(final_points(state)),
    }


def appeal_shown(appeal: Document) -> Answer:
    """An appeal with its answer; who answered is on record, and not shown."""
    state = appeal.state
    names = ("rating", "subject", "organisation", "text", "state", "answer")
    days = ("filed_on", "answer_until", "answered_on")
    return {
        "id": appeal.id,
        "version": appeal.version,
        **{name: state[name] for name in names},
        **{name: _day(state[name]) for name in days},
    }


def public_shown(entry: Document, year: int) -> Answer:
    """What everybody may read of an organisation's result."""
    return {
        "organisation": entry.state["organisation"],
        "year": year,
        "band": final_band(entry.state),
        "points": in_points(final_points(entry.state)),
    }


def _correction(correction: Mapping[str, Any]) -> Answer:
    return {
        "points": in_points(correction["points"]),
        "on": _day(correction["on"]),
        **{name: correction[name] for name in ("band", "reason", "evidence_digest")},
    }


def _day(value: Any) -> date | None:
    return value if value is None or isinstance(value, date) else date.fromisoformat(value)
