"""What the packs in force say: categories and topics, routing, the clock's limits, how much and how long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.chassis.clock import Clock
from services.chassis.errors import Invalid
from services.chassis.policies import Pack, PackError, Ruling, effective
from services.contracts.kinds import OPINION_SPEEDS, ROLES
from services.feedback.clock.model import Limits
from services.feedback.opinions.dialogue import Bounds
from services.feedback.opinions.routing import ANSWERED_BY


@dataclass(frozen=True)
class Category:
    """What an opinion may be about. ``speed`` is how fast it is answered unless a triager says else."""

    id: str
    titles: Mapping[str, str]
    answered_by: str
    speed: str


@dataclass(frozen=True)
class Topic:
    """A finer word for what opinions are about; ``words`` suggest it to whoever triages."""

    id: str
    titles: Mapping[str, str]
    category: str
    words: tuple[str, ...]


class Rulebook:
    """Reads the packs of the day at each question; a wrong one is found at the start."""

    def __init__(self, packs: Iterable[Pack], clock: Clock) -> None:
        self._packs = list(packs)
        self._clock = clock
        self.categories()
        self.topics()
        self.limits()
        self.bounds()
        if not set(self.confidants()) <= set(ROLES):
            raise PackError(["opinion-handling: confidants names a role that there is not"])

    def categories(self, today: date | None = None) -> dict[str, Category]:
        """By id, in the order of the pack."""
        found = {
            each: Category(each, given["title"], given["answered_by"], given["speed"])
            for each, given in self._value("categories", today).items()
        }
        for each in found.values():
            if each.answered_by not in ANSWERED_BY or each.speed not in OPINION_SPEEDS:
                raise PackError([f"opinion-categories: {each.id} is answered by nobody, or at no speed"])
        return found

    def topics(self, today: date | None = None) -> dict[str, Topic]:
        """By id, in the order of the pack."""
        known = self.categories(today)
        found = {
            each: Topic(each, given["title"], given["category"], tuple(given["words"]))
            for each, given in self._value("topics", today).items()
        }
        if any(each.category not in known for each in found.values()):
            raise PackError(["opinion-categories: a topic is of a category that there is not"])
        return found

    def category(self, id: str, field: str = "category") -> Category:  # noqa: A002 - the field's name
        """The category; raises ``Invalid("opinion.category_unknown")`` naming those that are accepted."""
        known = self.categories()
        if id not in known:
            raise self._unknown("opinion.category_unknown", field, known)
        return known[id]

    def require_topics(self, topics: Iterable[str]) -> None:
        """Raises ``Invalid("opinion.topic_unknown")`` naming those that are accepted."""
        known = self.topics()
        if not set(topics) <= set(known):
            raise self._unknown("opinion.topic_unknown", "topics", known)

    def limits(self, day: date | None = None) -> Limits:
        """Working days to answer what came in on ``day``: a pack of later does not make it late."""
        days, soon = self._ruling("answer_days", day), self._ruling("remind_days_left", day)
        if set(days.value) != set(OPINION_SPEEDS):
            raise PackError(["opinion-clock: answer_days has to have every speed, and no other"])
        return Limits(days.value, soon.value, days.pack.id, days.parameter.article)

    def bounds(self) -> Bounds:
        """How much may be said, and how long."""
        window = self._ruling("reopen_days")
        return Bounds(
            reopen_days=window.value,
            most_reopenings=self._value("most_reopenings"),
            most_messages=self._value("most_messages"),
            most_attachments=self._value("most_attachments"),
            pack=window.pack.id,
            article=window.parameter.article,
        )

    def most_reassignments(self) -> int:
        """How often an opinion may be handed on."""
        return int(self._value("most_reassignments"))

    def receipt_days(self) -> Ruling:
        """For how many days after an answer its receipt leads to it."""
        return self._ruling("receipt_days")

    def confidants(self) -> tuple[str, ...]:
        """The roles whose holders may learn who spoke in confidence."""
        return tuple(self._value("confidants"))

    def _ruling(self, name: str, today: date | None = None) -> Ruling:
        return effective(self._packs, today or self._clock.today())[name]

    def _value(self, name: str, today: date | None = None) -> Any:
        return self._ruling(name, today).value

    def _unknown(self, code: str, field: str, known: Iterable[str]) -> Invalid:
        ruling = self._ruling("categories")
        params = {
            "pack": ruling.pack.id,
            "article": ruling.parameter.article,
            "accepted": ", ".join(known),
        }
        return Invalid.at(field, code, **params)
