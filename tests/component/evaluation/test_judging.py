"""What people decide about scores: policies tried first, assessments, findings, ratings, appeals."""

from __future__ import annotations

import base64
import io
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import services.evaluation
from services.chassis.contract import NewEvent
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.said import grant_said, member_said
from services.chassis.testing import wait_for
from services.contracts.feedback_events import RoundPublished
from services.contracts.records_events import DuesBilled, PersonChanged
from services.evaluation.application import Evaluation
from tests.component.evaluation.surroundings import Campus, approved, organisation, rebuilt

SHIPPED = Path(services.evaluation.__file__).parent / "policies" / "scoring-branch-v1.yaml"
REVISED = (
    SHIPPED.read_text(encoding="utf-8")
    .replace("id: scoring-branch-v1", "id: scoring-branch-v2")
    .replace("2018-10-28", "2026-01-01")
    .replace("each: 0.5\n    at_most: 5", "each: 2\n    at_most: 10")
)
APPRAISED_ON = date(2025, 11, 20)
GRADES = {"duty": 90, "results": 80, "conduct": 100}


@pytest.fixture
def judged(campus: Campus, evaluation: Evaluation) -> Evaluation:
    """A branch with one record without minutes, and posts at the top of the campus."""
    for person, role in (("admin", "administrator"), ("inspector", "inspector")):
        evaluation.authority.apply(
            [
                grant_said(
                    f"post-{person}",
                    person=person,
                    role=role,
                    node="university",
                    since=date(2025, 9, 1),
                    active=True,
                    sequence=1,
                )
            ]
        )
    campus.tell(approved("bare", date(2026, 6, 10), has_minutes=False))
    wait_for(lambda: (campus.score("dean", "branch") or {}).get("evidence") == 1)
    return evaluation


def appraised(*people: str) -> NewEvent:
    """What feedback tells of a published appraisal of ``people``."""
    cells = [{"node": f"{each}/peer", "ballots": 8, "answers": [], "points": Decimal(95)} for each in people]
    return RoundPublished.of(
        round="round",
        kind="democratic_appraisal",
        organisation="branch",
        closed_on=APPRAISED_ON,
        published_on=APPRAISED_ON,
        smallest_cell=5,
        results=cells,
        scores=[],
    )


def refused(refusal: type[Exception], campus: Campus, person: str, method: str, /, **request: Any) -> str:
    with pytest.raises(refusal) as wrong:
        campus.call(person, method, **request)
    code: str = wrong.value.code  # type: ignore[attr-defined]  # every refusal has one
    return code


def test_a_policy_is_tried_before_it_counts(campus: Campus, judged: Evaluation) -> None:
    assert refused(Forbidden, campus, "dean", "draft_policy", text=REVISED) == "permission.denied"
    with pytest.raises(Invalid) as wrong:
        campus.call("admin", "draft_policy", text=REVISED.replace("weight: 60", "weight: 61"))
    assert any("the weights add up to 101" in each for each in wrong.value.fields["text"])

    draft = campus.call("admin", "draft_policy", text=REVISED)
    assert refused(Conflict, campus, "admin", "activate_policy", draft=draft["id"]) == "policy.is_draft"
    campus.call("admin", "try_policy", draft=draft["id"], year=2026)
    tried = wait_for(
        lambda: (
            (found := campus.call("admin", "get_policy_draft", draft=draft["id"]))["state"] == "tried"
            and found
        )
    )
    assert (tried["done"], tried["total"]) == (2, 2)
    assert tried["outcome"]["changed"] == tried["outcome"]["worse"] == 1
    first = campus.call("admin", "list_differences", draft=draft["id"])["items"][0]
    assert (first["subject"], first["change"]) == ("branch", "-1.50")
    before = campus.score("dean", "branch")
    assert before
    assert before["policy"] == "scoring-branch-v1"

    campus.call("admin", "activate_policy", draft=draft["id"])
    wait_for(lambda: (campus.score("dean", "branch") or {})["policy"] == "scoring-branch-v2")
    after = campus.score("dean", "branch")
    assert after
    assert float(after["points"]) == float(before["points"]) - 1.5
    assert [each.action for each in judged.audit.read("policy", "scoring-branch-v2")] == ["policy.activated"]
    listed = campus.call("member", "list_policies", year=2026)["items"]
    assert {each["policy"] for each in listed} >= {"scoring-branch-v2", "scoring-secretary-v1"}
    assert campus.call("member", "list_policies", year=2025)["items"][0]["policy"] == "scoring-branch-v1"


def test_nobody_judges_where_they_have_an_interest(campus: Campus, judged: Evaluation) -> None:
    of_secretary = {
        "subject_kind": "secretary",
        "subject": "secretary",
        "organisation": "branch",
        "year": 2026,
        "indicator": "review",
        "grades": GRADES,
        "comment": "履职扎实，谈心谈话需加强。",
    }
    for person in ("secretary", "neighbour", "member", "nobody"):
        assert refused(Forbidden, campus, person, "assess", **of_secretary) == "permission.denied"
    judged.authority.apply([member_said("admin", "branch", sequence=1)])
    assert refused(Forbidden, campus, "admin", "assess", **of_secretary) == "assessment.of_own_organisation"
    wrong = {**of_secretary, "grades": {"duty": 90, "charm": 100}}
    assert refused(Invalid, campus, "dean", "assess", **wrong) == "assessment.criteria"
    assert (
        refused(Invalid, campus, "dean", "assess", **{**of_secretary, "indicator": "record"})
        == "assessment.not_by_hand"
    )

    given = campus.call("dean", "assess", **of_secretary)
    again = campus.call("dean", "assess", **{**of_secretary, "grades": {**GRADES, "duty": 95}})
    assert (again["id"], again["version"]) == (given["id"], given["version"] + 1)
    mine = campus.call("secretary", "list_assessments", organisation="branch", year=2026)["items"]
    assert [(each["grades"]["duty"], each["by"]) for each in mine] == [(95, None)]
    assert campus.call("member", "list_assessments", organisation="branch", year=2026)["items"] == []
    told = wait_for(lambda: campus.overheard.of("assessment.given"))
    assert "comment" not in told[0]["data"]
    wait_for(lambda: judged.database["marks"].count_documents({"subject": "secretary"}) == 2)


def test_a_finding_vetoes_until_it_is_lifted(campus: Campus, judged: Evaluation) -> None:
    finding = {
        "subject_kind": "organisation",
        "subject": "branch",
        "year": 2026,
        "name": "falsified",
        "found_on": "2026-06-12",
        "reason": "核查发现两次会议记录系补造。",
    }
    assert refused(Forbidden, campus, "dean", "record_finding", **finding) == "permission.denied"
    unheard = {**finding, "name": "laziness"}
    assert refused(Invalid, campus, "inspector", "record_finding", **unheard) == "finding.not_counted"

    found = campus.call("inspector", "record_finding", **finding)
    wait_for(lambda: (campus.score("dean", "branch") or {})["band"] in ("two_star", "one_star"))
    vetoes = campus.call("secretary", "explain_score", organisation="branch")["vetoes"]
    assert [(each["veto"], each["marks"]) for each in vetoes] == [("falsified", [found["id"]])]
    before = judged.database["standings"].find_one({"_id": "branch"})
    rebuilt(judged)
    assert (judged.database["standings"].find_one({"_id": "branch"}) or {})["marks"] == (before or {})[
        "marks"
    ]

    campus.call("inspector", "lift_finding", finding=found["id"], reason="复核后认定记录属实。")
    wait_for(lambda: campus.call("secretary", "explain_score", organisation="branch")["vetoes"] == [])


def test_a_score_tells_its_way_its_burden_and_what_would_be(campus: Campus, judged: Evaluation) -> None:
    trend = campus.call("member", "score_trend", organisation="branch")["months"]
    assert [each["month"] for each in trend] == [f"2026-{month:02}" for month in range(1, 7)]
    assert trend[-1]["points"] == (campus.score("member", "branch") or {})["points"]
    assert trend[0]["band"] == "unrated"

    more = [{"kind": "branch_meeting", "held_on": "2026-06-15", "expected": 10, "present": 2}]
    supposed = campus.call("member", "suppose", organisation="branch", records=more)
    assert supposed["points_then"] != supposed["points"]
    assert {each["indicator"] for each in supposed["changes"]} > {"attendance"}
    assert (campus.score("member", "branch") or {})["points"] == supposed["points"]
    wrong = [{**more[0], "present": 11}]
    assert refused(Invalid, campus, "member", "suppose", organisation="branch", records=wrong)

    table = base64.b64decode(
        campus.call("dean", "export_series", organisation="faculty", year=2026, format="csv")["content"]
    )
    assert table.decode("utf-8-sig").count("total") == 12
    for kept in ("xlsx", "parquet"):
        made = campus.call("dean", "export_series", organisation="faculty", year=2026, format=kept)
        assert base64.b64decode(made["content"])[:2] in (b"PK", b"PA")
    cohort = campus.call("member", "get_cohort", organisation="branch")["items"]
    # Of the branch next door there is nothing to rate yet: it is no figure among others.
    assert (cohort[0]["indicator"], cohort[0]["count"], cohort[0]["median"]) == ("total", 1, None)
    rolled = campus.call("dean", "roll_up", organisation="faculty")
    assert (rolled["whole"]["scored"], [each["organisation"] for each in rolled["parts"]]) == (
        2,
        ["branch", "next-door"],
    )
    assert rolled["whole"]["mean"] == rolled["whole"]["lowest"] == trend[-1]["points"]
    assert (rolled["parts"][1]["mean"], rolled["parts"][1]["bands"]) == (None, {"unrated": 1})

    bill = {"bill": "bill", "person": "member", "organisation": "branch", "month": "2026-05"}
    campus.tell(DuesBilled.of(**bill, due_on=date(2026, 5, 31)))
    moved = {"person": "member", "organisation": "next-door", "political_status": "member"}
    campus.tell(PersonChanged.of(**moved, phone_sealed=None, active=True, since=date(2026, 6, 1)))
    words = judged.database["words"]
    wait_for(lambda: words.count_documents({"at": "next-door", "owner": "member"}))
    told = wait_for(
        lambda: (
            (found := campus.call("secretary", "get_burden", organisation="branch"))["records"] == 2 and found
        )
    )
    assert told["months"] == {"2026-05": 0, "2026-06": 2}
    assert [(each["kind"], each["article"]) for each in told["kinds"]] == [
        ("dues", "第五条"),
        ("theme_day", "第二条"),
    ]
    burden = campus.call("grouped", "get_burden", organisation="branch")
    # Who holds no post there is told of no single bill.
    assert (burden["records"], burden["fields"], burden["months"]) == (1, 8, {"2026-06": 2})
    before = words.find_one({"at": "branch", "owner": "member"})
    words.update_many({}, {"$unset": {"at": ""}})
    for _ in range(2):
        import_module("services.evaluation.migrations.0003_where_persons_belong_is_found_by_place").up(
            judged.database
        )
    rebuilt(judged)
    assert words.find_one({"at": "branch", "owner": "member"}) == before
    assert campus.call("secretary", "get_burden", organisation="branch") == told


def test_a_year_is_closed_published_contested_and_corrected_beside(
    campus: Campus, judged: Evaluation
) -> None:
    campus.tell(approved("december", date(2025, 12, 10)))
    wait_for(lambda: judged.database["evidence"].count_documents({"activity": "december"}))
    year = {"organisation": "faculty", "subject_kind": "organisation", "kind": "branch", "year": 2025}
    assert refused(Forbidden, campus, "secretary", "close_rating", **year) == "permission.denied"
    assert refused(Invalid, campus, "dean", "close_rating", **{**year, "year": 2026}) == "rating.too_early"

    rating = campus.call("dean", "close_rating", **year)["id"]
    closed = wait_for(lambda: campus.overheard.of("rating.closed"))[0]["data"]
    assert campus.call("dean", "close_rating", **year)["state"] == "closed"
    assert closed["digest"] == campus.call("dean", "get_rating", rating=rating)["digest"]
    assert refused(Forbidden, campus, "member", "list_rating_entries", rating=rating)
    assert campus.call("dean", "list_rating_entries", rating=rating)["items"][0]["organisation"] == "branch"
    assert campus.call(None, "public_ratings", year=2025)["items"] == []

    appeal = {"rating": rating, "subject": "branch", "text": "十二月的党课漏计。"}
    assert refused(Conflict, campus, "secretary", "file_appeal", **appeal) == "rating.is_closed"
    campus.call("dean", "publish_rating", rating=rating)
    mine = campus.call("member", "list_rating_entries", rating=rating)["items"]
    first = next(each for each in mine if each["subject"] == "branch")
    assert refused(Forbidden, campus, "neighbour", "file_appeal", **appeal) == "permission.denied"
    filed = campus.call("secretary", "file_appeal", **appeal)

    # Who is on probation on the day of the appraisal takes part, and gets no grade.
    probation = {"political_status": "probationary", "since": date(2025, 3, 1), "phone_sealed": None}
    campus.tell(PersonChanged.of(person="stranger", organisation="next-door", active=True, **probation))
    campus.tell(appraised("member", "stranger"))
    wait_for(lambda: judged.database["marks"].count_documents({"subject": "stranger"}))
    wait_for(
        lambda: "probationary" in (judged.database["sheets"].find_one({"_id": "stranger"}) or {})["things"]
    )
    of_members = campus.call("dean", "close_rating", **{**year, "subject_kind": "member"})["id"]
    wait_for(lambda: campus.call("dean", "get_rating", rating=of_members)["state"] == "closed")
    graded = campus.call("dean", "list_rating_entries", rating=of_members)["items"]
    assert [each["subject"] for each in graded] == ["member"]

    # What comes in later changes no closed year: only the answer to an appeal looks at it.
    campus.tell(approved("lecture", date(2025, 12, 12), "party_lecture", present=2, excused=0))
    wait_for(lambda: judged.database["evidence"].count_documents({"activity": "lecture"}))
    assert campus.call("dean", "list_rating_entries", rating=rating)["items"] == mine
    answer = {"appeal": filed["id"], "upheld": True, "text": "补计一次党课。"}
    assert refused(Forbidden, campus, "secretary", "answer_appeal", **answer) == "permission.denied"
    assert campus.call("dean", "answer_appeal", **answer)["state"] == "upheld"
    after = next(
        each
        for each in campus.call("secretary", "list_rating_entries", rating=rating)["items"]
        if each["subject"] == "branch"
    )
    assert (after["points"], after["band"]) == (first["points"], first["band"])
    assert after["corrections"][0]["evidence_digest"] != first["evidence_digest"]
    assert after["final_points"] == after["corrections"][0]["points"] != first["points"]
    public = campus.call(None, "public_ratings", year=2025)["items"]
    assert {each["organisation"] for each in public} == {"branch", "next-door"}
    assert [each["state"] for each in campus.call("dean", "list_appeals", rating=rating)["items"]] == [
        "upheld"
    ]

    campus.tell(organisation("branch", name="材料学院第一党支部"))
    wait_for(
        lambda: judged.database["organisations"].find_one({"_id": "branch", "name": "材料学院第一党支部"})
    )
    sheet = base64.b64decode(campus.call("dean", "report_rating", rating=rating, format="xlsx")["content"])
    rows = list(openpyxl.load_workbook(io.BytesIO(sheet)).active.values)  # type: ignore[union-attr]  # it has one
    assert [row[0] for row in rows[1:]] == ["材料学院第一党支部", "next-door"]
    english = campus.call("dean", "report_rating", rating=rating, format="html", language="en")
    page = base64.b64decode(english["content"]).decode()
    assert "材料学院第一党支部" in page
    assert "Corrected after an appeal: 补计一次党课" in page
    assert "rating.exported" in {each.action for each in judged.audit.read("rating", rating)}
