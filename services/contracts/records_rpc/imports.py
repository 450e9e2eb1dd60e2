"""Requests and answers about imports and jobs."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.records_rpc.parts import Listing, Page, Text, identifier

JOB_STATES = ("queued", "running", "done", "failed", "stopped")


# -- imports and jobs ------------------------------------------------------------------------------


class StartImport(Schema):
    """Import the roster that was uploaded. Starting the same upload again answers the same job."""

    upload = identifier()
    filename = Text(200, required=True)


class StartedJob(Schema):
    job = identifier()


class GetJob(Schema):
    job = identifier()


class StopJob(Schema):
    """Stop what one has started, at its next step; what is over stays as it is."""

    job = identifier()


class BilingualText(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class RowError(Schema):
    """Why a row was not taken over; nothing of this row was."""

    sheet = fields.String(required=True)
    row = fields.Integer(required=True, metadata={"description": "as the spreadsheet counts, header = 1"})
    column = fields.String(required=True, allow_none=True)
    code = fields.String(required=True)
    params = fields.Dict(metadata={"description": "rule, pack, article and what would be accepted"})
    text = fields.Nested(BilingualText, required=True)


class ListJobErrors(Listing):
    """Every error of a job, in the order they were found."""

    job = identifier()


class JobErrors(Page):
    items = fields.List(fields.Nested(RowError), required=True)


class ExportRoster(Schema):
    """Write organisations and people as a roster that can be imported again, from ``within`` down.

    Without it from the caller's posts down. Unmasked asks for the posts that may unmask, and a reason.
    """

    within = identifier(required=False)
    unmasked = fields.Boolean(load_default=False)
    reason = Text(200, least=4, load_default=None, allow_none=True)


class JobResult(Schema):
    """What a job came to: rows by outcome, or the file that it made."""

    created = fields.Integer()
    changed = fields.Integer()
    unchanged = fields.Integer()
    refused = fields.Integer()
    file = fields.String(metadata={"description": "to be fetched under /api/v1/files; kept for seven days"})
    name = fields.String()
    rows = fields.Integer()
    digest = fields.String(metadata={"description": "of a ledger pack: what its manifest says of all of it"})


class Job(Schema):
    """A job with its progress. ``errors`` holds the first 20 of ``error_count``; ``/errors`` has them all."""

    id = identifier()
    kind = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(JOB_STATES))
    done = fields.Integer(required=True)
    total = fields.Integer(required=True, allow_none=True)
    errors = fields.List(fields.Nested(RowError), required=True)
    error_count = fields.Integer(required=True)
    result = fields.Nested(JobResult, required=True, allow_none=True)
    failure = fields.Nested(BilingualText, required=True, allow_none=True)
