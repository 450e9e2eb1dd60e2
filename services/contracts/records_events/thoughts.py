"""Events of thought reports: that one was handed in or read. Never what it says."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract


class _Report(EventContract):
    """What every event of a thought report carries; sequences of one report have no holes."""

    report = fields.String(required=True)
    person = fields.String(required=True, metadata={"description": "its author"})
    organisation = fields.String(
        required=True, metadata={"description": "where the author belonged when handing it in"}
    )
    period = fields.String(required=True, validate=validate.Regexp(r"\A\d{4}-Q[1-4]\Z"))


class ThoughtReportHandedIn(_Report):
    """Its author handed a thought report in, for the first time or again after it was returned."""

    type = "records.thought_report.handed_in.v1"

    on = fields.Date(required=True)
    late = fields.Boolean(required=True, metadata={"description": "first handed in after the quarter's end"})


class ThoughtReportAccepted(_Report):
    """The contact read the report and accepted it."""

    type = "records.thought_report.accepted.v1"


class ThoughtReportReturned(_Report):
    """The contact read the report and returned it to its author."""

    type = "records.thought_report.returned.v1"


class ThoughtContactsNamed(EventContract):
    """Who reads the reports of a person from now on. The newest sequence wins."""

    type = "records.thought_contacts.named.v1"

    person = fields.String(required=True)
    organisation = fields.String(required=True)
    contacts = fields.List(fields.String(), required=True)
