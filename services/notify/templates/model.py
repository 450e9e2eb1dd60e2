"""What a template may say and how it is filled; the shipped texts are the YAML files beside this one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from string import Formatter
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from services.chassis.contract import EventContract
from services.contracts import (  # noqa: F401 - each registers its contracts
    evaluation_events,
    feedback_events,
    records_events,
)
from services.contracts.campus_events import MessageRequested
from services.contracts.kinds import MESSAGE_CHANNELS, MESSAGE_KINDS

LANGUAGES = ("zh", "en")
# An SMS passes through foreign hands and onto lock screens: these name organisations and rules, no person.
SHOWN = ("organisation", "rule", "period", "due_on")
PROVIDERS = ("aliyun", "tencent")
LONGEST_VALUE = 40
_SIGNED: Mapping[str, str] = {"zh": "【{}】", "en": "[{}] "}
_NAME = re.compile(r"\A[a-z][a-z0-9_]{0,29}\Z")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_QUARTER = re.compile(r"\A(\d{4})-Q([1-4])\Z")
_MONTH = re.compile(r"\A(\d{4})-(0[1-9]|1[0-2])\Z")
_YEAR = re.compile(r"\A\d{4}\Z")
_FORTNIGHT = re.compile(r"\A(\d{4})-(\d{4})-([1-3])-(\d{2})\Z")


@dataclass(frozen=True)
class Template:
    """One version of one message. A saved version never changes: a new text is a new version.

    ``event`` is the type of the event whose fields fill it; None for one that has no variables.
    ``signature`` goes before the text in the way of each language; None where the text has its own.
    ``provider_templates`` are the ids under which providers that ask for it know this text.
    """

    id: str
    version: int
    kind: str
    event: str | None
    channel: str
    variables: tuple[str, ...]
    most_characters: int
    texts: Mapping[str, str]
    signature: Mapping[str, str] | None = None
    provider_templates: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """How a message names it: ``reminder-overdue.v1``."""
        return f"{self.id}.v{self.version}"

    def render(self, language: str, values: Mapping[str, str]) -> str:
        """The signed text in ``language``; raises ``ValueError`` unless exactly the declared variables are
        given.

        A value is text and stays text: braces in it are not filled, control and direction characters are
        taken out, and it is cut to 40 characters. The result never exceeds ``most_characters``.
        """
        clean = self.filled(values)
        said = "".join(
            literal + (clean[name] if name else "")
            for literal, name, _, _ in Formatter().parse(self.texts[language])
        )
        return signed(self.signature, language) + said

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values as they go out, in the order declared: a provider may fill its own copy by their places.

        Raises ``ValueError`` as ``render``.
        """
        if set(values) != set(self.variables):
            odd = sorted(set(values) ^ set(self.variables))
            raise ValueError(f"{self.key} is filled with exactly {list(self.variables)}; odd: {odd}")
        return {name: one_line(values[name]) for name in self.variables}

    def longest(self, language: str) -> str:
        """The text with every place filled to its end: as long as it can become."""
        return self.render(language, dict.fromkeys(self.variables, "中" * LONGEST_VALUE))


def signed(signature: Mapping[str, str] | None, language: str) -> str:
    """What goes before a text, e.g. ``【党建记实】``; nothing without a signature."""
    return _SIGNED[language].format(signature[language]) if signature else ""


def variables_of(event: str | None) -> tuple[str, ...] | None:
    """The variables that a text for ``event`` may have, by the schema of the event; None for any name.

    Those of a message that another system asks for are its own, and are checked when it asks. Raises
    ``ValidationError`` for a type that nobody publishes.
    """
    if event is None:
        return ()
    contract = EventContract.registry.get(event)
    if contract is None:
        raise ValidationError("template.event_unknown", "event")
    if contract is MessageRequested:
        return None
    return tuple(name for name in SHOWN if name in contract._declared_fields)


def read_template(raw: Any) -> Template:
    """The template that ``raw`` (parsed YAML) describes; raises ``ValueError`` naming what is wrong."""
    try:
        return load_template(raw)
    except ValidationError as refused:
        raise ValueError(f"the template is not valid: {refused.messages}") from None


def load_template(raw: Any) -> Template:
    """As ``read_template``; raises ``ValidationError`` with codes of the catalogue by field."""
    template: Template = TemplateSchema().load(raw)
    return template


def period_label(period: str) -> Mapping[str, str]:
    """``2026-Q3``, ``2026-09``, ``2026`` or ``2026-2027-1-06`` (a fortnight of a term) as people say it.

    Anything else stays as it is.
    """
    if quarter := _QUARTER.match(period):
        year, number = quarter.groups()
        return {"zh": f"{year}年第{'一二三四'[int(number) - 1]}季度", "en": f"quarter {number} of {year}"}
    if month := _MONTH.match(period):
        year, number = month.groups()
        return {"zh": f"{year}年{int(number)}月", "en": f"{period}"}
    if _YEAR.match(period):
        return {"zh": f"{period}年", "en": period}
    if fortnight := _FORTNIGHT.match(period):
        first, last, term, number = fortnight.groups()
        return {
            "zh": f"{first}—{last}学年第{'一二三'[int(term) - 1]}学期第{int(number)}个双周",
            "en": f"fortnight {int(number)} of term {term} of {first}-{last}",
        }
    return {"zh": period, "en": period}


def day_label(day: date) -> Mapping[str, str]:
    """A date as people say it."""
    return {"zh": f"{day.year}年{day.month}月{day.day}日", "en": day.isoformat()}


def one_line(value: str) -> str:
    """A value as it may stand in a text: one line without control characters, at most 40 characters."""
    text = " ".join(_UNSAFE.sub(" ", value).split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _placeholders(text: str) -> set[str]:
    """The variables of ``text``; raises ``ValidationError`` for anything but plain ``{name}``."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        raise ValidationError("template.braces", "texts") from None
    names = set()
    for _, name, form, conversion in parsed:
        if name is None:
            continue
        if form or conversion or not name.isidentifier():
            raise ValidationError("template.only_plain_names", "texts")
        names.add(name)
    return names


def _line(text: str) -> None:
    if _UNSAFE.search(text) or text != text.strip():
        raise ValidationError("template.unfit_characters")


class SignatureField(fields.Dict):
    """Who signs a text, by language: a word of 2 to 20 characters, around which brackets are set."""

    def __init__(self, **kwargs: Any) -> None:
        word = fields.String(validate=validate.Regexp(r"\A[^\s【】\[\]]{2,20}\Z"))
        by_language = fields.String(validate=validate.OneOf(LANGUAGES))
        every = validate.Length(equal=len(LANGUAGES))
        super().__init__(keys=by_language, values=word, validate=every, **kwargs)


class TemplateSchema(Schema):
    """One version as a file or an administrator gives it."""

    id = fields.String(required=True, validate=validate.Regexp(r"\A[a-z][a-z0-9-]{0,59}\Z"))
    version = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    kind = fields.String(required=True, validate=validate.OneOf(MESSAGE_KINDS))
    event = fields.String(required=True, allow_none=True)
    channel = fields.String(required=True, validate=validate.OneOf(MESSAGE_CHANNELS))
    variables = fields.List(
        fields.String(validate=validate.Regexp(_NAME)), required=True, validate=validate.Length(max=12)
    )
    most_characters = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=1000))
    texts = fields.Dict(
        keys=fields.String(validate=validate.OneOf(LANGUAGES)),
        values=fields.String(validate=[validate.Length(min=1, max=1000), _line]),
        required=True,
    )
    signature = SignatureField(load_default=None, allow_none=True)
    provider_templates = fields.Dict(
        keys=fields.String(validate=validate.OneOf(PROVIDERS)),
        values=fields.String(validate=validate.Regexp(r"\A[A-Za-z0-9_-]{1,40}\Z")),
        load_default=dict,
    )

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Template:
        declared = set(given["variables"])
        allowed = variables_of(given["event"])
        if allowed is not None and not declared <= set(allowed):
            raise ValidationError("template.variables_unknown", "variables")
        if set(LANGUAGES) - set(given["texts"]):
            raise ValidationError("template.language_missing", "texts")
        for language, text in given["texts"].items():
            if _placeholders(text) != declared:
                raise ValidationError("template.variables_differ", "texts")
            fixed = sum(len(literal) for literal, *_ in Formatter().parse(text))
            places = sum(1 for _, name, *_ in Formatter().parse(text) if name)
            signature = len(signed(given["signature"], language))
            if signature + fixed + places * LONGEST_VALUE > given["most_characters"]:
                raise ValidationError("template.may_become_too_long", "most_characters")
        return Template(**{**given, "variables": tuple(given["variables"])})
