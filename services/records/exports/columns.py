"""The columns of a list, read from the schema of its items: what is added there is exported from then on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, fields, validate

from services.chassis.sheets.model import COUNT, DAY, MONEY, TEXT
from services.contracts import kinds
from services.contracts.records_events.development import (
    CLOSING_REASONS,
    DEVELOPMENT_OUTCOMES,
    DEVELOPMENT_STEPS,
    DOSSIER_STATES,
)
from services.contracts.records_rpc.activities import ATTENDANCE_STATES
from services.contracts.records_rpc.campaigns import REVIEW_LEVELS
from services.contracts.records_rpc.development import ACTORS, STAGES
from services.contracts.records_rpc.dues_files import LINE_OUTCOMES
from services.contracts.records_rpc.parts import Day
from services.contracts.records_rpc.thoughts import DUTIES
from services.records.exports.model import FLAG, NUMBER, ORGANISATION, PEOPLE, PERSON, WORD, Column

# Where the catalogue has the labels of a vocabulary.
WORDS: Mapping[tuple[str | None, ...], str] = {
    kinds.ORGANISATION_KINDS: "word.organisation_kind",
    kinds.POLITICAL_STATUSES: "word.political_status",
    kinds.ROLES: "word.role",
    kinds.ACTIVITY_KINDS: "kind",
    kinds.ACTIVITY_STATES: "activity_state",
    kinds.AMENDMENT_STATES: "activity_state",
    kinds.TRAINING_FORMS: "word.training_form",
    kinds.TRAINING_ORIGINS: "word.training_origin",
    kinds.THOUGHT_STATES: "thought_state",
    kinds.DUES_KINDS: "word.dues_kind",
    kinds.DUES_USES: "word.dues_use",
    kinds.BILL_STATES: "word.bill_state",
    kinds.PAYMENT_STATES: "payment_state",
    kinds.RELIEF_STATES: "relief_state",
    kinds.EXPENDITURE_STATES: "expenditure_state",
    kinds.PLAN_STATES: "plan_state",
    kinds.TASK_KINDS: "word.task_kind",
    kinds.TASK_STATES: "task_state",
    kinds.DIFFICULTY_CATEGORIES: "word.difficulty",
    LINE_OUTCOMES: "word.line_outcome",
    kinds.ELECTION_STANDINGS: "word.election_standing",
    kinds.PROGRAMME_KINDS: "word.programme_kind",
    kinds.PROGRAMME_STATES: "word.programme_state",
    kinds.BULLETIN_STATES: "bulletin_state",
    kinds.LECTURE_STATES: "lecture_state",
    kinds.LECTURE_KINDS: "word.lecture_kind",
    REVIEW_LEVELS: "word.review_level",
    kinds.SPELL_REASONS: "word.spell_reason",
    kinds.TRANSFER_KINDS: "transfer_kind",
    kinds.TRANSFER_STATES: "transfer_state",
    kinds.ORGANISATION_CHANGES: "word.organisation_change",
    kinds.PROMPT_STATES: "word.prompt_state",
    kinds.SEXES: "word.sex",
    DUTIES: "word.duty",
    ACTORS: "word.actor",
    STAGES: "word.stage",
    DOSSIER_STATES: "dossier_state",
    DEVELOPMENT_STEPS: "development_step",
    DEVELOPMENT_OUTCOMES: "word.outcome",
    CLOSING_REASONS: "word.closing_reason",
    (*ATTENDANCE_STATES, None): "word.attendance",
    ("leading", "member", "none"): "word.training_role",
    ("done", "open", "later"): "word.step_state",
    ("open", "overdue", "done", "done_late"): "word.class_state",
}
_PERSON = frozenset({"person", "author", "asked_by", "decided_by", "by", "responsible"})
_PEOPLE = frozenset({"contacts", "invitees", "observers"})
_ORGANISATION = frozenset({"organisation", "parent", "left", "destination"})
# Whom an item is about has the campus number beside the name.
_NUMBERED = frozenset({"person", "author"})
# Versions and ids of other things: they say nothing to people.
_OPAQUE = frozenset(
    {"version", "path", "activity", "reverses", "dossier", "successors", "deferral", "plan", "programme"}
)


@dataclass(frozen=True)
class Listed:
    """A list of the service by the name of its call, and how its columns differ from what its schema says.

    Fields are paths like ``source.article``. ``without``: what no reader of a sheet needs, with all below
    it. ``titles``: other headers, as codes. ``words``: labels of vocabularies that the schema leaves open.
    ``people``: further fields that are ids of persons. ``money``: of a mapping to fen its keys, each a
    column.
    """

    method: str
    without: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    money: Mapping[str, Sequence[str]] = field(default_factory=dict)


def columns_of(schema: type[Schema], listed: Listed) -> tuple[Column, ...]:
    """The columns of a list whose items are of ``schema``, in its order, the item's own id at the end.

    Lists of parts are left out: they are lists of their own.
    """
    found = list(_columns(schema, "", listed))
    own = [column for column in found if column.field == "id"]
    return (*(column for column in found if column.field != "id"), *own)


def _columns(schema: type[Schema], prefix: str, listed: Listed) -> Iterator[Column]:
    for name, declared in schema().dump_fields.items():
        path = f"{prefix}{name}"
        if name in _OPAQUE or path in listed.without:
            continue
        title = listed.titles.get(path, f"column.{name}")
        if name in _PERSON or path in listed.people:
            yield Column(path, PERSON, title)
            if name in _NUMBERED:
                yield Column(path, NUMBER, "column.number")
        elif name in _PEOPLE:
            yield Column(path, PEOPLE, title)
        elif name in _ORGANISATION:
            yield Column(path, ORGANISATION, title)
        elif path in listed.words:
            yield Column(path, WORD, title, listed.words[path])
        elif isinstance(declared, fields.Nested):
            if not declared.many:
                yield from _nested(declared, path, title, listed)
        elif isinstance(declared, fields.Dict):
            keys = listed.money.get(path, ())
            yield from (Column(f"{path}.{key}", MONEY, f"{title}.{key}") for key in keys)
        elif (kind := _kind(declared, name)) is not None:
            yield Column(path, kind, title, WORDS[_choices(declared)] if kind == WORD else "")


def _nested(declared: fields.Nested, path: str, title: str, listed: Listed) -> Iterator[Column]:
    inner = type(declared.schema)
    if set(inner._declared_fields) == {"zh", "en"}:
        yield Column(path, TEXT, title)
    else:
        yield from _columns(inner, f"{path}.", listed)


def _kind(declared: fields.Field[Any], name: str) -> str | None:
    if isinstance(declared, Day):
        return DAY
    if isinstance(declared, fields.Boolean):
        return FLAG
    if isinstance(declared, fields.Integer):
        return MONEY if name.endswith("_fen") else COUNT
    if isinstance(declared, fields.List):
        return TEXT if isinstance(declared.inner, fields.String) else None
    if isinstance(declared, fields.String):
        return WORD if _choices(declared) in WORDS else TEXT
    return None


def _choices(declared: fields.Field[Any]) -> tuple[str | None, ...]:
    found = [each for each in declared.validators if isinstance(each, validate.OneOf)]
    return tuple(found[0].choices) if found else ()
