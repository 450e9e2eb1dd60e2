"""Policies, drafts of them and what trials found, as they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis.documents import Document
from services.evaluation.indicators.model import Policy
from services.evaluation.scores.model import in_points

Answer = dict[str, Any]


def draft_shown(document: Document) -> Answer:
    """A draft, and what came of trying it."""
    state = document.state
    outcome = state["outcome"]
    return {
        "id": document.id,
        "version": document.version,
        **{
            name: state[name]
            for name in (
                "policy",
                "title",
                "subject_kind",
                "kinds",
                "text",
                "digest",
                "state",
                "year",
                "done",
                "total",
            )
        },
        "effective_from": _day(state["effective_from"]),
        "drafted_on": _day(state["drafted_on"]),
        "outcome": outcome and {**outcome, "mean_change": in_points(outcome["mean_change"])},
    }


def difference_shown(state: Mapping[str, Any]) -> Answer:
    """What somebody is worth now and would be under the draft."""
    now = state["points"]
    return {
        "subject": state["subject"],
        "organisation": state["organisation"],
        "points": None if now is None else in_points(now),
        "band": state["band"],
        "points_then": in_points(state["points_then"]),
        "band_then": state["band_then"],
        "change": in_points(state["points_then"] - (now or 0)),
    }


def policy_shown(policy: Policy) -> Answer:
    """By what a policy in force measures."""
    return {
        "policy": policy.id,
        "title": policy.title,
        "issuer": policy.issuer,
        "sample": policy.sample,
        "subject_kind": policy.subject,
        "kinds": list(policy.kinds),
        "effective_from": policy.effective_from,
        "effective_to": policy.effective_to,
        "indicators": [
            {
                "indicator": each.id,
                "title": dict(each.title),
                "article": each.article,
                "weight": in_points(each.weight),
                "criteria": [
                    {"criterion": graded.id, "title": dict(graded.title), "percent": graded.weight}
                    for graded in each.criteria
                ],
            }
            for each in policy.leaves()
        ],
        "bands": [
            {"band": each.name, "title": dict(each.title), "least": in_points(each.least)}
            for each in policy.bands
        ],
    }


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
