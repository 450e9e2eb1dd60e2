"""Requests and answers about thought reports. What one says is shown to its author and its readers only."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import THOUGHT_STATES
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier

VERDICTS = ("accept", "return")
DUTIES = ("open", "overdue", "missed", "in_time", "late")
MOST_CHARACTERS = 20_000


def _period() -> fields.String:
    return fields.String(
        validate=validate.Regexp(r"^[0-9]{4}-Q[1-4]\Z", error="quarter.invalid"),
        metadata={"description": "a quarter: 2026-Q3", "pattern": "^[0-9]{4}-Q[1-4]$"},
    )


class HandInThoughtReport(Schema):
    """Hand in one's own report of a quarter (the current one where nothing is said)."""

    period = _period()
    text = Text(MOST_CHARACTERS, required=True)


class HandInThoughtReportAgain(Expecting):
    """Hand in a new version of what was returned; the old one stays."""

    report = identifier()
    text = Text(MOST_CHARACTERS, required=True)


class ReadThoughtReport(Expecting):
    """Accept or return a report that one has read: its author's contact, or where none is named the
    secretary. A return says why."""

    report = identifier()
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(1000, least=0, load_default=None, allow_none=True)


class GetThoughtReport(Schema):
    """One report. Whoever opens somebody else's is on record, and its author sees it there."""

    report = identifier()


class ThoughtSummary(Schema):
    """A report without what it says."""

    id = identifier()
    version = fields.Integer(required=True)
    author = fields.String(required=True)
    organisation = fields.String(required=True)
    period = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(THOUGHT_STATES))
    late = fields.Boolean(required=True, metadata={"description": "first handed in after the quarter"})
    handed_in_on = Day(required=True)


class Reading(Schema):
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, metadata={"description": "person id"})
    on = Day(required=True)


class EarlierVersion(Schema):
    text = fields.String(required=True)
    on = Day(required=True)


class ThoughtReport(ThoughtSummary):
    """A report with what it says, its earlier versions and what its readers said."""

    text = fields.String(required=True)
    earlier = fields.List(fields.Nested(EarlierVersion), required=True)
    readings = fields.List(fields.Nested(Reading), required=True)


class ListThoughtReports(Listing):
    """Reports of ``author`` (oneself where nothing is said), newest quarter first."""

    author = identifier(required=False)


class ThoughtReports(Page):
    items = fields.List(fields.Nested(ThoughtSummary), required=True)


class ListThoughtDuties(Schema):
    """Who owes a report of a quarter (the current one) and how it stands: of all whom one accompanies as a
    contact, or of a branch and its groups, which its secretary asks for."""

    period = _period()
    organisation = identifier(required=False)


class ThoughtDuty(Schema):
    person = fields.String(required=True)
    name = fields.String(required=True)
    political_status = fields.String(required=True)
    owes = fields.Boolean(required=True, metadata={"description": "whether a pack asks for it"})
    duty = fields.String(required=True, allow_none=True, validate=validate.OneOf(DUTIES))
    report = fields.Nested(ThoughtSummary, required=True, allow_none=True)
    contacts = fields.List(fields.String(), required=True)


class ThoughtDuties(Schema):
    period = fields.String(required=True)
    pack = fields.String(required=True, allow_none=True)
    article = fields.String(required=True, allow_none=True)
    items = fields.List(fields.Nested(ThoughtDuty), required=True)


class NameThoughtContacts(Expecting):
    """Name the one or two full members who read a person's reports, instead of those named before."""

    person = identifier()
    contacts = fields.List(identifier(), required=True, validate=validate.Length(min=1, max=10))


class GetThoughtContacts(Schema):
    """Who reads the reports of a person; the person knows, and who names them."""

    person = identifier()


class ThoughtContacts(Schema):
    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    contacts = fields.List(fields.String(), required=True)
