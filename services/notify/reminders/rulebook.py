"""What the packs in force say of reminders: ladders, hours, kinds, how many a day, who answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from services.chassis.clock import Clock
from services.chassis.figures import Figures
from services.chassis.policies import Pack, PackError, Ruling, effective
from services.contracts.kinds import MESSAGE_CHANNELS, MESSAGE_KINDS, ROLES
from services.notify.contacts.model import CONSENTS, CodeRules, Level
from services.notify.reminders.hours import Calendar, Hours, QuietHours
from services.notify.reminders.model import Ladder, Rung
from services.notify.templates.model import LANGUAGES, SignatureField

LADDER = "ladder_"
KINDS_WITH_RULES = ("obligation",)  # what else is followed is owed under no rule of its own


@dataclass(frozen=True)
class Kind:
    """What sort of notice it is. ``consent``: ``mandatory`` (cannot be refused), ``unless_refused`` or
    ``asked_first``."""

    id: str
    consent: str
    article: str
    titles: Mapping[str, str]


@dataclass(frozen=True)
class Rules:
    """The rules of one day. ``most_a_day`` None: no limit. ``announcement_signature``: see ``Template``."""

    language: str
    channels: tuple[str, ...]
    kinds: Mapping[str, Kind]
    head_roles: tuple[str, ...]
    deputy_roles: tuple[str, ...]
    delegation_days: int
    hours: Hours
    most_a_day: int | None
    digest_template: str
    ladders: tuple[Ladder, ...]
    campus_templates: tuple[str, ...]
    announcement_signature: Mapping[str, str] | None
    address_code: CodeRules
    sources: Mapping[str, tuple[str, str]]

    def consents(self) -> dict[str, str]:
        """How each kind is consented to."""
        return {each.id: each.consent for each in self.kinds.values()}

    def ladder(self, kind: str, rule: str | None = None) -> Ladder | None:
        """The ladder for what is owed under ``rule``, else that of the ``kind``; None where it has none."""
        own = [each for each in self.ladders if each.kind == kind and (not each.rules or rule in each.rules)]
        return max(own, key=lambda each: bool(each.rules), default=None)

    def templates(self) -> set[str]:
        """Every template that the rules name."""
        named = {rung.template for ladder in self.ladders for rung in ladder.rungs}
        return named | {self.digest_template, *self.campus_templates}


class Rulebook:
    """Reads the packs anew each day; a wrong one is found at the start.

    ``figures`` are the packs of what other services go by as well, ``otherwise`` values that differ in the
    local profile, also looser ones.
    """

    def __init__(
        self,
        packs: Iterable[Pack],
        figures: Sequence[Pack],
        clock: Clock,
        calendar: Calendar,
        otherwise: Mapping[str, Any],
    ) -> None:
        self._packs = list(packs)
        self._figures = figures
        self._clock = clock
        self._calendar = calendar
        self._otherwise = otherwise
        self._read: tuple[date, Rules] | None = None
        self.rules()

    def rules(self) -> Rules:
        """What counts today; raises ``PackError`` naming what is wrong."""
        today = self._clock.today()
        if self._read is None or self._read[0] != today:
            rulings = Figures.on(self._figures, today).settle_all(effective(self._packs, today))
            self._read = (today, read_rules(rulings, self._calendar, self._otherwise))
        return self._read[1]


def read_rules(rulings: Mapping[str, Ruling], calendar: Calendar, otherwise: Mapping[str, Any]) -> Rules:
    """The rules that ``rulings`` make; raises ``PackError`` naming what is wrong."""
    given = {name: ruling.value for name, ruling in rulings.items()}
    given = {**given, **{name: value for name, value in otherwise.items() if name != "settle_seconds"}}
    plain = {name: value for name, value in given.items() if name in _RulesSchema._declared_fields}
    settled = {each: otherwise[each] for each in ("settle_seconds",) if each in otherwise}
    ladders = _ladders({name: value for name, value in given.items() if name.startswith(LADDER)}, settled)
    loaded = _read(_RulesSchema(), plain, "reminding")
    quiet = loaded.pop("quiet_hours")
    hours = Hours(quiet, calendar if loaded.pop("working_days_only") else None)
    kinds = {
        each: Kind(each, said["consent"], rulings["kinds"].parameter.article, said["title"])
        for each, said in loaded.pop("kinds").items()
    }
    sources = {name: (ruling.pack.id, ruling.parameter.article) for name, ruling in rulings.items()}
    plain_rules: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in loaded.items()
    }
    return Rules(
        **plain_rules,
        kinds=kinds,
        hours=hours,
        ladders=ladders,
        sources=sources,
    )


def _ladders(given: Mapping[str, Any], settled: Mapping[str, Any]) -> tuple[Ladder, ...]:
    """``ladder_<kind>`` is that of a kind, ``ladder_<kind>_<word>`` that of the rules which it names."""
    ladders: list[Ladder] = []
    by_rule: dict[str, str] = {}
    for name in sorted(given):
        rest = name.removeprefix(LADDER)
        kind = next((each for each in MESSAGE_KINDS if rest.startswith(f"{each}_")), rest)
        ladder: Ladder = _read(_LadderSchema(), {**given[name], **settled, "kind": kind}, name)
        if ladder.rules and kind not in KINDS_WITH_RULES:
            raise PackError([f"{name} is not valid: rules are of {', '.join(KINDS_WITH_RULES)} alone"])
        if bool(ladder.rules) != (rest != kind):
            raise PackError(
                [f"{name} is not valid: a ladder with rules, and no other, has a word of its own"]
            )
        for rule in ladder.rules:
            if rule in by_rule:
                raise PackError([f"{name} is not valid: {rule} has {by_rule[rule]} already"])
            by_rule[rule] = name
        ladders.append(ladder)
    return tuple(ladders)


def _read(schema: Schema, raw: Any, name: str) -> Any:
    try:
        return schema.load(raw)
    except ValidationError as refused:
        raise PackError([f"{name} is not valid: {refused.messages}"]) from None


class _QuietHoursSchema(Schema):
    begin = fields.Time(required=True, format="%H:%M")
    end = fields.Time(required=True, format="%H:%M")

    @post_load
    def _make(self, given: dict[str, time], **_: Any) -> QuietHours:
        if given["begin"] == given["end"]:
            raise ValidationError("quiet hours that begin when they end are not hours")
        return QuietHours(**given)


class _RungSchema(Schema):
    step = fields.String(required=True, validate=validate.Regexp(r"\A[a-z][a-z0-9_]{0,39}\Z"))
    days = fields.Integer(
        required=True,
        strict=True,
        validate=[validate.Range(min=-366, max=366), validate.NoneOf([0], error="the due day has no rung")],
    )
    to = fields.List(
        fields.Enum(Level, by_value=True), required=True, validate=validate.Length(min=1, max=len(Level))
    )
    template = fields.String(required=True, validate=validate.Regexp(r"\A[a-z][a-z0-9-]{0,59}\Z"))

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Rung:
        return Rung(**{**given, "to": tuple(given["to"])})


class _LadderSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(MESSAGE_KINDS))
    settle_seconds = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    too_old_days = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    due_in_days = fields.Integer(load_default=0, strict=True, validate=validate.Range(min=0, max=366))
    rules = fields.List(
        fields.String(validate=validate.Regexp(r"\A[a-z][a-z0-9_]{0,59}\Z")),
        load_default=list,
        validate=validate.Length(max=40),
    )
    rungs = fields.List(fields.Nested(_RungSchema), required=True, validate=validate.Length(min=1, max=20))

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Ladder:
        rungs: list[Rung] = given["rungs"]
        if len({rung.step for rung in rungs}) < len(rungs):
            raise ValidationError("a step stands twice", "rungs")
        days = [rung.days for rung in rungs]
        if days != sorted(set(days)):
            raise ValidationError("the rungs never go back, and no two share a day", "rungs")
        rules = tuple(dict.fromkeys(given["rules"]))
        return Ladder(**{**given, "rungs": tuple(rungs), "rules": rules})


class _CodeSchema(Schema):
    minutes = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=1440))
    most_a_day = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=50))
    guesses = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=10))

    @post_load
    def _make(self, given: dict[str, int], **_: Any) -> CodeRules:
        return CodeRules(**given)


class _KindSchema(Schema):
    consent = fields.String(required=True, validate=validate.OneOf(CONSENTS))
    title = fields.Dict(
        keys=fields.String(validate=validate.OneOf(LANGUAGES)),
        values=fields.String(validate=validate.Length(min=1, max=60)),
        required=True,
        validate=validate.Length(equal=len(LANGUAGES)),
    )


class _RulesSchema(Schema):
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    channels = fields.List(
        fields.String(validate=validate.OneOf(MESSAGE_CHANNELS)),
        required=True,
        validate=validate.Length(min=1),
    )
    kinds = fields.Dict(
        keys=fields.String(validate=validate.OneOf(MESSAGE_KINDS)),
        values=fields.Nested(_KindSchema),
        required=True,
        validate=validate.Length(equal=len(MESSAGE_KINDS)),
    )
    head_roles = fields.List(
        fields.String(validate=validate.OneOf(ROLES)), required=True, validate=validate.Length(min=1)
    )
    deputy_roles = fields.List(fields.String(validate=validate.OneOf(ROLES)), required=True)
    delegation_days = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=366))
    quiet_hours = fields.Nested(_QuietHoursSchema, required=True, allow_none=True)
    working_days_only = fields.Boolean(required=True, truthy={True}, falsy={False})
    most_a_day = fields.Integer(
        required=True, strict=True, allow_none=True, validate=validate.Range(min=1, max=50)
    )
    digest_template = fields.String(required=True)
    campus_templates = fields.List(fields.String(), required=True)
    announcement_signature = SignatureField(load_default=None, allow_none=True)
    address_code = fields.Nested(_CodeSchema, required=True)
