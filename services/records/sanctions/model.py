"""Probation within the Party 留党察看: imposed, prolonged once, and closed by a decision. No I/O, no clock.

While it lasts a member has no vote and neither elects nor stands; attending and paying dues go on. It
lasts from its first to its last day and not a day longer: what a decision did not say is not inferred, so
that a period which is over gives the rights back, and the decision about it stays to be entered. States are
as the store keeps them: dates are ISO texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.months import months_after
from services.chassis.policies import Ruling
from services.contracts.records_events import SanctionChanged

State = Mapping[str, Any]
Rulings = Mapping[str, Ruling]
POSTS_BARRED = "posts_barred_years"
_DAY = timedelta(days=1)


def impose(
    subject: str,
    given: State,
    person: State,
    path: Sequence[str],
    rulings: Rulings,
    *,
    posts: Sequence[State],
    by: str,
    today: date,
) -> Change:
    """A member is put on probation from ``since`` (or the day of the decision) for ``years``.

    ``given``: ``person``, ``years``, ``decided_on``, ``decided_by`` (an organisation above the branch),
    ``since`` and ``document_number`` or None. ``path``: the ids from the root to where the person belongs,
    branch and group. ``posts``: as ``ending`` takes them. Raises
    ``Forbidden("sanction.own")``; ``Invalid``: ``sanction.person_unfit`` unless an active full member,
    ``sanction.in_future``, ``sanction.before_decision``, and by the pack ``sanction.no_pack``,
    ``sanction.years_unfit``, ``sanction.decided_by_unfit``.
    """
    _not_own(given["person"], by)
    if not person["active"] or person["political_status"] != "member":
        raise Invalid.at("person", "sanction.person_unfit", accepted="member")
    if "probation_years" not in rulings:
        raise Invalid.at("decided_on", "sanction.no_pack")
    decided_on: date = given["decided_on"]
    since: date = given.get("since") or decided_on
    for field, day in (("decided_on", decided_on), ("since", since)):
        _past(field, day, today)
    if since < decided_on:
        raise Invalid.at("since", "sanction.before_decision", accepted=f"{decided_on.isoformat()} …")
    years, allowed = given["years"], rulings["probation_years"]
    if years not in allowed.value:
        raise Invalid.at(
            "years", "sanction.years_unfit", **allowed.cited, accepted=", ".join(map(str, allowed.value))
        )
    if given["decided_by"] not in path:
        raise Invalid.at(
            "decided_by",
            "sanction.decided_by_unfit",
            **rulings["decided_above"].cited,
            accepted=", ".join(path),
        )
    until = _last_day(since, years).isoformat()
    state = {
        "person": given["person"],
        "organisation": person["organisation"],
        "decided_by": given["decided_by"],
        "decided_on": decided_on.isoformat(),
        "document_number": given.get("document_number"),
        "years": years,
        "since": since.isoformat(),
        "until": until,
        "last": until,
        "prolonged": None,
        "closed": None,
        "posts": [],
        "state": "running",
        "slot": given["person"],  # one at a time: left with the decision that closes it
        "entered_by": by,
        "entered_on": today.isoformat(),
        "source": rulings["without_rights"].cited,
    }
    return _changed(subject, _with_ended(state, posts, today))


def prolong(
    subject: str,
    before: State,
    given: State,
    rulings: Rulings,
    *,
    posts: Sequence[State],
    by: str,
    today: date,
) -> Change:
    """A probation of one year goes on for another, once. ``given``: ``decided_on``, ``document_number``.

    ``posts``: as ``ending`` takes them: where its year was over, some were taken since.
    Raises ``Forbidden("sanction.own")``, ``Conflict``: ``sanction.closed``, ``sanction.prolonged``;
    ``Invalid``: ``sanction.in_future``, ``sanction.before_decision``, and by the pack ``sanction.too_long``.
    """
    _open(before, by)
    if before["prolonged"] is not None:
        raise Conflict("sanction.prolonged")
    decided_on: date = given["decided_on"]
    _past("decided_on", decided_on, today)
    _after("decided_on", decided_on, before)
    years = before["years"] + int(rulings["probation_prolonged"].value)
    most = rulings["probation_most"]
    if years > most.value:
        raise Invalid.at("sanction", "sanction.too_long", **most.cited, accepted=most.value)
    until = _last_day(date.fromisoformat(before["since"]), years).isoformat()
    prolonged = {
        "decided_on": decided_on.isoformat(),
        "document_number": given.get("document_number"),
        "before": before["until"],
        "until": until,
        "by": by,
    }
    after = {**before, "until": until, "last": until, "prolonged": prolonged}
    return _changed(subject, _with_ended(after, posts, today))


def close(subject: str, before: State, given: State, rulings: Rulings, *, by: str, today: date) -> Change:
    """The decision that ends it. ``given``: ``outcome``, ``on``, ``document_number``, ``comment``.

    ``restored``: the rights are given back, after its last day. ``revoked``: the decision was found wrong and
    does not count from ``on`` on, which may be its first day. ``expelled``: no member from ``on`` on.
    Raises ``Forbidden("sanction.own")``, ``Conflict("sanction.closed")``; ``Invalid``:
    ``sanction.in_future``, ``sanction.before_decision``, ``sanction.comment_missing`` where it is revoked,
    and by the pack ``sanction.too_early`` for rights that are given back before the end.
    """
    _open(before, by)
    on: date = given["on"]
    _past("on", on, today)
    _after("on", on, before)
    outcome, last = given["outcome"], before["last"]
    if outcome == "restored":
        first = date.fromisoformat(before["until"]) + _DAY
        if on < first:
            raise Invalid.at(
                "on",
                "sanction.too_early",
                **rulings["probation_years"].cited,
                accepted=f"{first.isoformat()} …",
            )
    else:
        last = min(last, (on - _DAY).isoformat())
    if outcome == "revoked" and not given.get("comment"):
        raise Invalid.at("comment", "sanction.comment_missing", accepted="1 …")
    closed = {
        "outcome": outcome,
        "on": on.isoformat(),
        "document_number": given.get("document_number"),
        "comment": given.get("comment") or None,
        "by": by,
    }
    state = {name: value for name, value in before.items() if name != "slot"}
    return _changed(subject, {**state, "last": last, "closed": closed, "state": outcome})


def ending(state: State, posts: Iterable[State], today: date) -> list[State]:
    """Those of ``posts``, which were given and not withdrawn, that end with the sanction.

    ``posts``: each ``role``, ``kind`` of its organisation and first day as ``since``. While it lasts these
    are all. Entered when its days are over, those that began before or on its last one: none could be held
    on it. What was begun since stays, as no decision ended it.
    """
    return [each for each in posts if lasts(state, today) or each["since"] <= state["last"]]


def follow(subject: str, before: State, organisation: str) -> Change | None:
    """The person belongs elsewhere: who is responsible there has to know. None where that is so already."""
    if before["organisation"] == organisation:
        return None
    return _changed(subject, {**before, "organisation": organisation})


def barred_until(state: State, ruling: Ruling | None) -> date | None:
    """The first day on which a post as high as those that ended with it may be held again.

    So many years after the rights are back: by the decision, else the day after its last one. None where
    nothing is barred: it was revoked, or no pack says so.
    """
    if ruling is None or ruling.parameter.hardness != "block" or state["state"] == "revoked":
        return None
    closed = state["closed"]
    back = date.fromisoformat(closed["on"]) if closed else day_after(state)
    return months_after(back, 12 * int(ruling.value))


def day_after(state: State) -> date:
    """The first day after its last one."""
    return date.fromisoformat(state["last"]) + _DAY


def lasts(state: State, day: date) -> bool:
    """Whether the member is without a vote, and neither elects nor stands, on ``day``."""
    return bool(state["since"] <= day.isoformat() <= state["last"])


# -- within ----------------------------------------------------------------------------------------


def _with_ended(state: State, posts: Iterable[State], today: date) -> State:
    """``state`` with how high those of ``posts`` were that end with it."""
    kept = list(state.get("posts", ()))  # of what was imposed before these were kept, none
    for each in ending(state, posts, today):
        height = {"role": each["role"], "kind": each["kind"]}
        if height not in kept:
            kept.append(height)
    return {**state, "posts": kept}


def _last_day(since: date, years: int) -> date:
    return months_after(since, 12 * years) - _DAY


def _open(before: State, by: str) -> None:
    _not_own(before["person"], by)
    if before["state"] != "running":
        raise Conflict("sanction.closed", params={"state": before["state"], "accepted": "running"})


def _not_own(person: str, by: str) -> None:
    if person == by:
        raise Forbidden("sanction.own")


def _past(field: str, day: date, today: date) -> None:
    if day > today:
        raise Invalid.at(field, "sanction.in_future", accepted=f"… {today.isoformat()}")


def _after(field: str, day: date, before: State) -> None:
    if day.isoformat() < before["since"]:
        raise Invalid.at(field, "sanction.before_decision", accepted=f"{before['since']} …")


def _changed(subject: str, state: State) -> Change:
    """The event tells that something was decided, and neither about whom nor where they belong.

    Nor by whom it was entered, by which command and when: posts that end with it and moves have events, too.
    """
    event = SanctionChanged.of(
        anonymous=True, sanction=subject, organisation=state["decided_by"], state=state["state"]
    )
    return Change({**state}, [event])
