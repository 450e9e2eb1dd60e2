"""Typed errors: what a caller is told, and what a failed event does next.

Two families. ``Refusal`` answers a command or a query and crosses the RPC boundary by its kind and
code. ``Retryable`` and ``Permanent`` decide the fate of an event: the exception's type is the decision.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self


class Refusal(Exception):
    """A command or query was refused; ``code`` names the text in the catalogue, ``params`` fill it.

    ``params`` must hold no personal data: they are shown, and logged by code only.
    ``fields`` maps a field's path to its messages, for a form; a message may be a code of the catalogue,
    which ``params`` fill; of a path in ``field_params`` those go before them.
    """

    kind = "Refusal"
    # What to tell people, by language; filled in where the refusal leaves its service.
    text: Mapping[str, str] | None = None
    # The same of each code among the messages of ``fields``, and of each path that has params of its own.
    field_texts: Mapping[str, Mapping[str, str]] = MappingProxyType({})

    def __init__(
        self,
        code: str,
        *,
        params: Mapping[str, Any] | None = None,
        fields: Mapping[str, Any] | None = None,
        field_params: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.params = dict(params or {})
        self.fields = dict(fields or {})
        self.field_params = dict(field_params or {})

    @classmethod
    def at(cls, field: str, code: str, /, **params: Any) -> Self:
        """The refusal of one ``field``, by its path: the form is told the same code as the caller."""
        return cls(code, params=params, fields={field: [code]})


class Invalid(Refusal):
    """The request itself is wrong: shape, size, or a rule of the domain (HTTP 422)."""

    kind = "Invalid"


class Unauthenticated(Refusal):
    """No session, or one that is forged or has ended (HTTP 401)."""

    kind = "Unauthenticated"


class Forbidden(Refusal):
    """The caller is known and may not (HTTP 403)."""

    kind = "Forbidden"


class NotFound(Refusal):
    """There is no such object, or the caller may not know that there is (HTTP 404)."""

    kind = "NotFound"


class Gone(Refusal):
    """There was such an object, and its time is over for good (HTTP 410)."""

    kind = "Gone"


class Conflict(Refusal):
    """The object is not in the state, or not at the version, that the command expects (HTTP 409)."""

    kind = "Conflict"


class Unavailable(Refusal):
    """The service cannot answer now; the same request may be sent again (HTTP 503)."""

    kind = "Unavailable"


class Contended(Unavailable):
    """Somebody else wrote first, again and again. Within a transaction: all of it is run again."""


REFUSALS: Mapping[str, type[Refusal]] = {
    each.kind: each for each in (Invalid, Unauthenticated, Forbidden, NotFound, Gone, Conflict, Unavailable)
}


class Retryable(Exception):
    """The event could not be applied now; it waits on the ladder. The default for surprises."""


class Permanent(Exception):
    """The event can never be applied; it is parked at once with this reason."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


def origin(error: BaseException, frames: int = 5) -> list[str]:
    """Where ``error`` was raised, for a log: files, lines and functions, never its text.

    A store or a parser quotes values in its messages, and a value may be somebody's name.
    """
    last = traceback.extract_tb(error.__traceback__)[-frames:]
    return [f"{frame.filename.rsplit('/site-packages/')[-1]}:{frame.lineno} {frame.name}" for frame in last]
