"""The life of a dossier: opened with the application, step after step, moved, ended. No I/O.

States are as the store keeps them: dates are ISO texts. An entry is never edited: the level above may strike
the newest one out, with a reason, and it stays where it is. What was earned belongs to the person: a dossier
that moves takes every day of it along.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.contracts.records_events.development import (
    DossierClosed,
    DossierMoved,
    DossierOpened,
    StepRecorded,
    StepStruck,
)
from services.records.development import materials
from services.records.development.history import History
from services.records.development.rulebook import RuleBook
from services.records.development.steps import BY_ID, STEPS
from services.records.development.verdict import Facts, Finding, judge

State = Mapping[str, Any]
_KEPT = (
    "people",
    "publicity_since",
    "publicity_until",
    "training_days",
    "training_hours",
    "special",
    "extension_months",
    "vote",
    "activity",
    "materials",
    "attachments",
    "reference",
    "comment",
)


def open_dossier(
    subject: str, given: State, organisation: str, book: RuleBook, facts: Facts, *, by: str, today: date
) -> Change:
    """A new dossier with its first step, the application. ``given``: ``person``, ``born_on``, ``on``,
    ``materials``, ``political_status``. Raises as ``record`` does, and ``Invalid("development.is_member")``.
    """
    born_on: date = given["born_on"]
    if given["political_status"] == "member":
        raise Invalid.at("person", "development.is_member", accepted=", ".join(_RANKS[:-1]))
    if born_on >= today:
        raise Invalid.at("born_on", "development.born_in_future", latest=today.isoformat())
    blank = {
        "person": given["person"],
        "organisation": organisation,
        "born_on": born_on.isoformat(),
        "entries": [],
        "moves": [],
        "slot": given["person"],
        **_standing([]),
        "state": "open",
        "closed_for": None,
    }
    intended = {**given, "step": "application", "outcome": None}
    written = record(subject, blank, intended, book, facts, by=by, today=today)
    opened = DossierOpened.of(
        dossier=subject, person=given["person"], organisation=organisation, on=given["on"]
    )
    return Change(written.state, [opened, *written.events])


def record(
    subject: str, before: State, intended: State, book: RuleBook, facts: Facts, *, by: str, today: date
) -> Change:
    """``before`` with one step more, as it was decided; warnings are kept beside it.

    Raises ``Conflict("development.closed")``, ``Invalid`` for a day to come, for an outcome that is none of
    the step's, for a file that is none of its papers, and for the first finding that blocks, whose params
    name rule, pack, article and what would be accepted; all findings are in ``findings`` of the params.
    """
    step, on = BY_ID[intended["step"]], intended["on"]
    if before["state"] != "open" and not (before["state"] in _ENDED and step.id == "archive"):
        raise _closed(before)
    if on > today:
        raise Invalid.at("on", "development.in_future", latest=today.isoformat())
    outcome = intended.get("outcome")
    if (outcome is None) != (not step.outcomes) or (outcome is not None and outcome not in step.outcomes):
        raise Invalid.at("outcome", "development.outcome_unfit", accepted=", ".join(step.outcomes) or "–")
    rulings = book.on(on)
    materials.require_known(intended, rulings)
    found = judge(History(before), intended, rulings, facts)
    refuse(found)
    entry = {
        "step": step.id,
        "on": on.isoformat(),
        "outcome": outcome,
        **{name: _plain(intended[name]) for name in _KEPT if intended.get(name) not in (None, [], False)},
        "recorded_on": today.isoformat(),
        "by": by,
        "organisation": before["organisation"],
        "packs": sorted({ruling.pack.id for ruling in rulings.values()}),
        "warnings": [told(finding) for finding in found],
        "struck": None,
    }
    entries = [*before["entries"], entry]
    state = {**before, "entries": entries, **_standing(entries)}
    ending = History(state).ending
    if ending is not None and state["state"] == "open":
        state["state"] = ending
    if state["state"] in _ENDED and (ending == "cancelled" or step.id == "archive"):
        state.pop("slot", None)
    happened = StepRecorded.of(
        dossier=subject,
        person=state["person"],
        organisation=state["organisation"],
        step=step.id,
        number=step.number,
        on=on,
        outcome=outcome,
        packs=entry["packs"],
        state=state["state"],
    )
    return Change(state, [happened])


_ENDED = frozenset({"full", "cancelled"})


def refuse(found: list[Finding]) -> None:
    """Raise the first finding that blocks, if there is one."""
    blocking = [finding for finding in found if finding.hardness == "block"]
    if not blocking:
        return
    first = blocking[0]
    params = {**first.params, "rule": first.rule, "pack": first.pack, "article": first.article}
    raise Invalid.at(first.at, first.code, **params, findings=[told(finding) for finding in found])


def told(finding: Finding) -> dict[str, Any]:
    """A finding as it is kept and sent."""
    return {
        "code": finding.code,
        "rule": finding.rule,
        "hardness": finding.hardness,
        "pack": finding.pack,
        "article": finding.article,
        "at": finding.at,
        "params": dict(finding.params),
    }


def strike(subject: str, before: State, *, reason: str, by: str, today: date) -> Change:
    """The newest step recorded by mistake does not count; it stays, marked with who struck it and why.

    Raises ``Conflict("development.nothing_to_strike")`` for the application, which the dossier stands on,
    ``Conflict("development.closed")`` where the dossier was closed without an ending.
    """
    if before["state"] == "closed":
        raise _closed(before)
    entries = [dict(entry) for entry in before["entries"]]
    newest = next(entry for entry in reversed(entries) if entry["struck"] is None)
    if newest["step"] == "application":
        raise Conflict("development.nothing_to_strike", params={"accepted": "talk … archive"})
    newest["struck"] = {"by": by, "on": today.isoformat(), "reason": reason}
    state = {**before, "entries": entries, **_standing(entries), "slot": before["person"]}
    state["state"] = History(state).ending or "open"
    event = StepStruck.of(
        dossier=subject,
        person=before["person"],
        organisation=before["organisation"],
        step=newest["step"],
        number=BY_ID[newest["step"]].number,
        on=date.fromisoformat(newest["on"]),
    )
    return Change(state, [event])


def move(subject: str, before: State, organisation: str, *, by: str, today: date) -> Change | None:
    """The dossier follows its person to another organisation with all that was earned; None where it is."""
    if organisation == before["organisation"]:
        return None
    if "slot" not in before:
        raise _closed(before)
    moved = {"on": today.isoformat(), "left": before["organisation"], "joined": organisation, "by": by}
    state = {**before, "organisation": organisation, "moves": [*before["moves"], moved]}
    event = DossierMoved.of(
        dossier=subject,
        person=before["person"],
        organisation=organisation,
        before=before["organisation"],
        on=today,
    )
    return Change(state, [event])


def close(subject: str, before: State, *, reason: str, today: date) -> Change:
    """The way ends without membership, by a decision of people: a new dossier may be opened later."""
    if before["state"] != "open":
        raise _closed(before)
    state = {**before, "state": "closed", "closed_for": reason}
    state.pop("slot", None)
    event = DossierClosed.of(
        dossier=subject,
        person=before["person"],
        organisation=before["organisation"],
        reason=reason,
        on=today,
    )
    return Change(state, [event])


_RANKS = ("none", "applicant", "activist", "candidate", "probationary", "member")
# The step that makes somebody what they are, and the one from whose day they are it: an approval makes
# probationary from the branch meeting on, with which the probation begins.
_REACHED = (
    ("approval", "branch_meeting", "probationary"),
    ("candidate_decision", "candidate_decision", "candidate"),
    ("activist_decision", "activist_decision", "activist"),
    ("application", "application", "applicant"),
)


def status_after(before: State | None, after: State, status: str) -> tuple[str, date] | None:
    """What a change of the dossier makes of the directory's ``status``, and from which day on; None where it
    changes nothing.

    What people decided and recorded raises it. It falls, by a cancelled probation or a step struck out, only
    where the directory says what the dossier said before: what is otherwise known of a person stays.

    It counts from the day of the step, whenever that is recorded: probationary from the branch meeting that
    admitted (the probation's beginning, 中办发〔2014〕33号 and its revision of 2026, 第三十一条); full
    membership, and the end of a cancelled probation, from the approval. What is struck out is undone from
    that same day on.
    """
    was, until_then = _reached(before) if before is not None else ("none", date.min)
    now, day = _reached(after)
    if now in (was, status):
        return None
    rises = _RANKS.index(now) > _RANKS.index(status)
    return (now, max(day, until_then)) if rises or status == was else None


def _reached(dossier: State) -> tuple[str, date]:
    """What a dossier makes of its person, and since when."""
    history = History(dossier)
    if history.ending is not None:
        return {"full": "member", "cancelled": "none"}[history.ending], _day(history, "full_approval")
    return next(
        (status, _day(history, since)) for step, since, status in _REACHED if history.done(step) is not None
    )


def _day(history: History, step: str) -> date:
    return history.done(step) or date.min


def _standing(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Where a dossier stands: the furthest step that counts."""
    numbers = [BY_ID[entry["step"]].number for entry in entries if entry["struck"] is None]
    furthest = max(numbers, default=1)
    return {"number": furthest, "stage": STEPS[furthest - 1].stage}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _closed(before: State) -> Conflict:
    return Conflict("development.closed", params={"state": before["state"], "accepted": "open"})
