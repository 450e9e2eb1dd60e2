"""Requests and answers about uploads, imports and jobs."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.records_rpc.parts import Listing, Page, Text, identifier

MOST_UPLOAD_BYTES = 20 * 1024 * 1024
MOST_PART_BYTES = 512 * 1024
JOB_STATES = ("queued", "running", "done", "failed", "stopped")


# -- imports and jobs ------------------------------------------------------------------------------


class BeginUpload(Schema):
    """Open an upload; asks for the administrator of the root."""

    filename = Text(200, required=True)


class Upload(Schema):
    upload = identifier()
    size = fields.Integer(required=True, metadata={"description": "bytes received so far"})


class AppendUpload(Schema):
    """The next part: at most 512 KiB, base64. Sending a part again is answered the same."""

    upload = identifier()
    part = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=1000))
    content = fields.String(required=True, validate=validate.Length(max=MOST_PART_BYTES * 4 // 3 + 4))


class StartImport(Schema):
    """Import the roster that was uploaded. Starting the same upload again answers the same job."""

    upload = identifier()
    filename = Text(200, required=True)


class StartedJob(Schema):
    job = identifier()


class GetJob(Schema):
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
    text = fields.Nested(BilingualText, required=True)


class ListJobErrors(Listing):
    """Every error of a job, in the order they were found."""

    job = identifier()


class JobErrors(Page):
    items = fields.List(fields.Nested(RowError), required=True)


class ImportResult(Schema):
    """Rows by outcome."""

    created = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    refused = fields.Integer(required=True)


class Job(Schema):
    """A job with its progress. ``errors`` holds the first 200 of ``error_count``; a list has them all."""

    id = identifier()
    kind = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(JOB_STATES))
    done = fields.Integer(required=True)
    total = fields.Integer(required=True, allow_none=True)
    errors = fields.List(fields.Nested(RowError), required=True)
    error_count = fields.Integer(required=True)
    result = fields.Nested(ImportResult, required=True, allow_none=True)
    failure = fields.Nested(BilingualText, required=True, allow_none=True)
