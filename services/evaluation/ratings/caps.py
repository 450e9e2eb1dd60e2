"""Who gets which band: the caps of a policy over a year's scores, and who gets a place of a tie. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.chassis.errors import Conflict
from services.evaluation.indicators.model import Cap, Policy
from services.evaluation.ratings.snapshots import State
from services.evaluation.scores.model import UNRATED, Breakdown


@dataclass(frozen=True)
class Graded:
    """What a subject gets. ``earned``: its band by points alone; ``tied``: the band that a tie keeps from it.

    ``capped``: the band that was given to no more than others with more points.
    """

    subject: str
    points: int
    earned: str
    band: str
    tied: str | None = None
    capped: str | None = None


def graded(policy: Policy, scores: Mapping[str, Breakdown]) -> dict[str, Graded]:
    """The band of each subject after the caps of the policy; whoever is unrated counts nowhere.

    Of those who would get a capped band the ones with more points do. Where the last place falls into a
    tie, nobody of the tie gets the band: a reviewer may decide, with a reason.
    """
    found = {
        subject: Graded(subject, worth.points, worth.band, worth.band)
        for subject, worth in sorted(scores.items())
    }
    rated = [each for each in found.values() if each.band != UNRATED]
    for cap in sorted(policy.caps, key=lambda each: policy.rank(each.band)):
        holders = [
            each
            for each in found.values()
            if each.band != UNRATED and policy.rank(each.band) <= policy.rank(cap.band)
        ]
        found |= _capped(policy, cap, holders, cap.most(len(rated)))
    return found


def _capped(policy: Policy, cap: Cap, holders: Sequence[Graded], most: int) -> dict[str, Graded]:
    """What becomes of those that do not fit among ``most``."""
    if len(holders) <= most:
        return {}
    below = policy.bands[policy.rank(cap.band) + 1].name
    ordered = sorted(holders, key=lambda each: (-each.points, each.subject))
    first_out = ordered[most].points
    tie = most > 0 and ordered[most - 1].points == first_out
    return {
        each.subject: replace(
            each,
            band=below,
            capped=cap.band,
            tied=cap.band if tie and each.points == first_out else None,
        )
        for each in holders
        if each.points < first_out or each.points == first_out
    }


def places_left(policy: Policy, band: str, entries: Iterable[Mapping[str, Any]]) -> int:
    """How many more may get ``band`` under its cap, by the bands that are given now."""
    rated = [each for each in entries if each["band"] != UNRATED]
    cap = next(each for each in policy.caps if each.band == band)
    given = sum(policy.rank(each["band"]) <= policy.rank(band) for each in rated)
    return cap.most(len(rated)) - given


def decided(
    policy: Policy, entry: State, entries: Sequence[State], *, reason: str, by: str, today: date
) -> Mapping[str, Any]:
    """The entry of somebody tied after a reviewer gave them the band, with the reason.

    Raises ``Conflict``: ``rating.not_tied``, ``rating.no_place`` where the cap leaves none.
    """
    band = entry["tied"]
    if band is None or entry["decision"] is not None:
        raise Conflict("rating.not_tied")
    if places_left(policy, band, entries) < 1:
        raise Conflict("rating.no_place", params={"band": band})
    decision = {"band": band, "before": entry["band"], "reason": reason, "by": by, "on": today}
    return {**entry, "band": band, "decision": decision}
