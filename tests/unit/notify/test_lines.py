"""What a provider's answers say of the provider itself, and how much it is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.channels import lines as lines_module
from services.notify.channels.breaker import Limits
from services.notify.channels.lines import Gone, Line, first_to_take
from services.notify.channels.model import LACKS_TEMPLATE, Accepted, Answer, Channel, Letter, NotReceived

NOW = datetime(2026, 10, 5, 4, 0, tzinfo=UTC)
LETTER = Letter("m-1", "13900000001", "请尽快召开", "announcement.v1")


class Answering(Gone):
    """A way whose answer is always the same."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        return [NotReceived(self._reason)] * len(letters)


def after(reason: str, calls: int, line: Line | None = None) -> Line:
    """A line after so many calls that ended for ``reason``."""
    line = line or Line("one", Channel.SMS, Gone(), limits=Limits(failures=5), most_at_once=1)
    line.way = Answering(reason)
    for _ in range(calls):
        line.send("call", [LETTER], lambda: NOW)
    return line


def test_a_provider_rests_after_failures_but_not_for_a_text_that_it_does_not_know() -> None:
    assert not after("provider_unreachable", 5).allows(NOW)
    assert after(LACKS_TEMPLATE, 50).allows(NOW)


def test_a_text_that_it_does_not_know_does_not_show_that_a_provider_is_well_again() -> None:
    resting = after("provider_unreachable", 5)
    assert not after(LACKS_TEMPLATE, 1, resting).allows(NOW)


def test_after_its_rest_one_message_tries_a_provider_out_and_decides_for_all() -> None:
    resting = after("provider_unreachable", 5)
    assert resting.room(NOW + timedelta(seconds=29)) == (0, 0)
    rested = NOW + timedelta(seconds=30)
    assert resting.room(rested) == (1, 1)
    tried: list[bool] = []
    resting.begin(tried.append, 1, rested)
    assert resting.room(rested) == (0, 0), "the one that tries it out is under way"
    resting.wait()
    assert tried == [True]
    assert resting.rests(trying=False), "what waited for its turn meanwhile is not sent"
    resting.way = Well()
    resting.send("call", [LETTER], lambda: rested)
    assert resting.allows(rested)
    assert resting.room(rested)[1] > 0


def test_what_was_claimed_before_a_provider_began_to_rest_does_not_try_it_out() -> None:
    line = Line("one", Channel.SMS, Gone(), limits=Limits(failures=5), most_at_once=8)
    assert line.room(NOW) == (8, 8)
    after("provider_unreachable", 5, line)  # while the claims were written
    tried: list[bool] = []
    for _ in range(8):
        line.begin(tried.append, 1, NOW)
    line.wait()
    assert tried == [False] * 8
    assert line.room(NOW + timedelta(seconds=30)) == (1, 1), "it is tried out after its rest"


class Well(Gone):
    """A way that takes everything."""

    most_per_call = 10

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        return [Accepted(None)] * len(letters)


@pytest.mark.parametrize(("most_per_call", "calls"), [(1, 8 + 64), (10, 8 + 6), (200, 8 + 1)])
def test_what_is_claimed_early_is_no_more_of_a_provider_that_takes_many_in_a_call(
    most_per_call: int, calls: int
) -> None:
    way = Well()
    way.most_per_call, way.can_be_asked = most_per_call, True
    line = Line("one", Channel.SMS, way, limits=Limits(), most_at_once=8)
    assert line.room(NOW) == (calls, calls * most_per_call)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 40)), min_size=1, max_size=30),
    st.floats(0.1, 20),
    st.integers(1, 30),
)
def test_a_provider_is_never_given_more_than_its_rate_and_a_burst(
    rounds: list[tuple[float, int]], rate: float, burst: int
) -> None:
    limits = Limits(rate_per_second=rate, burst=burst)
    line = Line("one", Channel.SMS, Well(), limits=limits, most_at_once=8)
    now, sent = NOW, 0
    for passes, wanted in rounds:
        now += timedelta(seconds=passes)
        given_ = min(wanted, line.room(now)[1])
        line.begin(lambda _: None, given_, now)
        line.wait()
        sent += given_
        assert sent <= burst + rate * (now - NOW).total_seconds() + 1e-6
    assert line.room(now + timedelta(seconds=burst / rate + 1))[1] == burst, (
        "what it did not use it has again"
    )


def test_whoever_waits_for_a_letter_waits_as_long_for_all_providers_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed, called = 0.0, 0

    class Dawdling(Gone):
        """A way that is not there, which takes its time to show."""

        def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
            nonlocal passed, called
            passed, called = passed + 8, called + 1
            return [NotReceived("provider_unreachable")] * len(letters)

    def line(way: Gone) -> Line:
        return Line("one", Channel.MAIL, way, limits=Limits(), most_at_once=1)

    monkeypatch.setattr(lines_module, "monotonic", lambda: passed)
    dawdling = [line(Dawdling()) for _ in range(3)]
    answer = first_to_take([*dawdling, line(Well())], LETTER, lambda: NOW, 16)
    assert (answer, called) == (NotReceived("provider_unreachable"), 2)
    assert (
        first_to_take([*dawdling[:1], line(Well())], LETTER, lambda: NOW, 16) == Well().send("", [LETTER])[0]
    )
    assert first_to_take([], LETTER, lambda: NOW, 16) == NotReceived("no_channel")
