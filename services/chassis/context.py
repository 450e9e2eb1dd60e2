"""Who acts and what caused it: carried with the greenthread from the edge to the last write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from services.chassis.errors import Unauthenticated


@dataclass(frozen=True)
class Context:
    """The circumstances of one command or one event. ``actor`` is a person's id, from a checked token."""

    actor: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    idempotency_key: str | None = None
    fingerprint: str | None = None


_current: ContextVar[Context] = ContextVar("jishi_context", default=Context())  # noqa: B039 - it is frozen


def current() -> Context:
    """The context of the running greenthread; an empty one where none was entered."""
    return _current.get()


@contextmanager
def entered(context: Context) -> Iterator[Context]:
    """Run a block in ``context``."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def actor() -> str:
    """The person who acts; raises ``Unauthenticated`` where nobody is signed in."""
    person = current().actor
    if person is None:
        raise Unauthenticated("session.required")
    return person
