"""The idempotency of commands: which id a repeat meets, and the answer that it is given again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.chassis import context
from services.chassis.errors import Conflict
from services.chassis.identity import derived_id, new_id, timeless_id

KEPT_FOR = timedelta(hours=24)
FEWEST_KEPT, MOST_KEPT = 8, 64
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Answered:
    """The running command was applied before, and answered this."""

    response: dict[str, Any] | None


def id_for_command(collection: str, *, anonymous: bool = False) -> str:
    """The id of what the running command creates: the same for a repeat of the same command.

    One command creates one document of a collection by it. Without an idempotency key the id is a new
    one; an anonymous one says nothing of the time.
    """
    circumstances = context.current()
    if circumstances.idempotency_key:
        return derived_id(collection, circumstances.actor or "", circumstances.idempotency_key)
    return timeless_id() if anonymous else new_id()


def answered(document: Mapping[str, Any]) -> Answered | None:
    """What the running command was answered when it was applied to ``document``; None if it was not.

    Raises ``Conflict("idempotency.key_reused")`` where its key came with another request.
    """
    key = _key()
    if key is None:
        return None
    for command in document.get("commands", ()):
        if command["key"] == key:
            if command["fingerprint"] != context.current().fingerprint:
                raise Conflict("idempotency.key_reused")
            return Answered(command["response"])
    return None


def answer(response: dict[str, Any] | None, at: datetime, *, creates: bool = False) -> dict[str, Any] | None:
    """What to keep beside the change that the running command makes; None for one without a key."""
    key = _key()
    if key is None:
        return None
    fingerprint = context.current().fingerprint
    kept = {"key": key, "fingerprint": fingerprint, "response": response, "at": at}
    return {**kept, "creates": True} if creates else kept


def still_kept(commands: Sequence[Mapping[str, Any]], now: datetime) -> list[Mapping[str, Any]]:
    """Those of ``commands``, oldest first, that stay when one more is added.

    The one that created the document stays for ever, since its repeat meets a document that is there. Of the
    others the last ``FEWEST_KEPT`` stay, and up to ``MOST_KEPT`` that are not older than ``KEPT_FOR``.
    """
    creating = [command for command in commands if command.get("creates")]
    others = [command for command in commands if not command.get("creates")]
    recent = sum(command.get("at", _LONG_AGO) > now - KEPT_FOR for command in others)
    room = min(max(recent, FEWEST_KEPT - 1), MOST_KEPT - 1)
    return creating + others[-room:]


def _key() -> str | None:
    circumstances = context.current()
    if not circumstances.idempotency_key:
        return None
    # Keys are the caller's own: another person's equal key is another command. Only a digest is kept.
    return derived_id("command", circumstances.actor or "", circumstances.idempotency_key)
