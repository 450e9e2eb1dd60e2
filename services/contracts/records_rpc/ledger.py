"""Requests about ledger packs."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import LANGUAGES
from services.contracts.records_rpc.parts import identifier


class MakeLedger(Schema):
    """Make an organisation's year as one zip, as a job; asks for a writer there, or a post above.

    What whoever asks may not read is left out, and the manifest says so. The job's result names the file and
    the digest of its manifest; the file is kept for seven days. More than 200 000 rows or 2 GiB of
    attachments are refused.
    """

    organisation = identifier()
    year = fields.Integer(required=True, strict=True, validate=validate.Range(min=2008, max=2200))
    below = fields.Boolean(load_default=False, metadata={"description": "with every organisation below it"})
    language = fields.String(load_default="zh", validate=validate.OneOf(LANGUAGES))
