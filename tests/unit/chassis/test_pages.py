"""What is asked for in several questions comes in pages, each document once, in order."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.documents import Document
from services.chassis.errors import Invalid
from services.chassis.pages import AnyOf, OneAfterAnother, page

NEWEST_FIRST = (("at", -1),)
DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {"at": st.integers(0, 3), "who": st.sampled_from("ab"), "where": st.sampled_from("xy")}
    ),
    max_size=12,
)


class Kept:
    """Documents in memory, found as the store finds them."""

    def __init__(self, states: Sequence[Mapping[str, Any]]) -> None:
        self.documents = [Document(f"{number:02}", 1, dict(state)) for number, state in enumerate(states)]
        self.read: list[int] = []

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        assert list(sort)[-2:] == [("at", -1), ("_id", -1)]
        found = [each for each in self.documents if all(_fits(each, *clause) for clause in filter.items())]
        self.read.append(len(found))
        found.sort(key=lambda each: (each.state["at"], each.id), reverse=True)
        return sorted(found, key=lambda each: str(each.state["who"] if sort[0][0] == "who" else ""))[:limit]


def _fits(document: Document, name: str, wanted: Any) -> bool:
    if name == "$and":
        return all(_fits(document, *clause) for each in wanted for clause in each.items())
    value = document.id if name == "_id" else document.state[name]
    if not isinstance(wanted, dict):
        return bool(value == wanted)
    return value in wanted["$in"] if "$in" in wanted else bool(value < wanted["$lt"])


@given(DOCUMENTS, st.integers(1, 4))
def test_what_matches_one_of_several_filters_comes_once_and_in_order(
    states: list[dict[str, Any]], limit: int
) -> None:
    kept = Kept(states)
    either = AnyOf(kept, [{"who": "a"}, {"where": "x"}])
    shown: list[Document] = []
    cursor: str | None = None
    while True:
        found = page(either, {}, order=NEWEST_FIRST, limit=limit, cursor=cursor)
        shown += found.documents
        cursor = found.next
        if cursor is None:
            break
        assert len(found.documents) == limit
    wanted = [each for each in kept.documents if each.state["who"] == "a" or each.state["where"] == "x"]
    assert shown == sorted(wanted, key=lambda each: (each.state["at"], each.id), reverse=True)


@given(DOCUMENTS)
def test_what_is_asked_for_takes_no_filters_place(states: list[dict[str, Any]]) -> None:
    either = AnyOf(Kept(states), [{"who": "a"}])
    assert page(either, {"who": "b"}, order=NEWEST_FIRST, limit=4).documents == []
    shown = page(either, {"where": "x"}, order=NEWEST_FIRST, limit=99).documents
    assert [each.state for each in shown] == [
        each.state
        for each in page(Kept(states), {"who": "a", "where": "x"}, order=NEWEST_FIRST, limit=99).documents
    ]


@given(
    st.lists(
        st.fixed_dictionaries(
            {"at": st.integers(0, 3), "who": st.sampled_from("abcdef"), "where": st.sampled_from("xy")}
        ),
        max_size=24,
    ),
    st.sets(st.sampled_from("abcdef")),
    st.integers(1, 4),
)
def test_one_after_another_comes_once_in_order_and_of_what_was_named_alone(
    states: list[dict[str, Any]], named: set[str], limit: int
) -> None:
    kept = Kept(states)
    shown: list[Document] = []
    cursor: str | None = None
    while True:
        found = page(
            OneAfterAnother(kept, "who", named),
            {"where": "x"},
            order=[("who", 1), *NEWEST_FIRST],
            limit=limit,
            cursor=cursor,
        )
        shown += found.documents
        cursor = found.next
        if cursor is None:
            break
        assert len(found.documents) == limit
    wanted = [each for each in kept.documents if each.state["who"] in named and each.state["where"] == "x"]
    wanted.sort(key=lambda each: (each.state["at"], each.id), reverse=True)
    assert shown == sorted(wanted, key=lambda each: str(each.state["who"]))


def test_a_page_reads_little_of_many() -> None:
    names = [f"{number:03}" for number in range(300)]
    kept = Kept([{"at": at, "who": name, "where": "x"} for name in names for at in range(40)])
    one_by_one = OneAfterAnother(kept, "who", names)
    first = page(one_by_one, {}, order=[("who", 1), *NEWEST_FIRST], limit=50)
    page(one_by_one, {}, order=[("who", 1), *NEWEST_FIRST], limit=50, cursor=first.next)
    assert sum(kept.read) <= 8 * 40


class Keyed(Kept):
    """The same, in the order of their ids."""

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        assert list(sort) == [("_id", 1)]
        found = [each for each in self.documents if _fits(each, "_id", filter["_id"])]
        self.read.append(len(found))
        return found[:limit]


def test_of_documents_named_by_their_ids_a_page_is_one_question() -> None:
    kept = Keyed([{}] * 30)
    named = OneAfterAnother(kept, "_id", [each.id for each in kept.documents])
    first = page(named, {}, order=[], limit=20)
    rest = page(named, {}, order=[], limit=20, cursor=first.next)
    assert [*first.documents, *rest.documents] == kept.documents
    assert rest.next is None
    assert kept.read == [21, 10]


@pytest.mark.parametrize("values", [[10**30, "x"], ["\ud800", "x"], [1, {"$gt": ""}], [1]])
def test_a_cursor_that_the_store_could_not_hold_is_refused(values: list[Any]) -> None:
    forged = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    with pytest.raises(Invalid, match=r"request\.cursor"):
        page(Kept([]), {}, order=NEWEST_FIRST, limit=1, cursor=forged)


def test_a_cursor_opens_nothing_beside_what_was_named() -> None:
    kept = Kept([{"at": 1, "who": who, "where": "x"} for who in "aaabbb"])
    order = [("who", 1), *NEWEST_FIRST]
    of_b = page(OneAfterAnother(kept, "who", "b"), {}, order=order, limit=2).next
    assert page(OneAfterAnother(kept, "who", "a"), {}, order=order, limit=9, cursor=of_b).documents == []
