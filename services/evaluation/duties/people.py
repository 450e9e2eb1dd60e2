"""As what a person owes, and from when to when: a pure function of what was said of status and posts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from services.evaluation.duties.words import Thing, Things, of_kind
from services.evaluation.obligations.spans import Span, Spans

LEADING_POSTS = (
    "secretary",
    "deputy_secretary",
    "organisation_commissioner",
    "publicity_commissioner",
    "discipline_commissioner",
)
_COMMITTEES = ("secondary", "university_committee")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Known:
    """What is known of a person: where they belong, since when the platform knows them, what they owe as."""

    organisation: str
    since: date
    spans: Spans


def known(things: Things, today: date) -> Known | None:
    """None for who is no person, or of whom nothing but their deeds was told yet."""
    spells = [thing for _, thing in of_kind(things, "spell")]
    if not spells:
        return None
    posts = [thing for _, thing in of_kind(things, "post")]
    first_told = min(_day(each, "told") for each in spells)
    newest = max(spells, key=_sequence)
    return Known(str(newest["organisation"]), first_told, _spans(spells, posts, first_told, today))


def status_on(things: Things, day: date) -> str | None:
    """The political status of ``day``; None where it is not known, or they had left.

    What was found at first without a day counts for all the time before; what said since when, from then on.
    """
    spells = [thing for _, thing in of_kind(things, "spell")]
    if not spells:
        return None
    since = _begun(spells, min(_day(each, "told") for each in spells), date.min)
    found = _spell(spells, since, day)
    return str(found["status"]) if found is not None and found["active"] else None


def home(things: Things, day: date) -> str | None:
    """Where a person belonged on ``day``; before anything counts that was said, where they were at first."""
    spells = [thing for _, thing in of_kind(things, "spell")]
    if not spells:
        return None
    since = _begun(spells, min(_day(each, "told") for each in spells), date.min)
    first = min(spells, key=lambda each: (since[_sequence(each)], _sequence(each)))
    return str((_spell(spells, since, day) or first)["organisation"])


def first_office(things: Things, today: date) -> tuple[str, date, bool] | None:
    """By which post somebody first became secretary of a branch, when, and whether they are one ``today``.

    None for whoever never was. A post that was withdrawn before it began is none.
    """
    posts = of_kind(things, "post")
    terms = [(id_, each) for id_, each in posts if (each["at"], each["role"]) == ("branch", "secretary")]
    begun = [(_day(each, "since"), id_) for id_, each in terms if _held(each, _day(each, "since"))]
    since, first = min(begun, default=(None, ""))
    if since is None or since > today:
        return None
    return first, since, any(_held(each, today) for _, each in terms)


def _spans(spells: list[Thing], posts: list[Thing], first_told: date, today: date) -> Spans:
    """Whoever became known in the course of a year is measured from its first day on."""
    begins = date(first_told.year, 1, 1)
    since = _begun(spells, first_told, begins)
    seats = [seated for each in posts if (seated := each.day("committee_since"))]
    ends = [end + _DAY for each in posts if (end := _until(each))]
    days = {begins, *since.values(), *(_day(each, "since") for each in posts), *seats, *ends}
    turns = [*sorted(day for day in days if begins <= day <= today), today + _DAY]
    found: dict[str, list[Span]] = {}
    for first, after in pairwise(turns):
        for owner in _owes_as(_spell(spells, since, first), posts, first):
            before = found.setdefault(owner, [])
            if before and before[-1].last == first - _DAY:
                before[-1] = Span(before[-1].first, after - _DAY)
            else:
                before.append(Span(first, after - _DAY))
    return {
        owner: tuple(Span(each.first, None if each.last == today else each.last) for each in spans)
        for owner, spans in sorted(found.items())
    }


def _begun(spells: list[Thing], first_told: date, begins: date) -> dict[int, date]:
    """By the sequence of each spell since when it counts."""
    return {_sequence(each): each.day("since") or _entered(each, first_told, begins) for each in spells}


def _entered(spell: Thing, first_told: date, begins: date) -> date:
    """Since when a status counts of which nobody said it: what was found at first, from the beginning."""
    told = _day(spell, "told")
    return begins if told == first_told else told


def _spell(spells: list[Thing], since: Mapping[int, date], day: date) -> Thing | None:
    begun = [each for each in spells if since[_sequence(each)] <= day]
    return max(begun, key=_sequence, default=None)


def _owes_as(spell: Thing | None, posts: list[Thing], day: date) -> Iterator[str]:
    if spell is None or not spell["active"]:
        return
    held = [each for each in posts if _held(each, day)]
    status = str(spell["status"])
    if status in ("activist", "probationary"):
        yield status
    if status in ("member", "probationary"):
        yield "member"
        leading = any(each["at"] == "branch" and each["role"] in LEADING_POSTS for each in held)
        yield "leading" if leading else "ordinary_member"
        if any(each["at"] == "branch" and _seated(each, day) for each in held):
            yield "committee_member"
    if any(each["at"] in _COMMITTEES and each["role"] == "secretary" for each in held):
        yield "committee_secretary"


def _held(post: Thing, day: date) -> bool:
    until = _until(post)
    return _day(post, "since") <= day and (until is None or day <= until)


def _seated(post: Thing, day: date) -> bool:
    since = post.day("committee_since")
    return since is not None and since <= day


def _until(post: Thing) -> date | None:
    """The last day of a post; one that was withdrawn without a day was never held."""
    until = post.day("until")
    return until if until or post["active"] else _day(post, "since") - _DAY


def _day(thing: Thing, name: str) -> date:
    found = thing.day(name)
    assert found is not None  # always said of such a thing
    return found


def _sequence(spell: Thing) -> int:
    return spell.said["status"][0]
