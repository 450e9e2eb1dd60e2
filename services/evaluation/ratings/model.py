"""Ratings: caps and ties over a year's scores, and what may become of a rating and of an appeal. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.contracts.evaluation_rating_events import (
    AppealAnswered,
    AppealFiled,
    RatingClosed,
    RatingDecided,
    RatingPublished,
)
from services.evaluation.indicators.model import Cap, Policy
from services.evaluation.scores.methods import Material
from services.evaluation.scores.model import UNRATED, Breakdown

CLOSING, CLOSED, PUBLISHED = "closing", "closed", "published"
OPEN, UPHELD, DISMISSED = "open", "upheld", "dismissed"
State = Mapping[str, Any]


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


# -- caps and ties ------------------------------------------------------------------------------------


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


# -- the snapshot -------------------------------------------------------------------------------------


def evidence_digest(material: Material) -> str:
    """SHA-256 of all that a score rests on: the same evidence gives the same hash on every replica."""
    told = [
        [[each.activity, *each.packed()] for each in material.records],
        [[each.id, each.state, list(each.taken)] for each in material.obligations],
        [[each.id, *each.packed()] for each in material.marks],
    ]
    return _sha256(told)


def snapshot(worth: Breakdown) -> dict[str, Any]:
    """A breakdown as it is kept: every line with its reasons."""
    return {
        "policy": worth.policy,
        "points": worth.points,
        "band": worth.band,
        "evidence": worth.evidence,
        "lines": [
            {
                "indicator": line.indicator,
                "method": line.method,
                "points": line.points,
                "most": line.most,
                "facts": dict(line.facts),
                "records": list(line.records),
                "obligations": list(line.obligations),
                "marks": list(line.marks),
                "within": list(line.within),
            }
            for line in worth.lines
        ],
        "vetoes": [{"veto": each.veto, "keeps_below": each.keeps_below} for each in worth.vetoes],
    }


def digest(entries: Iterable[State]) -> str:
    """SHA-256 over all entries as they were taken down."""
    told = [
        [each["subject"], each["points"], each["earned"], each["evidence_digest"], each["breakdown"]]
        for each in sorted(entries, key=lambda each: str(each["subject"]))
    ]
    return _sha256(told)


def _sha256(told: Any) -> str:
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


# -- a rating -----------------------------------------------------------------------------------------


def begin(
    *,
    organisation: str,
    policy: Policy,
    kind: str,
    year: int,
    by: str,
    today: date,
    first_month: int,
) -> State:
    """A rating that is being closed; raises ``Invalid`` before the year may be."""
    earliest = date(year, first_month, 1)
    if today < earliest:
        params = {"earliest": earliest.isoformat()}
        raise Invalid("rating.too_early", params=params, fields={"year": ["rating.too_early"]})
    return {
        "organisation": organisation,
        "subject_kind": policy.subject,
        "kind": kind,
        "year": year,
        "policy": policy.id,
        "state": CLOSING,
        "closed_on": today,
        "by": by,
        "rated": 0,
        "decisions": 0,
        "digest": None,
        "published_on": None,
        "appeals_until": None,
    }


def closed(state: State, id_: str, *, rated: int, digest: str) -> Change | None:
    """All is taken down; None where another job did it."""
    if state["state"] != CLOSING:
        return None
    event = RatingClosed.of(rated=rated, digest=digest, **_said(id_, state))
    return Change({**state, "state": CLOSED, "rated": rated, "digest": digest}, [event])


def one_more_decision(state: State, id_: str) -> Change:
    """A tie is decided; raises ``Conflict`` unless the rating is closed and not published."""
    if state["state"] != CLOSED:
        raise Conflict(f"rating.is_{state['state']}")
    decisions = state["decisions"] + 1
    event = RatingDecided.of(decisions=decisions, **_said(id_, state))
    return Change({**state, "decisions": decisions}, [event])


def publish(state: State, id_: str, *, today: date, appeal_days: int) -> Change:
    """Whoever it is about may read it from now on, and appeal for ``appeal_days``."""
    if state["state"] != CLOSED:
        raise Conflict(f"rating.is_{state['state']}")
    until = today + timedelta(days=appeal_days)
    event = RatingPublished.of(published_on=today, appeals_until=until, **_said(id_, state))
    return Change({**state, "state": PUBLISHED, "published_on": today, "appeals_until": until}, [event])


def _said(id_: str, state: State) -> dict[str, Any]:
    return {
        "rating": id_,
        **{name: state[name] for name in ("organisation", "subject_kind", "kind", "year", "policy")},
    }


# -- appeals ------------------------------------------------------------------------------------------


def appeal(
    rating: State,
    rating_id: str,
    id_: str,
    entry: State,
    *,
    by: str,
    text: str,
    today: date,
    answer_days: int,
) -> Change:
    """Whoever was rated asks for it to be looked at again.

    Raises ``Conflict`` unless the rating is published and the time to appeal has not passed.
    """
    if rating["state"] != PUBLISHED:
        raise Conflict(f"rating.is_{rating['state']}")
    until = _day(rating["appeals_until"])
    if today > until:
        raise Conflict("appeal.too_late", params={"until": until.isoformat()})
    answer_until = today + timedelta(days=answer_days)
    state = {
        "rating": rating_id,
        "subject": entry["subject"],
        "organisation": entry["organisation"],
        "text": text,
        "by": by,
        "filed_on": today,
        "answer_until": answer_until,
        "state": OPEN,
        "answer": None,
        "answered_by": None,
        "answered_on": None,
    }
    event = AppealFiled.of(
        appeal=id_, rating=rating_id, organisation=entry["organisation"], answer_until=answer_until
    )
    return Change(state, [event])


def answer(state: State, id_: str, *, upheld: bool, text: str, by: str, today: date) -> Change:
    """The appeal is upheld or dismissed; raises ``Conflict`` once it is, ``Forbidden`` for who filed it."""
    if state["state"] != OPEN:
        raise Conflict("appeal.is_answered")
    if by == state["by"]:
        raise Forbidden("appeal.own")
    event = AppealAnswered.of(
        appeal=id_,
        rating=state["rating"],
        organisation=state["organisation"],
        answer_until=_day(state["answer_until"]),
        upheld=upheld,
    )
    after = {
        **state,
        "state": UPHELD if upheld else DISMISSED,
        "answer": text,
        "answered_by": by,
        "answered_on": today,
    }
    return Change(after, [event])


def corrected(
    policy: Policy,
    entry: State,
    worth: Breakdown,
    band: str,
    *,
    evidence: str,
    reason: str,
    by: str,
    today: date,
) -> Mapping[str, Any]:
    """The entry with a corrected result beside the first, which stays as it is.

    ``worth`` is what the evidence of today says. Raises ``Invalid`` for a band that the policy lacks, or
    that is better than those points earn.
    """
    if policy.band(band) is None or (worth.band != UNRATED and policy.rank(band) < policy.rank(worth.band)):
        accepted = (
            ", ".join(each.name for each in policy.bands[policy.rank(worth.band) :])
            if worth.band != UNRATED
            else ""
        )
        raise Invalid("appeal.band", params={"accepted": accepted}, fields={"band": ["appeal.band"]})
    correction = {
        "points": worth.points,
        "band": band,
        "evidence_digest": evidence,
        "breakdown": snapshot(worth),
        "reason": reason,
        "by": by,
        "on": today,
    }
    return {**entry, "corrections": [*entry["corrections"], correction]}


def final_band(entry: State) -> str:
    """The band that counts: the last correction's, else as it was given."""
    return str(entry["corrections"][-1]["band"] if entry["corrections"] else entry["band"])


def final_points(entry: State) -> int:
    """The points that count, in hundredths."""
    return int(entry["corrections"][-1]["points"] if entry["corrections"] else entry["points"])


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
