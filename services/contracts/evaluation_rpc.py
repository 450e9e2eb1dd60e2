"""Requests and responses of the evaluation service."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import EXEMPTION_CAUSES, EXEMPTION_STATES, OBLIGATION_STATES

_ID = validate.Length(min=1, max=64)
_CURSOR = validate.Length(min=1, max=400)
_YEAR = validate.Range(min=2000, max=2100)
_LIMIT = validate.Range(min=1, max=100)


class Bilingual(Schema):
    """A text for people, in both languages."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


# --- obligations -----------------------------------------------------------------------------------


class _Filters(Schema):
    state = fields.String(validate=validate.OneOf(OBLIGATION_STATES))
    rule = fields.String(validate=_ID)
    year = fields.Integer(validate=_YEAR)
    period = fields.String(validate=_ID, metadata={"description": "2026-Q3, 2026-09, 2026, 2026-2027-1-03"})


class ListObligations(_Filters):
    """What organisations owe and the caller may see: one after another, of each the latest due date first.

    ``organisation``: of that organisation and all below it; refused where the caller may not read it.
    ``mine``: only of the organisations where the caller holds a post, and of the one they belong to.
    Neither: everything the caller may see. Tasks that are confided and opinions are left out where the
    caller reads any of it as a member alone.
    """

    organisation = fields.String(validate=_ID)
    mine = fields.Boolean(load_default=False)
    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=_LIMIT)


class ListPersonalObligations(_Filters):
    """What persons owe: the caller's own, or of those they are responsible for.

    ``person``: of that person, latest due date first. ``organisation``: of those who belong to it or to
    anything below it; refused without a post that is responsible for any of it. Neither: all whom the caller
    is responsible for. Both come one organisation after another, of each the latest due date first.
    """

    person = fields.String(validate=_ID)
    organisation = fields.String(validate=_ID)
    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=_LIMIT)


class Obligation(Schema):
    """What one organisation, or one ``person`` of it, owes in one period under one rule."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    person = fields.String(
        allow_none=True, metadata={"description": "who owes it, where a person does, as a member there"}
    )
    case = fields.String(
        allow_none=True, metadata={"description": "the bill, task, opinion, meeting or term it is about"}
    )
    rule = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    period = fields.String(
        required=True,
        metadata={
            "description": "2026-Q3, 2026-09, 2026 a fortnight of a term 2026-2027-1-03, else its due date"
        },
    )
    state = fields.String(required=True, validate=validate.OneOf(OBLIGATION_STATES))
    exemption = fields.String(allow_none=True)
    needed = fields.Integer(
        required=True, metadata={"description": "how many records fulfil it; of training, minutes"}
    )
    starts_on = fields.Date(required=True)
    due_on = fields.Date(required=True, metadata={"description": "last day on which it is on time"})
    make_up_until = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "last day on which it can be made up; null: for as long as it is owed"},
    )
    fulfilled_on = fields.Date(required=True, allow_none=True)
    evidence = fields.List(
        fields.String(), required=True, metadata={"description": "ids of activities, credits or reports"}
    )
    pack = fields.String(required=True)
    article = fields.String(required=True)
    hardness = fields.String(required=True)


class ObligationPage(Schema):
    """A page of obligations; ``next`` is the cursor of the page after it, or null."""

    items = fields.List(fields.Nested(Obligation), required=True)
    next = fields.String(required=True, allow_none=True)


class GetObligation(Schema):
    """One obligation, to those who may read its organisation."""

    obligation = fields.String(required=True, validate=_ID)


class ExplainObligation(Schema):
    """Why an obligation stands as it does, to those who may read its organisation."""

    obligation = fields.String(required=True, validate=_ID)


class Source(Schema):
    """The pack and the article that a verdict rests on."""

    pack = fields.String(required=True)
    title = fields.String(required=True)
    document_number = fields.String(required=True, allow_none=True)
    issuer = fields.String(required=True)
    article = fields.String(required=True)
    hardness = fields.String(required=True)
    confidence = fields.String(required=True)


class Record(Schema):
    """An approved record that was counted, as far as evaluation knows it."""

    activity = fields.String(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True)
    held_on = fields.Date(required=True)
    late = fields.Boolean(required=True)


class UncountedRecord(Record):
    """A record near the period that was not taken for it."""

    reason = fields.Nested(Bilingual, required=True)


class ObligationCalendar(Schema):
    """By which calendar the days of an obligation are counted.

    ``provisional``: its term or working days are of a year that is not announced yet.
    """

    days = fields.String(required=True, validate=validate.OneOf(("calendar", "working")))
    term = fields.String(
        required=True, allow_none=True, metadata={"description": "2026-2027-1; null in a vacation"}
    )
    provisional = fields.Boolean(required=True)


class ObligationExplanation(Schema):
    """An obligation with the reasons of its state: rule, window, what counted, what did not and why, what
    would fulfil it, the calendar and the source.
    """

    obligation = fields.Nested(Obligation, required=True)
    reasons = fields.List(fields.Nested(Bilingual), required=True)
    records = fields.List(fields.Nested(Record), required=True)
    not_counted = fields.List(fields.Nested(UncountedRecord))
    would_fulfil = fields.Nested(
        Bilingual, allow_none=True, metadata={"description": "null where nothing is wanted any more"}
    )
    calendar = fields.Nested(ObligationCalendar)
    source = fields.Nested(Source, required=True)


class MyDuties(Schema):
    """What the caller still owes, and the organisations whose posts they hold, most urgent first."""

    limit = fields.Integer(load_default=100, validate=_LIMIT)


class Duties(Schema):
    """The caller's duties: overdue first, then by due date. ``counts`` counts all, not only ``items``."""

    today = fields.Date(required=True)
    organisations = fields.List(fields.String(), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    items = fields.List(fields.Nested(Obligation), required=True)


# --- exemptions ------------------------------------------------------------------------------------


class AskExemption(Schema):
    """Ask that an organisation, or a ``person`` of it, need not do something from one day to another.

    ``rule``: one that is in force, or ``*`` for all of them. Covered is each period that lies wholly in it.
    """

    organisation = fields.String(required=True, validate=_ID)
    person = fields.String(validate=_ID)
    rule = fields.String(required=True, validate=_ID)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
    cause = fields.String(required=True, validate=validate.OneOf(EXEMPTION_CAUSES))
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class DecideExemption(Schema):
    """The level above approves an exemption, or refuses it with a reason."""

    exemption = fields.String(required=True, validate=_ID)
    approve = fields.Boolean(required=True)
    comment = fields.String(validate=validate.Length(min=1, max=500))
    expected_version = fields.Integer(strict=True)


class EndExemption(Schema):
    """The level above takes an approved exemption back, with a reason."""

    exemption = fields.String(required=True, validate=_ID)
    comment = fields.String(required=True, validate=validate.Length(min=1, max=500))
    expected_version = fields.Integer(strict=True)


class ListExemptions(Schema):
    """Exemptions of an organisation and all below it, to posts there or above; the longest lasting first."""

    organisation = fields.String(required=True, validate=_ID)
    state = fields.String(validate=validate.OneOf(EXEMPTION_STATES))
    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=_LIMIT)


class Exemption(Schema):
    """An exemption: of whom, from what, when, why, and who decided."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    person = fields.String(required=True, allow_none=True)
    rule = fields.String(required=True)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
    cause = fields.String(required=True, validate=validate.OneOf(EXEMPTION_CAUSES))
    reason = fields.String(required=True)
    decided_at = fields.String(required=True, metadata={"description": "the organisation that decides"})
    state = fields.String(required=True, validate=validate.OneOf(EXEMPTION_STATES))
    asked_by = fields.String(required=True)
    asked_on = fields.Date(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_on = fields.Date(required=True, allow_none=True)
    comment = fields.String(required=True, allow_none=True)


class ExemptionPage(Schema):
    """A page of exemptions; ``next`` is the cursor of the page after it, or null."""

    items = fields.List(fields.Nested(Exemption), required=True)
    next = fields.String(required=True, allow_none=True)
