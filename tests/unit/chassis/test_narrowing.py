"""Two filters as one match what both match, with no ``$and`` where an index is to be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.narrowing import both
from services.chassis.ranges import strict

VALUES = st.integers(0, 6) | st.sampled_from(["a", "b", "2026-03-01"])
BOUNDS = st.sampled_from(["$gt", "$gte", "$lt", "$lte"])
RANGES = st.dictionaries(BOUNDS, VALUES, min_size=1, max_size=3)
CONDITIONS = VALUES | RANGES | st.fixed_dictionaries({"$in": st.lists(VALUES, max_size=3)})
FILTERS = st.dictionaries(st.sampled_from("xy"), CONDITIONS)


def matches(document: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """As a store finds: of a list each condition may be met by another value; kinds do not compare."""
    if wanted is None:
        return False
    return all(
        all(matches(document, each) for each in condition)
        if name == "$and"
        else _fits(document[name] if isinstance(document[name], list) else [document[name]], condition)
        for name, condition in wanted.items()
    )


def _fits(values: list[Any], condition: Any) -> bool:
    if not isinstance(condition, dict):
        return condition in values
    return all(any(_holds(each, name, bound) for each in values) for name, bound in condition.items())


def _holds(value: Any, name: str, bound: Any) -> bool:
    if name == "$in":
        return value in bound
    if type(value) is not type(bound):
        return False
    return bool(
        {"$gt": value > bound, "$gte": value >= bound, "$lt": value < bound, "$lte": value <= bound}[name]
    )


@given(FILTERS, FILTERS, VALUES, VALUES)
def test_two_filters_as_one_match_what_both_match(
    one: dict[str, Any], other: dict[str, Any], x: Any, y: Any
) -> None:
    document = {"x": x, "y": y}
    expected = matches(document, one) and matches(document, other)
    assert matches(document, both(one, other, single="xy")) == expected
    assert matches(document, both(one, other)) == expected


@given(FILTERS, FILTERS, st.lists(VALUES, max_size=3))
def test_of_a_list_each_condition_may_be_met_by_another_value(
    one: dict[str, Any], other: dict[str, Any], values: list[Any]
) -> None:
    document = {"x": values, "y": 0}
    expected = matches(document, one) and matches(document, other)
    assert matches(document, both(one, other, single="y")) == expected


DAYS = st.dates().map(str)
BETWEEN = st.dictionaries(BOUNDS, DAYS, min_size=1)


@given(BETWEEN, BETWEEN, DAYS)
def test_ranges_of_one_field_are_one_range_that_the_store_takes_an_index_for(
    one: dict[str, Any], other: dict[str, Any], day: str
) -> None:
    found = both({"on": one}, {"on": other})
    assert found is not None
    assert set(found) == {"on"}
    # One bound on either side: what is told to the store makes ``$lte`` to ``$lt``, and of two keeps one.
    assert len(strict(found)["on"]) == len(found["on"]) <= 2
    assert matches({"on": day}, found) == (
        matches({"on": day}, {"on": one}) and matches({"on": day}, {"on": other})
    )


@pytest.mark.parametrize(
    ("wanted", "after", "asked"),
    [
        ({"on": "2026-03"}, {"on": {"$lt": "2026-03"}}, None),
        ({"on": "2026-03"}, {"on": "2026-03"}, {"on": "2026-03"}),
        ({"on": {"$in": ["a", "b", "c"]}}, {"on": {"$gt": "a"}}, {"on": {"$in": ["b", "c"]}}),
        ({"on": {"$in": ["a", "b"]}}, {"on": "b"}, {"on": "b"}),
    ],
)
def test_a_page_that_follows_is_asked_for_by_one_condition_or_not_at_all(
    wanted: dict[str, Any], after: dict[str, Any], asked: dict[str, Any] | None
) -> None:
    assert both(wanted, after, single=["on"]) == both(after, wanted, single=["on"]) == asked
