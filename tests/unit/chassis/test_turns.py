"""Turns: one at a time by key, in the order of coming, and nobody waits for another key."""

import eventlet
from eventlet.event import Event

from services.chassis.turns import Turns


def test_who_meets_at_a_key_goes_one_after_another_and_others_do_not_wait() -> None:
    turns, goes_on = Turns(), Event()
    done: list[str] = []

    def work(key: str, name: str, until: Event | None = None) -> None:
        with turns.of(key):
            if until is not None:
                until.wait()
            done.append(name)

    first = eventlet.spawn(work, "a", "first", goes_on)
    eventlet.sleep(0)
    others = [eventlet.spawn(work, "a", "second"), eventlet.spawn(work, "a", "third")]
    eventlet.spawn(work, "b", "elsewhere").wait()
    assert done == ["elsewhere"]
    goes_on.send()
    for each in (first, *others):
        each.wait()
    assert done == ["elsewhere", "first", "second", "third"]
    assert not turns._taken, "what nobody waits for is forgotten"
