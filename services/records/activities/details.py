"""What a kind of activity has beside what all have: one mapping, held to what the kind's data say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from marshmallow import ValidationError, fields, validate

from services.chassis.errors import Invalid
from services.contracts.records_rpc.parts import Day, Text, identifier
from services.records.activities.kinds import STAGES, Detail, Kind

MOST_CHARACTERS = 500  # of one of several texts
MOST_COUNT = 10_000


def checked(kind: Kind, given: Mapping[str, Any], stage: str | None) -> dict[str, Any]:
    """``given`` as it is kept, dates as ISO texts; what is empty is left out.

    ``stage`` (``plan``, ``record``, ``submit``) is the step taken: what the kind asks for at or before it has
    to be there; None asks for nothing. Raises ``Invalid`` at every place that is wrong:
    ``activity.detail_unknown``, ``activity.detail_unfit``, ``activity.detail_missing``, with the kind's pack
    and article and what is accepted.
    """
    problems: dict[str, str] = {}
    kept: dict[str, Any] = {}
    for name, value in given.items():
        detail = kind.details.get(name)
        if detail is None:
            problems[name] = "activity.detail_unknown"
        elif value not in (None, "", [], {}):
            try:
                kept[name] = _plain(_field(detail).deserialize(value))
            except ValidationError:
                problems[name] = "activity.detail_unfit"
    for name in asked(kind, stage):
        if name not in kept:
            problems.setdefault(name, "activity.detail_missing")
    if problems:
        fits = {
            name: accepted(kind.details[name]) if name in kind.details else ", ".join(kind.details)
            for name in problems
        }
        first = next(iter(problems))
        raise Invalid(
            problems[first],
            params={**kind.cited, "detail": first, "accepted": fits[first]},
            fields={f"details.{name}": [said] for name, said in problems.items()},
            field_params={f"details.{name}": {"detail": name, "accepted": fits[name]} for name in problems},
        )
    return kept


def asked(kind: Kind, stage: str | None) -> list[str]:
    """The details that ``kind`` asks for at ``stage``, those of earlier stages included."""
    if stage is None:
        return []
    reached = STAGES[: STAGES.index(stage) + 1]
    return [name for name, detail in kind.details.items() if detail.at in reached]


def people(kind: Kind, details: Mapping[str, Any]) -> dict[str, str]:
    """The persons whom ``details`` name, checked or not, by place: ``{"details.administration.0": id}``."""
    lists = {name: details.get(name) for name, detail in kind.details.items() if detail.form == "people"}
    return {
        f"details.{name}.{position}": person
        for name, named in lists.items()
        if isinstance(named, list)
        for position, person in enumerate(named[: kind.details[name].most])
        if isinstance(person, str)
    }


def accepted(detail: Detail) -> str:
    """What a detail takes, in signs that need no translation: ``1–80``, ``a | b``, ``2026-01-31``."""
    return {
        "text": f"1–{detail.most}",
        "texts": f"1–{detail.most} × 1–{MOST_CHARACTERS}",
        "people": f"1–{detail.most}",
        "whole": f"{detail.least}–{detail.most}",
        "choice": " | ".join(detail.of),
        "flag": "true" if detail.must else "true | false",
        "date": "2026-01-31",
        "counts": f"{{{', '.join(f'{each}: 0–{MOST_COUNT}' for each in detail.of)}}}",
    }[detail.form]


@cache
def _field(detail: Detail) -> fields.Field[Any]:
    size = validate.Length(min=1, max=detail.most)
    match detail.form:
        case "text":
            return Text(detail.most)
        case "texts":
            return fields.List(Text(MOST_CHARACTERS), validate=size)
        case "people":
            return fields.List(identifier(), validate=[size, _each_once])
        case "whole":
            return _number(detail.least, detail.most)
        case "choice":
            return fields.String(validate=validate.OneOf(detail.of))
        case "flag":
            return fields.Boolean(
                truthy={True}, falsy={False}, validate=validate.Equal(True) if detail.must else None
            )
        case "date":
            return Day()
        case _:
            return fields.Dict(
                keys=fields.String(validate=validate.OneOf(detail.of)), values=_number(0, MOST_COUNT)
            )


def _number(least: int, most: int) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=least, max=most))


def _each_once(given: list[str]) -> None:
    if len(set(given)) < len(given):
        raise ValidationError("somebody is named twice")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
