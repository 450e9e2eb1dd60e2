"""Requests and answers about openings of the entry of what was held long ago."""

from __future__ import annotations

from marshmallow import Schema, fields

from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier


def _reason() -> Text:
    return Text(200, least=4, required=True, metadata={"description": "why; on record in the audit chain"})


class OpenEntryWindow(Schema):
    """Open the entry of what ``organisation`` held from ``held_from`` to ``held_until``, both included."""

    organisation = identifier()
    held_from = Day(required=True)
    held_until = Day(required=True, metadata={"description": "today at the latest"})
    open_until = Day(required=True, metadata={"description": "last day of entering"})
    reason = _reason()


class CloseEntryWindow(Expecting):
    """Close an opening before its last day."""

    window = identifier()
    reason = _reason()


class EntryWindow(Schema):
    """An opening by the level above; what is entered under it is late for ever."""

    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    held_from = Day(required=True)
    held_until = Day(required=True)
    open_until = Day(required=True)
    open = fields.Boolean(required=True, metadata={"description": "today: neither closed nor over"})
    reason = fields.String(required=True)
    opened_by = fields.String(required=True, metadata={"description": "person id"})
    opened_on = Day(required=True)
    closed_by = fields.String(required=True, allow_none=True, metadata={"description": "person id"})
    closed_on = Day(required=True, allow_none=True)
    close_reason = fields.String(required=True, allow_none=True)


class ListEntryWindows(Listing):
    """Openings of ``organisation``, or of those at or below the caller's posts (and below ``within``), the
    last to end first."""

    organisation = identifier(required=False)
    within = identifier(required=False)


class EntryWindows(Page):
    items = fields.List(fields.Nested(EntryWindow), required=True)
