"""The form of a policy file, checked by marshmallow; what fields mean together is checked in ``reading``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.chassis.policies import CONFIDENCE, LEVELS
from services.contracts.kinds import ORGANISATION_KINDS
from services.evaluation.indicators.model import APPRAISED, METHODS, RENORMALISE, SUBJECTS, ZERO

WEIGHTS: Mapping[str, int] = {"percent": 100, "per_mille": 1000}
MOST_PARTS = 40
MOST_CRITERIA = 20
_NAME = validate.Regexp(
    re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\Z"),
    error="is not lower-case words joined by points or _",
)
_POLICY_ID = validate.Regexp(
    re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*\Z"), error="is not lower-case words joined by hyphens"
)
_MEASURE = validate.Regexp(
    re.compile(r"^[a-z_]+\.[a-z][a-z0-9_]*(\.[a-z_]+)?\Z"), error="is not family.name or family.name.part"
)
_PERCENT = validate.Range(min=1, max=100)


class Points(fields.Field[Decimal]):
    """An amount of points above 0 with at most two decimals: nothing is rounded away."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
        if not number or not 0 < value <= 100:
            raise ValidationError("is not an amount of points above 0 and up to 100")
        if Decimal(value) * 100 % 1:
            raise ValidationError("has more than two decimals")
        return Decimal(value)


class Whole(fields.Field[int]):
    """A whole number, written as one: ``true`` and ``"3"`` are none."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError("is not a whole number")
        return value


class Day(fields.Field[date]):
    """A date as YAML has it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if type(value) is not date:
            raise ValidationError("is not a date such as 2026-01-01")
        return value


def _text(most: int = 200, **kwargs: Any) -> fields.String:
    return fields.String(validate=validate.Length(min=1, max=most), **kwargs)


class TitleForm(Schema):
    zh = _text(required=True)
    en = _text(required=True)


class CriterionForm(Schema):
    id = fields.String(required=True, validate=_NAME)
    title = fields.Nested(TitleForm, required=True)
    weight = Whole(required=True, validate=_PERCENT)


class IndicatorForm(Schema):
    """A group has ``indicators``; whatever has none is measured, by ``method`` from ``measure``."""

    id = fields.String(required=True, validate=[_NAME, validate.Length(max=64)])
    title = fields.Nested(TitleForm, required=True)
    article = _text(required=True)
    weight = Whole(validate=validate.Range(min=1, max=1000))
    method = fields.String(validate=validate.OneOf(METHODS))
    measure = fields.String(validate=_MEASURE)
    missing_part = fields.String(validate=validate.OneOf((RENORMALISE, ZERO)))
    target_percent = Whole(validate=_PERCENT)
    made_up_percent = Whole(validate=validate.Range(min=0, max=100))
    full_at = Whole(validate=validate.Range(min=1, max=1000))
    each = Points()
    at_most = Points()
    criteria = fields.List(fields.Nested(CriterionForm), validate=validate.Length(min=1, max=MOST_CRITERIA))
    indicators = fields.List(
        fields.Nested(lambda: IndicatorForm()), validate=validate.Length(min=1, max=MOST_PARTS)
    )

    @validates_schema(skip_on_field_errors=False)
    def _fits(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        given = set(data) - {"id", "title", "article", "weight", "missing_part"}
        if "indicators" in data:
            wrong = given - {"indicators"}
            if wrong:
                raise ValidationError({each: ["does not go with indicators"] for each in sorted(wrong)})
            return
        problems = {each: ["is missing"] for each in ("method", "measure") if each not in data}
        method = data.get("method")
        takes, needs = _TAKES.get(str(method), (set[str](), set[str]()))
        if method is not None and not problems:
            problems |= {
                each: [f"does not go with {method}"] for each in given - {"method", "measure"} - takes
            }
            problems |= {each: [f"is missing: {method} needs it"] for each in needs - set(data)}
            if (method in ("deduction", "bonus")) == ("weight" in data):
                told = "does not go with" if "weight" in data else "is missing: it is needed by"
                problems["weight"] = [f"{told} {method}"]
        if problems:
            raise ValidationError(problems)


# By method: what it takes beside method and measure, and what of it it needs.
_TAKES: Mapping[str, tuple[set[str], set[str]]] = {
    "ratio": ({"target_percent", "made_up_percent"}, set()),
    "capped_count": ({"full_at"}, {"full_at"}),
    "timeliness": (set(), set()),
    "attendance": ({"target_percent"}, set()),
    "manual_grade": ({"criteria"}, {"criteria"}),
    "ballot": (set(), set()),
    "deduction": ({"each", "at_most"}, {"each", "at_most"}),
    "bonus": ({"each", "at_most"}, {"each", "at_most"}),
}


class VetoForm(Schema):
    id = fields.String(required=True, validate=_NAME)
    title = fields.Nested(TitleForm, required=True)
    article = _text(required=True)
    measure = fields.String(required=True, validate=_MEASURE)
    at_least = Whole(load_default=1, validate=validate.Range(min=1, max=1000))
    keeps_below = fields.String(required=True)


class BandForm(Schema):
    name = fields.String(required=True, validate=_NAME)
    title = fields.Nested(TitleForm, required=True)
    least = Whole(required=True, validate=validate.Range(min=0, max=100))


class CapForm(Schema):
    """At most ``share`` of every ``of_every`` get ``band`` or a better one."""

    band = fields.String(required=True)
    share = Whole(required=True, validate=validate.Range(min=0, max=1000))
    of_every = Whole(required=True, validate=validate.Range(min=1, max=1000))
    article = _text(required=True)


class PolicyForm(Schema):
    """A whole policy file."""

    id = fields.String(required=True, validate=[_POLICY_ID, validate.Length(max=64)])
    title = _text(required=True)
    issuer = _text(required=True)
    document_number = _text(allow_none=True)
    level = fields.String(required=True, validate=validate.OneOf(LEVELS))
    confidence = fields.String(required=True, validate=validate.OneOf(CONFIDENCE))
    sample = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    effective_from = Day(required=True)
    effective_to = Day(allow_none=True)
    subject = fields.String(required=True, validate=validate.OneOf(SUBJECTS))
    kinds = fields.List(
        fields.String(validate=validate.OneOf(ORGANISATION_KINDS)),
        required=True,
        validate=validate.Length(min=1, max=len(ORGANISATION_KINDS)),
    )
    ungraded = fields.List(fields.String(validate=validate.OneOf(APPRAISED)))
    weights = fields.String(required=True, validate=validate.OneOf(tuple(WEIGHTS)))
    missing_part = fields.String(required=True, validate=validate.OneOf((RENORMALISE, ZERO)))
    indicators = fields.List(
        fields.Nested(IndicatorForm), required=True, validate=validate.Length(min=1, max=MOST_PARTS)
    )
    deductions = fields.List(fields.Nested(IndicatorForm), validate=validate.Length(max=MOST_PARTS))
    bonuses = fields.List(fields.Nested(IndicatorForm), validate=validate.Length(max=MOST_PARTS))
    vetoes = fields.List(fields.Nested(VetoForm), validate=validate.Length(max=MOST_PARTS))
    bands = fields.List(fields.Nested(BandForm), required=True, validate=validate.Length(min=2, max=10))
    caps = fields.List(fields.Nested(CapForm), validate=validate.Length(max=10))
