"""The rules of what those who answer do with an opinion: which state leads where, what each step says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.chassis.contract import NewEvent
from services.chassis.errors import Conflict, Invalid
from services.contracts.feedback_events import (
    OpinionAdopted,
    OpinionDeclined,
    OpinionMerged,
    OpinionPaused,
    OpinionReassigned,
    OpinionResumed,
    OpinionTriaged,
)
from services.feedback.clock.model import (
    LIMITED,
    PAUSED,
    RESUMED,
    STOPPED,
    TAKEN_UP,
    entered,
    is_paused,
)
from services.feedback.opinions.model import Answer, Opinion, happened, must_be, speed_of


def triage(
    opinion: Opinion,
    *,
    category: str | None,
    topics: Sequence[str] | None,
    speed: str | None,
    today: date,
) -> tuple[Opinion, list[NewEvent]]:
    """Say what it is about and how fast it has to be answered; what is None stays as it is.

    Raises ``Conflict`` once it was settled or merged. The same again says nothing.
    """
    must_be(opinion, "received", "triaged", "adopted")
    clock = opinion.clock
    if speed is not None and speed != speed_of(clock):
        clock = entered(clock, LIMITED, today, speed=speed)
    triaged = replace(
        opinion,
        state="triaged" if opinion.state == "received" else opinion.state,
        category=category or opinion.category,
        topics=opinion.topics if topics is None else tuple(dict.fromkeys(topics)),
        clock=clock,
        told=opinion.told if clock == opinion.clock else (),
    )
    if triaged == opinion:
        return opinion, []
    return triaged, [happened(OpinionTriaged, triaged, topics=list(triaged.topics))]


def reassign(
    opinion: Opinion, *, organisation: str, reason: str, by: str, today: date, most: int
) -> tuple[Opinion, list[NewEvent]]:
    """Let another organisation answer it. The clock goes on: the author waits all the same.

    Raises ``Conflict``: in another state, ``opinion.reassigned_enough`` after ``most`` times;
    ``Invalid("opinion.organisation_concerned")`` for one that it is kept from or that answers already.
    """
    must_be(opinion, "received", "triaged")
    if organisation == opinion.organisation or organisation in opinion.kept_from:
        code = "opinion.organisation_concerned"
        raise Invalid(code, fields={"organisation": [code]})
    if len(opinion.routes) >= most:
        raise Conflict("opinion.reassigned_enough", params={"most": most})
    route = {
        "from": opinion.organisation,
        "to": organisation,
        "reason": reason,
        "by": by,
        "on": today.isoformat(),
    }
    moved = replace(opinion, organisation=organisation, routes=(*opinion.routes, route))
    return moved, [happened(OpinionReassigned, moved, before=opinion.organisation)]


def absorb(opinion: Opinion, duplicate: Opinion) -> tuple[Opinion, list[NewEvent]]:
    """Let ``opinion`` stand for ``duplicate`` as well; whom either is kept from, both are.

    Raises ``Conflict`` in another state, ``Invalid("opinion.not_alike")`` unless the same organisation
    answers both and both or neither speak about its head; also where a measure answers ``opinion`` already
    that is not kept from all of those whom ``duplicate`` is kept from.
    """
    must_be(opinion, "received", "triaged", "adopted")
    alike = (opinion.organisation, opinion.about_head) == (duplicate.organisation, duplicate.about_head)
    open_to_them = opinion.state == "adopted" and not set(duplicate.kept_from) <= set(opinion.kept_from)
    if opinion.id == duplicate.id or not alike or open_to_them:
        raise Invalid("opinion.not_alike", fields={"into": ["opinion.not_alike"]})
    kept_from = tuple(dict.fromkeys((*opinion.kept_from, *duplicate.kept_from)))
    duplicates = tuple(dict.fromkeys((*opinion.duplicates, duplicate.id)))
    return replace(opinion, duplicates=duplicates, kept_from=kept_from), []


def merge(opinion: Opinion, *, into: str, today: date) -> tuple[Opinion, list[NewEvent]]:
    """Its author is answered by what becomes of ``into``.

    Raises ``Conflict`` in another state, ``opinion.has_duplicates`` where others were merged into it.
    """
    must_be(opinion, "received", "triaged")
    if opinion.duplicates:
        raise Conflict("opinion.has_duplicates")
    merged = replace(opinion, state="merged", merged_into=into, clock=entered(opinion.clock, STOPPED, today))
    return merged, [happened(OpinionMerged, merged, into=into)]


def decline(opinion: Opinion, *, reason: str, today: date) -> tuple[Opinion, list[NewEvent]]:
    """Refuse it with a reason; raises ``Conflict`` once it was settled, adopted or merged."""
    must_be(opinion, "received", "triaged")
    declined = replace(
        opinion,
        state="declined",
        declined_because=reason,
        declined_on=today,
        clock=entered(opinion.clock, STOPPED, today),
    )
    return declined, [happened(OpinionDeclined, declined)]


def adopt(opinion: Opinion, answer: Answer, *, today: date) -> tuple[Opinion, list[NewEvent]]:
    """Let a measure answer it, which stops the clock: from here on the measure's own date counts.

    Raises ``Conflict`` once it was settled, adopted or merged.
    """
    must_be(opinion, "received", "triaged")
    adopted = replace(opinion, state="adopted", answer=answer, clock=entered(opinion.clock, STOPPED, today))
    return adopted, [happened(OpinionAdopted, adopted, measure=answer.measure)]


def conclude(
    opinion: Opinion,
    *,
    measure: str,
    result: str,
    today: date,
    files: Sequence[Mapping[str, Any]] = (),
) -> tuple[Opinion, list[NewEvent]]:
    """The result of its measure is published, with ``files`` that everybody reads; the measure's own event
    says so, this adds none."""
    must_be(opinion, "adopted")
    answer = replace(_answer_by(opinion, measure), result=result, files=tuple(files), published_on=today)
    return replace(opinion, state="answered", answer=answer), []


def give_back(opinion: Opinion, *, measure: str, reason: str, today: date) -> tuple[Opinion, list[NewEvent]]:
    """Its measure was given up: it is to be answered anew, and the clock goes on where it stood.

    What was meant to be done stays on record with the reason. The measure's own event says so.
    """
    must_be(opinion, "adopted")
    answer = _answer_by(opinion, measure)
    earlier = {
        "state": opinion.state,
        "declined_because": None,
        "measure": answer.measure,
        "result": None,
        "on": None,
        "rating": None,
        "reason": reason,
        "reopened_on": today.isoformat(),
    }
    again = replace(
        opinion,
        state="triaged",
        answer=None,
        earlier=(*opinion.earlier, earlier),
        clock=entered(opinion.clock, TAKEN_UP, today),
        told=(),
    )
    return again, []


def redate(opinion: Opinion, *, measure: str, due_on: date) -> tuple[Opinion, list[NewEvent]]:
    """Its measure is due on another day."""
    must_be(opinion, "adopted")
    return replace(opinion, answer=replace(_answer_by(opinion, measure), due_on=due_on)), []


def pause(opinion: Opinion, *, reason: str, awaiting: str, today: date) -> tuple[Opinion, list[NewEvent]]:
    """Let the clock stand still for a reason that its author reads; raises ``Conflict`` where it does."""
    must_be(opinion, "received", "triaged")
    if is_paused(opinion.clock):
        raise Conflict("opinion.is_paused")
    clock = entered(opinion.clock, PAUSED, today, reason=reason, awaiting=awaiting)
    return replace(opinion, clock=clock), [happened(OpinionPaused, opinion)]


def resume(opinion: Opinion, *, today: date) -> tuple[Opinion, list[NewEvent]]:
    """Let the clock go on; raises ``Conflict("opinion.is_not_paused")`` where it does."""
    must_be(opinion, "received", "triaged")
    if not is_paused(opinion.clock):
        raise Conflict("opinion.is_not_paused")
    resumed = replace(opinion, clock=entered(opinion.clock, RESUMED, today), told=())
    return resumed, [happened(OpinionResumed, resumed)]


def _answer_by(opinion: Opinion, measure: str) -> Answer:
    if opinion.answer is None or opinion.answer.measure != measure:
        raise Conflict("opinion.answered_by_another_measure")
    return opinion.answer
