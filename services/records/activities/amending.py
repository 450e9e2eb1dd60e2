"""An approved record is never edited: an amendment is a version, which counts once it is approved. Pure.

The activity itself is the version that counts. ``versions`` holds them all in their order, from the first
amendment on; of each nothing but what became of it is ever added.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.contracts.records_events import (
    ActivityAmendmentReturned,
    ActivityAmendmentSubmitted,
)
from services.records.activities import conduct
from services.records.activities import model as rules
from services.records.activities.content import CONTENT, content, differing
from services.records.activities.kinds import Kind
from services.records.activities.votes import Voting

State = Mapping[str, Any]
MOST_VERSIONS = 20
# What has to be held against who was entitled and who had a vote.
_BY_LIST = frozenset({"held_on", "attendance", "others", "votes", "elections", "without_vote"})
_VOTED = ("votes", "elections", "quorum", "without_vote")


def amend(
    subject: str,
    before: State,
    given: State,
    *,
    reason: str,
    kind: Kind,
    entitled: Set[str],
    voting: Voting | None,
    by: str,
    today: date,
    window_days: int,
    rulings: conduct.Rulings,
) -> Change:
    """A version with what ``given`` changes, handed to the level above; all else is as it was approved.

    A returned one may be followed by another. Raises ``Conflict``: ``activity.state`` unless approved,
    ``amendment.imported``, ``amendment.pending``, ``amendment.too_many``; ``Invalid``:
    ``amendment.nothing_changed``, ``activity.entered_before_held``, and as a record and its submission do.
    """
    rules.expect(before, "approved")
    if before["imported"]:
        raise Conflict("amendment.imported")
    if before["amendment"] == "submitted":
        raise Conflict("amendment.pending", params={"accepted": "approved"})
    if len(before["versions"]) >= MOST_VERSIONS:
        raise Conflict("amendment.too_many", params={"most": MOST_VERSIONS})
    record = _amended(before, given, kind=kind, entitled=entitled, voting=voting)
    changed = differing(before, record)
    if not changed:
        raise Invalid("amendment.nothing_changed")
    entered_on = date.fromisoformat(before["entered_on"])
    held_on = date.fromisoformat(record["held_on"])
    if held_on > entered_on:
        accepted = f"… {entered_on.isoformat()}"
        raise Invalid.at("held_on", "activity.entered_before_held", accepted=accepted)
    moved = "held_on" in changed
    version = {
        "number": len(before["versions"]) + 1 if before["versions"] else 2,
        "state": "submitted",
        "reason": reason,
        "by": by,
        "on": today.isoformat(),
        "changed": changed,
        "late": before["late"] or (moved and rules.is_late(held_on, entered_on, window_days)),
        "remarks": rules.ready({**before, **record}, kind=kind, today=entered_on, rulings=rulings),
        "review": None,
        "record": record,
    }
    versions = [*(before["versions"] or [_first(before)]), version]
    state = {**before, "versions": versions, "amendment": "submitted"}
    return rules.happened(ActivityAmendmentSubmitted, subject, state, revision=version["number"])


def review(
    subject: str,
    before: State,
    *,
    verdict: str,
    comment: str | None,
    by: str,
    today: date,
    committee: Collection[str] = (),
) -> Change:
    """The level above approves the amendment, which counts from now on, or returns it with a comment.

    ``committee``: who sat on it on the day of a talk, as the amendment says it.
    Raises ``Conflict("activity.state")`` where none waits, ``Forbidden("activity.own_record")`` to whoever
    had a hand in it or in the record, ``Invalid("review.comment_missing")``.
    """
    if before["amendment"] != "submitted":
        raise Conflict("activity.state", params={"state": before["state"], "accepted": "submitted"})
    *earlier, version = before["versions"]
    if by in {version["by"], before.get("submitted_by"), *before.get("recorded_by", ())}:
        raise Forbidden("activity.own_record")
    said = rules.verdict_of(verdict, comment, by, today)
    if verdict == "return":
        returned = {**version, "state": "returned", "review": said}
        state = {**before, "versions": [*earlier, returned], "amendment": "returned"}
        return rules.happened(ActivityAmendmentReturned, subject, state, revision=version["number"])
    superseded = [
        {**each, "state": "superseded"} if each["state"] == "approved" else each for each in earlier
    ]
    make_ups = rules.standing(before["make_ups"], version["record"]["attendance"])
    state = {
        **before,
        **version["record"],
        "late": version["late"],
        "remarks": version["remarks"],
        "make_ups": make_ups,
        "made_up": len(make_ups),
        "versions": [*superseded, {**version, "state": "approved", "review": said}],
        "revision": version["number"],
        "amendment": None,
        "recorded_by": sorted({*before.get("recorded_by", ()), version["by"]}),
    }
    return rules.approved(subject, rules.seen(state), committee, revision=version["number"])


def versions(state: State) -> list[dict[str, Any]]:
    """All versions, the first one first; of a record never amended itself alone, once it is approved."""
    if state["versions"] or state["state"] != "approved":
        return list(state["versions"])
    return [_first(state)]


def _first(state: State) -> dict[str, Any]:
    return {
        "number": 1,
        "state": "approved",
        "reason": None,
        "by": state.get("submitted_by"),
        "on": state["entered_on"],
        "changed": [],
        "late": state["late"],
        "remarks": state["remarks"],
        "review": state["reviews"][-1] if state["reviews"] else None,
        "record": {name: state[name] for name in CONTENT},
    }


def _amended(
    before: State, given: State, *, kind: Kind, entitled: Set[str], voting: Voting | None
) -> dict[str, Any]:
    by_list = bool(_BY_LIST & given.keys())
    if not by_list:  # the list stands as it was approved, whatever is known of that day by now
        entitled = {entry["person"] for entry in before["attendance"] if not entry["guest"]}
        voting = None
    kept = {name: before[name] for name in CONTENT if by_list or name not in _VOTED}
    kept.pop("without_vote", None)  # follows anew from the people of the day
    kept["decisions"] = [
        {**each, "due_on": date.fromisoformat(each["due_on"]) if each["due_on"] else None}
        for each in before["decisions"]
    ]
    held_on = given.get("held_on") or date.fromisoformat(before["held_on"])
    record = content(before, {**kept, **given}, held_on, kind=kind, entitled=entitled, voting=voting)
    return record if by_list else {**record, **{name: before[name] for name in _VOTED}}
