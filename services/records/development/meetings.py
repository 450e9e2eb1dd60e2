"""A step of the branch meeting beside the record of that meeting: both say the same. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.errors import Invalid

State = Mapping[str, Any]
# What the meeting votes on in each step that it decides.
MATTERS: Mapping[str, str] = {"branch_meeting": "admission", "full_meeting": "full_membership"}
_COUNTS = ("entitled", "present", "written", "in_favour")


def require_agreement(intended: State, dossier: State, activity: State | None) -> None:
    """The record that a step names is of this branch's meeting on that day, with the same vote on the person.

    Raises ``Invalid``: ``development.activity_unneeded`` for a step that no meeting decides,
    ``development.activity_unfit`` unless it is a branch meeting of the branch, handed in or approved,
    ``development.activity_day``, ``development.activity_no_vote``, ``development.activity_vote_differs``.
    """
    matter = MATTERS.get(intended["step"])
    if matter is None:
        raise Invalid.at("activity", "development.activity_unneeded", accepted=", ".join(MATTERS))
    if (
        activity is None
        or activity["organisation"] != dossier["organisation"]
        or activity["kind"] != "branch_meeting"
        or activity["state"] not in ("submitted", "approved")
    ):
        raise Invalid.at("activity", "development.activity_unfit")
    if activity["held_on"] != intended["on"].isoformat():
        raise Invalid.at("on", "development.activity_day", held_on=activity["held_on"])
    voted = [
        vote for vote in activity["votes"] if (vote["matter"], vote["person"]) == (matter, dossier["person"])
    ]
    if not voted:
        raise Invalid.at("activity", "development.activity_no_vote")
    counts = {name: voted[0][name] for name in _COUNTS}
    given = intended.get("vote")
    if given is not None and {name: given[name] for name in _COUNTS} != counts:
        raise Invalid.at("vote", "development.activity_vote_differs", **counts)
