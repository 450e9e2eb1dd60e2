"""Rules of posts: where there are which, who may hold them, for how long. No I/O, no clock.

States are as the store keeps them: dates are ISO texts. Each change says one event with the whole state, so
a document's version is also the sequence of its last event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import Ruling
from services.contracts.records_events import PostChanged

State = Mapping[str, Any]
Rulings = Mapping[str, Ruling]

_COMMITTEES = frozenset({"university_committee", "secondary", "branch"})
_ABOVE = frozenset({"university_committee", "secondary"})
ROLE_KINDS: Mapping[str, frozenset[str]] = {
    "secretary": _COMMITTEES,
    "deputy_secretary": _COMMITTEES,
    "organisation_commissioner": _COMMITTEES,
    "publicity_commissioner": _COMMITTEES,
    "discipline_commissioner": _COMMITTEES,
    "group_leader": frozenset({"group"}),
    "organiser": _ABOVE,
    "administrator": _ABOVE,
    "inspector": _ABOVE,
}
# By which rule of the packs a role asks for a political status; of the others none is asked.
STATUS_RULES: Mapping[str, str] = {
    "secretary": "committee_status",
    "deputy_secretary": "committee_status",
    "organisation_commissioner": "committee_status",
    "publicity_commissioner": "committee_status",
    "discipline_commissioner": "committee_status",
    "group_leader": "group_leader_status",
    "organiser": "organiser_status",
}
ON_COMMITTEES = tuple(role for role, rule in STATUS_RULES.items() if rule == "committee_status")
SECRETARY = "secretary"
SECRETARIES = "secretaries"
# How high a post is: by where it is, and there by what it is. Who sits for the platform is in no such order.
_KIND_RANKS = {"group": 0, "branch": 1, "secondary": 2, "university_committee": 3}
_ROLE_RANKS = {
    "group_leader": 0,
    "organisation_commissioner": 1,
    "publicity_commissioner": 1,
    "discipline_commissioner": 1,
    "deputy_secretary": 2,
    "secretary": 3,
}
_DAY = timedelta(days=1)


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def give_post(
    subject: str, given: State, person: State, organisation: State, rulings: Rulings, today: date
) -> Change:
    """A role of ``person`` at ``organisation`` from ``since`` to the end of ``until``.

    Raises ``Invalid``: ``post.role_unfit``, ``post.ends_before_start``, ``post.over``,
    ``person.inactive``, ``organisation.inactive``, and by the pack ``post.status_unfit``.
    """
    since = _day(given["since"])
    until = _day(given["until"]) if given.get("until") else None
    role, kinds = given["role"], ROLE_KINDS[given["role"]]
    if organisation["kind"] not in kinds:
        raise Invalid.at("role", "post.role_unfit", accepted=", ".join(sorted(kinds)))
    if until is not None and until < since:
        raise Invalid.at("until", "post.ends_before_start", accepted=f"{since.isoformat()} …")
    if until is not None and until < today:
        raise Invalid.at("until", "post.over", accepted=f"{today.isoformat()} …")
    if not person["active"]:
        raise Invalid.at("person", "person.inactive", accepted="active")
    if not organisation["active"]:
        raise Invalid.at("organisation", "organisation.inactive", accepted="active")
    if not fits(role, person["political_status"], rulings):
        ruling = rulings[STATUS_RULES[role]]
        accepted = ", ".join(ruling.value)
        raise Invalid.at("person", "post.status_unfit", **ruling.cited, accepted=accepted)
    state = {
        "person": given["person"],
        "organisation": given["organisation"],
        "role": role,
        "since": since.isoformat(),
        "until": until.isoformat() if until else None,
        "active": True,
        "committee_since": since.isoformat() if _is_seat(role, organisation) else None,
        "slot": slot(given["person"], given["organisation"], role),
        **seat(given["organisation"], role),
    }
    return _changed(subject, state)


def seat_on_committee(subject: str, before: State, organisation: State, today: date) -> Change | None:
    """The post once its ``organisation`` has a committee, or has none any more; None where it stays.

    A seat on a committee that there was not until ``today`` it is from then on.
    """
    seated = _is_seat(before["role"], organisation)
    if "committee_since" in before and seated == (before["committee_since"] is not None):
        return None
    since = before["since"] if "committee_since" not in before else max(before["since"], today.isoformat())
    return _changed(subject, {**before, "committee_since": since if seated else None})


def tell_post(subject: str, state: State, organisation: State, today: date) -> Change:
    """``state`` as it is, with one more event that tells it.

    Of one from before it was kept whether it is a seat on a committee, that is entered: as its
    ``organisation`` is by now, from its first day on.
    """
    seated = seat_on_committee(subject, state, organisation, today) if state["active"] else None
    return seated or _changed(subject, dict(state))


def _is_seat(role: str, organisation: State) -> bool:
    """Whether it is a seat on a committee: a secretary of an organisation without one sits on none."""
    return role in ON_COMMITTEES and bool(organisation["has_committee"])


def fits(role: str, political_status: str, rulings: Rulings) -> bool:
    """Whether somebody of ``political_status`` may hold ``role``, as the packs in force have it."""
    ruling = rulings.get(STATUS_RULES.get(role, ""))
    if ruling is None or ruling.parameter.hardness != "block":
        return True
    return political_status in ruling.value


def require_seat(given: State, others: Iterable[State], ruling: Ruling | None) -> None:
    """See that the seat is free for the term of ``given``; ``others``: the other posts of the same seat.

    Raises ``Conflict("post.seat_taken")`` with the days from which it is free, ``–`` where whoever holds it
    has no last day.
    """
    if ruling is None or ruling.parameter.hardness != "block":
        return
    met = [each for each in others if each["active"] and _share_a_day(each, given)]
    if len(met) >= ruling.value:
        ends = [each["until"] for each in met]
        free = "–" if None in ends else f"{(_day(max(ends)) + _DAY).isoformat()} …"
        raise Conflict.at("role", "post.seat_taken", **ruling.cited, accepted=free)


def _share_a_day(one: State, other: State) -> bool:
    return all(
        former["until"] is None or later["since"] <= former["until"]
        for former, later in ((one, other), (other, one))
    )


def as_high(role: str, kind: str, former: Iterable[State]) -> bool:
    """Whether ``role`` at an organisation of ``kind`` is as high as one of the ``former`` posts, or higher.

    ``former``: each ``role`` and ``kind``. A post higher in the tree is higher, whatever it is there.
    """
    rank = _rank(role, kind)
    before = [_rank(each["role"], each["kind"]) for each in former]
    return rank is not None and any(each is not None and rank >= each for each in before)


def _rank(role: str, kind: str) -> tuple[int, int] | None:
    if role not in _ROLE_RANKS:
        return None
    return _KIND_RANKS[kind], _ROLE_RANKS[role]


def slot(person: str, organisation: str, role: str) -> str:
    """What only one active post may hold; a withdrawn one leaves it."""
    return f"{person} {organisation} {role}"


def seat(organisation: str, role: str) -> dict[str, str]:
    """By what the secretary of an organisation is found; of other posts nothing is kept."""
    return {"seat": organisation} if role == SECRETARY else {}


def withdraw_post(subject: str, before: State, today: date) -> Change | None:
    """The post ends today; None where it was withdrawn before."""
    if not before["active"]:
        return None
    last = max(today, _day(before["since"]))
    until = _day(before["until"]) if before["until"] else last
    state = {name: value for name, value in before.items() if name not in ("slot", "seat")}
    return _changed(subject, {**state, "until": min(until, last).isoformat(), "active": False})


def prolong_post(subject: str, before: State, until: date | None, today: date) -> Change | None:
    """The post with another last day of its term, or none; None where that is its day already.

    A term that is over is not taken up again. Raises ``Conflict("post.ended")``, ``Invalid`` with
    ``post.until_unfit`` and the days that would be accepted.
    """
    if not before["active"] or renew_slot(before, today):
        raise Conflict("post.ended", params={"accepted": "active"})
    earliest = max(today, _day(before["since"]))
    if until is not None and until < earliest:
        raise Invalid.at("until", "post.until_unfit", accepted=f"{earliest.isoformat()} …")
    last = until.isoformat() if until else None
    if last == before["until"]:
        return None
    return _changed(subject, {**before, "until": last})


def holds(post: State, today: date) -> bool:
    """Whether the post is held today: given, begun and not over."""
    return bool(post["active"] and _day(post["since"]) <= today and not renew_slot(post, today))


def renew_slot(before: State, today: date) -> bool:
    """Whether an active post only holds its slot by a term that is over, so that it may be taken anew."""
    return bool(before["active"] and before["until"] and _day(before["until"]) < today)


def _changed(subject: str, state: State) -> Change:
    event = PostChanged.of(
        post=subject,
        person=state["person"],
        organisation=state["organisation"],
        role=state["role"],
        since=_day(state["since"]),
        until=_day(state["until"]) if state["until"] else None,
        active=state["active"],
        **_committee_told(state),
    )
    return Change(state, [event])


def _committee_told(state: State) -> dict[str, Any]:
    """What is told of the committee; of a post from before it was kept nothing."""
    if "committee_since" not in state:
        return {}
    return {"committee_since": _day(state["committee_since"]) if state["committee_since"] else None}
