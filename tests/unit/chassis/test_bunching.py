"""Calls of the same moment answered together: in their order, each its own answer, and nobody left over."""

from __future__ import annotations

from collections.abc import Sequence

import eventlet
import pytest

from services.chassis.bunching import Bunching


class Desk:
    """Doubles numbers, bunch by bunch, and refuses those below zero; a bunch takes a turn of the loop."""

    def __init__(self, most: int = 10) -> None:
        self.bunches: list[list[int]] = []
        self.asking: Bunching[int, int] = Bunching(self._work, most=most)
        self.fails: Exception | None = None
        self.forgets = 0

    def _work(self, asked: Sequence[int]) -> list[int | Exception]:
        self.bunches.append(list(asked))
        eventlet.sleep(0)
        if self.fails is not None:
            raise self.fails
        return [2 * each if each >= 0 else ValueError(str(each)) for each in asked[self.forgets :]]


def test_who_comes_while_a_bunch_is_served_is_served_together_and_in_order() -> None:
    desk = Desk(most=10)
    told = list(eventlet.GreenPool(50).imap(desk.asking.ask, range(25)))
    assert told == [2 * each for each in range(25)]
    assert [len(each) for each in desk.bunches] == [1, 10, 10, 4]
    assert [one for each in desk.bunches for one in each] == list(range(25))
    assert desk.asking.ask(100) == 200


def test_a_refusal_is_told_to_whom_it_concerns_alone() -> None:
    desk = Desk()
    waiting = [eventlet.spawn(desk.asking.ask, each) for each in (1, -1, 2)]
    assert (waiting[0].wait(), waiting[2].wait()) == (2, 4)
    with pytest.raises(ValueError, match="-1"):
        waiting[1].wait()


def test_a_failure_is_told_to_all_of_the_bunch_and_the_next_one_is_served() -> None:
    desk = Desk()
    desk.fails = RuntimeError("away")
    waiting = [eventlet.spawn(desk.asking.ask, each) for each in range(3)]
    for each in waiting:
        with pytest.raises(RuntimeError, match="away"):
            each.wait()
    desk.fails = None
    assert desk.asking.ask(1) == 2


def test_work_that_forgets_somebody_is_a_failure_of_the_bunch_and_nobody_waits_for_ever() -> None:
    desk = Desk()
    desk.forgets = 1
    waiting = [eventlet.spawn(desk.asking.ask, each) for each in range(3)]
    with eventlet.Timeout(5):
        for each in waiting:
            with pytest.raises(RuntimeError, match="answered"):
                each.wait()
    assert [len(each) for each in desk.bunches] == [1, 2]


def test_whoever_is_ended_while_it_serves_leaves_nobody_waiting() -> None:
    desk = Desk()
    first = eventlet.spawn(desk.asking.ask, 1)
    rest = [eventlet.spawn(desk.asking.ask, each) for each in (2, 3)]
    eventlet.sleep(0)
    first.kill()
    assert [each.wait() for each in rest] == [4, 6]
