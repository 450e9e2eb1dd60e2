"""What evaluation answers, to whom, and whom it refuses."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.chassis.envelope import from_wire
from services.chassis.errors import Forbidden, Invalid, NotFound, Unauthenticated
from services.chassis.said import grant_said, member_said
from services.chassis.testing import wait_for
from services.evaluation.application import Evaluation
from tests.component.evaluation.surroundings import Campus, approved


def _questions(campus: Campus) -> list[tuple[str, dict[str, Any]]]:
    obligation = campus.obligations("dean", organisation="branch")[0]["id"]
    return [
        ("get_score", {"organisation": "branch"}),
        ("explain_score", {"organisation": "branch"}),
        ("list_scores", {"organisation": "branch"}),
        ("list_obligations", {"organisation": "branch"}),
        ("get_obligation", {"obligation": obligation}),
        ("explain_obligation", {"obligation": obligation}),
    ]


def test_posts_at_the_organisation_or_above_and_its_members_may_read(
    campus: Campus, evaluation: Evaluation
) -> None:
    for person in ("secretary", "dean", "member", "grouped"):
        for method, request in _questions(campus):
            campus.call(person, method, **request)


def test_whoever_is_of_another_branch_is_refused(campus: Campus, evaluation: Evaluation) -> None:
    for person in ("neighbour", "stranger", "clerk", "nobody"):
        for method, request in _questions(campus):
            with pytest.raises(Forbidden) as refused:
                campus.call(person, method, **request)
            assert refused.value.code == "permission.denied"
            assert refused.value.text["zh"]


def test_an_anonymous_caller_is_refused(campus: Campus, evaluation: Evaluation) -> None:
    for method, request in [*_questions(campus), ("my_duties", {}), ("list_scores", {})]:
        with pytest.raises(Unauthenticated):
            campus.call(None, method, **request)


def test_a_list_holds_only_what_the_caller_may_see(campus: Campus, evaluation: Evaluation) -> None:
    seen = {
        person: {each["organisation"] for each in campus.obligations(person)}
        for person in ("dean", "neighbour", "leader", "stranger", "nobody")
    }
    assert seen == {
        "dean": {"faculty", "branch", "group", "next-door"},
        "neighbour": {"next-door"},
        "leader": {"group"},
        "stranger": {"next-door"},
        "nobody": set(),
    }
    assert {each["organisation"] for each in campus.call("dean", "list_scores")["items"]} == {
        "branch",
        "next-door",
    }
    assert [each["organisation"] for each in campus.call("member", "list_scores")["items"]] == ["branch"]
    mine = campus.obligations("dean", mine=True)
    assert {each["organisation"] for each in mine} == {"faculty"}


def test_membership_above_opens_nothing_below(campus: Campus, evaluation: Evaluation) -> None:
    evaluation.authority.apply([member_said("clerk", "faculty")])
    for method in ("list_obligations", "list_scores"):
        seen = campus.call("clerk", method, organisation="faculty")["items"]
        assert {each["organisation"] for each in seen} <= {"faculty"}
        assert campus.call("dean", method, organisation="faculty")["items"]


def test_a_withdrawn_post_no_longer_reads(campus: Campus, evaluation: Evaluation) -> None:
    evaluation.authority.apply(
        [
            grant_said(
                "post-neighbour",
                person="neighbour",
                role="secretary",
                node="next-door",
                since=date(2025, 9, 1),
                active=False,
                sequence=9,
            )
        ]
    )
    with pytest.raises(Forbidden):
        campus.call("neighbour", "get_score", organisation="next-door")


def test_what_does_not_exist_is_not_found(campus: Campus, evaluation: Evaluation) -> None:
    for method, request in [
        ("get_score", {"organisation": "nowhere"}),
        ("get_score", {"organisation": "faculty"}),
        ("get_score", {"organisation": "branch", "year": 2020}),
        ("get_obligation", {"obligation": "nothing"}),
    ]:
        with pytest.raises(NotFound):
            campus.call("dean", method, **request)
    for wrong in ({"cursor": "###"}, {"limit": 0}, {"state": "unheard-of"}, {"unknown": 1}):
        with pytest.raises(Invalid):
            campus.call("dean", "list_obligations", **wrong)


def test_pages_hold_everything_once(campus: Campus, evaluation: Evaluation) -> None:
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = campus.call("dean", "list_obligations", limit=2, **cursor)
        found += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(found) == sorted(each["id"] for each in campus.obligations("dean"))
    first = campus.call("dean", "list_scores", limit=1)
    rest = campus.call("dean", "list_scores", limit=1, cursor=first["next"])
    assert [each["organisation"] for each in (*first["items"], *rest["items"])] == ["branch", "next-door"]
    assert rest["next"] is None


def test_a_secretary_sees_the_duties_of_branch_and_groups(campus: Campus, evaluation: Evaluation) -> None:
    # What a member owes themselves is read from the same places, and is none of what the branch owes.
    mine = wait_for(lambda: campus.call("member", "my_duties")["items"])
    assert {(each["person"], each["rule"]) for each in mine} == {
        ("member", "training_hours"),
        ("member", "talk"),
    }
    duties = campus.call("secretary", "my_duties")
    assert duties["organisations"] == ["branch", "group"]
    assert len(duties["items"]) == sum(duties["counts"].values()) == 7
    assert duties["today"] == "2026-06-20"
    assert {(each["organisation"], each["person"]) for each in duties["items"]} == {
        ("branch", None),
        ("group", None),
    }


def test_an_explanation_names_the_records_and_the_article(campus: Campus, evaluation: Evaluation) -> None:
    records = [
        approved("june", date(2026, 6, 10)),
        approved("talk", date(2026, 6, 11), "talk", has_minutes=False),
    ]
    evaluation.projector.fold([from_wire(campus.sealed(each, 4)) for each in records])

    june = next(each for each in campus.obligations("secretary", rule="theme_day"))
    explained = campus.call("secretary", "explain_obligation", obligation=june["id"])
    assert [each["activity"] for each in explained["records"]] == ["june"]
    assert explained["source"]["article"] == "第十六条"
    assert explained["source"]["pack"] == "frequency-national-2018"
    for reason in explained["reasons"]:
        assert "{" not in reason["zh"] + reason["en"]
        assert reason["zh"] != reason["en"]

    score = campus.call("secretary", "explain_score", organisation="branch")
    lines = {each["indicator"]: each for each in score["lines"]}
    assert lines["minutes"]["records"] == ["talk"]
    assert lines["minutes"]["points"] == "-0.50"
    assert "扣分合计 0.50 分" in lines["minutes"]["text"]["zh"]
    assert "0.50 points taken off" in lines["minutes"]["text"]["en"]
    assert lines["frequency.theme_day"]["obligations"] == [june["id"]]
    assert score["score"]["points"] == campus.score("secretary", "branch")["points"] == "99.50"
    assert "{" not in "".join(each["text"]["zh"] + each["text"]["en"] for each in score["lines"])


def test_a_secretary_reads_the_score_of_their_own_year_and_so_does_who_reviews_it(
    campus: Campus, evaluation: Evaluation
) -> None:
    own = campus.call("secretary", "explain_head_score", organisation="branch")
    assert (own["person"], own["policy"]) == ("secretary", "scoring-secretary-v1")
    assert sum(Decimal(each["points"]) for each in own["lines"]) == Decimal(own["points"])
    assert campus.call("dean", "explain_head_score", organisation="branch") == own
    for person in ("member", "neighbour", "leader", "nobody"):
        with pytest.raises(Forbidden):
            campus.call(person, "explain_head_score", organisation="branch")
    for organisation, year in (("nowhere", 2026), ("branch", 2018), ("group", 2026)):
        with pytest.raises(NotFound):
            campus.call("dean", "explain_head_score", organisation=organisation, year=year)
    read = evaluation.audit.read("person", "secretary")
    assert [(each.action, each.actor) for each in read] == [("score.read", "dean")]
