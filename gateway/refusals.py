"""What the gateway itself refuses, before any service is asked: each with the HTTP status it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.errors import Refusal


class Refused(Refusal):
    """A request that is wrong as HTTP. ``status`` is answered, with ``headers``.

    ``closes``: the rest of the request is not worth reading, so the connection ends with the answer.
    """

    kind = "Refused"
    status = 400

    def __init__(
        self,
        code: str,
        *,
        headers: Mapping[str, str] | None = None,
        closes: bool = False,
        params: Mapping[str, Any] | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code, params=params, fields=fields)
        self.headers = dict(headers or {})
        self.closes = closes


class Malformed(Refused):
    """Not what HTTP or JSON look like (400)."""


class Broken(Refused):
    """No request at all; ``status`` is the parser's."""

    def __init__(self, status: int) -> None:
        super().__init__("request.broken", closes=True)
        self.status = status


class NoSuchRoute(Refused):
    """There is nothing at this address (404)."""

    status = 404


class MethodNotAllowed(Refused):
    """Something is there, but not for this method (405)."""

    status = 405


class TooSlow(Refused):
    """The body did not arrive in time (408)."""

    status = 408


class TooLarge(Refused):
    """The body is larger than this address takes; it was not read (413)."""

    status = 413


class AddressTooLong(Refused):
    """The address is longer than any of ours (414)."""

    status = 414


class UnsupportedMedia(Refused):
    """The body is of a kind that this address does not take (415)."""

    status = 415


class TooMany(Refused):
    """More requests than a caller may send in a short time (429)."""

    status = 429


class HeadTooLarge(Refused):
    """The headers, or one of them, are larger than any client of ours sends (431)."""

    status = 431


class UnknownEncoding(Refused):
    """The body comes in an encoding that is not taken, so where it ends is not known (501)."""

    status = 501
