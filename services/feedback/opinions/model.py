"""The rules of an opinion: the states it may pass through, and what each step says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.chassis.contract import NewEvent
from services.chassis.errors import Conflict, NotFound
from services.contracts.feedback_events import (
    OpinionDueSoon,
    OpinionEvent,
    OpinionOverdue,
    OpinionReceived,
)
from services.contracts.kinds import OPINION_HANDLERS
from services.feedback.clock.model import (
    LIMITED,
    ORDINARY,
    STARTED,
    Reading,
    entered,
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
    files: tuple[Mapping[str, Any], ...] = ()
    published_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """One opinion, from what was said to what came of it.

    ``received -> triaged -> adopted -> answered``; from the first two also ``declined``, or ``merged`` into
    another that says the same. What was declined or answered may be opened again for a while; what was
    adopted is open again where its measure is given up.

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
    if not says_the_same(met, spoken):
        raise Conflict("ticket.spent")
    return met


def says_the_same(met: Opinion, spoken: Opinion) -> bool:
    """Whether what comes again says what was met: the same words, of the same organisation or its head.

    Whoever says later that it is about a head has to hear that the earlier one stands, and to whom it went.
    """
    return (met.text, met.concerns, met.about_head) == (spoken.text, spoken.concerns, spoken.about_head)


def makes_a_batch(received: Sequence[date], *, smallest: int, today: date) -> bool:
    """Whether what came in on the days ``received`` may be released together.

    Fewer than ``smallest`` wait for more, but no longer than to the next day.
    """
    return len(received) >= smallest or any(day < today for day in received)


def release(
    opinion: Opinion, copies: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[Opinion, list[NewEvent]]:
    """Let those who answer it know of it, and say so; what is released already stays as it is.

    ``copies`` are its files as they were written anew, by the ids that they had. Where one came meanwhile
    it waits for the next batch.
    """
    copied = copies or {}
    if opinion.released or {each["file"] for each in opinion.attachments} != set(copied):
        return opinion, []
    released = replace(
        opinion, released=True, attachments=tuple(copied[each["file"]] for each in opinion.attachments)
    )
    return released, [happened(OpinionReceived, released)]


def tell(opinion: Opinion, reading: Reading) -> tuple[Opinion, list[NewEvent]]:
    """Say that an answer is due soon, or overdue; of each run of the clock once."""
    waits = opinion.released and opinion.state in ("received", "triaged") and reading.due_on is not None
    for what, so, contract in (
        ("overdue", reading.overdue, OpinionOverdue),
        ("due_soon", reading.soon, OpinionDueSoon),
    ):
        if waits and so and what not in opinion.told:
            told = replace(opinion, told=(*opinion.told, what))
            said = {"due_on": reading.due_on, "speed": reading.speed, "roles": list(OPINION_HANDLERS)}
            return told, [happened(contract, told, **said)]
    return opinion, []


def speed_of(clock: Sequence[Mapping[str, Any]]) -> str:
    """How fast it has to be answered, by what was said last since it was opened."""
    for entry in reversed(clock):
        if entry["what"] == STARTED:
            break
        if entry["what"] == LIMITED:
            return str(entry["speed"])
    return ORDINARY


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
    restricted = {"restricted": True} if opinion.kept_from else {}
    return contract.of(
        anonymous=opinion.covert,
        **restricted,
        opinion=opinion.id,
        organisation=opinion.organisation,
        category=opinion.category,
        mode=opinion.mode,
        **more,
    )
