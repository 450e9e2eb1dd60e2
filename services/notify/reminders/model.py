"""The reminder ladder as data, and the decisions it leads to; no store, no clock, no message text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, post_load, validate

from services.contracts.kinds import ROLES


class Level(StrEnum):
    """Whose head a rung reminds."""

    OWN = "own"
    ABOVE = "above"


class Reason(StrEnum):
    """Why a reminder was put off or not sent; the texts are in the catalogue."""

    QUIET_HOURS = "quiet_hours"
    NO_HEAD = "no_head"
    NO_LEVEL_ABOVE = "no_level_above"
    NO_CONTACT = "no_contact"
    LEFT = "left"
    TOO_OLD = "too_old"
    FULFILLED = "fulfilled"
    MISSED = "missed"
    EXEMPTED = "exempted"
    REOPENED = "reopened"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class QuietHours:
    """From ``begin`` to ``end`` on the campus clock nobody is disturbed; it may span midnight."""

    begin: time
    end: time

    def ends_for(self, instant: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours around ``instant`` end, in UTC; None outside them."""
        local = instant.astimezone(zone)
        clock = local.time()
        if self.begin <= self.end:
            quiet = self.begin <= clock < self.end
            tomorrow = False
        else:
            quiet = clock >= self.begin or clock < self.end
            tomorrow = clock >= self.begin
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if tomorrow else 0)
        return datetime.combine(day, self.end, zone).astimezone(UTC)


@dataclass(frozen=True)
class Rung:
    """One step: so many days after the first, to the heads of that level.

    ``roles`` stand in order: whoever holds the first that is held at all is the head.
    """

    step: str
    after_days: int
    to: Level
    roles: tuple[str, ...]
    template: str


@dataclass(frozen=True)
class Ladder:
    """The steps in their order, and when they are not taken.

    ``settle_seconds``: how long evidence that is on its way may still arrive before the first step.
    ``too_old_days``: nobody is reminded of what was due longer ago than that.
    """

    id: str
    version: int
    language: str
    settle_seconds: int
    too_old_days: int
    quiet_hours: QuietHours | None
    rungs: tuple[Rung, ...]


@dataclass(frozen=True)
class Taken:
    """A rung that was decided on, and when."""

    step: str
    at: datetime


@dataclass(frozen=True)
class Watch:
    """One obligation as notify follows it. ``stopped`` says why nobody is to be reminded now.

    ``round`` counts how often it became overdue: after a reopening the ladder begins anew.
    """

    obligation: str
    organisation: str
    rule: str
    period: str
    due_on: date
    round: int = 0
    began: datetime | None = None
    stopped: Reason | None = None
    taken: tuple[Taken, ...] = ()


@dataclass(frozen=True)
class Head:
    """A person who answers for an organisation; without ``reachable`` no number is known."""

    person: str
    active: bool = True
    reachable: bool = True


@dataclass(frozen=True)
class Reminder:
    """A decision: a message to ``recipient`` not before ``due_at``, or none for ``reason``."""

    step: str
    template: str
    recipient: str | None
    due_at: datetime | None
    reason: Reason | None = None

    @property
    def suppressed(self) -> bool:
        return self.due_at is None


def began_overdue(watch: Watch, now: datetime) -> Watch:
    """What is owed is overdue: a new round begins, unless one is under way."""
    if watch.began is not None and watch.stopped is None:
        return watch
    return replace(watch, round=watch.round + 1, began=now, stopped=None, taken=())


def stop(watch: Watch, reason: Reason) -> Watch:
    """Nobody is reminded of it any more."""
    return replace(watch, stopped=reason)


def reopened(watch: Watch, now: datetime, zone: ZoneInfo) -> Watch:
    """The evidence was withdrawn: overdue again if its day has passed, else merely open."""
    if now.astimezone(zone).date() > watch.due_on:
        return began_overdue(watch, now)
    return stop(watch, Reason.REOPENED)


def next_step(ladder: Ladder, watch: Watch, zone: ZoneInfo) -> tuple[Rung, datetime] | None:
    """The rung to be decided next and the instant from which it is due; None when there is none.

    The first is due when the evidence has settled; each later one with the campus day that lies as many
    days after the step before it as the ladder says. So a ladder that could not be climbed for some days
    goes on where it stood, and never sends two steps at once.
    """
    if watch.began is None or watch.stopped is not None:
        return None
    taken = {each.step: each.at for each in watch.taken}
    before: Rung | None = None
    for rung in ladder.rungs:
        if rung.step in taken:
            before = rung
            continue
        if before is None:
            return rung, watch.began + timedelta(seconds=ladder.settle_seconds)
        day = taken[before.step].astimezone(zone).date()
        day += timedelta(days=rung.after_days - before.after_days)
        return rung, datetime.combine(day, time(), zone).astimezone(UTC)
    return None


def decide(
    ladder: Ladder, watch: Watch, rung: Rung, heads: Sequence[Head] | None, now: datetime, zone: ZoneInfo
) -> tuple[Reminder, ...]:
    """Who is reminded by ``rung``, or why nobody is: always at least one decision.

    ``heads`` is None where there is no such level.
    """

    def nobody(reason: Reason, person: str | None = None) -> Reminder:
        return Reminder(rung.step, rung.template, person, due_at=None, reason=reason)

    if is_too_old(ladder, watch, now, zone):
        return (nobody(Reason.TOO_OLD),)
    if heads is None:
        return (nobody(Reason.NO_LEVEL_ABOVE),)
    if not heads:
        return (nobody(Reason.NO_HEAD),)
    quiet_until = ladder.quiet_hours.ends_for(now, zone) if ladder.quiet_hours else None
    decisions = []
    for head in sorted(heads, key=lambda each: each.person):
        if not head.active:
            decisions.append(nobody(Reason.LEFT, head.person))
        elif not head.reachable:
            decisions.append(nobody(Reason.NO_CONTACT, head.person))
        else:
            reason = Reason.QUIET_HOURS if quiet_until else None
            decisions.append(Reminder(rung.step, rung.template, head.person, quiet_until or now, reason))
    return tuple(decisions)


def is_too_old(ladder: Ladder, watch: Watch, now: datetime, zone: ZoneInfo) -> bool:
    """Whether it was due longer ago than anybody is reminded of."""
    return (now.astimezone(zone).date() - watch.due_on).days > ladder.too_old_days


def take(ladder: Ladder, watch: Watch, rung: Rung, now: datetime, zone: ZoneInfo) -> Watch:
    """The watch after ``rung`` was decided; one that is too old goes no further."""
    taken = replace(watch, taken=(*watch.taken, Taken(rung.step, now)))
    return stop(taken, Reason.TOO_OLD) if is_too_old(ladder, watch, now, zone) else taken


def heads_among(roles: Sequence[str], holders: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The persons who hold the first of ``roles`` that is held at all."""
    for role in roles:
        held = sorted(set(holders.get(role, ())))
        if held:
            return tuple(held)
    return ()


def read_ladder(raw: Any) -> Ladder:
    """The ladder that ``raw`` (parsed YAML) describes; raises ``ValueError`` naming what is wrong."""
    try:
        ladder: Ladder = _LadderSchema().load(raw)
    except ValidationError as refused:
        raise ValueError(f"the reminder ladder is not valid: {refused.messages}") from None
    return ladder


class _QuietHoursSchema(Schema):
    begin = fields.Time(required=True, format="%H:%M")
    end = fields.Time(required=True, format="%H:%M")

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> QuietHours:
        if given["begin"] == given["end"]:
            raise ValidationError("quiet hours that begin when they end are not hours")
        return QuietHours(**given)


class _RungSchema(Schema):
    step = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$"))
    after_days = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=366))
    to = fields.Enum(Level, by_value=True, required=True)
    roles = fields.List(
        fields.String(validate=validate.OneOf(ROLES)), required=True, validate=validate.Length(min=1)
    )
    template = fields.String(required=True)

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Rung:
        return Rung(**{**given, "roles": tuple(given["roles"])})


class _LadderSchema(Schema):
    id = fields.String(required=True)
    version = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    language = fields.String(required=True, validate=validate.OneOf(("zh", "en")))
    settle_seconds = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    too_old_days = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    quiet_hours = fields.Nested(_QuietHoursSchema, required=True, allow_none=True)
    rungs = fields.List(fields.Nested(_RungSchema), required=True, validate=validate.Length(min=1))

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Ladder:
        rungs: list[Rung] = given["rungs"]
        if len({rung.step for rung in rungs}) < len(rungs):
            raise ValidationError("a step stands twice", "rungs")
        days = [rung.after_days for rung in rungs]
        if days != sorted(days) or days[0] != 0:
            raise ValidationError("the rungs begin at day 0 and never go back", "rungs")
        return Ladder(**{**given, "rungs": tuple(rungs)})
