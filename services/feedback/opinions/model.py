"""The rules of an opinion: who answers it, and the states it may pass through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.chassis.contract import NewEvent
from services.chassis.errors import Conflict, Invalid, NotFound
from services.contracts.feedback_events import OpinionAdopted, OpinionDeclined, OpinionReceived


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
    """One opinion. ``received -> declined`` or ``received -> adopted -> answered``; no way leads back.

    ``organisation`` is responsible for an answer, ``concerns`` is the one that was named. ``author`` is
    None in an anonymous one, whose id is all that leads from a receipt to it. ``kept_from``: see ``receive``.
    Until it is ``released`` nobody but the holder of its receipt knows of it.
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
    author: str | None = None
    kept_from: tuple[str, ...] = ()
    released: bool = True
    declined_because: str | None = None
    declined_on: date | None = None
    answer: Answer | None = None

    @property
    def anonymous(self) -> bool:
        return self.mode == "anonymous"


def responsible(path: Sequence[str], *, about_head: bool) -> str:
    """Who answers: the organisation named, or the level above it where its head is spoken about.

    ``path`` leads from the root down to the organisation named. Raises ``Invalid`` at the root, above
    which nobody can answer.
    """
    if not about_head:
        return path[-1]
    if len(path) < 2:
        raise Invalid("opinion.no_level_above", fields={"about_head": ["opinion.no_level_above"]})
    return path[-2]


def is_kept_from(kept_from: Collection[str], person: str, posts_at: Collection[str]) -> bool:
    """Whether ``person``, with posts at ``posts_at``, is one of those an opinion is kept from."""
    return not set(kept_from).isdisjoint((person, *posts_at))


def receive(
    *,
    id: str,  # noqa: A002 - it is the field's name
    path: Sequence[str],
    category: str,
    about_head: bool,
    text: str,
    today: date,
    author: str | None,
    post_holders: Collection[str] = (),
) -> tuple[Opinion, list[NewEvent]]:
    """An opinion as it comes in: named if it has an author, else anonymous, and then not yet released.

    ``path`` leads from the root down to the organisation named, in which ``post_holders`` hold a post
    today. What speaks about its head is kept from whoever holds a post there when they ask, and from
    those of today for ever: a promotion or the end of a term opens nothing.
    """
    opinion = Opinion(
        id=id,
        released=author is not None,
        mode="named" if author else "anonymous",
        state="received",
        organisation=responsible(path, about_head=about_head),
        concerns=path[-1],
        category=category,
        about_head=about_head,
        text=text,
        received_on=today,
        author=author,
        kept_from=(path[-1], *sorted(post_holders)) if about_head else (),
    )
    return opinion, [_happened(OpinionReceived, opinion)] if opinion.released else []


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
    return released, [_happened(OpinionReceived, released)]


def decline(opinion: Opinion, *, reason: str, today: date) -> tuple[Opinion, list[NewEvent]]:
    """Refuse it with a reason; raises ``Conflict`` once it was declined, adopted or answered."""
    _must_be(opinion, "received")
    declined = replace(opinion, state="declined", declined_because=reason, declined_on=today)
    return declined, [_happened(OpinionDeclined, declined)]


def adopt(opinion: Opinion, answer: Answer) -> tuple[Opinion, list[NewEvent]]:
    """Let a measure answer it; raises ``Conflict`` once it was declined, adopted or answered."""
    _must_be(opinion, "received")
    adopted = replace(opinion, state="adopted", answer=answer)
    return adopted, [_happened(OpinionAdopted, adopted, measure=answer.measure)]


def conclude(opinion: Opinion, *, measure: str, result: str, today: date) -> tuple[Opinion, list[NewEvent]]:
    """The result of its measure is published; the measure's own event says so, this adds none."""
    _must_be(opinion, "adopted")
    if opinion.answer is None or opinion.answer.measure != measure:
        raise Conflict("opinion.answered_by_another_measure")
    answer = replace(opinion.answer, result=result, published_on=today)
    return replace(opinion, state="answered", answer=answer), []


def _must_be(opinion: Opinion, state: str) -> None:
    if not opinion.released:
        raise NotFound("opinions.not_found")
    if opinion.state != state:
        raise Conflict(f"opinion.is_{opinion.state}")


def _happened(
    contract: type[OpinionReceived] | type[OpinionDeclined] | type[OpinionAdopted],
    opinion: Opinion,
    **more: str,
) -> NewEvent:
    # Every event of an anonymous opinion is anonymous, also a handler's: a notice about it has no actor.
    # So is what speaks about a head: who listens on the backbone need not learn who spoke.
    return contract.of(
        anonymous=opinion.anonymous or opinion.about_head,
        opinion=opinion.id,
        organisation=opinion.organisation,
        category=opinion.category,
        mode=opinion.mode,
        **more,
    )
