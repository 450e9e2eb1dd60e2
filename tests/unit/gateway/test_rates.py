"""A caller may send a burst, then so many a second, and takes nothing from the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rates import Rates
from gateway.refusals import TooMany


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate_then_a_refusal_that_says_when() -> None:
    seconds = Seconds()
    rates = Rates(2.0, 3, seconds)
    for _ in range(3):
        rates.take("a")
    with pytest.raises(TooMany) as refused:
        rates.take("a")
    assert refused.value.headers["Retry-After"] == "1"
    rates.take("b")
    seconds.now += 0.5
    rates.take("a")
    with pytest.raises(TooMany):
        rates.take("a")


@given(st.lists(st.floats(min_value=0, max_value=3), min_size=1, max_size=80))
def test_no_pattern_gets_more_than_the_burst_and_the_rate(pauses: list[float]) -> None:
    seconds = Seconds()
    rates = Rates(2.0, 5, seconds)
    taken = 0
    for pause in pauses:
        seconds.now += pause
        try:
            rates.take("a")
        except TooMany:
            continue
        taken += 1
        assert taken <= 5 + 2.0 * seconds.now + 1e-6


def test_what_is_kept_of_callers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.rates._MOST_CALLERS", 10)
    rates = Rates(1.0, 1, Seconds())
    for number in range(100):
        rates.take(str(number))
    assert len(rates._buckets) == 10
