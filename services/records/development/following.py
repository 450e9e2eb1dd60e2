"""What becomes of a dossier when its person goes elsewhere, within the transaction in which they go."""

from __future__ import annotations

from services.chassis.clock import Clock
from services.chassis.documents import Document, Documents
from services.records.development import model as rules
from services.records.development.arrangements import Arrangements
from services.records.development.standing import Standing


class Following:
    """A dossier goes along with every day that was earned; who leaves the campus ends their way here."""

    def __init__(
        self, documents: Documents, standing: Standing, arrangements: Arrangements, clock: Clock
    ) -> None:
        self._documents = documents
        self._standing = standing
        self._arrangements = arrangements
        self._clock = clock

    def follow(self, person: str, organisation: str, *, by: str) -> None:
        """The running dossier of ``person`` is kept at ``organisation`` from now on; none, no change."""
        found, today = self._running(person), self._clock.today()
        branch = self._standing.branch_of(organisation)
        if found is not None:
            self._documents.change(
                found.id, lambda state: rules.move(found.id, state, branch, by=by, today=today)
            )

    def end(self, person: str) -> None:
        """An open dossier of ``person`` is closed, since they left; its entries stay."""
        found, today = self._running(person), self._clock.today()
        if found is not None and found.state["state"] == "open":
            closed = self._documents.change(
                found.id, lambda state: rules.close(found.id, state, reason="left", today=today)
            )
            self._arrangements.left_behind(closed)

    def _running(self, person: str) -> Document | None:
        return self._documents.find_one({"slot": person})
