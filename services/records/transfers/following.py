"""What becomes of a running transfer when a branch at one of its ends is reorganised, in that transaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.chassis.clock import Clock
from services.chassis.documents import Document, Documents
from services.records.transfers import model as rules


class TransferFollowing:
    """Nobody has to ask anew: it goes on from, or to, the branch that took over."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock

    def leave_from(self, person: str, left: str, heir: str, *, by: str) -> None:
        """``person`` was taken over from ``left`` by ``heir``, which is the one that is left from now on."""
        found = self._documents.find_one({"slot": person})
        if found is not None and found.state["left"] == left:
            self._redirect(found, {"left": heir}, by)

    def go_to(self, ending: Sequence[str], heir: str, *, by: str) -> None:
        """Every transfer to one of ``ending`` goes to ``heir``, which answers it."""
        for node in ending:
            for found in self._documents.find({"concerns": node, "state": "asked"}, limit=0):
                if found.state["destination"] == node:
                    self._redirect(found, {"destination": heir}, by)

    def _redirect(self, transfer: Document, ends: dict[str, str], by: str) -> None:
        today = self._clock.today()
        self._documents.change(
            transfer.id, partial(rules.redirect, transfer.id, ends=ends, by=by, today=today)
        )
