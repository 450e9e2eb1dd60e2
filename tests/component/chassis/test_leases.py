"""Leases: one holder at a time, a token that grows with each, nothing kept by the dead."""

from datetime import timedelta

import eventlet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.clock import FixedClock
from services.chassis.identity import new_id
from services.chassis.leases import Lease, Leases
from services.chassis.store import Store

TTL = timedelta(seconds=30)


def test_while_one_holds_it_nobody_else_gets_it(database: Store, clock: FixedClock) -> None:
    leases = Leases(database, clock)
    held = leases.acquire("l", "one", TTL)
    assert held is not None
    assert leases.acquire("l", "two", TTL) is None
    leases.release(held)
    taken = leases.acquire("l", "two", TTL)
    assert taken is not None
    assert taken.token == held.token + 1


def test_a_lease_that_lapsed_is_taken_and_its_old_holder_can_do_nothing(
    database: Store, clock: FixedClock
) -> None:
    leases = Leases(database, clock)
    old = leases.acquire("l", "one", TTL)
    assert old is not None
    clock.advance(TTL)
    new = leases.acquire("l", "two", TTL)
    assert new is not None
    assert leases.renew(old, TTL) is None
    leases.release(old)
    assert leases.acquire("l", "three", TTL) is None


def test_of_many_that_race_for_it_one_wins(database: Store, clock: FixedClock) -> None:
    for attempt in ("first", "lapsed", "lapsed again"):
        rivals = [(Leases(database, clock), f"{attempt} {number}") for number in range(8)]
        won = list(
            eventlet.GreenPool().starmap(lambda leases, holder: leases.acquire("l", holder, TTL), rivals)
        )
        assert sum(lease is not None for lease in won) == 1
        clock.advance(TTL)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["acquire", "release", "renew", "wait"])),
        max_size=15,
    )
)
def test_whatever_happens_tokens_grow_and_one_holds(
    database: Store, clock: FixedClock, steps: list[tuple[str, str]]
) -> None:
    leases, name = Leases(database, clock), new_id()
    held: dict[str, Lease] = {}
    highest = 0
    for holder, step in steps:
        if step == "wait":
            clock.advance(TTL / 2)
        elif step == "acquire":
            lease = leases.acquire(name, holder, TTL)
            if lease is not None:
                others = [each for who, each in held.items() if who != holder]
                assert all(each.until <= clock.now() for each in others)
                assert lease.token >= highest
                assert all(lease.token > each.token for each in others)
                highest = lease.token
                held[holder] = lease
        elif holder in held and step == "release":
            leases.release(held.pop(holder))
        elif holder in held:
            renewed = leases.renew(held[holder], TTL)
            assert (renewed is not None) == (held[holder].token == highest)
            if renewed is not None:
                held[holder] = renewed
