"""Marks of campus numbers, told of people whose number was told without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.store import reading_all
from services.records.directory import persons as rules
from services.records.directory.store import Directory
from services.records.directory.telling import tell_each


def tell_marks(directory: Directory, clock: Clock, reached: Callable[[int, int], None]) -> int:
    """Tell anew of everybody who was last told of without a mark; of how many.

    Each is told of by the ``person.changed`` that their next change would have been, in one commit with the
    mark; whoever has one is left alone, so it can be cut short and repeated. ``reached(done, total)`` is
    called as it goes on. Raises ``Contended`` where others held on to some of them: it is to be repeated.
    """
    people = directory.people
    with reading_all():
        found = list(people.collection.find({"number_fingerprint": None}, {"_id": 1}))
    unmarked = [str(each["_id"]) for each in found]

    def decide(person: str, state: dict[str, Any]) -> Change | None:
        return rules.change_person(person, state, directory.marked(state["number"]), None, clock.today())

    return tell_each(people, unmarked, decide, reached)
