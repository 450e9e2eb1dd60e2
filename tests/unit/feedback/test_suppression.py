"""What is told of a round cannot be solved for what is hidden, whatever tree and whatever votes."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.feedback.ballots.suppression import AtLeast, Told, margin, nearly_unanimous, suppress

K = 5


@st.composite
def rounds(draw):
    """A tree of up to 14 nodes, each with votes of its own or none, on two questions of three choices."""
    size = draw(st.integers(1, 14))
    parents = {"n0": None}
    for at in range(1, size):
        parents[f"n{at}"] = f"n{draw(st.integers(0, at - 1))}"
    leaves = {}
    for node in parents:
        votes = draw(
            st.lists(
                st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=draw(st.sampled_from([0, 3, 9, 30]))
            )
        )
        if votes:
            leaves[node] = tuple(
                tuple(sum(vote[question] == choice for vote in votes) for choice in range(3))
                for question in range(2)
            )
    return leaves, parents


def under(node, parents):
    """The leaves that the cell of ``node`` is the sum of."""
    found = {node}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def row(node, parents):
    inside = under(node, parents)
    return [Fraction(each in inside) for each in parents]


def is_solved_by(wanted, equations):
    """Whether the sum ``wanted`` follows from the known sums: whether it lies in their span."""
    basis = []
    for vector in equations:
        rest = reduced(vector, basis)
        if any(rest):
            basis.append(rest)
    return not any(reduced(wanted, basis))


def reduced(vector, basis):
    rest = list(vector)
    for each in basis:
        lead = next(at for at, value in enumerate(each) if value)
        if rest[lead]:
            factor = rest[lead] / each[lead]
            rest = [one - factor * other for one, other in zip(rest, each, strict=True)]
    return rest


def exact(node, leaves, parents, question):
    cells = [leaves[each][question] for each in under(node, parents) if each in leaves]
    return tuple(map(sum, zip(*cells, strict=True))) if cells else (0, 0, 0)


@given(rounds())
@settings(max_examples=300)
def test_no_hidden_cell_follows_from_what_is_told(given_round):
    leaves, parents = given_round
    told = suppress(leaves, parents, smallest=K)
    sizes = [row(node, parents) for node, cell in told.items() if cell.ballots is not None]
    for node, cell in told.items():
        if cell.ballots is None:
            assert not is_solved_by(row(node, parents), sizes)
    for question in range(2 if leaves else 0):
        known = [
            row(node, parents) for node, cell in told.items() if isinstance(cell.answers[question], tuple)
        ]
        for node, cell in told.items():
            if not isinstance(cell.answers[question], tuple):
                assert not is_solved_by(row(node, parents), known)


@given(rounds())
@settings(max_examples=300)
def test_nothing_that_is_left_over_is_small_or_nearly_unanimous(given_round):
    """Also sums of hidden cells: what is left when all told cells below one are taken away."""
    leaves, parents = given_round
    told = suppress(leaves, parents, smallest=K)
    for question in range(2 if leaves else 0):
        for node, cell in told.items():
            if not isinstance(cell.answers[question], tuple):
                continue
            below = [
                told[each].answers[question]
                for each, parent in parents.items()
                if parent == node and isinstance(told[each].answers[question], tuple)
            ]
            rest = tuple(cell.answers[question][at] - sum(each[at] for each in below) for at in range(3))
            hidden = [
                each
                for each, parent in parents.items()
                if parent == node and not isinstance(told[each].answers[question], tuple)
            ]
            if any(rest) or hidden:
                assert sum(rest) >= K
                assert not nearly_unanimous(rest)


@given(rounds())
@settings(max_examples=200)
def test_what_is_told_is_true_and_adds_up(given_round):
    leaves, parents = given_round
    told = suppress(leaves, parents, smallest=K)
    assert set(told) == set(parents)
    for node, cell in told.items():
        for question in range(2 if leaves else 0):
            counts, said = exact(node, leaves, parents, question), cell.answers[question]
            if isinstance(said, tuple):
                assert said == counts
                assert sum(said) == cell.ballots >= K
            elif isinstance(said, AtLeast):
                assert nearly_unanimous(counts)
                assert counts[said.choice] >= said.ballots == cell.ballots - margin(cell.ballots)
            if cell.ballots is not None:
                assert cell.ballots == sum(counts)


def one(*cells, parents=None):
    """The cells of leaves a, b, c … under one root, one question."""
    names = [chr(ord("a") + at) for at in range(len(cells))]
    tree = {"root": None, **dict.fromkeys(names, "root")}
    return suppress({name: (cell,) for name, cell in zip(names, cells, strict=True)}, tree, smallest=K)


def test_four_ballots_are_hidden_and_a_sibling_with_them():
    told = one((2, 2), (3, 3), (10, 10))
    assert told["root"].ballots == 30
    assert told["a"].ballots is None
    assert told["b"].ballots is None, "10 of 30 are left, and not 4 of 24"
    assert told["c"].answers == ((10, 10),)


def test_a_unanimous_cell_looks_as_one_that_is_only_near():
    unanimous, near = one((20, 0), (9, 11)), one((16, 4), (9, 11))
    assert unanimous["a"].answers == near["a"].answers == (None,)
    assert unanimous["a"].ballots == 20
    assert unanimous["b"].answers == (None,), "told, it would tell the other from the sum"
    assert unanimous["root"].answers == ((29, 11),)


def test_where_all_say_the_same_nothing_exact_is_told():
    told = one((20, 0), (20, 0))
    assert told["root"].answers == (AtLeast(0, 32),)
    assert told["a"] == Told(20, (None,))


def test_a_dissenter_does_not_learn_how_all_others_voted():
    told = [one((10 - no, no))["root"].answers[0] for no in range(4)]
    assert told == [AtLeast(0, 8)] * 3 + [(7, 3)]


def ways(ballots: int) -> list[tuple[int, int]]:
    return [(yes, ballots - yes) for yes in range(ballots + 1)]


@pytest.mark.parametrize(
    "sizes",
    [
        {"a": 5, "b": 10},
        {"a": 5, "b": 5},
        {"a": 10, "b": 10, "root": 5},
        {"a": 6, "b": 6, "root": 5},
        {"a": 5, "b": 6, "c": 7},
        {"a": 6, "b": 6, "a1": 7, "root": 5},
    ],
)
def test_who_knows_the_rule_cannot_find_out_how_nearly_all_of_a_cell_voted(sizes):
    """By trying out every way to vote: of those that are told alike, none has a cell decided."""
    parents = {"root": None, "a": "root", "b": "root", "c": "root", "a1": "a"}
    told_alike = defaultdict(list)
    for votes in product(*map(ways, sizes.values())):
        told = suppress({node: (cell,) for node, cell in zip(sizes, votes, strict=True)}, parents, smallest=K)
        told_alike[str(told)].append(votes)
    for possible in told_alike.values():
        for cell, ballots in zip(zip(*possible, strict=True), sizes.values(), strict=True):
            for choice in (0, 1):
                assert min(counts[choice] for counts in cell) < ballots - 1


def test_a_round_in_which_few_voted_tells_nothing():
    assert {cell.ballots for cell in one((1, 1), (2, 0)).values()} == {None}
    assert suppress({}, {"root": None}, smallest=K)["root"].ballots is None
