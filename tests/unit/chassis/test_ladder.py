"""The ladder: each failure waits longer, spread by chance, and the last attempt is the last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.broker import RUNGS
from services.chassis.retries import JITTER, Ladder, plain_headers

CHANCES = st.floats(0, 1, exclude_max=True)


@given(failures=st.integers(1, 200), attempts=st.integers(0, 100), chance=CHANCES)
def test_a_message_is_given_up_exactly_after_its_attempts(failures, attempts, chance):
    wait = Ladder(attempts).wait(failures, chance)
    assert (wait is None) == (failures > attempts)


@given(failures=st.integers(1, 100), chance=CHANCES)
def test_the_wait_is_that_of_its_rung_within_the_jitter(failures, chance):
    rung, seconds = Ladder(attempts=100).wait(failures, chance)
    assert rung == RUNGS[min(failures, len(RUNGS)) - 1]
    assert rung.seconds * (1 - JITTER) <= seconds <= rung.seconds * (1 + JITTER)


@given(first=st.integers(1, 99), chance=CHANCES, other=CHANCES)
def test_a_later_failure_never_waits_on_a_lower_rung(first, chance, other):
    ladder = Ladder(attempts=100)
    assert ladder.wait(first, chance)[0].seconds <= ladder.wait(first + 1, other)[0].seconds


@given(
    st.dictionaries(
        st.text(max_size=20),
        st.one_of(st.text(max_size=600), st.integers(), st.none(), st.binary(), st.lists(st.integers())),
    )
)
def test_only_simple_headers_travel_on(headers):
    kept = plain_headers(headers)
    assert all(isinstance(value, (str, int)) and len(str(value)) <= 500 for value in kept.values())
    assert kept.items() <= headers.items()


def test_the_broker_s_own_headers_do_not_travel_on():
    assert plain_headers({"x-death": "1", "x-delivery-count": 3, "x-theirs": "kept"}) == {"x-theirs": "kept"}
