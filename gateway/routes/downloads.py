"""The address that gives files out: in parts, to whom the service lets read them, to be saved."""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING
from urllib.parse import quote

from gateway import forms
from gateway.response import Response
from gateway.routing import Access, Call, Route
from services.contracts import files as rpc

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request

BINARY = "application/octet-stream"
READER = "whoever reads what holds the file; until it is claimed, whoever sent it"


def give_file(gateway: Gateway, request: Request, route: Route) -> Response:
    """The file as it is kept. Its kind is not said: a browser saves it, and shows or runs nothing."""
    opening, reading = route.others
    opened = gateway.ask(opening, forms.gathered(route, request), request)

    def part(number: int) -> bytes:
        asked = {"file": opened["file"], "part": number}
        return base64.b64decode(gateway.ask(reading, asked, request)["content"])

    # The first part is here before a word of the answer leaves: what goes wrong with it is still told.
    first = part(0) if opened["parts"] else b""
    return Response(
        200,
        content_type=BINARY,
        headers=[
            ("Content-Length", str(opened["size"])),
            ("Content-Disposition", attachment(opened["name"])),
        ],
        stream=_pieces(first, opened["parts"], part),
    )


def attachment(name: str) -> str:
    """``Content-Disposition`` by RFC 6266: plain for old readers, and in full by RFC 8187."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _pieces(first: bytes, parts: int, part: Callable[[int], bytes]) -> Generator[bytes]:
    yield first
    for number in range(1, parts):
        yield part(number)


def _file(service: str, address: str, summary: str, *, public: str = "") -> Route:
    return Route(
        "GET",
        address,
        summary,
        "files",
        handler=give_file,
        others=(
            Call(f"{service}.open_{public}file", rpc.OpenFile, rpc.OpenedFile),
            Call(f"{service}.read_{public}file", rpc.ReadFile, rpc.FilePart),
        ),
        body=rpc.OpenFile,
        media_type=BINARY,
        access=Access.PUBLIC if public else Access.SESSION,
        permission="" if public else READER,
    )


ROUTES = (
    _file("records", "/api/v1/files/{file}", "A file, to be saved"),
    _file("feedback", "/api/v1/feedback/files/{file}", "What is attached to an opinion or a result"),
    _file("feedback", "/api/v1/public/files/{file}", "Shown with a published result", public="public_"),
)
