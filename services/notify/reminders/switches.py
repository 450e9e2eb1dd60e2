"""Switches: all sending is paused at once, or one kind of messages; who did it and why is on record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.chassis.application import Application
from services.chassis.contract import Change
from services.chassis.errors import Conflict
from services.chassis.transactions import in_transaction
from services.contracts.kinds import MESSAGE_KINDS
from services.contracts.notify_events import SendingSwitched
from services.notify.access import Access

COLLECTION = "switches"
EVERYTHING = "everything"
CACHED_SECONDS = 1.0
Answer = dict[str, Any]


@dataclass(frozen=True)
class Switches:
    """What is paused: everything, or kinds of messages."""

    everything: bool = False
    kinds: frozenset[str] = frozenset()

    def pauses(self, kind: str) -> bool:
        """Whether nothing of ``kind`` goes out now."""
        return self.everything or kind in self.kinds


class SwitchBoard:
    """What is paused is held and goes out later, unless it is wanted no more by then.

    A switch counts at once in the process that was told, in the others within ``CACHED_SECONDS``.
    """

    def __init__(self, application: Application, access: Access) -> None:
        self._documents = application.documents(COLLECTION)
        self._application = application
        self._access = access
        self._known = Switches()
        self._known_until = 0.0

    def now(self) -> Switches:
        """What is paused."""
        if self._known_until < time.monotonic():
            paused = {each.id for each in self._documents.find() if each.state["paused"]}
            self._known = Switches(EVERYTHING in paused, frozenset(paused - {EVERYTHING}))
            self._known_until = time.monotonic() + CACHED_SECONDS
        return self._known

    # -- calls ---------------------------------------------------------------------------------

    def pause(self, request: Answer) -> Answer:
        """Send nothing of ``kind``, or nothing at all, from now on."""
        return self._switch(request, paused=True)

    def resume(self, request: Answer) -> Answer:
        """Send again."""
        return self._switch(request, paused=False)

    def listed(self) -> Answer:
        """Every switch as it stands."""
        self._access.require_administrator()
        found = {each.id: each.state for each in self._documents.find()}
        return {"items": [_view(each, found.get(each)) for each in (EVERYTHING, *MESSAGE_KINDS)]}

    def _switch(self, request: Answer, *, paused: bool) -> Answer:
        actor = self._access.require_administrator()
        name, reason = request["kind"] or EVERYTHING, request["reason"]
        on = self._application.clock.now()

        def decide(state: Mapping[str, Any]) -> Change | None:
            if state.get("paused", False) is paused:
                return None
            after = {"paused": paused, "reason": reason, "by": actor, "at": on}
            return Change(after, [SendingSwitched.of(switch=name, paused=paused)])

        def commit() -> Answer:
            before = self._documents.find_one({"_id": name})
            if before is None:
                change = decide({})
                if change is None:
                    return _view(name, None)
                try:
                    self._documents.create(name, change.state, change.events)
                except Conflict:
                    raise Conflict("switch.moved") from None
            elif self._documents.change(name, decide).version == before.version:
                return _view(name, before.state)
            action = "sending.paused" if paused else "sending.resumed"
            self._application.audit.append(action, actor, "sending", name, reason)
            return _view(name, self._documents.get(name).state)

        answer = in_transaction(self._application.database, commit)
        self._known_until = 0.0
        return answer


def _view(name: str, state: Mapping[str, Any] | None) -> Answer:
    kept = state or {"paused": False, "reason": None, "by": None, "at": None}
    return {"switch": name, **{each: kept[each] for each in ("paused", "reason", "by", "at")}}
