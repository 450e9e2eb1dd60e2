"""The rules of results: handed in with evidence, reviewed by somebody else, then public."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.chassis.errors import Conflict, Forbidden, Invalid
from services.contracts.feedback_events import ResultHandedIn, ResultPublished, ResultReturned
from services.feedback.measures.model import Decided, Measure, must_be, told
from services.feedback.opinions.model import Answer


def hand_in(
    measure: Measure,
    *,
    result: str,
    links: Sequence[str],
    by: str,
    today: date,
    attachments: Sequence[Mapping[str, Any]] = (),
) -> Decided:
    """Say what came of it, with evidence; somebody else reviews that before it is public.

    Raises ``Conflict``: in another state, ``measure.nodes_open`` with how many are.
    """
    must_be(measure, "planned")
    waiting = sum(1 for node in measure.nodes if not node["done_on"])
    if waiting:
        raise Conflict("measure.nodes_open", params={"count": waiting})
    handed_in = replace(
        measure,
        state="handed_in",
        result=result,
        links=tuple(dict.fromkeys(links)),
        attachments=tuple(attachments),
        handed_in_by=by,
        handed_in_on=today,
    )
    return handed_in, [told(ResultHandedIn, handed_in)]


def review(
    measure: Measure,
    *,
    accepted: bool,
    reason: str | None,
    by: str,
    today: date,
    show: Sequence[str] = (),
) -> Decided:
    """Make the result public, or give it back with a reason.

    ``show``: which of its files everybody reads with it. The others stay with who reads the measure: only
    somebody who looked at a file knows that it names nobody.

    Raises ``Conflict`` unless it was handed in, ``Forbidden("measure.own_result")`` to whoever did that,
    ``Invalid``: ``measure.reason_missing`` where it is given back without one, ``measure.file_unknown``.
    """
    must_be(measure, "handed_in")
    if by == measure.handed_in_by:
        raise Forbidden("measure.own_result")
    if not accepted and not reason:
        raise Invalid.at("reason", "measure.reason_missing")
    known = [str(each["file"]) for each in measure.attachments]
    if unknown := [f"show.{at}" for at, each in enumerate(show) if each not in known]:
        code = "measure.file_unknown"
        raise Invalid(
            code, params={"accepted": ", ".join(known) or "–"}, fields={each: [code] for each in unknown}
        )
    verdict = {"accepted": accepted, "reason": reason, "by": by, "on": today.isoformat()}
    reviewed = replace(measure, reviews=(*measure.reviews, verdict))
    if not accepted:
        returned = replace(reviewed, state="planned")
        return returned, [told(ResultReturned, returned)]
    published = replace(reviewed, state="published", published_on=today, shown=tuple(dict.fromkeys(show)))
    event = ResultPublished.of(
        anonymous=bool(measure.kept_from),
        measure=measure.id,
        organisation=measure.organisation,
        published_on=today,
        opinions=list(measure.opinions),
    )
    return published, [event]


def answer_of(measure: Measure) -> Answer:
    """What the authors of its opinions see of it: neither its owner nor the other opinions."""
    public = measure.state == "published"
    return Answer(
        measure=measure.id,
        title=measure.title,
        due_on=measure.due_on,
        result=measure.result if public else None,
        files=tuple(measure.open_files),
        published_on=measure.published_on,
    )
