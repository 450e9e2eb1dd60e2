"""What an opinion looks like: to its author, to those who handle it, in a list, by its receipt."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

from services.chassis.clock import Clock
from services.chassis.documents import Document, Documents
from services.feedback.clock import model as clocks
from services.feedback.clock.model import Calendar, Limits, Reading
from services.feedback.opinions import dialogue, store
from services.feedback.opinions.model import Opinion
from services.feedback.opinions.rulebook import Rulebook

Answered = dict[str, Any]
_EXCERPT = 60
_HANDLERS_ONLY = ("notes", "routes", "duplicates")


class Showing:
    """The schema of each answer says how much of this leaves."""

    def __init__(self, documents: Documents, rules: Rulebook, calendar: Calendar, clock: Clock) -> None:
        self._documents = documents
        self._rules = rules
        self._calendar = calendar
        self._clock = clock

    def reading(self, opinion: Opinion) -> Reading:
        """Its clock as it stands today."""
        return clocks.read(opinion.clock, self._calendar, self._limits(opinion), self._clock.today())

    def to_handler(self, document: Document) -> Answered:
        """Everything but who spoke in confidence."""
        return self._shown(document, store.read(document))

    def to_author(self, document: Document) -> Answered:
        """What was said and what came of it; of one that was merged what came of the other."""
        opinion = store.read(document)
        other = self.answering(opinion)
        answered = replace(
            opinion,
            answer=other.answer,
            declined_because=other.declined_because,
            declined_on=other.declined_on,
        )
        return {
            **self._shown(document, answered),
            **{name: [] for name in _HANDLERS_ONLY},
            "merged_into": None,
            "may_reopen_until": self._until(other),
        }

    def item(self, document: Document) -> Answered:
        """As in a list."""
        return self._shown(document, store.read(document))

    def answering(self, opinion: Opinion) -> Opinion:
        """The one whose answer is its author's: itself, or the one that it was merged into."""
        if opinion.merged_into is None:
            return opinion
        return store.read(self._documents.get(opinion.merged_into))

    def _shown(self, document: Document, opinion: Opinion) -> Answered:
        text = " ".join(opinion.text.split())
        limits = self._limits(opinion)
        pause = clocks.pause_of(opinion.clock) if clocks.is_paused(opinion.clock) else None
        return {
            **asdict(opinion),
            "version": document.version,
            "excerpt": text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…",
            "clock": {
                **asdict(self.reading(opinion)),
                "paused_because": pause["reason"] if pause else None,
                "rule": {"pack": limits.pack, "article": limits.article},
            },
            "messages": [_dated(each, "on") for each in opinion.messages],
            "notes": [_dated(each, "on") for each in opinion.notes],
            "routes": [_dated(each, "on") for each in opinion.routes],
            "earlier": [_dated(each, "on", "reopened_on") for each in opinion.earlier],
            "rating": opinion.rating["rating"] if opinion.rating else None,
            "held": len(opinion.held),
            "attached": dialogue.next_number(opinion) - 1,
            "attachments": list(opinion.attachments),
            "may_reopen_until": self._until(opinion),
        }

    def _limits(self, opinion: Opinion) -> Limits:
        return self._rules.limits(clocks.started_on(opinion.clock))

    def _until(self, opinion: Opinion) -> date | None:
        if opinion.settled_on is None:
            return None
        return opinion.settled_on + timedelta(days=self._rules.bounds().reopen_days)


def _dated(entry: Any, *names: str) -> Answered:
    return {**entry, **{name: date.fromisoformat(entry[name]) for name in names if entry[name]}}
