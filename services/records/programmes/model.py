"""Programmes 先锋工程 and 素质工程: what is to be reached, by whom, and how much of it is done. No I/O.

States are as the store keeps them: dates are ISO texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.chassis.contract import Change, EventContract
from services.chassis.errors import Conflict, Invalid
from services.contracts.records_events import (
    ProgrammeChanged,
    ProgrammeClosed,
    ProgrammeEntryMade,
    ProgrammeEntryStruck,
    ProgrammeMemberChanged,
    ProgrammeOpened,
)

State = Mapping[str, Any]

MOST_YEARS = 6
MOST_LINKS = 500


def open_programme(subject: str, given: State, *, today: date) -> Change:
    """A programme of at most six years that begins within a year of today.

    Raises ``Invalid("programme.years_unfit")`` with the years that are accepted.
    """
    first, last = given["from_year"], given["to_year"]
    if abs(first - today.year) > 1:
        raise Invalid.at(
            "from_year", "programme.years_unfit", accepted=f"{today.year - 1} … {today.year + 1}"
        )
    if not first <= last < first + MOST_YEARS:
        raise Invalid.at("to_year", "programme.years_unfit", accepted=f"{first} … {first + MOST_YEARS - 1}")
    state = {
        **{name: given[name] for name in ("organisation", "kind", "title", "from_year", "to_year")},
        "targets": [{"id": f"t{number}", **target} for number, target in enumerate(given["targets"], 1)],
        "links": [],
        "state": "open",
        "summary": None,
    }
    return _happened(ProgrammeOpened, subject, state)


def link(subject: str, before: State, *, target: str, activity: str, linked: bool) -> Change | None:
    """Have an activity count for a target, or no more.

    Raises ``Conflict``: ``programme.closed``, ``programme.full``; ``Invalid("programme.target_unfit")`` for a
    target that there is not, or for which entries count.
    """
    expect_open(before)
    _target(before, target, "activities")
    entry = {"target": target, "activity": activity}
    if (entry in before["links"]) == linked:
        return None
    if linked and len(before["links"]) >= MOST_LINKS:
        raise Conflict("programme.full", params={"most": MOST_LINKS})
    kept = [each for each in before["links"] if each != entry]
    return _happened(ProgrammeChanged, subject, {**before, "links": [*kept, entry] if linked else kept})


def close(subject: str, before: State, *, summary: str) -> Change:
    """The end of a programme; raises ``Conflict("programme.closed")``."""
    expect_open(before)
    return _happened(ProgrammeClosed, subject, {**before, "state": "closed", "summary": summary})


def member(programme: str, of: State, before: State | None, given: State) -> Change | None:
    """Somebody is in the cohort from ``since`` to ``until``; a mentor not said stays as it was.

    Raises ``Conflict("programme.closed")``, ``Invalid``: ``programme.own_mentor``,
    ``programme.ends_before_start``. None where it is so already.
    """
    expect_open(of)
    mentor = given.get("mentor", before["mentor"] if before else None)
    since, until = given["since"], given["until"]
    if mentor == given["person"]:
        raise Invalid.at("mentor", "programme.own_mentor")
    if until is not None and until < since:
        raise Invalid.at("until", "programme.ends_before_start", accepted=f"{since.isoformat()} …")
    state = {
        "programme": programme,
        "organisation": of["organisation"],
        "person": given["person"],
        "mentor": mentor,
        "since": since.isoformat(),
        "until": until.isoformat() if until else None,
    }
    if state == before:
        return None
    return Change(state, [ProgrammeMemberChanged.of(**{**state, "since": since, "until": until})])


def enter(
    subject: str, programme: str, of: State, belongs: State | None, given: State, *, by: str, today: date
) -> Change:
    """An entry towards a target; ``belongs`` is the person's place in the cohort.

    Raises ``Conflict("programme.closed")``, ``Invalid``: ``programme.target_unfit``,
    ``programme.person_unfit`` (missing where each person owes the target, said where none does),
    ``programme.entry_in_future``, ``programme.not_in_cohort`` on that day.
    """
    expect_open(of)
    target = _target(of, given["target"], "entries")
    person, on = given.get("person"), given["on"]
    if (person is not None) != (target["owed_by"] == "person"):
        raise Invalid.at("person", "programme.person_unfit")
    if on > today:
        raise Invalid.at("on", "programme.entry_in_future", accepted=f"… {today.isoformat()}")
    if person is not None and not (belongs and in_cohort(belongs, on)):
        raise Invalid.at("person", "programme.not_in_cohort")
    state = {
        "programme": programme,
        "organisation": of["organisation"],
        **{name: given[name] for name in ("target", "number", "text", "attachments")},
        "person": person,
        "on": on.isoformat(),
        "struck": None,
        "entered_by": by,
    }
    told = {name: state[name] for name in ("programme", "organisation", "target", "person", "number")}
    return Change(state, [ProgrammeEntryMade.of(entry=subject, on=on, **told)])


def strike(subject: str, before: State, *, reason: str) -> Change:
    """An entry counts no more, once: ``Conflict("programme.entry_struck")``."""
    if before["struck"] is not None:
        raise Conflict("programme.entry_struck")
    told = {name: before[name] for name in ("programme", "organisation", "target", "person")}
    return Change({**before, "struck": reason}, [ProgrammeEntryStruck.of(entry=subject, **told)])


def in_cohort(belongs: State, on: date) -> bool:
    """Whether a person whose place in the cohort is ``belongs`` was in it on that day."""
    day = on.isoformat()
    return bool(belongs["since"] <= day and (belongs["until"] is None or day <= belongs["until"]))


def progress(
    of: State, belongs: State | None, activities: Mapping[str, State], entries: Iterable[State]
) -> list[dict[str, Any]]:
    """The targets with what is done of each: of the programme, or of the person whose place is ``belongs``.

    ``activities`` are those linked; of them count those approved, and of a person those of their days in the
    cohort at which they were present. Of the programme's own view, ``done`` of what persons owe is None.
    """
    counted = [each for each in entries if each["struck"] is None]
    shown = []
    for target in of["targets"]:
        personal = target["owed_by"] == "person"
        if belongs is not None and not personal:
            continue
        if personal and belongs is None:
            done = None
        elif target["counts"] == "entries":
            done = sum(each["number"] for each in counted if each["target"] == target["id"])
        else:
            linked = {each["activity"] for each in of["links"] if each["target"] == target["id"]}
            held = [activities[each] for each in linked if each in activities]
            done = sum(1 for each in held if _counts(each, belongs))
        shown.append({**target, "done": done})
    return shown


def expect_open(of: State) -> None:
    """Raises ``Conflict("programme.closed")``."""
    if of["state"] != "open":
        raise Conflict("programme.closed", params={"accepted": "open"})


def _counts(activity: State, belongs: State | None) -> bool:
    if activity["state"] != "approved":
        return False
    if belongs is None:
        return True
    if not in_cohort(belongs, date.fromisoformat(activity["held_on"])):
        return False
    return any(
        each["person"] == belongs["person"] and each["state"] == "present" for each in activity["attendance"]
    )


def _target(of: State, target: str, counts: str) -> State:
    for each in of["targets"]:
        if each["id"] == target and each["counts"] == counts:
            found: State = each
            return found
    fitting = ", ".join(each["id"] for each in of["targets"] if each["counts"] == counts)
    raise Invalid.at("target", "programme.target_unfit", accepted=fitting or "–")


def _happened(contract: type[EventContract], subject: str, state: State) -> Change:
    told = {name: state[name] for name in ("organisation", "kind", "from_year", "to_year", "state")}
    return Change(state, [contract.of(programme=subject, **told)])
