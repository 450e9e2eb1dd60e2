"""What is said about an opinion afterwards: replies, notes, a rating, opening it again. Pure rules.

Who spoke without a name adds to it by the receipt. That is ``held`` until the next batch, as the opinion was,
so that nobody who watches learns when somebody was there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from services.chassis.contract import NewEvent
from services.chassis.errors import Conflict
from services.contracts.feedback_events import OpinionRated, OpinionReopened, OpinionReplied
from services.feedback.clock.model import (
    LIMITED,
    ORDINARY,
    RESUMED,
    STARTED,
    entered,
    is_paused,
    pause_of,
)
from services.feedback.opinions.model import Opinion, happened, must_be, speed_of

AUTHOR, HANDLER = "author", "handler"
NONE: Mapping[str, Any] = MappingProxyType({})
Decided = tuple[Opinion, list[NewEvent]]


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much and how long; by a pack, which is named where something is refused by it.

    ``most_messages`` is of each side for itself: who answers must not learn by a refusal that something of
    the author's is held. ``reopen_days``: days after an answer or refusal within which the author may rate
    and reopen it.
    """

    reopen_days: int
    most_reopenings: int
    most_messages: int
    most_attachments: int
    pack: str
    article: str

    def refused(self, code: str, **accepted: Any) -> Conflict:
        return Conflict(code, params={"pack": self.pack, "article": self.article, **accepted})


def reply(opinion: Opinion, *, who: str, by: str | None, text: str, today: date, bounds: Bounds) -> Decided:
    """One message more. The author's answer lets a clock go on that was paused to wait for it.

    Raises ``Conflict``: ``opinion.is_merged`` (the other one is answered), ``opinion.messages_full``.
    """
    must_be(opinion, "received", "triaged", "adopted", "declined", "answered")
    if sum(each["who"] == who for each in opinion.messages) >= bounds.most_messages:
        raise bounds.refused("opinion.messages_full", most=bounds.most_messages)
    message = {"who": who, "by": by, "text": text, "on": today.isoformat()}
    replied = replace(opinion, messages=(*opinion.messages, message))
    events = [happened(OpinionReplied, replied, who=who)]
    if who == AUTHOR and _waits_for_author(opinion):
        replied = replace(replied, clock=entered(opinion.clock, RESUMED, today), told=())
    return replied, events


def note(opinion: Opinion, *, by: str, text: str, today: date, bounds: Bounds) -> Decided:
    """A note among those who handle it; no event, and its author never sees it."""
    must_be(opinion, "received", "triaged", "adopted", "declined", "answered", "merged")
    if len(opinion.notes) >= bounds.most_messages:
        raise bounds.refused("opinion.notes_full", most=bounds.most_messages)
    added = {"by": by, "text": text, "on": today.isoformat()}
    return replace(opinion, notes=(*opinion.notes, added)), []


def rate(
    opinion: Opinion, *, rating: str, today: date, bounds: Bounds, answering: Opinion | None = None
) -> Decided:
    """How content its author is with the answer; within the window it may be said anew.

    ``answering`` is the one that it was merged into, whose answer is its author's as well. Raises
    ``Conflict``: ``opinion.not_settled``, ``opinion.window_over``.
    """
    _require_window(opinion, answering, today, bounds)
    if opinion.rating is not None and opinion.rating["rating"] == rating:
        return opinion, []
    rated = replace(opinion, rating={"rating": rating, "on": today.isoformat()})
    return rated, [happened(OpinionRated, rated, rating=rating)]


def reopen(
    opinion: Opinion, *, reason: str, today: date, bounds: Bounds, answering: Opinion | None = None
) -> Decided:
    """Its author does not take the answer: it is to be answered anew, as fast, and the clock starts.

    The earlier answer stays on record. One that was merged stands by itself again; ``answering`` as of
    ``rate``. Raises ``Conflict``: ``opinion.not_settled``, ``opinion.window_over``,
    ``opinion.reopened_enough``.
    """
    settled_on = _require_window(opinion, answering, today, bounds)
    reopened = sum(each["state"] != "adopted" for each in opinion.earlier)  # not by a measure's end
    if reopened >= bounds.most_reopenings:
        raise bounds.refused("opinion.reopened_enough", most=bounds.most_reopenings)
    speed, by = speed_of(opinion.clock), answering or opinion
    clock = entered(opinion.clock, STARTED, today)
    earlier = {
        "state": by.state,
        "declined_because": by.declined_because,
        "measure": by.answer.measure if by.answer else None,
        "result": by.answer.result if by.answer else None,
        "on": settled_on.isoformat(),
        "rating": opinion.rating["rating"] if opinion.rating else None,
        "reason": reason,
        "reopened_on": today.isoformat(),
    }
    again = replace(
        opinion,
        state="triaged",
        merged_into=None,
        declined_because=None,
        declined_on=None,
        answer=None,
        rating=None,
        earlier=(*opinion.earlier, earlier),
        clock=entered(clock, LIMITED, today, speed=speed) if speed != ORDINARY else clock,
        told=(),
    )
    return again, [happened(OpinionReopened, again)]


def next_number(opinion: Opinion) -> int:
    """Which of its attachments the next one is, from 1; those that wait for their batch count."""
    return len(_attached(opinion)) + 1


def attach(opinion: Opinion, *, file: Mapping[str, Any], today: date, bounds: Bounds) -> Decided:
    """One file more of somebody without a name; the same content again changes nothing.

    As long as the opinion waits for its batch the file comes with it, afterwards with the next one. Raises
    ``Conflict("opinion.attachments_full")``.
    """
    attached = _attached(opinion)
    if file["sha256"] in {each["sha256"] for each in attached}:
        return opinion, []
    if len(attached) >= bounds.most_attachments:
        raise bounds.refused("opinion.attachments_full", most=bounds.most_attachments)
    if not opinion.released:
        return replace(opinion, attachments=(*opinion.attachments, file)), []
    return hold(opinion, "attach", bounds, today, file=file)


def attach_held(opinion: Opinion, *, file: Mapping[str, Any], today: date, bounds: Bounds) -> Decided:
    """A file that waited for its batch: those who answer see it, and are told that its author said more."""
    must_be(opinion, "received", "triaged", "adopted", "declined", "answered")
    attached = replace(opinion, attachments=(*opinion.attachments, file))
    return attached, [happened(OpinionReplied, attached, who=AUTHOR)]


def held_files(opinion: Opinion) -> list[Mapping[str, Any]]:
    """The files that wait for their batch, in their order."""
    return [each["file"] for each in opinion.held if each["what"] == "attach"]


def _attached(opinion: Opinion) -> list[Mapping[str, Any]]:
    return [*opinion.attachments, *held_files(opinion)]


_HELD: Mapping[str, Callable[..., Decided]] = {
    "reply": reply,
    "rate": rate,
    "reopen": reopen,
    "attach": attach_held,
}


def hold(
    opinion: Opinion,
    what: str,
    bounds: Bounds,
    today: date,
    answering: Opinion | None = None,
    **said: Any,
) -> Decided:
    """What the holder of a receipt adds, kept for the next batch; refused at once where the rule would.

    Before its own batch an opinion takes nothing more: its holder hears ``opinion.is_waiting``.
    """
    if not opinion.released:
        raise Conflict("opinion.is_waiting")
    _applied(_upto(opinion, bounds, answering), {"what": what, **said}, today, bounds, answering)
    so_far = _less_rating(opinion.held) if what == "rate" else opinion.held
    held = {"what": what, **said, "on": today.isoformat()}
    return replace(opinion, held=(*so_far, held)), []


def _less_rating(held: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """``held`` less the rating that the next one takes the place of: so it grows by none."""
    opened = max((at for at, each in enumerate(held) if each["what"] == "reopen"), default=-1)
    return [each for at, each in enumerate(held) if each["what"] != "rate" or at < opened]


def held_since(opinion: Opinion) -> date:
    """The day of the first of what is held; there has to be something."""
    return min(date.fromisoformat(each["on"]) for each in opinion.held)


def release_held(
    opinion: Opinion,
    *,
    bounds: Bounds,
    today: date,
    copies: Mapping[str, Mapping[str, Any]] = NONE,
    answering: Opinion | None = None,
) -> Decided:
    """Apply what was held, in its order; what a rule refuses by now is left out.

    ``copies`` are its files as they were written anew, by the ids that they had; one that was not waits on.
    """
    new = [each for each in opinion.held if each["what"] == "attach" and each["file"]["file"] not in copies]
    released, events = replace(opinion, held=tuple(new)), list[NewEvent]()
    for held in opinion.held:
        if held in new:
            continue
        each = {**held, "file": copies[held["file"]["file"]]} if held["what"] == "attach" else held
        try:
            released, more = _applied(released, each, today, bounds, answering)
        except Conflict:
            continue  # settled otherwise since: what its author would see of it says so
        events += more
    return released, events


def _upto(opinion: Opinion, bounds: Bounds, answering: Opinion | None) -> Opinion:
    """The opinion as it will be when what is held already is released."""
    so_far = replace(opinion, held=())
    for each in opinion.held:
        so_far, _ = _applied(so_far, each, date.fromisoformat(each["on"]), bounds, answering)
    return so_far


def _applied(
    opinion: Opinion, held: Mapping[str, Any], today: date, bounds: Bounds, answering: Opinion | None
) -> Decided:
    said = {name: value for name, value in held.items() if name not in ("what", "on")}
    if held["what"] in ("rate", "reopen"):
        said["answering"] = answering if opinion.state == "merged" else None
    if held["what"] == "reply":
        said |= {"who": AUTHOR, "by": None}
    # The window is asked on the day on which it was said, not on that of the batch.
    day = date.fromisoformat(held["on"]) if "on" in held else today
    return _HELD[held["what"]](opinion, today=day, bounds=bounds, **said)


def _require_window(opinion: Opinion, answering: Opinion | None, today: date, bounds: Bounds) -> date:
    must_be(opinion, "received", "triaged", "adopted", "declined", "answered", "merged")
    settled_on = (answering or opinion).settled_on
    if settled_on is None:
        raise Conflict("opinion.not_settled")
    last = settled_on + timedelta(days=bounds.reopen_days)
    if today > last:
        raise bounds.refused("opinion.window_over", accepted=last.isoformat())
    return settled_on


def _waits_for_author(opinion: Opinion) -> bool:
    pause = pause_of(opinion.clock)
    return is_paused(opinion.clock) and pause is not None and pause.get("awaiting") == AUTHOR
