"""Assessments and findings: who may say what of whom. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.grants import denied
from services.contracts.evaluation_assessment_events import (
    AssessmentGiven,
    AssessmentWithdrawn,
    FindingLifted,
    FindingRecorded,
)
from services.evaluation.indicators.model import ORGANISATION, Indicator, Policy

REVIEWERS = (
    "secretary",
    "deputy_secretary",
    "organisation_commissioner",
    "discipline_commissioner",
    "organiser",
    "administrator",
    "inspector",
)
FINDERS = ("discipline_commissioner", "administrator", "inspector")
State = Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """Who is assessed. ``path`` are the ids from the root down to the organisation they are scored at."""

    kind: str
    id: str
    organisation: str
    organisation_kind: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class Reviewer:
    """Who assesses: the organisations of their posts by role, and the path to where they belong."""

    person: str
    posts: tuple[tuple[str, str], ...]
    home: tuple[str, ...] = ()


def interest(reviewer: Reviewer, subject: Subject) -> str | None:
    """Why the reviewer may not judge the subject; None where nothing speaks against it.

    Nobody judges themselves, the organisation they belong to, or one where they hold a post; nor do its
    people below it judge it.
    """
    if reviewer.person == subject.id:
        return "assessment.of_oneself"
    if subject.organisation in reviewer.home:
        return "assessment.of_own_organisation"
    if any(node == subject.organisation for _, node in reviewer.posts):
        return "assessment.of_own_post"
    return None


def require_fit(reviewer: Reviewer, subject: Subject, roles: Collection[str]) -> None:
    """Raises ``Forbidden`` without a post of ``roles`` strictly above the subject, or with an interest."""
    above = subject.path[:-1]
    if not any(role in roles and node in above for role, node in reviewer.posts):
        raise denied(roles, "above")
    found = interest(reviewer, subject)
    if found is not None:
        raise Forbidden(found)


def graded_by_hand(policy: Policy, indicator: str) -> Indicator:
    """The indicator; raises ``Invalid`` unless the policy has it graded by hand."""
    found = policy.indicator(indicator)
    if found is None or found.method != "manual_grade":
        known = [each.id for each in policy.leaves() if each.method == "manual_grade"]
        raise Invalid(
            "assessment.not_by_hand",
            params={"policy": policy.id, "accepted": ", ".join(known)},
            fields={"indicator": ["assessment.not_by_hand"]},
        )
    return found


def give(
    before: State | None,
    *,
    id_: str,
    subject: Subject,
    year: int,
    policy: Policy,
    indicator: Indicator,
    grades: Mapping[str, int],
    comment: str,
    by: str,
    today: date,
) -> Change:
    """What the reviewer says now, in place of what they said before.

    Raises ``Invalid`` unless every criterion of the indicator is graded, and nothing else; or of a year
    that has not begun.
    """
    wanted = {each.id for each in indicator.criteria}
    wrong = {each: ["assessment.unknown_criterion"] for each in sorted(grades.keys() - wanted)}
    wrong |= {each: ["assessment.criterion_lacking"] for each in sorted(wanted - grades.keys())}
    if wrong:
        accepted = ", ".join(each.id for each in indicator.criteria)
        raise Invalid("assessment.criteria", params={"accepted": accepted}, fields={"grades": wrong})
    on = counting_day(year, today)
    assert indicator.measure is not None
    state = {
        "subject_kind": subject.kind,
        "subject": subject.id,
        "organisation": subject.organisation,
        "year": year,
        "indicator": indicator.id,
        "name": indicator.measure.name,
        "policy": policy.id,
        "grades": dict(grades),
        "comment": comment,
        "by": by,
        "on": on,
        "withdrawn": False,
    }
    if before is not None and all(
        before[name] == _plain(state[name]) for name in ("grades", "comment", "withdrawn")
    ):
        return Change(before)
    event = AssessmentGiven.of(
        assessment=id_, name=indicator.measure.name, grades=dict(grades), **_said(state)
    )
    return Change(state, [event])


def withdraw(state: State, id_: str, by: str) -> Change:
    """Take back what one said oneself; raises ``Forbidden`` where it was another."""
    if state["by"] != by:
        raise Forbidden("permission.denied")
    if state["withdrawn"]:
        return Change(state)
    event = AssessmentWithdrawn.of(assessment=id_, name=state["name"], **_said(state))
    return Change({**state, "withdrawn": True}, [event])


def record(
    id_: str,
    *,
    subject: Subject,
    year: int,
    policies: Sequence[Policy],
    name: str,
    found_on: date,
    reason: str,
    document_number: str | None,
    by: str,
    today: date,
) -> Change:
    """Something was established of the subject in ``year``.

    Raises ``Invalid`` for what no policy of the subject counts, or that is of another year or in the future.
    """
    known = sorted({each for policy in policies for each in findings_of(policy)})
    if name not in known:
        raise Invalid(
            "finding.not_counted",
            params={"accepted": ", ".join(known)},
            fields={"name": ["finding.not_counted"]},
        )
    if found_on > today or found_on.year != year:
        raise Invalid("finding.day", params={"year": year}, fields={"found_on": ["finding.day"]})
    state = {
        "subject_kind": subject.kind,
        "subject": subject.id,
        "organisation": subject.organisation,
        "year": year,
        "name": name,
        "found_on": found_on,
        "on": found_on,
        "reason": reason,
        "document_number": document_number,
        "by": by,
        "lifted_on": None,
        "lifted_because": None,
    }
    return Change(state, [FindingRecorded.of(finding=id_, name=name, **_said(state))])


def lift(state: State, id_: str, reason: str, today: date) -> Change:
    """The finding counts no longer; raises ``Conflict`` where it was lifted before."""
    if state["lifted_on"] is not None:
        raise Conflict("finding.is_lifted")
    event = FindingLifted.of(finding=id_, name=state["name"], **_said(state))
    return Change({**state, "lifted_on": today, "lifted_because": reason}, [event])


def findings_of(policy: Policy) -> set[str]:
    """The findings that a policy deducts for, adds for, or vetoes."""
    measures = [each.measure for each in policy.leaves()] + [each.measure for each in policy.vetoes]
    return {each.name for each in measures if each is not None and each.family == "findings"}


def counting_day(year: int, today: date) -> date:
    """The day of ``year`` from which something said today counts; raises ``Invalid`` for a year to come.

    What is said of a year after its end counts from its last day.
    """
    if year > today.year:
        raise Invalid("assessment.year", params={"latest": today.year}, fields={"year": ["assessment.year"]})
    return min(today, date(year, 12, 31))


def is_of_organisation(state: State) -> bool:
    """Whether it was said of the organisation, not of a person."""
    return bool(state["subject_kind"] == ORGANISATION)


def _said(state: State) -> dict[str, Any]:
    on = state["on"]
    return {
        "subject_kind": state["subject_kind"],
        "subject": state["subject"],
        "organisation": state["organisation"],
        "year": state["year"],
        "on": on if isinstance(on, date) else date.fromisoformat(on),
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
