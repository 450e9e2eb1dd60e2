"""Calls that come at the same moment, answered together: what all of them need is asked of the store once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from eventlet.semaphore import Semaphore

Asked = TypeVar("Asked")
Told = TypeVar("Told")


@dataclass
class _Place(Generic[Asked, Told]):
    asked: Asked
    outcome: Told | Exception | None = None
    settled: bool = False


class Bunching(Generic[Asked, Told]):
    """Gathers what greenthreads ask while ``work`` is busy, and does it at once when it is free again.

    Nobody waits for others to come: who is alone is a bunch of one. ``work`` answers each of the bunch in its
    order, with a value or with the exception to raise where it was asked; what it raises itself, all of the
    bunch are told. It runs in the context of one of them, so it reads no context.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Sequence[Told | Exception]], *, most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: list[_Place[Asked, Told]] = []
        self._turn = Semaphore()

    def ask(self, asked: Asked) -> Told:
        """What ``work`` answers to ``asked``; raises what it answers with, where that is an exception."""
        place: _Place[Asked, Told] = _Place(asked)
        self._waiting.append(place)
        with self._turn:  # in the order of their coming: who waited longest works for all of its bunch
            while not place.settled:
                self._settle()
        if isinstance(place.outcome, Exception):
            raise place.outcome
        return place.outcome  # type: ignore[return-value]  # settled with a value

    def _settle(self) -> None:
        bunch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            outcomes: Sequence[Told | Exception] = self._work([each.asked for each in bunch])
            if len(outcomes) != len(bunch):  # else who has no answer would ask for ever
                raise RuntimeError(f"{len(bunch)} asked, {len(outcomes)} were answered")
        except Exception as failure:
            outcomes = [failure] * len(bunch)
        except BaseException:  # this greenthread is ended; who waits is served by the next
            self._waiting = [*bunch, *self._waiting]
            raise
        for each, outcome in zip(bunch, outcomes, strict=True):
            each.outcome, each.settled = outcome, True
