"""The life of a thought report: handed in by its author, read by people, accepted or returned. No I/O.

What it says is opaque here (the store keeps it sealed): no rule reads, measures or compares it. States are
as the store keeps them: dates are ISO texts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import Change, EventContract
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.policies import Ruling
from services.contracts.records_events import (
    ThoughtContactsNamed,
    ThoughtReportAccepted,
    ThoughtReportHandedIn,
    ThoughtReportReturned,
)

State = Mapping[str, Any]
Rulings = Mapping[str, Ruling]
MOST_CONTACTS = 2
_PERIOD = re.compile(r"([0-9]{4})-Q([1-4])")


# -- periods ---------------------------------------------------------------------------------------


def quarter(day: date) -> str:
    """The quarter of ``day``: ``2026-Q3``."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def bounds(period: str) -> tuple[date, date]:
    """First and last day of a quarter; raises ``Invalid("thought.period")`` for another text."""
    found = _PERIOD.fullmatch(period)
    if found is None or not 1 <= int(found[1]) <= 9998:
        raise Invalid.at("period", "thought.period", accepted="2026-Q1 … 2026-Q4")
    year, number = int(found[1]), int(found[2])
    after = date(year + number // 4, number % 4 * 3 + 1, 1)
    return date(year, number * 3 - 2, 1), after - timedelta(days=1)


def owes(political_status: str, rulings: Rulings) -> bool:
    """Whether whoever has this status owes a report each quarter."""
    ruling = rulings.get("thought_report")
    return ruling is not None and political_status in ruling.value["owed_by"]


def state_of_duty(report: State | None, period: str, today: date, rulings: Rulings) -> str:
    """How a quarter stands: ``in_time``, ``late``, ``open``, ``overdue`` (may be made up) or ``missed``.

    It is the handing in that is owed: whether a report was read is not its author's to answer for.
    """
    if report is not None:
        return "late" if report["late"] else "in_time"
    _, last = bounds(period)
    if today <= last:
        return "open"
    return "overdue" if today <= _latest(last, rulings) else "missed"


# -- reports ---------------------------------------------------------------------------------------


def hand_in(subject: str, given: State, *, today: date, rulings: Rulings) -> Change:
    """A report of a quarter, by its author; there is one of each, whoever owes it or hands it in freely.

    ``given``: ``author``, ``organisation``, ``period``, ``text``. Late is what comes after the quarter.
    Raises ``Invalid``: ``thought.period``, ``thought.not_begun``, ``thought.period_over``.
    """
    first, last = bounds(given["period"])
    if today < first:
        raise Invalid.at("period", "thought.not_begun", accepted=quarter(today))
    latest = _latest(last, rulings)
    if today > latest:
        raise Invalid.at(
            "period",
            "thought.period_over",
            latest=latest.isoformat(),
            accepted=quarter(today),
            rule="make_up_days",
            pack=rulings["make_up_days"].pack.id,
            article=rulings["make_up_days"].parameter.article,
        )
    state = {
        **{name: given[name] for name in ("author", "organisation", "period", "text")},
        "state": "handed_in",
        "late": today > last,
        "handed_in_on": today.isoformat(),
        "earlier": [],
        "readings": [],
    }
    return _handed_in(subject, state, today)


def hand_in_again(subject: str, before: State, *, text: str, today: date) -> Change:
    """The author's new version of what was returned; the old ones stay. In time is what once was so.

    Raises ``Conflict("thought.state")`` unless it was returned.
    """
    _expect(before, "returned")
    earlier = {"text": before["text"], "on": before["handed_in_on"]}
    state = {
        **before,
        "text": text,
        "state": "handed_in",
        "handed_in_on": today.isoformat(),
        "earlier": [*before["earlier"], earlier],
    }
    return _handed_in(subject, state, today)


def read(subject: str, before: State, *, verdict: str, comment: str | None, by: str, today: date) -> Change:
    """Accepted, or returned with a comment, by somebody who read it.

    Raises ``Conflict("thought.state")`` unless handed in, ``Forbidden("thought.own")`` to the author,
    ``Invalid("thought.comment_missing")``.
    """
    _expect(before, "handed_in")
    if by == before["author"]:
        raise Forbidden("thought.own")
    if verdict == "return" and not comment:
        raise Invalid.at("comment", "thought.comment_missing", accepted="1 …")
    said = {"verdict": verdict, "comment": comment or None, "by": by, "on": today.isoformat()}
    state = {**before, "readings": [*before["readings"], said]}
    if verdict == "accept":
        return _happened(ThoughtReportAccepted, subject, {**state, "state": "accepted"})
    return _happened(ThoughtReportReturned, subject, {**state, "state": "returned"})


def may_read(report: State, person: str, contacts: Collection[str], secretaries: Collection[str]) -> bool:
    """Its author, the author's contacts, the secretary of the author's branch; nobody else, at no level."""
    return person == report["author"] or person in contacts or person in secretaries


def may_judge(report: State, person: str, contacts: Collection[str], secretaries: Collection[str]) -> bool:
    """Who accepts and returns: a contact; the secretary where none is named; never the author."""
    if person == report["author"]:
        return False
    return person in contacts if contacts else person in secretaries


# -- contacts --------------------------------------------------------------------------------------


def name_contacts(
    subject: str, before: State | None, contacts: Sequence[str], given: State, people: Mapping[str, State]
) -> Change | None:
    """Who reads the reports of a person from now on: one or two full members, never the person.

    ``given``: ``person``, ``organisation``; ``people``: the contacts' states. None where they are the ones.
    Raises ``Invalid``: ``contact.count``, ``contact.self``, ``contact.not_member``.
    """
    chosen = list(dict.fromkeys(contacts))
    if not 1 <= len(chosen) <= MOST_CONTACTS:
        raise Invalid.at("contacts", "contact.count", most=MOST_CONTACTS)
    if given["person"] in chosen:
        raise Invalid.at("contacts", "contact.self", accepted="member")
    unfit = {
        f"contacts.{position}": ["contact.not_member"]
        for position, each in enumerate(chosen)
        if not people[each]["active"] or people[each]["political_status"] != "member"
    }
    if unfit:
        raise Invalid("contact.not_member", params={"accepted": "member"}, fields=unfit)
    facts = {**{name: given[name] for name in ("person", "organisation")}, "contacts": chosen}
    if before is not None and all(before[name] == value for name, value in facts.items()):
        return None
    return Change({"followed": {}, **(before or {}), **facts}, [ThoughtContactsNamed.of(**facts)])


def follow_dossier(
    subject: str,
    before: State | None,
    dossier: str,
    version: int,
    contacts: Sequence[str],
    given: State,
    people: Mapping[str, State],
) -> Change | None:
    """As ``name_contacts``, by the contacts that stand in ``version`` of a dossier.

    What was followed once is not followed again, so that a repeated event undoes nothing that the branch
    named since.
    """
    followed = (before or {}).get("followed") or {}
    if followed.get(dossier, 0) >= version:
        return None
    change = name_contacts(subject, before, contacts, given, people)
    state = change.state if change is not None else before or {}
    events = change.events if change is not None else ()
    return Change({**state, "followed": {**followed, dossier: version}}, events)


# -- within ----------------------------------------------------------------------------------------


def _latest(last: date, rulings: Rulings) -> date:
    ruling = rulings.get("make_up_days")
    return last + timedelta(days=int(ruling.value) if ruling is not None else 0)


def _expect(before: State, state: str) -> None:
    if before["state"] != state:
        raise Conflict("thought.state", params={"state": before["state"], "accepted": state})


def _handed_in(subject: str, state: State, today: date) -> Change:
    return _happened(ThoughtReportHandedIn, subject, state, on=today, late=state["late"])


def _happened(contract: type[EventContract], subject: str, state: State, **more: Any) -> Change:
    facts = {
        "report": subject,
        "person": state["author"],
        "organisation": state["organisation"],
        "period": state["period"],
    }
    return Change(state, [contract.of(**facts, **more)])
