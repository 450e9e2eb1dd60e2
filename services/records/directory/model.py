"""Rules of the tree: which organisation may stand where, and what a change of one makes. No I/O.

States are as the store keeps them: dates are ISO texts. Each change of these aggregates says one event
with the whole state, so a document's version is also the sequence of its last event.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.contract import Change, NewEvent
from services.chassis.errors import Conflict, Invalid
from services.contracts.records_events import OrganisationChanged
from services.records.directory.naming import spelled

State = Mapping[str, Any]

PARENT_KINDS: Mapping[str, frozenset[str]] = {
    "university_committee": frozenset(),
    "secondary": frozenset({"university_committee"}),
    "branch": frozenset({"university_committee", "secondary"}),
    "group": frozenset({"branch"}),
}
ORGANISATION_FIELDS = (
    "code",
    "name",
    "kind",
    "parent",
    "path",
    "has_committee",
    "has_leading_group",
    "founded_on",
    "external_id",
    "active",
)


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _iso(value: date | str | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def check_name(code: str, name: str) -> None:
    """No name is a formula to a spreadsheet into which somebody exports it."""
    if unicodedata.normalize("NFKC", name).lstrip()[:1] in ("=", "+", "-", "@"):
        raise Invalid.at("name", code)


# -- organisations ---------------------------------------------------------------------------------


def found_organisation(subject: str, given: State, parent: tuple[str, State] | None, today: date) -> Change:
    """A new organisation below ``parent`` (its id and state); none for the one root.

    Raises ``Invalid``: ``organisation.misplaced``, ``organisation.parent_inactive``,
    ``organisation.founded_in_future``, ``organisation.name_unfit``.
    """
    founded_on = _iso(given["founded_on"])
    state: dict[str, Any] = {
        "has_committee": False,
        "has_leading_group": False,
        "external_id": None,
        "active": True,
        **{name: given[name] for name in ORGANISATION_FIELDS if name in given},
        "parent": parent[0] if parent else None,
        "path": [*(parent[1]["path"] if parent else ()), subject],
        "founded_on": founded_on,
        "since": founded_on,
        "edition": 1,
        "successors": [],
        "dissolved_on": None,
        "committee_elected_on": None,
        "committee_due_on": None,
    }
    check_name("organisation.name_unfit", state["name"])
    _check_place(state["kind"], parent[1] if parent else None)
    _check_founded(state, today)
    return _organisation_changed(subject, state)


def effective_day(on: date | None, today: date, *since: str) -> date:
    """The day from which a change counts, ``today`` where none is named.

    It is not before any day of ``since``: the present editions of all that changes begin there. Raises
    ``Invalid("organisation.effective_unfit")`` with the days that would be accepted.
    """
    earliest, day = max(since), on or today
    if not earliest <= day.isoformat() <= today.isoformat():
        raise Invalid.at(
            "effective_on", "organisation.effective_unfit", accepted=f"{earliest} … {today.isoformat()}"
        )
    return day


def change_organisation(
    subject: str,
    before: State,
    given: State,
    today: date,
    *,
    on: date | None = None,
    parent: tuple[str, State] | None = None,
) -> Change | None:
    """``before`` with ``given``, and below another ``parent`` where one is named; None where it is so.

    What changes counts from ``on`` (see ``effective_day``), else from today. Descendants follow by
    ``follow``. Raises ``Conflict("organisation.dissolved")``, ``Invalid`` as ``found_organisation``,
    ``organisation.root_stays``, and ``organisation.cycle`` where the new parent is the organisation itself
    or below it.
    """
    state = {**before, **given}
    state["founded_on"] = _iso(state["founded_on"])
    if parent is not None and before["parent"] != parent[0]:
        if before["parent"] is None:
            raise Invalid.at("parent", "organisation.root_stays")
        if subject in parent[1]["path"]:
            raise Invalid.at("parent", "organisation.cycle")
        _check_place(before["kind"], parent[1])
        state |= {"parent": parent[0], "path": [*parent[1]["path"], subject]}
    if state == before:
        return None
    if before["dissolved_on"] is not None:
        raise Conflict("organisation.dissolved", params={"dissolved_on": before["dissolved_on"]})
    if state["name"] != before["name"]:
        check_name("organisation.name_unfit", state["name"])
    _check_founded(state, today)
    if before["parent"] is None and not state["active"]:
        raise Invalid.at("active", "organisation.root_stays")
    return _revised(subject, state, on or today)


def follow(subject: str, before: State, parent: tuple[str, State], on: date) -> Change | None:
    """``before`` with the path that its (moved) parent gives it; None where that is its path already."""
    path = [*parent[1]["path"], subject]
    if before["parent"] == parent[0] and before["path"] == path:
        return None
    return _revised(subject, {**before, "parent": parent[0], "path": path}, on)


def dissolve(subject: str, before: State, *, on: date, successors: Sequence[str] = ()) -> Change | None:
    """An organisation that is no more from ``on`` on, and stays readable; None where it was dissolved.

    ``successors``: where its members went. Raises ``Invalid("organisation.root_stays")``.
    """
    if before["dissolved_on"] is not None:
        return None
    if before["parent"] is None:
        raise Invalid.at("organisation", "organisation.root_stays")
    ended = {"active": False, "dissolved_on": on.isoformat(), "successors": list(successors)}
    return _revised(subject, {**before, **ended}, on)


def seat_committee(subject: str, before: State, *, elected_on: str, due_on: str) -> Change | None:
    """The committee in office: when it was elected, and until when it is elected. No new edition."""
    seated = {"committee_elected_on": elected_on, "committee_due_on": due_on}
    if all(before[name] == day for name, day in seated.items()):
        return None
    return _organisation_changed(subject, {**before, **seated})


def _check_place(kind: str, parent: State | None) -> None:
    allowed = PARENT_KINDS[kind]
    if (parent is None) != (not allowed) or (parent is not None and parent["kind"] not in allowed):
        raise Invalid.at("parent", "organisation.misplaced", accepted=", ".join(sorted(allowed)) or "–")
    if parent is not None and not parent["active"]:
        raise Invalid.at("parent", "organisation.parent_inactive", accepted="active")


def _check_founded(state: State, today: date) -> None:
    if _day(state["founded_on"]) > today:
        raise Invalid.at("founded_on", "organisation.founded_in_future", accepted=f"… {today.isoformat()}")


def _revised(subject: str, state: State, on: date) -> Change:
    """``state`` as a new edition, which counts from ``on``."""
    return _organisation_changed(subject, {**state, "since": on.isoformat(), "edition": state["edition"] + 1})


def _organisation_changed(subject: str, state: State) -> Change:
    return Change({**state, **spelled(state["name"])}, [organisation_event(subject, state)])


def organisation_event(subject: str, state: State) -> NewEvent:
    """The event that carries the whole ``state``."""
    days = ("founded_on", "since", "dissolved_on", "committee_elected_on", "committee_due_on")
    return OrganisationChanged.of(
        organisation=subject,
        successors=list(state["successors"]),
        **{
            **{name: state[name] for name in ORGANISATION_FIELDS},
            **{name: _day(state[name]) if state[name] else None for name in days},
        },
    )


def require_open(organisations: Iterable[State]) -> None:
    """Raises ``Conflict("organisation.inactive")`` where one of ``organisations`` is closed."""
    if not all(each["active"] for each in organisations):
        raise Conflict("organisation.inactive", params={"accepted": "active"})


def refuse_taken(field: str, code: str) -> Conflict:
    """What is said where a unique ``field`` belongs to another."""
    return Conflict.at(field, code)
