"""The addresses that take files: each is passed on piece by piece, never held here as a whole."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from marshmallow import Schema

from gateway.refusals import Malformed, UnsupportedMedia
from gateway.request import MOST_ENVELOPE_BYTES, MOST_UPLOAD_BYTES
from gateway.response import Response, of_json
from gateway.routing import Call, Route
from gateway.uploading import Upload
from services.chassis.errors import Invalid
from services.chassis.files.limits import EXTENSIONS, MOST_PART_BYTES
from services.contracts import files
from services.contracts.records_rpc import imports

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request

START = Call("records.start_import", imports.StartImport, imports.StartedJob)
LOOKING_SECONDS = 30.0  # the service looks into the file meanwhile; a large picture is decoded
_ZIP = b"PK\x03\x04"
_TEXT_KINDS = (".csv", ".txt")


@dataclass(frozen=True)
class Receiver:
    """The service that a file is passed on to, and under which address it gives files out again."""

    service: str
    address: str
    begins: type[Schema]

    @property
    def begin(self) -> Call:
        return Call(f"{self.service}.begin_upload", self.begins, files.Upload)

    @property
    def append(self) -> Call:
        return Call(f"{self.service}.append_upload", files.AppendUpload, files.Upload)

    @property
    def keep(self) -> Call:
        return Call(f"{self.service}.keep_file", files.KeepFile, files.KeptFile, LOOKING_SECONDS)

    @property
    def calls(self) -> tuple[Call, ...]:
        """All that passing a file on may ask."""
        return self.begin, self.append, self.keep


RECORDS = Receiver("records", "/api/v1/files", files.BeginUpload)
FEEDBACK = Receiver("feedback", "/api/v1/feedback/files", files.BeginFile)


def take_roster(gateway: Gateway, request: Request, route: Route) -> Response:
    """Pass a roster on and start its import; answers with the job at once."""
    upload, filename = _passed_on(gateway, request, RECORDS, {"purpose": "roster"}, _require_roster)
    job = gateway.ask(START, {"upload": upload, "filename": filename}, request, step=":start")
    response = of_json(job, route.status)
    response.headers.append(("Location", f"/api/v1/jobs/{job['job']}"))
    return response


def take_file(gateway: Gateway, request: Request, route: Route) -> Response:
    """Pass a file on to records and have it kept; answers with what is kept of it."""
    return _taken(gateway, request, route, RECORDS, {"purpose": "file"})


def take_said(gateway: Gateway, request: Request, route: Route) -> Response:
    """The same for feedback: records never learns what is attached to an opinion."""
    return _taken(gateway, request, route, FEEDBACK, {})


def _taken(
    gateway: Gateway, request: Request, route: Route, receiver: Receiver, more: dict[str, str]
) -> Response:
    upload, _ = _passed_on(gateway, request, receiver, more, _require_attachable)
    kept = gateway.ask(receiver.keep, {"upload": upload}, request, step=":keep")
    response = of_json(kept, route.status)
    response.headers.append(("Location", f"{receiver.address}/{kept['file']}"))
    return response


def whole(request: Request, most: int) -> tuple[str, bytes]:
    """The name and the content of a small file, held here as a whole; raises as ``Upload.pieces``."""
    upload = Upload(request, most, MOST_ENVELOPE_BYTES)
    content = b"".join(upload.pieces())
    if not content:
        raise Malformed("upload.no_file")
    if not upload.filename:
        raise Invalid("upload.no_filename", fields={"filename": ["field.required"]})
    return upload.filename, content


def _passed_on(
    gateway: Gateway,
    request: Request,
    receiver: Receiver,
    more: dict[str, str],
    require_kind: Callable[[str, bytes], None],
) -> tuple[str, str]:
    """The id of the upload that the service has received as a whole, and the file's name.

    The file is named by its form field, or as ``?filename=`` beside a raw body. ``require_kind`` sees the
    name and the first part before anything is passed on.
    """
    upload = Upload(request, MOST_UPLOAD_BYTES, MOST_ENVELOPE_BYTES)
    parts = _parts(upload.pieces(), MOST_PART_BYTES)
    first = next(parts, b"")
    if not first:
        raise Malformed("upload.no_file")
    if not upload.filename:
        raise Invalid("upload.no_filename", fields={"filename": ["field.required"]})
    require_kind(upload.filename, first)
    asked = {"filename": upload.filename, **more}
    identity: str = gateway.ask(receiver.begin, asked, request, step=":begin")["upload"]
    for number, part in enumerate(chain([first], parts)):
        content = base64.b64encode(part).decode()
        sent = {"upload": identity, "part": number, "content": content}
        gateway.ask(receiver.append, sent, request, step=f":{number}")
    return identity, upload.filename


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


def _require_roster(filename: str, first: bytes) -> None:
    """A spreadsheet by its first bytes, not by its name alone."""
    name = filename.lower()
    if name.endswith(".xlsx") and first.startswith(_ZIP):
        return
    if name.endswith(_TEXT_KINDS) and b"\x00" not in first and not first.startswith(_ZIP):
        return
    raise UnsupportedMedia("upload.unknown_kind", params={"accepted": ".xlsx, .csv"}, closes=True)


def _require_attachable(filename: str, first: bytes) -> None:
    """By its name alone: the service looks into the whole of it."""
    if not filename.lower().endswith(EXTENSIONS):
        accepted = ", ".join(EXTENSIONS)
        raise UnsupportedMedia("upload.unknown_kind", params={"accepted": accepted}, closes=True)


ROUTES = (
    Route(
        "POST",
        "/api/v1/imports/roster",
        "Import a roster of organisations and people (.xlsx or .csv)",
        "imports",
        status=202,
        handler=take_roster,
        others=(RECORDS.begin, RECORDS.append, START),
        answers=(imports.StartedJob,),
        upload=MOST_UPLOAD_BYTES,
        permission="administrator of the root organisation",
    ),
    Route(
        "POST",
        "/api/v1/files",
        f"Send a file to attach ({', '.join(EXTENSIONS)}); unclaimed it is forgotten after a day",
        "files",
        status=201,
        handler=take_file,
        others=RECORDS.calls,
        answers=(files.KeptFile,),
        upload=MOST_UPLOAD_BYTES,
    ),
    Route(
        "POST",
        "/api/v1/feedback/files",
        "Send a file to attach to an opinion or a result; unclaimed it is forgotten after a day",
        "files",
        status=201,
        handler=take_said,
        others=FEEDBACK.calls,
        answers=(files.KeptFile,),
        upload=MOST_UPLOAD_BYTES,
    ),
)
