"""A class credited to everybody who took part, in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis import context
from services.chassis.clock import Clock
from services.chassis.contract import NewEvent
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Invalid
from services.chassis.identity import derived_id
from services.chassis.store import Store
from services.chassis.transactions import in_transaction
from services.records.access import Access
from services.records.directory.store import Directory, found_by
from services.records.training import model as rules
from services.records.training.register import Training, shown

Answer = dict[str, Any]


class Classes:
    """All who are named are credited, or nobody is."""

    def __init__(
        self, database: Store, directory: Directory, access: Access, training: Training, clock: Clock
    ) -> None:
        self._database = database
        self._directory = directory
        self._access = access
        self._training = training
        self._documents = training.documents
        self._clock = clock

    def credit(self, request: Answer) -> Answer:
        """Credit people of the caller's own organisation alike; repeated with its key it answers the same."""
        actor = context.actor()
        people = self._people(request["people"])
        self._require_writer(actor, people)
        command, today = self._documents.id_for_command(), self._clock.today()
        wanted: dict[str, tuple[Mapping[str, Any], Sequence[NewEvent]]] = {}
        for position, person in enumerate(people):
            home = person.state["organisation"]
            given = {
                **request,
                "person": person.id,
                "organisation": home,
                "origin": "entered",
                "entered_by": actor,
                "reference": context.current().fingerprint,
            }
            in_force = self._training.rulings(request["on"], self._directory.authority.path(home))
            credit = derived_id("training credit", "class", command, str(position))
            change = rules.credit(credit, given, in_force, today=today)
            wanted[credit] = (change.state, change.events)
        lines = in_transaction(self._database, lambda: self._written(wanted))
        return {"items": [shown(each) for each in lines]}

    def credited(self, actor: str, named: Sequence[str]) -> list[Document]:
        """Those named, whom ``actor`` may credit with what they studied: oneself, or people one writes for.

        Raises ``Invalid("person.unknown")``, ``Forbidden``.
        """
        people = self._people(named)
        self._require_writer(actor, [each for each in people if each.id != actor])
        return people

    def _require_writer(self, actor: str, people: Sequence[Document]) -> None:
        for home in {person.state["organisation"] for person in people}:
            self._access.require_writer(actor, home)

    def _written(self, wanted: Mapping[str, tuple[Mapping[str, Any], Sequence[NewEvent]]]) -> list[Document]:
        """What ``wanted`` is after this command, which may be a repetition of itself: lines are known by
        command and place, so that other people under the same key meet those of the first."""
        met = {each.id: each for each in found_by(self._documents, "_id", wanted)}
        if not met:
            self._documents.create_many([(credit, *change) for credit, change in wanted.items()])
            return [Document(credit, 1, dict(state)) for credit, (state, _) in wanted.items()]
        if any(line.state["reference"] != wanted[line.id][0]["reference"] for line in met.values()):
            raise Conflict("idempotency.key_reused")
        return [met[credit] for credit in wanted]

    def _people(self, named: Sequence[str]) -> list[Document]:
        """Those named, each once and in that order; all are known to the caller."""
        actor = context.actor()
        found = {
            each.id: each
            for each in found_by(self._directory.people, "_id", named)
            if each.id == actor or self._access.reads_people(actor, each.state["organisation"])
        }
        fields = {
            f"people.{position}": ["person.unknown"]
            for position, person in enumerate(named)
            if person not in found
        }
        if fields:
            raise Invalid("person.unknown", fields=fields)
        return [found[person] for person in dict.fromkeys(named)]
