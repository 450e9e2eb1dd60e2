"""Requests and answers about uploads and the files that are kept of them, of whichever service keeps them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.chassis.files.limits import MOST_PART_BYTES
from services.contracts.records_rpc.parts import Text, identifier

MOST_ATTACHMENTS = 20
PURPOSES = ("roster", "file")


class BeginFile(Schema):
    """Open an upload of a file to attach."""

    filename = Text(200, required=True)


class BeginUpload(BeginFile):
    """Open an upload: of a roster, which asks for the administrator of the root, or of a file to attach."""

    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))


class Upload(Schema):
    upload = identifier()
    size = fields.Integer(required=True, metadata={"description": "bytes received so far"})


class AppendUpload(Schema):
    """The next part: at most 512 KiB, base64. Sending a part again is answered the same."""

    upload = identifier()
    part = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=1000))
    content = fields.String(required=True, validate=validate.Length(max=MOST_PART_BYTES * 4 // 3 + 4))


class KeepFile(Schema):
    """Look into the upload and keep it as a file. Asking again for the same upload answers the same file."""

    upload = identifier()


class KeptFile(Schema):
    """A file. Of a picture are kept its pixels alone, so size and sha256 are of what is kept."""

    file = identifier()
    name = fields.String(required=True)
    media_type = fields.String(required=True)
    size = fields.Integer(required=True, metadata={"description": "bytes"})
    sha256 = fields.String(required=True)


class OpenFile(Schema):
    """Begin to read a file."""

    file = identifier()


class ReadFile(Schema):
    """One part of a file's content, counted from 0; every part but the last has the same size."""

    file = identifier()
    part = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=100_000))


class OpenedFile(KeptFile):
    parts = fields.Integer(required=True)


class FilePart(Schema):
    content = fields.String(required=True, metadata={"description": "base64"})


def attachments() -> fields.List[Any]:
    """The field of a command that takes files: their ids, in the order in which they are shown."""
    return fields.List(identifier(), load_default=list, validate=validate.Length(max=MOST_ATTACHMENTS))
