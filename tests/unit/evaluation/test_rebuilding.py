"""A rebuild reads its ledgers some units at a time, and what comes next while it computes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.projection.rebuilding import read_ahead


@given(st.integers(0, 30), st.integers(1, 7))
def test_every_unit_is_read_once_in_order_and_never_all_at_once(count: int, at_once: int) -> None:
    units = [f"unit-{number:02}" for number in range(count)]
    asked: list[Sequence[str]] = []
    reached: list[tuple[int, int]] = []

    def read(some: Sequence[str]) -> dict[str, str]:
        asked.append(some)
        return {unit: f"of {unit}" for unit in some}

    def far(done: int, total: int) -> None:
        reached.append((done, total))

    computed = []
    for some, found in read_ahead(read, units, at_once, far):
        assert list(found) == list(some)
        assert len(some) <= at_once
        computed += some
        # What follows is asked for before this is computed, and nothing beyond it.
        assert sum(map(len, asked)) == min(len(computed) + at_once, count)
    assert computed == [unit for some in asked for unit in some] == units
    assert [done for done, _ in reached] == [*range(at_once, count, at_once), *([count] if count else [])]
    assert {total for _, total in reached} <= {count}


def test_what_cannot_be_read_ends_the_rebuild() -> None:
    def read(some: Sequence[str]) -> str:
        if some == ["b"]:
            raise LookupError("b")
        return "read"

    ahead = read_ahead(read, ["a", "b", "c"], 1, lambda done, total: None)
    assert next(ahead) == (["a"], "read")
    with pytest.raises(LookupError):
        next(ahead)
