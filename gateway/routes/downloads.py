"""The address that gives files out: in parts, to whom the service lets read them, to be saved."""

from __future__ import annotations

import base64
from collections.abc import Generator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gateway import forms
from gateway.response import Response
from gateway.routing import Call, Route
from services.contracts import files as rpc

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request

OPEN = Call("records.open_file", rpc.OpenFile, rpc.OpenedFile)
READ = Call("records.read_file", rpc.ReadFile, rpc.FilePart)
BINARY = "application/octet-stream"


def give_file(gateway: Gateway, request: Request, route: Route) -> Response:
    """The file as it is kept. Its kind is not said: a browser saves it, and shows or runs nothing."""
    opened = gateway.ask(OPEN, forms.gathered(route, request), request)
    # The first part is here before a word of the answer leaves: what goes wrong with it is still told.
    first = _part(gateway, request, opened["file"], 0) if opened["parts"] else b""
    return Response(
        200,
        content_type=BINARY,
        headers=[
            ("Content-Length", str(opened["size"])),
            ("Content-Disposition", attachment(opened["name"])),
        ],
        stream=_pieces(gateway, request, opened, first),
    )


def attachment(name: str) -> str:
    """``Content-Disposition`` by RFC 6266: plain for old readers, and in full by RFC 8187."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _pieces(gateway: Gateway, request: Request, opened: dict[str, Any], first: bytes) -> Generator[bytes]:
    yield first
    for number in range(1, opened["parts"]):
        yield _part(gateway, request, opened["file"], number)


def _part(gateway: Gateway, request: Request, file: str, number: int) -> bytes:
    return base64.b64decode(gateway.ask(READ, {"file": file, "part": number}, request)["content"])


ROUTES = (
    Route(
        "GET",
        "/api/v1/files/{file}",
        "A file, to be saved",
        "files",
        handler=give_file,
        others=(OPEN, READ),
        body=rpc.OpenFile,
        media_type=BINARY,
        permission="whoever reads what holds the file; until it is claimed, whoever sent it",
    ),
)
