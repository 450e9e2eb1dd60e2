"""Who may vote on what, what a ballot has to answer, and what a result is made of."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import load
from services.feedback.ballots import electorate, model
from services.feedback.ballots.electorate import Elector

TODAY = date(2026, 3, 10)
PACK = load(Path(model.__file__).parent.parent / "policies" / "ballots-default.yaml")
LIMITS = {"smallest": 5, "source": "pack 第一条"}


def asked(kind: str) -> dict:
    return {**PACK[kind], "smallest_cell": 5, "smallest_constituency": 20, "source": "pack 第二条"}


def drafted(kind: str = "democratic_appraisal", **changes) -> dict:
    wanted = {
        "kind": kind,
        "organisation": "branch",
        "title": "年度评议",
        "closes_on": TODAY + timedelta(days=7),
    }
    return model.draft(**(wanted | changes), asked=asked(kind), today=TODAY)


def people(*names: str) -> list[str]:
    return list(names)


@given(
    st.dictionaries(
        st.sampled_from(["organisation", "peer", "mass"]),
        st.lists(st.sampled_from("abcdefghijklmn"), unique=True),
    ),
    st.lists(st.sampled_from("abcdefghijklmn"), unique=True, min_size=1),
    st.integers(1, 6),
)
def test_nobody_rates_themselves_and_everybody_votes_once_on_each(electors_of, subjects, smallest):
    try:
        found = electorate.rating("r", electors_of, subjects, smallest=smallest, source="s")
    except Conflict:
        assert smallest > 1 or not any(set(voting) - set(subjects) for voting in electors_of.values())
        return
    for person, papers in found.electors.items():
        rated = [found.papers[paper].subject for paper in papers]
        assert person not in rated
        assert len(rated) == len(set(rated))
        parts = {found.papers[paper].part for paper in papers}
        assert len(parts) <= 1
    assert all(size >= smallest for size in found.sizes().values())
    assert set(found.nodes.values()) == {None}, "a sum of the parts would tell one by the others"
    for subject in subjects:
        for part in electors_of:
            node = f"{subject}/{part}"
            assert (node in found.nodes) != (node in found.left_out)


def test_who_is_in_two_parts_votes_in_the_first():
    found = electorate.rating("r", {"organisation": list("abcdef"), "peer": list("fghijk")}, ["z"], **LIMITS)
    assert [found.papers[each].part for each in found.electors["f"]] == ["organisation"]
    assert found.sizes() == {
        paper.id: {"organisation": 6, "peer": 5}[paper.part] for paper in found.papers.values()
    }


def test_a_part_that_could_never_be_told_is_left_out_and_a_round_of_none_refused():
    found = electorate.rating("r", {"organisation": ["a", "b"], "peer": list("cdefgh")}, ["c"], **LIMITS)
    assert found.left_out == ("c/organisation",)
    assert {paper.part for paper in found.papers.values()} == {"peer"}
    with pytest.raises(Conflict, match="electorate_too_small") as refused:
        electorate.rating("r", {"peer": list("cdefg")}, ["c"], **LIMITS)
    assert refused.value.params == {"smallest": 5, "source": "pack 第一条"}
    with pytest.raises(Invalid, match="too_many_subjects"):
        electorate.rating("r", {"peer": list("cdefgh")}, [f"s{at}" for at in range(61)], **LIMITS)


TREE = {"u": None, "f": "u", "g": "u", "f1": "f", "f2": "f", "g1": "g"}


def surveyed(sizes: dict[str, int], constituency: int = 20):
    everybody = [
        Elector(f"{node}-{at}", node, "member") for node, size in sizes.items() for at in range(size)
    ]
    return electorate.surveying("r", everybody, TREE, part="mass", constituency=constituency, **LIMITS)


def test_a_small_constituency_is_counted_with_the_level_above():
    found = surveyed({"f1": 25, "f2": 7, "g1": 30, "g": 2, "u": 1})
    sizes = {found.papers[paper].node: size for paper, size in found.sizes().items()}
    assert sizes == {"g1": 30, "u": 35}, (
        "f2 with f, f and g with u, and there are still fewer than 20: f1 as well"
    )
    assert found.electors.keys() >= {"f2-6", "g-1", "u-0"}
    assert sorted(surveyed({"f1": 25, "f2": 7, "f": 14}).sizes().values()) == [21, 25]


def test_what_nobody_votes_in_is_no_cell():
    assert surveyed({"f1": 25, "f2": 7, "u": 19}).nodes == {"f1": "f", "f": "u", "u": None}


def test_a_result_has_to_fit_into_one_event():
    tree = {"u": None} | {f"b{at}": "u" for at in range(700)}
    everybody = [Elector(f"{node}-{at}", node, "member") for node in tree for at in range(2)]
    found = electorate.surveying("r", everybody, tree, part="mass", constituency=1, **LIMITS)
    with pytest.raises(Invalid, match="too_many_cells"):
        electorate.require_tellable(found, asked("satisfaction"))
    electorate.require_tellable(surveyed({"f1": 25}), asked("satisfaction"))


def test_a_survey_of_few_is_refused():
    with pytest.raises(Conflict, match="electorate_too_small"):
        surveyed({"f1": 2, "g1": 2})
    assert surveyed({"f1": 3, "g1": 2}).sizes()


@given(st.dictionaries(st.sampled_from(list(TREE)), st.integers(0, 40)), st.integers(1, 30))
def test_everybody_votes_exactly_once_in_a_constituency_above_them(sizes, constituency):
    try:
        found = surveyed(sizes, constituency)
    except Conflict:
        assert sum(sizes.values()) < 5
        return
    assert sum(found.sizes().values()) == sum(sizes.values()) == len(found.electors)
    for person, (paper,) in found.electors.items():
        at = person.split("-")[0]
        above = [at]
        while TREE[above[-1]]:
            above.append(TREE[above[-1]])
        assert found.papers[paper].node in above
    assert all(
        size >= constituency or found.papers[paper].node == "u" for paper, size in found.sizes().items()
    )


def test_a_round_goes_one_way():
    state = drafted()
    opening = model.begin(state, "opening", TODAY).state
    frozen = electorate.rating("r", {"peer": list("abcdefg")}, ["a"], **LIMITS)
    opened = model.opened("r", dict(opening), frozen, TODAY)
    assert opened.state["state"] == "open"
    assert opened.events[0].data["round"] == "r"
    closing = model.begin(dict(opened.state), "closing", TODAY)
    closed = model.closed("r", dict(closing.state), {}, {}, TODAY)
    assert closed.state["scores"] == [{"subject": "a", "points": None, "own": None}]
    published = model.published("r", dict(closed.state), TODAY)
    assert published.state["state"] == "published"
    # What was told when it was closed is told again, for those who may count it only from now on.
    told = {name: closed.events[0].data[name] for name in ("closed_on", "smallest_cell", "results", "scores")}
    assert published.events[0].data.items() >= told.items()
    for met, step in ((opened.state, "opening"), (state, "closing"), (closed.state, "closing")):
        with pytest.raises(Conflict, match="is_"):
            model.begin(dict(met), step, TODAY)
    with pytest.raises(Conflict, match="is_open"):
        model.published("r", dict(opened.state), TODAY)


def test_a_job_that_gives_up_takes_nothing_back_that_another_one_opened():
    opening = dict(model.begin(drafted(), "opening", TODAY).state)
    assert model.give_up_opening(opening).state["state"] == "draft"
    assert model.give_up_opening({**opening, "state": "open"}) is None


@pytest.mark.parametrize("days", [-1, 93])
def test_a_round_closes_within_three_months(days):
    with pytest.raises(Invalid, match="closes_out_of_range"):
        drafted(closes_on=TODAY + timedelta(days=days))


def test_a_ballot_answers_every_question_and_no_other():
    work = asked("work_report")
    assert model.checked(work, {"party_building": "good", "conduct": "poor"}) == [0, 3]
    with pytest.raises(Invalid) as refused:
        model.checked(work, {"party_building": "great", "salary": "good"})
    assert refused.value.fields == {
        "answers": {
            "party_building": ["ballot.unknown_choice"],
            "conduct": ["ballot.unanswered"],
            "salary": ["ballot.unknown_question"],
        }
    }


def result(leaves: dict, selves=None) -> dict:
    votes = {"a/organisation": (10, 2, 0, 0), "a/peer": (4, 4, 2, 0), "a/mass": (1, 3, 3, 1)} | leaves
    nodes = [[node, None] for node in votes]
    state = {**drafted(), "state": "closing", "nodes": nodes, "subjects": ["a"]}
    return model.closed(
        "r", state, {node: (each,) for node, each in votes.items()}, selves or {}, TODAY
    ).state


def test_points_are_weighted_from_what_is_told_and_the_rest_renormalised():
    closed = result({}, {"a": [1]})
    (score,) = closed["scores"]
    # peer 84, mass 65 of 8 ballots, organisation told as mostly excellent: 100; self: 80
    mass = Decimal(1 * 100 + 3 * 80 + 3 * 60) / 8
    peer = Decimal(4 * 100 + 4 * 80 + 2 * 60) / 10
    whole = (20 * 100 + 40 * peer + 20 * mass + 20 * 80) / 100
    told = {each["node"]: each for each in closed["results"]}
    assert [told[f"a/{part}"]["answers"][0]["counts"] for part in ("peer", "mass")] == [
        [4, 4, 2, 0],
        [1, 3, 3, 1],
    ]
    assert score["points"] == whole.quantize(Decimal("0.01"))
    assert told["a/organisation"]["answers"][0]["mostly"] == "excellent"
    assert told["a/organisation"]["answers"][0]["counts"] is None


def test_of_four_ballots_nothing_is_told_nor_do_they_count():
    few, none = result({"a/mass": (4, 0, 0, 0)}), result({"a/mass": (0, 0, 0, 4)})
    assert few["scores"] == none["scores"], "points would tell what is hidden"
    hidden = [each["node"] for each in few["results"] if each["ballots"] is None]
    assert hidden == ["a/mass"], "no sum of the parts is told from which it would follow"


def test_what_is_not_told_is_not_kept():
    assert "4" not in str(
        [each for each in result({"a/mass": (4, 0, 0, 0)})["results"] if each["ballots"] is None]
    )
