"""What a provider's answers say of the provider itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from services.notify.channels.breaker import Limits
from services.notify.channels.lines import Gone, Line
from services.notify.channels.model import LACKS_TEMPLATE, Answer, Channel, Letter, NotReceived

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
