"""What may become of a rating, of its entries and of an appeal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
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
from services.evaluation.indicators.model import Policy
from services.evaluation.ratings.snapshots import State, snapshot
from services.evaluation.scores.model import UNRATED, Breakdown

CLOSING, CLOSED, PUBLISHED = "closing", "closed", "published"
OPEN, UPHELD, DISMISSED = "open", "upheld", "dismissed"


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
