"""Rules of the tree's history and of its reorganisation. No I/O.

The editions of an organisation follow each other without a gap and without an overlap: each ends the day
before the next begins. Of several on one day the last counts; those before it have no day of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.chassis.errors import Conflict, Invalid
from services.records.directory.model import ORGANISATION_FIELDS
from services.records.directory.naming import spelled

State = Mapping[str, Any]

OPEN = "9999-12-31"  # the last day of an edition that goes on: one comparison finds the editions of a day
TOLD = (*ORGANISATION_FIELDS, "successors", "dissolved_on")


@dataclass(frozen=True)
class Why:
    """What a change of the tree rests on. ``change`` names it where the states alone do not tell."""

    reason: str | None = None
    document_number: str | None = None
    change: str | None = None

    @classmethod
    def of(cls, request: Mapping[str, Any], change: str | None = None) -> Why:
        """What a request says of it."""
        return cls(request.get("reason"), request.get("document_number"), change)


# -- history ---------------------------------------------------------------------------------------


def edition(organisation: str, before: State | None, after: State, why: Why, today: date) -> dict[str, Any]:
    """The edition that ``after`` begins; it goes on until ``end`` closes it."""
    return {
        "organisation": organisation,
        "edition": after["edition"],
        "since": after["since"],
        "until": OPEN,
        "change": why.change or _named(before, after),
        "reason": why.reason,
        "document_number": why.document_number,
        "recorded_on": today.isoformat(),
        **{name: after[name] for name in TOLD},
        **spelled(after["name"]),
    }


def end(kept: State, next_since: str) -> dict[str, Any]:
    """``kept`` ended by an edition since ``next_since``; on the same day, an edition without a day."""
    return {**kept, "until": (date.fromisoformat(next_since) - timedelta(days=1)).isoformat()}


def on(editions: Iterable[State], day: date) -> State | None:
    """The edition of ``day``; None before the organisation's first."""
    text = day.isoformat()
    return next((each for each in editions if each["since"] <= text <= each["until"]), None)


def _named(before: State | None, after: State) -> str:
    if before is None:
        return "founded"
    if after["dissolved_on"] != before["dissolved_on"]:
        return "dissolved"
    if after["path"] != before["path"]:
        return "moved"
    return "renamed" if after["name"] != before["name"] else "changed"


# -- reorganisation --------------------------------------------------------------------------------

SPLIT_KINDS = ("branch", "group")
Standing = tuple[str, State]  # an organisation: its id and state


def judge_dissolution(
    closing: Standing, heir: Standing | None, children: Iterable[State], people: bool
) -> None:
    """Whether an organisation may be dissolved; its groups end with it, ``people`` go to the ``heir``.

    ``children`` are the active ones. Raises ``Conflict``: ``organisation.dissolved``,
    ``organisation.has_children``; ``Invalid``: ``organisation.root_stays``, ``organisation.heir_missing``
    where there is somebody who has to go somewhere, ``organisation.heir_unfit``.
    """
    _check_ends(closing)
    if any(each["kind"] != "group" for each in children):
        raise Conflict("organisation.has_children")
    if heir is None and people:
        raise Invalid.at("members_to", "organisation.heir_missing")
    if heir is not None and (not heir[1]["active"] or closing[0] in heir[1]["path"]):
        raise Invalid.at("members_to", "organisation.heir_unfit")


def judge_merger(first: Standing, others: Sequence[Standing], *, stays: bool) -> list[str]:
    """The ids of those that end when ``others`` join the ``first``, which ``stays`` or ends as well.

    Raises ``Invalid``: ``organisation.merged_twice``, ``organisation.kinds_differ`` with the kind that would
    be accepted, ``organisation.inactive``, ``organisation.root_stays``, and ``Conflict`` for one that is
    ``organisation.dissolved``.
    """
    named = [first[0], *(each[0] for each in others)]
    if len(set(named)) < len(named):
        raise Invalid.at("others", "organisation.merged_twice")
    for position, each in enumerate((first, *others)):
        field = f"others.{position - 1}" if position else "organisation"
        if each[1]["kind"] != first[1]["kind"]:
            raise Invalid.at(field, "organisation.kinds_differ", accepted=first[1]["kind"])
        _check_ends(each)
        if not each[1]["active"]:
            raise Invalid.at(field, "organisation.inactive", accepted="active")
    return named[1:] if stays else named


def judge_split(
    whole: Standing, members: Sequence[State], groups: Sequence[Standing], own_groups: Iterable[str]
) -> None:
    """Whether ``members`` and ``groups`` may leave ``whole`` for a new organisation of its kind.

    Raises ``Invalid``: ``organisation.split_kind``, ``organisation.inactive``, ``organisation.split_empty``,
    ``organisation.not_a_group_of_it``, ``organisation.member_elsewhere`` for who belongs neither there nor
    to a group that stays; ``Conflict("organisation.dissolved")``.
    """
    subject, state = whole
    if state["kind"] not in SPLIT_KINDS:
        raise Invalid.at("organisation", "organisation.split_kind", accepted=", ".join(SPLIT_KINDS))
    _check_ends(whole)
    if not state["active"]:
        raise Invalid.at("organisation", "organisation.inactive", accepted="active")
    if not members and not groups:
        raise Invalid.at("members", "organisation.split_empty", accepted="members | groups")
    for position, (_, group) in enumerate(groups):
        if group["parent"] != subject or group["kind"] != "group" or not group["active"]:
            raise Invalid.at(f"groups.{position}", "organisation.not_a_group_of_it")
    homes = {subject, *own_groups} - {each[0] for each in groups}
    for position, person in enumerate(members):
        if not person["active"] or person["organisation"] not in homes:
            raise Invalid.at(f"members.{position}", "organisation.member_elsewhere")


def goes_over(person: State, day: date) -> date:
    """From when a person belongs to the new organisation: ``day``, but not before the last word on them."""
    since = person["spells"][-1]["since"]
    return max(day, date.fromisoformat(since)) if since else day


def _check_ends(organisation: Standing) -> None:
    state = organisation[1]
    if state["dissolved_on"] is not None:
        raise Conflict("organisation.dissolved", params={"dissolved_on": state["dissolved_on"]})
    if state["parent"] is None:
        raise Invalid.at("organisation", "organisation.root_stays")
