"""Urging 催办: anybody signed in may, within limits; it is counted, and nobody sees who did."""

from __future__ import annotations

from datetime import date

from pymongo.errors import DuplicateKeyError

from services.chassis import context
from services.chassis.documents import Documents
from services.chassis.errors import Conflict, NotFound
from services.chassis.identity import derived_id
from services.chassis.policies import Pack, Ruling, effective
from services.chassis.store import answering
from services.chassis.vault import Vault
from services.contracts.records_events import TaskUrged
from services.records.plans import model as rules
from services.records.plans.board import Answer, Board

RULE = "urges_a_day"


class Urging:
    """An urge is a document of its own, so that many may urge one task at once without waiting.

    Its id follows from task, day and a keyed hash of who urged; another hash of it, with a number up to the
    limit, is unique, which holds the limit of a day whatever comes at once. Both hashes are made anew each
    day: without the key nothing tells whose they are, nor that two days are of one person.
    """

    def __init__(self, board: Board, vault: Vault, packs: list[Pack]) -> None:
        self._board = board
        self._documents: Documents = board.urges
        self._vault = vault
        self._packs = packs
        self.limit(board.clock.today(), [])  # a pack that cannot be applied is found at start

    def limit(self, day: date, path: list[str]) -> Ruling:
        """How many tasks a person may urge a day."""
        return effective(self._packs, day, path)[RULE]

    def urge(self, request: Answer) -> Answer:
        """Urge a task that is open and that one sees, or that everybody does.

        Raises ``Conflict``: ``task.not_open``, ``task.urged_today``, ``task.urged_enough`` with the rule.
        """
        board, actor, today = self._board, context.actor(), self._board.clock.today()
        task = board.tasks.get(request["task"])
        if not task.state["published"] and not board.sees(actor, task.state):
            raise NotFound("tasks.not_found")
        if task.state["state"] != "open":
            raise Conflict("task.not_open", params={"state": task.state["state"], "accepted": "open"})
        urged_on = today.isoformat()
        by = self._vault.fingerprint(f"task urge {urged_on}", actor)
        told = TaskUrged.of(
            task=task.id,
            organisation=task.state["organisation"],
            kind=task.state["kind"],
            due_on=date.fromisoformat(task.state["due_on"]),
            urged_on=today,
            **rules.marked(task.state),
        )
        urge = derived_id("task urge", task.id, urged_on, by)
        ruling = self.limit(today, board.directory.authority.path(task.state["organisation"]))
        for number in range(int(ruling.value)):
            slot = derived_id("task urge of a day", urged_on, by, str(number))
            state = {"task": task.id, "on": urged_on, "slot": slot}
            try:
                self._documents.create(urge, state, [told], respond=lambda each: {}, anonymous=True)
            except Conflict as taken:
                if taken.code != "task_urges.exists":
                    raise
                if self._documents.find_one({"_id": urge}) is not None:
                    raise Conflict("task.urged_today") from None
                continue
            return {"task": task.id, "urges": self._counted(task.id)}
        raise Conflict(
            "task.urged_enough",
            params={**ruling.cited, "accepted": int(ruling.value)},
        )

    def _counted(self, task: str) -> int:
        """Count anew, and keep what is the most: of many at once the last to count has seen them all."""
        counts = self._board.urge_counts
        with answering():
            urges = self._documents.collection.count_documents({"task": task})
            if not counts.update_one({"_id": task}, {"$max": {"urges": urges}}).matched_count:
                try:
                    counts.insert_one({"_id": task, "urges": urges})
                except DuplicateKeyError:  # the first urges of all came at once
                    counts.update_one({"_id": task}, {"$max": {"urges": urges}})
        return urges
