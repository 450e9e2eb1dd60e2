"""What a dossier says has been done, and when: read from its entries, whoever recorded them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.records.development.steps import CANCEL, EXTEND, FAIL, PASS, PROBATION_CYCLE, Step

State = Mapping[str, Any]
# Who decides on what another step decided: a refusal there opens that step again.
_DECIDED_BY = {
    "committee_review": "pre_review",
    "branch_meeting": "approval",
    "full_meeting": "full_approval",
}


class History:
    """A dossier's entries as the rules ask for them. What was struck out does not count."""

    def __init__(self, dossier: State) -> None:
        self.person: str = dossier["person"]
        self.born_on = date.fromisoformat(dossier["born_on"])
        self.entries = [entry for entry in dossier["entries"] if entry["struck"] is None]
        self._cycle = 0  # where the present turn of the probation's steps begins
        for position, entry in enumerate(self.entries, 1):
            if entry["step"] == "full_approval" and entry["outcome"] == PASS:
                decided = self._latest("full_meeting", self.entries[:position])
                if decided is not None and decided["outcome"] == EXTEND:
                    self._cycle = position

    def latest(self, step: str) -> State | None:
        """The newest entry of a step; of the probation's steps since the last extension began."""
        since = self._cycle if step in PROBATION_CYCLE else 0
        return self._latest(step, self.entries[since:])

    def done(self, step: str) -> date | None:
        """When a step was done; None while it is not, and where it was decided against."""
        entry = self.latest(step)
        return date.fromisoformat(entry["on"]) if entry and entry["outcome"] != FAIL else None

    def failed(self, step: str) -> bool:
        """Whether the newest decision at ``step`` is against."""
        entry = self.latest(step)
        return entry is not None and entry["outcome"] == FAIL

    def may_come(self, step: Step) -> bool:
        """Whether a step may be recorded (again): not yet done, periodic, or refused by who decides on it."""
        if step.periodic or self.done(step.id) is None:
            return True
        decided_by = _DECIDED_BY.get(step.id)
        if decided_by is None:
            return False
        refused = self.latest(decided_by)
        mine = self.latest(step.id)
        return bool(
            refused
            and mine
            and refused["outcome"] == FAIL
            and self.entries.index(refused) > self.entries.index(mine)
        )

    def last_check(self, step: str, start: str) -> date | None:
        """The day from which the next periodic check counts: the last one, else the beginning."""
        days = [date.fromisoformat(entry["on"]) for entry in self.entries if entry["step"] in (step, start)]
        return max(days) if days else None

    @property
    def extensions(self) -> list[int]:
        """Months of every extension of the probation that the level above approved."""
        approved, pending = [], None
        for entry in self.entries:
            if entry["step"] == "full_meeting":
                pending = entry
            elif entry["step"] == "full_approval" and entry["outcome"] == PASS and pending is not None:
                if pending["outcome"] == EXTEND:
                    approved.append(int(pending["extension_months"]))
                pending = None
        return approved

    @property
    def ending(self) -> str | None:
        """How the way ended: ``full``, ``cancelled``, or None while it goes on."""
        meeting = self.latest("full_meeting")
        if meeting is None or self.done("full_approval") is None:
            return None
        return {PASS: "full", CANCEL: "cancelled"}.get(meeting["outcome"])

    @staticmethod
    def _latest(step: str, entries: list[State]) -> State | None:
        return next((entry for entry in reversed(entries) if entry["step"] == step), None)
