"""What a template may say and how it is filled; the texts themselves are the YAML files beside this one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from string import Formatter
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

LANGUAGES = ("zh", "en")
# An SMS passes through foreign hands and onto lock screens: these name organisations and rules, no person.
VARIABLES = ("organisation", "rule", "period", "due_on")
_LONGEST_VALUE = 40
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_QUARTER = re.compile(r"^(\d{4})-Q([1-4])$")
_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")
_YEAR = re.compile(r"^\d{4}$")


@dataclass(frozen=True)
class Template:
    """One version of one message. A published version never changes: a new text is a new version."""

    id: str
    version: int
    channel: str
    variables: tuple[str, ...]
    most_characters: int
    texts: Mapping[str, str]

    @property
    def key(self) -> str:
        """How a ladder and a message name it: ``reminder-overdue.v1``."""
        return f"{self.id}.v{self.version}"

    def render(self, language: str, values: Mapping[str, str]) -> str:
        """The text in ``language``; raises ``ValueError`` unless exactly the declared variables are given.

        A value is text and stays text: braces in it are not filled, control and direction characters are
        taken out, and it is cut to 40 characters. The result never exceeds ``most_characters``.
        """
        if set(values) != set(self.variables):
            odd = sorted(set(values) ^ set(self.variables))
            raise ValueError(f"{self.key} is filled with exactly {list(self.variables)}; odd: {odd}")
        clean = {name: _one_line(value) for name, value in values.items()}
        return "".join(
            literal + (clean[name] if name else "")
            for literal, name, _, _ in Formatter().parse(self.texts[language])
        )


def read_template(raw: Any) -> Template:
    """The template that ``raw`` (parsed YAML) describes; raises ``ValueError`` naming what is wrong."""
    try:
        template: Template = _TemplateSchema().load(raw)
    except ValidationError as refused:
        raise ValueError(f"the template is not valid: {refused.messages}") from None
    return template


def period_label(period: str) -> Mapping[str, str]:
    """``2026-Q3``, ``2026-09`` or ``2026`` as people say it; anything else stays as it is."""
    if quarter := _QUARTER.match(period):
        year, number = quarter.groups()
        return {"zh": f"{year}年第{'一二三四'[int(number) - 1]}季度", "en": f"quarter {number} of {year}"}
    if month := _MONTH.match(period):
        year, number = month.groups()
        return {"zh": f"{year}年{int(number)}月", "en": f"{period}"}
    if _YEAR.match(period):
        return {"zh": f"{period}年", "en": period}
    return {"zh": period, "en": period}


def day_label(day: date) -> Mapping[str, str]:
    """A date as people say it."""
    return {"zh": f"{day.year}年{day.month}月{day.day}日", "en": day.isoformat()}


def _one_line(value: str) -> str:
    text = " ".join(_UNSAFE.sub(" ", value).split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _placeholders(text: str) -> set[str]:
    """The variables of ``text``; raises ``ValidationError`` for anything but plain ``{name}``."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as malformed:
        raise ValidationError(f"braces do not match: {malformed}") from None
    names = set()
    for _, name, form, conversion in parsed:
        if name is None:
            continue
        if form or conversion or not name.isidentifier():
            raise ValidationError("only plain {name} is filled: no format, index or attribute")
        names.add(name)
    return names


class _TemplateSchema(Schema):
    id = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9-]{0,59}$"))
    version = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    channel = fields.String(required=True, validate=validate.OneOf(("sms",)))
    variables = fields.List(fields.String(validate=validate.OneOf(VARIABLES)), required=True)
    most_characters = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=500))
    texts = fields.Dict(keys=fields.String(validate=validate.OneOf(LANGUAGES)), values=fields.String())

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Template:
        declared = set(given["variables"])
        missing = set(LANGUAGES) - set(given.get("texts", {}))
        if missing:
            raise ValidationError(f"no text in {sorted(missing)}", "texts")
        for language, text in given["texts"].items():
            used = _placeholders(text)
            if used != declared:
                raise ValidationError(
                    f"{language} uses {sorted(used)}, declared are {sorted(declared)}", "texts"
                )
            fixed = sum(len(literal) for literal, *_ in Formatter().parse(text))
            places = sum(1 for _, name, *_ in Formatter().parse(text) if name)
            if fixed + places * _LONGEST_VALUE > given["most_characters"]:
                raise ValidationError(f"{language} may become longer than most_characters", "texts")
        return Template(**{**given, "variables": tuple(given["variables"])})
