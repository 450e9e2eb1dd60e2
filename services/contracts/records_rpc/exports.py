"""Requests about spreadsheets of lists."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from services.contracts.kinds import LANGUAGES

MOST_FILTERS = 20
MOST_FILTER = 200


def _plain(value: object) -> None:
    """Filters are single values, as in the address of a list."""
    if not isinstance(value, (str, int, bool)) or (isinstance(value, str) and len(value) > MOST_FILTER):
        raise ValidationError("Not a filter.")


class ExportList(Schema):
    """Make an .xlsx of a list as a job: every page of it, with the scope and the masks of the list itself.

    The job's result names the file, which whoever asked fetches within seven days. A list of more than
    200 000 rows is refused, and a post that is withdrawn meanwhile ends the job.
    """

    list = fields.String(
        required=True,
        validate=validate.Length(min=1, max=64),
        metadata={"description": "people, activities, dues_bills …; an unknown one is answered with all"},
    )
    query = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=64)),
        values=fields.Raw(validate=_plain),
        load_default=dict,
        validate=validate.Length(max=MOST_FILTERS),
        metadata={"description": "the filters of the list, as at its own address; no limit and no cursor"},
    )
    language = fields.String(load_default="zh", validate=validate.OneOf(LANGUAGES))
