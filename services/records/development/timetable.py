"""What comes next in a dossier, from when and until when: a look ahead, nothing is written. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from services.records.development.bounds import Bound, not_after, not_before
from services.records.development.history import History
from services.records.development.rulebook import RuleBook, Rulings
from services.records.development.steps import STEPS, Step
from services.records.development.verdict import Calendar

DONE, OPEN, LATER = "done", "open", "later"


@dataclass(frozen=True)
class Reason:
    """Why a day is the first or the last."""

    rule: str
    day: date
    pack: str
    article: str


@dataclass(frozen=True)
class Row:
    """One step. ``earliest`` of what is ``later`` supposes that all before it comes as early as it may."""

    step: Step
    state: str
    on: date | None
    earliest: date | None
    latest: date | None
    overdue: bool
    provisional: bool
    because: tuple[Reason, ...]


def timetable(history: History, book: RuleBook, calendar: Calendar, today: date) -> list[Row]:
    """All twenty-five steps in their order, each under the rules of the day on which it may come."""
    ahead = _Ahead(history, book, calendar, today)
    return [ahead.row(step) for step in STEPS]


class _Ahead:
    def __init__(self, history: History, book: RuleBook, calendar: Calendar, today: date) -> None:
        self._history = history
        self._book = book
        self._calendar = calendar
        self._today = today
        self._supposed: dict[str, date] = {}

    def row(self, step: Step) -> Row:
        done = self._history.done(step.id)
        if done is not None and not (step.periodic and self._goes_on(step)):
            self._supposed[step.id] = done
            return Row(step, DONE, done, None, None, False, False, ())
        ready = all(self._history.done(earlier) is not None for earlier in step.after)
        earliest, reasons, provisional = self._earliest(step)
        self._supposed[step.id] = done or max(earliest, self._today)
        rulings = self._book.on(max(earliest, self._today))
        lasts = list(not_after(step.id, self._history, self._history.done, rulings)) if ready else []
        latest = min((bound.day for bound in lasts), default=None)
        return Row(
            step,
            OPEN if ready else LATER,
            done,
            earliest,
            latest,
            latest is not None and latest < self._today,
            provisional,
            (*reasons, *_reasons(lasts, rulings)),
        )

    def _goes_on(self, step: Step) -> bool:
        """Whether a periodic step still has to come again: until the decision that builds on it."""
        decision = {"cultivation_check": "candidate_decision", "continued_check": "full_approval"}[step.id]
        return self._history.done(decision) is None

    def _earliest(self, step: Step) -> tuple[date, tuple[Reason, ...], bool]:
        since = max((self._supposed[earlier] for earlier in step.after), default=self._today)
        for first, last in self._book.periods(since):
            rulings = self._book.on(first)
            if "order" not in rulings:
                continue
            bounds = list(not_before(step.id, self._history, self._supposed.get, rulings))
            publicity = self._publicity(step, since, rulings)
            bounds += [bound for bound, _ in publicity]
            day = max([first, *(bound.day for bound in bounds)])
            if last is None or day <= last:
                return day, tuple(_reasons(bounds, rulings)), any(unsure for _, unsure in publicity)
        return since, (), False

    def _publicity(self, step: Step, since: date, rulings: Rulings) -> list[tuple[Bound, bool]]:
        """The first day after a publicity that begins today, or when the step becomes possible."""
        if step.id != "candidate_decision" or "publicity" not in rulings:
            return []
        begins = max(since, self._today)
        last = begins
        while (days := self._calendar.between(begins, last)).count < rulings["publicity"].value:
            last += timedelta(days=1)
        return [(Bound("publicity", last + timedelta(days=1)), days.provisional)]


def _reasons(bounds: list[Bound], rulings: Rulings) -> Iterator[Reason]:
    for bound in bounds:
        ruling = rulings[bound.rule]
        yield Reason(bound.rule, bound.day, ruling.pack.id, ruling.parameter.article)
