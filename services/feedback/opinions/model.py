"""The rules of an opinion: the states it may pass through, and what each step says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.chassis.contract import NewEvent
from services.chassis.errors import Conflict, Invalid, NotFound
from services.contracts.feedback_events import (
    OpinionAdopted,
    OpinionDeclined,
    OpinionDueSoon,
    OpinionEvent,
    OpinionMerged,
    OpinionOverdue,
    OpinionPaused,
    OpinionReassigned,
    OpinionReceived,
    OpinionResumed,
    OpinionTriaged,
)
from services.feedback.clock.model import (
    LIMITED,
    ORDINARY,
    PAUSED,
    RESUMED,
    STARTED,
    STOPPED,
    Reading,
    entered,
    is_paused,
)


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Who speaks, as far as it is kept. ``speaker`` is one mark for all that somebody says in a ``mode``."""

    mode: str = "anonymous"
    author: str | None = None
    speaker: str | None = None
    sealed_author: str | None = None


NOBODY = Voice()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The measure that answers an opinion, copied so that an author never reads the measure itself."""

    measure: str
    title: str
    due_on: date
    result: str | None = None
    published_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """One opinion, from what was said to what came of it.

    ``received -> triaged -> adopted -> answered``; from the first two also ``declined``, or ``merged`` into
    another that says the same. What was declined or answered may be opened again for a while.

    ``organisation`` is responsible for an answer, ``concerns`` is the one that was named. ``author`` is
    known of a named one alone; ``speaker`` is a keyed mark of who spoke by name, another in confidence, and
    ``sealed_author`` who spoke in confidence, for those alone who may open it. An anonymous one has none of
    them: its id is all that leads from a receipt to it. ``kept_from``: see ``receive``. Until it is
    ``released`` nobody but the holder of its receipt knows of it; ``held`` is what the holder added since
    the last batch. ``clock`` is the history by which the time to answer is counted.
    """

    id: str
    mode: str
    state: str
    organisation: str
    concerns: str
    category: str
    about_head: bool
    text: str
    received_on: date
    channel: str = "web"
    author: str | None = None
    speaker: str | None = None
    sealed_author: str | None = None
    kept_from: tuple[str, ...] = ()
    released: bool = True
    activity: str | None = None
    task: str | None = None
    topics: tuple[str, ...] = ()
    attachments: tuple[Mapping[str, Any], ...] = ()
    clock: tuple[Mapping[str, Any], ...] = ()
    told: tuple[str, ...] = ()
    routes: tuple[Mapping[str, Any], ...] = ()
    messages: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[Mapping[str, Any], ...] = ()
    held: tuple[Mapping[str, Any], ...] = ()
    merged_into: str | None = None
    duplicates: tuple[str, ...] = ()
    declined_because: str | None = None
    declined_on: date | None = None
    answer: Answer | None = None
    earlier: tuple[Mapping[str, Any], ...] = ()
    rating: Mapping[str, Any] | None = None

    @property
    def anonymous(self) -> bool:
        return self.mode == "anonymous"

    @property
    def covert(self) -> bool:
        """Whether no event of it may say who acted."""
        return self.mode != "named" or self.about_head

    @property
    def settled_on(self) -> date | None:
        """The day of the answer or the refusal; None as long as there is neither."""
        if self.state == "declined":
            return self.declined_on
        return self.answer.published_on if self.state == "answered" and self.answer else None


def is_kept_from(kept_from: Collection[str], person: str, posts_at: Collection[str]) -> bool:
    """Whether ``person``, with posts at ``posts_at``, is one of those an opinion is kept from."""
    return not set(kept_from).isdisjoint((person, *posts_at))


def receive(
    *,
    id: str,  # noqa: A002 - it is the field's name
    concerns: str,
    organisation: str,
    category: str,
    about_head: bool,
    text: str,
    today: date,
    voice: Voice,
    channel: str = "web",
    speed: str = ORDINARY,
    activity: str | None = None,
    task: str | None = None,
    attachments: Sequence[Mapping[str, Any]] = (),
    post_holders: Collection[str] = (),
) -> tuple[Opinion, list[NewEvent]]:
    """An opinion as it comes in; an anonymous one is not released yet.

    ``organisation`` answers what is said of ``concerns``, in which ``post_holders`` hold a post today. What
    speaks about its head is kept from whoever holds a post there when they ask, and from those of today for
    ever: a promotion or the end of a term opens nothing.
    """
    clock = entered((), STARTED, today)
    opinion = Opinion(
        id=id,
        released=voice.mode != "anonymous",
        mode=voice.mode,
        state="received",
        organisation=organisation,
        concerns=concerns,
        category=category,
        about_head=about_head,
        text=text,
        received_on=today,
        channel=channel,
        author=voice.author,
        speaker=voice.speaker,
        sealed_author=voice.sealed_author,
        kept_from=(concerns, *sorted(post_holders)) if about_head else (),
        activity=activity,
        task=task,
        attachments=tuple(attachments),
        clock=entered(clock, LIMITED, today, speed=speed) if speed != ORDINARY else clock,
    )
    return opinion, [happened(OpinionReceived, opinion)] if opinion.released else []


def same_again(met: Opinion, spoken: Opinion) -> Opinion:
    """What was met under a ticket that is handed in again, with the same words because an answer was lost.

    Raises ``Conflict("ticket.spent")`` for any others.
    """
    if (met.text, met.concerns, met.about_head) != (spoken.text, spoken.concerns, spoken.about_head):
        raise Conflict("ticket.spent")
    return met


def makes_a_batch(received: Sequence[date], *, smallest: int, today: date) -> bool:
    """Whether what came in on the days ``received`` may be released together.

    Fewer than ``smallest`` wait for more, but no longer than to the next day.
    """
    return len(received) >= smallest or any(day < today for day in received)


def release(opinion: Opinion) -> tuple[Opinion, list[NewEvent]]:
    """Let those who answer it know of it, and say so; what is released already stays as it is."""
    if opinion.released:
        return opinion, []
    released = replace(opinion, released=True)
    return released, [happened(OpinionReceived, released)]


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


def conclude(opinion: Opinion, *, measure: str, result: str, today: date) -> tuple[Opinion, list[NewEvent]]:
    """The result of its measure is published; the measure's own event says so, this adds none."""
    must_be(opinion, "adopted")
    answer = replace(_answer_by(opinion, measure), result=result, published_on=today)
    return replace(opinion, state="answered", answer=answer), []


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


def tell(opinion: Opinion, reading: Reading) -> tuple[Opinion, list[NewEvent]]:
    """Say that an answer is due soon, or overdue; of each run of the clock once."""
    waits = opinion.released and opinion.state in ("received", "triaged") and reading.due_on is not None
    for what, so, contract in (
        ("overdue", reading.overdue, OpinionOverdue),
        ("due_soon", reading.soon, OpinionDueSoon),
    ):
        if waits and so and what not in opinion.told:
            told = replace(opinion, told=(*opinion.told, what))
            return told, [happened(contract, told, due_on=reading.due_on, speed=reading.speed)]
    return opinion, []


def speed_of(clock: Sequence[Mapping[str, Any]]) -> str:
    """How fast it has to be answered, by what was said last since it was opened."""
    for entry in reversed(clock):
        if entry["what"] == STARTED:
            break
        if entry["what"] == LIMITED:
            return str(entry["speed"])
    return ORDINARY


def _answer_by(opinion: Opinion, measure: str) -> Answer:
    if opinion.answer is None or opinion.answer.measure != measure:
        raise Conflict("opinion.answered_by_another_measure")
    return opinion.answer


def must_be(opinion: Opinion, *states: str) -> None:
    """Raises ``NotFound`` before its batch, ``Conflict("opinion.is_<state>")`` in any other state."""
    if not opinion.released:
        raise NotFound("opinions.not_found")
    if opinion.state not in states:
        raise Conflict(f"opinion.is_{opinion.state}")


def happened(contract: type[OpinionEvent], opinion: Opinion, **more: Any) -> NewEvent:
    """What an event of an opinion tells."""
    # Every event of an anonymous opinion is anonymous, also a handler's: a notice about it has no actor.
    # So is what speaks about a head, or in confidence: who listens on the backbone need not learn who spoke.
    return contract.of(
        anonymous=opinion.covert,
        opinion=opinion.id,
        organisation=opinion.organisation,
        category=opinion.category,
        mode=opinion.mode,
        **more,
    )
