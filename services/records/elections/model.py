"""The life of a committee's term: elected, due soon, overdue, ended by the next election. No I/O, no clock.

What an election came to is counted by the rules of votes; here stands whether it may be recorded, and until
when it holds. States are as the store keeps them: dates are ISO texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import date
from typing import Any

from services.chassis.contract import Change, EventContract, NewEvent
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.months import months_after
from services.chassis.policies import Ruling
from services.contracts.records_events import (
    ElectionConfirmed,
    ElectionDueSoon,
    ElectionEnded,
    ElectionHeld,
    ElectionOverdue,
    ElectionShiftAsked,
    ElectionShiftDecided,
)
from services.records.votes.model import Election

State = Mapping[str, Any]
Rulings = Mapping[str, Ruling]

# The posts of a committee: who is elected takes them, and they end with the next that is confirmed.
COMMITTEE_ROLES = (
    "secretary",
    "deputy_secretary",
    "organisation_commissioner",
    "publicity_commissioner",
    "discipline_commissioner",
)
_HELD_BY_ONE = frozenset(COMMITTEE_ROLES) - {"deputy_secretary"}
_TOLD: Mapping[str, type[EventContract]] = {"due_soon": ElectionDueSoon, "overdue": ElectionOverdue}


# -- an election -----------------------------------------------------------------------------------


def hold(
    subject: str,
    given: State,
    organisation: State,
    counted: Election,
    counted_by: Rulings,
    rulings: Rulings,
    last: State | None,
    today: date,
) -> Change:
    """An election that was held, and the term that it begins.

    ``given`` holds ``organisation``, ``held_on``, ``seats``, ``entitled``, ``present``, ``candidates`` and
    perhaps ``elected``, which has to be what the count says. ``last``: the term before. Raises ``Invalid``:
    ``election.in_future``, ``election.no_committee``, ``election.not_after_last``; with rule, pack, article
    and what would be accepted: ``election.no_term``, ``election.not_quorate``,
    ``election.too_few_candidates``, ``election.nobody_elected``, ``election.elected_differ``,
    ``election.too_early`` without an approved advance.
    """
    held_on: date = given["held_on"]
    if held_on > today:
        raise Invalid.at("held_on", "election.in_future", accepted=f"… {today.isoformat()}")
    if not organisation["has_committee"] or organisation["dissolved_on"] is not None:
        raise Invalid.at("organisation", "election.no_committee")
    term = f"term_{organisation['kind']}"
    if term not in rulings:
        raise Invalid.at("organisation", "election.no_term")
    if not counted.quorate:
        raise Invalid.at(
            "present",
            "election.not_quorate",
            **counted_by["election_present"].cited,
            accepted=counted.least_present,
        )
    if not counted.enough_candidates:
        least = counted.least_candidates
        raise Invalid.at(
            "candidates",
            "election.too_few_candidates",
            **counted_by["election_surplus"].cited,
            accepted=least,
        )
    if not counted.elected:
        raise Invalid.at(
            "candidates",
            "election.nobody_elected",
            **counted_by["election_votes"].cited,
            accepted=counted.least_votes,
        )
    if given.get("elected") is not None and set(given["elected"]) != set(counted.elected):
        accepted = ", ".join(sorted(counted.elected))
        raise Invalid.at(
            "elected", "election.elected_differ", **counted_by["election_votes"].cited, accepted=accepted
        )
    if last is not None:
        _check_after(last, held_on, rulings)
    due_on = months_after(held_on, 12 * int(rulings[term].value))
    state = {
        **{name: given[name] for name in ("organisation", "seats", "entitled", "present")},
        "held_on": held_on.isoformat(),
        "candidates": [dict(each) for each in given["candidates"]],
        "document_number": given.get("document_number"),
        "elected": list(counted.elected),
        "vacant": counted.vacant,
        "late": last is not None and held_on.isoformat() > last["due_on"],
        "kind": organisation["kind"],
        "source": {"pack": rulings[term].pack.id, "article": rulings[term].parameter.article},
        "regular_due_on": due_on.isoformat(),
        **_due(due_on, rulings),
        "standing": "running",
        "told": {"due_soon": None, "overdue": None},
        "shift": None,
        "confirmed": None,
    }
    event = _event(
        ElectionHeld,
        subject,
        state,
        held_on=held_on,
        seats=state["seats"],
        elected=len(counted.elected),
        late=state["late"],
    )
    return Change(state, [event])


def confirm(
    subject: str, before: State, posts: Sequence[State], *, since: date | None, by: str, today: date
) -> Change | None:
    """The level above confirms who was elected to which post; None where just that was confirmed before.

    ``posts``: ``{person, role}`` each; ``since``: from when they are held, today without it. Raises
    ``Conflict``: ``election.ended``, ``election.confirmed``; ``Invalid`` with what would be accepted:
    ``election.not_elected``, ``election.role_unfit``, ``election.post_twice``, ``election.since_unfit``.
    """
    _expect_running(before)
    given = [{"person": each["person"], "role": each["role"]} for each in posts]
    confirmed = before.get("confirmed")
    if confirmed is not None:
        if sorted(map(_named, confirmed["posts"])) == sorted(map(_named, given)):
            return None
        raise Conflict("election.confirmed", params={"accepted": confirmed["on"]})
    for place, each in enumerate(given):
        if each["person"] not in before["elected"]:
            accepted = ", ".join(before["elected"])
            raise Invalid.at(f"posts.{place}.person", "election.not_elected", accepted=accepted)
        if each["role"] not in COMMITTEE_ROLES:
            accepted = ", ".join(COMMITTEE_ROLES)
            raise Invalid.at(f"posts.{place}.role", "election.role_unfit", accepted=accepted)
        same = [
            other
            for other in given[:place]
            if other["role"] == each["role"]
            and (each["role"] in _HELD_BY_ONE or other["person"] == each["person"])
        ]
        if same:
            raise Invalid.at(f"posts.{place}.role", "election.post_twice")
    first = since or today
    if not before["held_on"] <= first.isoformat() <= today.isoformat():
        accepted = f"{before['held_on']} … {today.isoformat()}"
        raise Invalid.at("since", "election.since_unfit", accepted=accepted)
    seated = {"posts": given, "since": first.isoformat(), "on": today.isoformat(), "by": by}
    event = _event(ElectionConfirmed, subject, before, confirmed_on=today, posts=len(given))
    return Change({**before, "confirmed": seated}, [event])


def end(subject: str, before: State, on: date) -> Change | None:
    """The term is over: another committee was elected, or there is none any more."""
    if before["standing"] == "ended":
        return None
    return Change({**before, "standing": "ended"}, [_event(ElectionEnded, subject, before, ended_on=on)])


def check_candidates(people: Sequence[str], able: Set[str], ruling: Ruling) -> None:
    """Raises ``Invalid("election.candidate_unfit")`` for candidates who could not stand on that day.

    Whether one is no full member there or under probation is not told apart.
    """
    fields = {
        f"candidates.{place}.person": ["election.candidate_unfit"]
        for place, person in enumerate(people)
        if person not in able
    }
    if fields:
        params = {**ruling.cited, "accepted": ruling.value}
        raise Invalid("election.candidate_unfit", params=params, fields=fields)


def check_entitled(given: int | None, voters: int | None) -> int:
    """How many were entitled: ``voters`` by the people of that day, None where not all members vote.

    Raises ``Invalid``: ``election.entitled_differs`` with what the people say, ``election.entitled_missing``.
    """
    if voters is None:
        if given is None:
            raise Invalid.at("entitled", "election.entitled_missing", accepted="1 …")
        return given
    if given is not None and given != voters:
        raise Invalid.at("entitled", "election.entitled_differs", accepted=voters)
    return voters


def _check_after(last: State, held_on: date, rulings: Rulings) -> None:
    if held_on.isoformat() <= last["held_on"]:
        raise Invalid.at("held_on", "election.not_after_last", accepted=f"{last['held_on']} …")
    if last["standing"] != "ended" and held_on.isoformat() < last["remind_on"]:
        raise Invalid.at(
            "held_on", "election.too_early", **rulings["shift_most"].cited, accepted=f"{last['remind_on']} …"
        )


# -- the day ---------------------------------------------------------------------------------------


def turn(subject: str, before: State, today: date, *, seated: bool) -> Change | None:
    """What the day makes of a term; None where nothing. ``seated``: there is still such a committee.

    Due soon and overdue are told once each of the day on which it is due, however often the day is turned:
    an election that was postponed is told of again when its new day comes near.
    """
    if before["standing"] == "ended":
        return None
    if not seated:
        return end(subject, before, today)
    if standing_on(before, today) == before["standing"]:
        return None
    return _stood(subject, before, today)


def _stood(subject: str, before: State, today: date) -> Change:
    """``before`` with its standing of ``today``, and what of it is told of the day on which it is due."""
    standing = standing_on(before, today)
    state = {**before, "standing": standing}
    contract = _TOLD.get(standing)
    if contract is None or before["told"][standing] == before["due_on"]:
        return Change(state)
    state["told"] = {**before["told"], standing: before["due_on"]}
    return Change(state, [_event(contract, subject, state)])


def standing_on(term: State, today: date) -> str:
    """``running``, ``due_soon`` from its day of reminding, ``overdue`` after the day on which it is due."""
    text = today.isoformat()
    if text > term["due_on"]:
        return "overdue"
    return "due_soon" if text >= term["remind_on"] else "running"


# -- postponed, advanced ---------------------------------------------------------------------------


def ask_shift(
    subject: str, before: State, *, to: date, reason: str, by: str, rulings: Rulings, today: date
) -> Change:
    """Ask that the election be due on another day, later or earlier.

    Raises ``Conflict``: ``election.ended``, ``election.shift_open``; ``Invalid`` with what would be accepted:
    ``election.shift_too_far``, ``election.shift_past``.
    """
    _expect_running(before)
    if before["shift"] is not None and before["shift"]["state"] == "asked":
        raise Conflict("election.shift_open", params={"accepted": "approved | refused"})
    regular, most = date.fromisoformat(before["regular_due_on"]), int(rulings["shift_most"].value)
    first, last = months_after(regular, -most), months_after(regular, most)
    if not first <= to <= last:
        accepted = f"{first.isoformat()} … {last.isoformat()}"
        raise Invalid.at("to", "election.shift_too_far", **rulings["shift_most"].cited, accepted=accepted)
    if to < today:
        raise Invalid.at("to", "election.shift_past", accepted=f"{today.isoformat()} …")
    shift = {
        "to": to.isoformat(),
        "reason": reason,
        "state": "asked",
        "asked_by": by,
        "asked_on": today.isoformat(),
        "decided_by": None,
        "decided_on": None,
        "comment": None,
    }
    state = {**before, "shift": shift}
    return Change(state, [_event(ElectionShiftAsked, subject, state, to=to)])


def decide_shift(
    subject: str,
    before: State,
    *,
    approve: bool,
    comment: str | None,
    by: str,
    rulings: Rulings,
    today: date,
) -> Change:
    """The level above approves, and the election is due on the day asked for; or refuses with a reason.

    Where the new day is near already, that it is due soon is told with the decision: no day turns it then.
    Raises ``Conflict``: ``election.ended``, ``election.shift_state``;
    ``Forbidden("election.own_request")``; ``Invalid("election.comment_missing")``.
    """
    _expect_running(before)
    shift = before["shift"]
    if shift is None or shift["state"] != "asked":
        raise Conflict("election.shift_state", params={"accepted": "asked"})
    if by == shift["asked_by"]:
        raise Forbidden("election.own_request")
    if not approve and not comment:
        raise Invalid.at("comment", "election.comment_missing", accepted="1 …")
    decided = {
        **shift,
        "state": "approved" if approve else "refused",
        "decided_by": by,
        "decided_on": today.isoformat(),
        "comment": comment or None,
    }
    state, to = {**before, "shift": decided}, date.fromisoformat(shift["to"])
    if not approve:
        return Change(state, [_event(ElectionShiftDecided, subject, state, to=to, approved=False)])
    stood = _stood(subject, {**state, **_due(to, rulings)}, today)
    event = _event(ElectionShiftDecided, subject, stood.state, to=to, approved=True)
    return Change(stood.state, [event, *stood.events])


def _due(due_on: date, rulings: Rulings) -> dict[str, str]:
    remind_on = months_after(due_on, -int(rulings["remind_before"].value))
    return {"due_on": due_on.isoformat(), "remind_on": remind_on.isoformat()}


def _named(post: State) -> tuple[str, str]:
    return post["person"], post["role"]


def _expect_running(before: State) -> None:
    if before["standing"] == "ended":
        raise Conflict("election.ended", params={"accepted": "running"})


# -- within ----------------------------------------------------------------------------------------


def _event(contract: type[EventContract], subject: str, state: State, **more: Any) -> NewEvent:
    return contract.of(
        election=subject,
        organisation=state["organisation"],
        due_on=date.fromisoformat(state["due_on"]),
        **more,
    )
