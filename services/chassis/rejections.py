"""The answer to what another system sent and this service cannot take over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.chassis import context
from services.chassis.clock import Clock
from services.chassis.contract import EventContract
from services.chassis.documents import Documents
from services.chassis.errors import Conflict
from services.chassis.identity import derived_id, new_id


class Rejections:
    """Tells the sender of a parked event why, by an event of ``contract``; once however often it comes.

    ``contract`` has ``event``, ``event_type``, ``reason``, ``detail``, and where known ``event_source`` and
    ``message_id``: codes and names of fields, never a value that was sent.
    """

    def __init__(self, documents: Documents, clock: Clock, contract: type[EventContract]) -> None:
        self._documents = documents
        self._clock = clock
        self._contract = contract

    def reject(
        self, wire: Mapping[str, Any] | None, reason: str, detail: str, message_id: str | None
    ) -> None:
        """Answer one parked event; ``wire`` is None where what came was no event."""
        event, kind = _text(wire, "id"), _text(wire, "type")
        source, message = _text(wire, "source"), _text({"id": message_id}, "id")
        answer = derived_id("rejection", source or "", event, reason) if event else new_id()
        whose: dict[str, Any] = {"event_source": source, "message_id": message}
        rejected = self._contract.of(
            event=event,
            event_type=kind,
            reason=reason,
            detail=detail,
            **{name: value for name, value in whose.items() if value is not None},
        )
        state = {"event": event, "event_type": kind, "reason": reason, "on": self._clock.today()}
        # Whoever sent it may claim to be anybody: nobody of ours acted.
        with context.entered(replace(context.current(), actor=None)):
            try:
                self._documents.create(answer, state, [rejected])
            except Conflict:
                return  # answered before


def _text(wire: Mapping[str, Any] | None, name: str) -> str | None:
    """An attribute of what was sent, if it is a text that an event may carry."""
    value = (wire or {}).get(name)
    return value if isinstance(value, str) and 0 < len(value) <= 255 else None
