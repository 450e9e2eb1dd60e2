"""Words: what an event says of one thing, field by field; the newest word on each field counts. Pure.

A thing is a bill, a task, an opinion, a credit, a report, a talk, a post. Events say different parts of it
and come in any order: since every field keeps the sequence of whoever said it last, where this ends depends
on neither order nor repetition.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Value = str | int | bool | None
Said = tuple[int, Value]  # in which sequence, and what


@dataclass(frozen=True, slots=True)
class Word:
    """What one event says of ``thing``, which is ``owner``'s: ``says`` some of its fields, days as ISO."""

    owner: str
    thing: str
    kind: str
    sequence: int
    says: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Thing:
    """All that was said of one thing."""

    kind: str
    said: Mapping[str, Said]

    def __getitem__(self, name: str) -> Value:
        """What was last said of ``name``; None where nothing was."""
        return self.said[name][1] if name in self.said else None

    def day(self, name: str) -> date | None:
        """As a campus day."""
        found = self[name]
        return date.fromisoformat(found) if isinstance(found, str) else None


Things = Mapping[str, Thing]


def heard(things: Things, words: Iterable[Word]) -> dict[str, Thing]:
    """``things`` after ``words``. Of two words of one sequence, a broken promise, the greater counts."""
    after = dict(things)
    for word in words:
        known = after.get(word.thing)
        said = dict(known.said) if known else {}
        for name, value in word.says.items():
            fresh = (word.sequence, value)
            if name not in said or _rank(fresh) > _rank(said[name]):
                said[name] = fresh
        after[word.thing] = Thing(word.kind, said)
    return after


def covers(words: Iterable[Word], things: Things) -> bool:
    """Whether ``words`` say all that is known of ``things``, or something newer."""
    told = heard({}, words)
    return all(
        id_ in told
        and all(
            name in told[id_].said and _rank(told[id_].said[name]) >= _rank(each)
            for name, each in thing.said.items()
        )
        for id_, thing in things.items()
    )


def _rank(said: Said) -> tuple[int, str]:
    return said[0], json.dumps(said[1])


def packed(things: Things) -> dict[str, Any]:
    """The compact form in which a sheet keeps them; ``unpacked`` is its inverse."""
    return {
        id_: [thing.kind, {name: [*said] for name, said in sorted(thing.said.items())}]
        for id_, thing in sorted(things.items())
    }


def unpacked(found: Mapping[str, Any]) -> dict[str, Thing]:
    """What was ``packed``."""
    return {
        id_: Thing(kind, {name: (sequence, value) for name, (sequence, value) in said.items()})
        for id_, (kind, said) in found.items()
    }


def of_kind(things: Things, *kinds: str) -> Iterator[tuple[str, Thing]]:
    """The things of those kinds, in the order of their ids."""
    return ((id_, things[id_]) for id_ in sorted(things) if things[id_].kind in kinds)
