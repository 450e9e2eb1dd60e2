"""Requests and answers about the audit chain."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.records_rpc.parts import Instant, Listing, Page, identifier

# -- audit -----------------------------------------------------------------------------------------


class ReadAudit(Listing):
    """Entries, newest first. A person may read those about themselves; inspectors and administrators all."""

    object_kind = fields.String(validate=validate.Length(max=40))
    object = identifier(required=False, metadata={"description": "an id; me: whoever asks"})


class AuditEntry(Schema):
    seq = fields.Integer(required=True)
    at = Instant(required=True)
    actor = fields.String(required=True, allow_none=True)
    action = fields.String(required=True)
    object_kind = fields.String(required=True)
    object = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)


class AuditEntries(Page):
    items = fields.List(fields.Nested(AuditEntry), required=True)
