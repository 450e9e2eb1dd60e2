"""What matches one of several filters comes in pages, each document once, in order."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.documents import Document
from services.chassis.pages import AnyOf, page

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

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        assert list(sort) == [("at", -1), ("_id", -1)]
        found = [each for each in self.documents if all(_fits(each, *clause) for clause in filter.items())]
        return sorted(found, key=lambda each: (each.state["at"], each.id), reverse=True)[:limit]


def _fits(document: Document, name: str, wanted: Any) -> bool:
    if name == "$and":
        return all(_fits(document, *clause) for each in wanted for clause in each.items())
    value = document.id if name == "_id" else document.state[name]
    return bool(value < wanted["$lt"]) if isinstance(wanted, dict) else value == wanted


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
