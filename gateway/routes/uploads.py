"""The address that takes rosters: a file is passed on piece by piece, never held here as a whole."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gateway.refusals import Malformed, UnsupportedMedia
from gateway.request import MOST_ENVELOPE_BYTES, MOST_UPLOAD_BYTES
from gateway.response import Response, of_json
from gateway.routing import Call, Route
from gateway.uploading import Upload
from services.chassis.errors import Invalid
from services.contracts.records_rpc import imports as rpc

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request

BEGIN = Call("records.begin_upload", rpc.BeginUpload, rpc.Upload)
APPEND = Call("records.append_upload", rpc.AppendUpload, rpc.Upload)
START = Call("records.start_import", rpc.StartImport, rpc.StartedJob)
_ZIP = b"PK\x03\x04"
_TEXT_KINDS = (".csv", ".txt")


def take_roster(gateway: Gateway, request: Request, route: Route) -> Response:
    """Pass a roster on and start its import; answers with the job at once.

    The file is named by its form field, or as ``?filename=`` beside a raw body. What it is is told by its
    first bytes, not by its name alone.
    """
    upload = Upload(request, MOST_UPLOAD_BYTES, MOST_ENVELOPE_BYTES)
    parts = _parts(upload.pieces(), rpc.MOST_PART_BYTES)
    first = next(parts, b"")
    if not first:
        raise Malformed("upload.no_file")
    if not upload.filename:
        raise Invalid("upload.no_filename", fields={"filename": ["field.required"]})
    _see_kind(upload.filename, first)
    identity = gateway.ask(BEGIN, {"filename": upload.filename}, request, step=":begin")["upload"]
    _append(gateway, request, identity, 0, first)
    for number, part in enumerate(parts, 1):
        _append(gateway, request, identity, number, part)
    asked = {"upload": identity, "filename": upload.filename}
    job = gateway.ask(START, asked, request, step=":start")
    response = of_json(job, route.status)
    response.headers.append(("Location", f"/api/v1/jobs/{job['job']}"))
    return response


def _append(gateway: Gateway, request: Request, identity: str, number: int, part: bytes) -> None:
    content = base64.b64encode(part).decode()
    asked: dict[str, Any] = {"upload": identity, "part": number, "content": content}
    gateway.ask(APPEND, asked, request, step=f":{number}")


def _parts(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in parts of ``size``, the last one shorter."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)


def _see_kind(filename: str, first: bytes) -> None:
    name = filename.lower()
    if name.endswith(".xlsx") and first.startswith(_ZIP):
        return
    if name.endswith(_TEXT_KINDS) and b"\x00" not in first and not first.startswith(_ZIP):
        return
    raise UnsupportedMedia("upload.unknown_kind", closes=True)


ROUTES = (
    Route(
        "POST",
        "/api/v1/imports/roster",
        "Import a roster of organisations and people (.xlsx or .csv)",
        "imports",
        status=202,
        handler=take_roster,
        others=(BEGIN, APPEND, START),
        answers=(rpc.StartedJob,),
        upload=True,
        permission="administrator of the root organisation",
    ),
)
