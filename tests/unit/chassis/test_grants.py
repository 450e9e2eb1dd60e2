"""Who may do what, where: the rule itself, against a plain restatement of it, on any tree."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.grants import Grant, Node, chain, permits

TODAY = date(2026, 3, 10)
ROLES = ("secretary", "organiser")


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Node]:
    """Any tree: each node hangs below one drawn before it."""
    nodes: dict[str, Node] = {}
    for number in range(draw(st.integers(1, 8))):
        parent = draw(st.sampled_from([None, *nodes])) if nodes else None
        above = nodes[parent].path if parent else ()
        nodes[f"n{number}"] = Node(
            f"n{number}", parent, (*above, f"n{number}"), "k", draw(st.booleans() | st.just(True))
        )
    return nodes


days = st.integers(-2, 2).map(lambda offset: TODAY + timedelta(days=offset))
grants = st.builds(
    Grant,
    id=st.just("g"),
    person=st.just("p"),
    role=st.sampled_from(ROLES),
    node=st.integers(0, 9).map("n{}".format),
    since=days,
    until=st.none() | days,
    active=st.booleans() | st.just(True),
)


def above(node: str, nodes: dict[str, Node]) -> set[str]:
    parent = nodes[node].parent
    return {parent, *above(parent, nodes)} if parent else set()


@given(trees(), st.lists(grants, max_size=4), st.sampled_from(ROLES), st.booleans(), st.data())
def test_a_grant_counts_exactly_where_it_reaches_while_it_holds(
    nodes: dict[str, Node], given_grants: list[Grant], role: str, strictly: bool, data: st.DataObject
) -> None:
    node = data.draw(st.sampled_from(sorted(nodes)))
    reach = above(node, nodes) | (set() if strictly else {node})
    expected = any(
        grant.role == role
        and grant.active
        and grant.since <= TODAY
        and (grant.until is None or grant.until >= TODAY)
        and grant.node in reach
        and nodes[grant.node].active
        for grant in given_grants
    )
    assert permits(given_grants, [role], node, nodes, TODAY, above=strictly) is expected


@given(trees(), st.lists(grants, max_size=4), st.data())
def test_to_be_strictly_above_is_to_be_above_and_more(
    nodes: dict[str, Node], given_grants: list[Grant], data: st.DataObject
) -> None:
    node = data.draw(st.sampled_from(sorted(nodes)))
    if permits(given_grants, ROLES, node, nodes, TODAY, above=True):
        assert permits(given_grants, ROLES, node, nodes, TODAY)


@given(trees(), st.lists(grants, max_size=4), grants, st.data())
def test_one_more_grant_never_takes_anything_away(
    nodes: dict[str, Node], given_grants: list[Grant], more: Grant, data: st.DataObject
) -> None:
    node = data.draw(st.sampled_from(sorted(nodes)))
    if permits(given_grants, ROLES, node, nodes, TODAY):
        assert permits([*given_grants, more], ROLES, node, nodes, TODAY)


@given(trees(), st.lists(grants, max_size=4))
def test_nobody_may_anything_at_an_unknown_node(nodes: dict[str, Node], given_grants: list[Grant]) -> None:
    assert chain("unknown", nodes) == ()
    assert not permits(given_grants, ROLES, "unknown", nodes, TODAY)


@given(trees(), st.data())
def test_a_node_whose_ancestors_have_not_arrived_is_placed_by_its_stated_path(
    nodes: dict[str, Node], data: st.DataObject
) -> None:
    node = data.draw(st.sampled_from(sorted(nodes)))
    arrived = {each: nodes[each] for each in data.draw(st.sets(st.sampled_from(sorted(nodes))))}
    arrived[node] = nodes[node]
    assert chain(node, arrived) == nodes[node].path


def test_a_circle_ends() -> None:
    nodes = {"a": Node("a", "b", ("a",), "k", True), "b": Node("b", "a", ("b",), "k", True)}
    assert set(chain("a", nodes)) == {"a", "b"}
