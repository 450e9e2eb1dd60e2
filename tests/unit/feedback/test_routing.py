"""Who answers: by rules that are data, and never the head spoken about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.feedback.opinions.routing import ANSWERED_BY, Level, may_go_to, responsible

PATH = (
    Level("university", "university_committee"),
    Level("faculty", "secondary"),
    Level("branch", "branch"),
    Level("group", "group"),
)
NAMES = [each.organisation for each in PATH]
levels = st.builds(
    lambda given: [Level(f"o{at}", kind, able) for at, (kind, able) in enumerate(given)],
    st.lists(
        st.tuples(st.sampled_from(["secondary", "branch", "group"]), st.booleans()), min_size=5, max_size=5
    ),
)


def test_the_category_says_which_level_answers():
    answers = {each: responsible(PATH, answered_by=each) for each in ANSWERED_BY}
    assert answers == {"named": "group", "above": "branch", "secondary": "faculty", "root": "university"}


def test_where_there_is_no_secondary_organisation_the_one_named_answers():
    assert responsible(PATH[:1], answered_by="secondary") == "university"


def test_what_is_about_a_head_goes_to_the_level_above():
    assert responsible(PATH[:3], about_head=True) == "faculty"
    assert responsible(PATH, answered_by="secondary", about_head=True) == "faculty", "above it all the same"


def test_a_level_at_which_only_the_head_handles_is_passed_over():
    shared = [*PATH[:1], Level("faculty", "secondary", can_answer=False), PATH[2]]
    assert responsible(shared, about_head=True) == "university"
    assert responsible(shared) == "branch", "what is about nobody stays"


def test_nobody_stands_above_the_root_to_answer_for_its_head():
    with pytest.raises(Invalid, match=r"opinion\.no_level_above"):
        responsible(PATH[:1], about_head=True)


@given(levels, st.integers(2, 5), st.sampled_from(ANSWERED_BY))
def test_it_is_never_answered_at_the_head_or_below(path, length, answered_by):
    path = path[:length]
    found = responsible(path, answered_by=answered_by, about_head=True)
    assert found in [each.organisation for each in path[:-1]]


@given(st.integers(1, 4), st.integers(1, 4))
def test_nor_is_it_handed_there_later(concerned, target):
    reached = may_go_to(NAMES[target - 1], NAMES[:concerned], about_head=True)
    assert reached == (target < concerned)
    assert may_go_to(NAMES[target - 1], NAMES[:concerned], about_head=False)


def test_what_is_about_a_head_is_not_handed_to_the_head_of_another_branch():
    assert not may_go_to("branch-2", ["campus", "faculty", "branch-1"], about_head=True)
    assert may_go_to("faculty", ["campus", "faculty", "branch-1"], about_head=True)
