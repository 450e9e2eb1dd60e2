"""Rules of people: what is known of a person, and what a change of it makes. No I/O.

States are as the store keeps them: dates are ISO texts. What is sealed is given with its fingerprint.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Invalid
from services.contracts.records_events import PersonChanged
from services.records.directory.codes import kept_code
from services.records.directory.model import check_name
from services.records.membership import model as membership

State = Mapping[str, Any]

SEALED = ("phone", "id_number")
ID_NUMBER_SLOT = "id_number_slot"
_EMPTY: Mapping[str, Any] = {
    "sex": "unknown",
    "political_status_code": None,
    **{f"{field}_{part}": None for field in SEALED for part in ("sealed", "fingerprint")},
    "number_fingerprint": None,
    "joined_on": None,
    "external_id": None,
    "active": True,
}
# What says how a change came about, and is not kept beside what it changes.
_CIRCUMSTANCES = ("since", "reason")


def enter_person(subject: str, given: State, organisation: State, today: date) -> Change:
    """A new person of an ``organisation``, there from ``since`` or, without it, since before the records.

    Raises ``Invalid``: ``organisation.inactive``, ``person.joined_in_future``, ``person.name_unfit``,
    ``person.since_in_future``, ``person.code_unfit``.
    """
    state = _with(_EMPTY, given)
    check_name("person.name_unfit", state["name"])
    since: date | None = given.get("since")
    _check(state, organisation, since, today)
    spells = membership.begin(state, since, given.get("reason") or "entered")
    return _person_changed(subject, state, spells)


def change_person(
    subject: str,
    before: State,
    given: State,
    organisation: State | None,
    today: date,
) -> Change | None:
    """``before`` with ``given``; None where nothing changes. ``organisation``: where they come to by it.

    A new organisation, status or activity counts from ``since``, else from today. Equal values are sealed
    anew each time, so they are told by their fingerprint. Raises as ``enter_person``, and
    ``Invalid("person.since_too_early")``.
    """
    state = _with(before, given)
    for field in SEALED:
        if state[f"{field}_fingerprint"] == before[f"{field}_fingerprint"]:
            state[f"{field}_sealed"] = before[f"{field}_sealed"]
    if state == before:
        return None
    if state["name"] != before["name"]:
        check_name("person.name_unfit", state["name"])
    since: date | None = given.get("since")
    _check(state, organisation if comes(before, state) else None, since, today)
    spells = membership.follow(before["spells"], state, since or today, given.get("reason") or "changed")
    return _person_changed(subject, state, spells)


def tell_person(subject: str, state: State) -> Change:
    """``state`` as it is, with one more event that tells it."""
    return _person_changed(subject, state, state["spells"])


def comes(before: State, given: State) -> bool:
    """Whether ``given`` brings them to an organisation: to another one, or back to their own."""
    back = given.get("active", before["active"]) and not before["active"]
    return bool(back or given.get("organisation", before["organisation"]) != before["organisation"])


def _with(before: State, given: State) -> dict[str, Any]:
    state = {name: value for name, value in {**before, **given}.items() if name not in _CIRCUMSTANCES}
    joined_on = state["joined_on"]
    state["joined_on"] = joined_on.isoformat() if isinstance(joined_on, date) else joined_on
    state["political_status_code"] = kept_code(
        state["political_status"], given.get("political_status_code"), before["political_status_code"]
    )
    # What only one active person may have; whoever leaves gives it up.
    state.pop(ID_NUMBER_SLOT, None)
    if state["active"] and state["id_number_fingerprint"] is not None:
        state[ID_NUMBER_SLOT] = state["id_number_fingerprint"]
    return state


def _check(state: State, organisation: State | None, since: date | None, today: date) -> None:
    if organisation is not None and not organisation["active"]:
        raise Invalid.at("organisation", "organisation.inactive", accepted="active")
    if state["joined_on"] is not None and date.fromisoformat(state["joined_on"]) > today:
        raise Invalid.at("joined_on", "person.joined_in_future", accepted=f"… {today.isoformat()}")
    if since is not None and since > today:
        raise Invalid.at("since", "person.since_in_future", accepted=f"… {today.isoformat()}")


def _person_changed(subject: str, state: State, spells: list[membership.Spell]) -> Change:
    since = spells[-1]["since"]
    # Not there where nobody gave it since before it was told.
    mark = state.get("number_fingerprint")
    event = PersonChanged.of(
        person=subject,
        organisation=state["organisation"],
        political_status=state["political_status"],
        phone_sealed=state["phone_sealed"],
        active=state["active"],
        since=date.fromisoformat(since) if since else None,
        **({"number_fingerprint": mark} if mark else {}),
    )
    return Change({**state, "spells": spells, "belonged": membership.belonged(spells)}, [event])
