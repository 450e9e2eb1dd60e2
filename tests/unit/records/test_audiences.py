"""Audiences by marks say the same as asking each person in turn; who is counted is counted once."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.contracts import audience as audiences
from services.records.bulletins import receipts
from services.records.bulletins.receipts import Reader

NODES = ["root", "s1", "s2", "b1", "b2", "b3", "g1"]
PARENT = {"s1": "root", "s2": "root", "b1": "s1", "b2": "s1", "b3": "s2", "g1": "b1"}
ROLES = ["secretary", "organisation_commissioner", "group_leader"]
STATUSES = ["member", "probationary", "none"]


def path(node: str) -> list[str]:
    return [*(path(PARENT[node]) if node in PARENT else []), node]


AUDIENCES = st.fixed_dictionaries(
    {
        "organisations": st.lists(st.sampled_from(NODES), min_size=1, max_size=3),
        "roles": st.lists(st.sampled_from(ROLES), max_size=2),
        "political_statuses": st.lists(st.sampled_from(STATUSES), max_size=2),
    }
)
PEOPLE = st.fixed_dictionaries(
    {
        "home": st.sampled_from(NODES),
        "status": st.sampled_from(STATUSES),
        "posts": st.lists(st.tuples(st.sampled_from(ROLES), st.sampled_from(NODES)), max_size=3),
    }
)


def is_meant(audience: dict[str, Any], person: dict[str, Any]) -> bool:
    """Brute force, as a person would read it."""

    def below(node: str) -> bool:
        return any(each in path(node) for each in audience["organisations"])

    if not audience["roles"] and not audience["political_statuses"]:
        return below(person["home"])
    by_role = any(role in audience["roles"] and below(node) for role, node in person["posts"])
    return by_role or (person["status"] in audience["political_statuses"] and below(person["home"]))


def reader(name: str, person: dict[str, Any]) -> Reader:
    unit = PARENT["g1"] if person["home"] == "g1" else person["home"]
    posts = [(role, path(node)) for role, node in person["posts"]]
    return Reader(name, path(person["home"]), unit, person["status"], posts)


@given(audience=AUDIENCES, person=PEOPLE)
def test_marks_find_exactly_whom_the_audience_means(audience: dict[str, Any], person: dict[str, Any]) -> None:
    posts = [(role, path(node)) for role, node in person["posts"]]
    reached = audiences.marks_of_reader(path(person["home"]), person["status"], posts)
    assert bool(set(audiences.marks(audience)) & set(reached)) == is_meant(audience, person)
    assert audiences.EVERYBODY not in reached


@given(audience=AUDIENCES)
def test_whoever_belongs_nowhere_and_holds_nothing_is_reached_by_nothing(audience: dict[str, Any]) -> None:
    assert set(audiences.marks(audience)).isdisjoint(audiences.marks_of_reader([], "member", []))


@given(audience=AUDIENCES, people=st.lists(PEOPLE, max_size=12))
def test_each_person_meant_is_counted_once_where_they_belong(
    audience: dict[str, Any], people: list[dict[str, Any]]
) -> None:
    readers = [reader(f"p{number:02}", each) for number, each in enumerate(people)]
    counted = receipts.addressed(audience, [*readers, *readers])
    listed = [person for persons in counted.values() for person in persons]
    meant = [each.person for each, person in zip(readers, people, strict=True) if is_meant(audience, person)]
    assert sorted(listed) == meant
    units = {each.person: each.unit for each in readers}
    assert all(units[person] == unit for unit, persons in counted.items() for person in persons)
    assert "g1" not in counted
