"""Before and at an activity, through the service: notice, replies, check-in, drafts, and who sees what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import eventlet
import pytest

from services.chassis.clock import FixedClock
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.settings import Settings
from services.records.application import Records
from tests.component.records.surroundings import Campus, Faculty
from tests.store_calls import STORE_CALLS

TODAY, LATER = "2026-09-10", "2026-09-17"


def planned(campus: Campus, faculty: Faculty, **more: Any) -> str:
    given = {
        "organisation": faculty.branch,
        "kind": "theme_day",
        "title": "2026年9月主题党日",
        "held_on": LATER,
        "starts_at": "14:30",
        "place": "301",
        **more,
    }
    return str(campus.call(faculty.secretary, "plan_activity", **given)["id"])


def mine(campus: Campus, person: str, when: str = "upcoming") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = campus.call(person, "list_my_activities", when=when)["items"]
    return found


def told(campus: Campus, kind: str, activity: str) -> list[dict[str, Any]]:
    return [
        each["data"] for each in campus.events(f"records.activity.{kind}.v1") if each["subject"] == activity
    ]


def test_who_is_invited_is_told_answers_and_is_told_again_of_another_day_and_of_the_end(
    campus: Campus, faculty: Faculty, clock: FixedClock
) -> None:
    activity = planned(campus, faculty, observers=[faculty.next_door])
    assert mine(campus, faculty.member) == []
    with pytest.raises(NotFound):
        campus.call(faculty.member, "reply_to_activity", activity=activity, answer="coming")
    campus.call(faculty.secretary, "announce_activity", activity=activity)
    everybody = sorted([faculty.secretary, faculty.member, faculty.groupie, faculty.next_door])
    (notice,) = told(campus, "announced", activity)
    assert notice["invitees"] == everybody
    assert (notice["starts_at"], notice["moved"], notice["parts"]) == ("14:30", False, 1)
    (seen,) = mine(campus, faculty.next_door)
    assert (seen["id"], seen["observer"], seen["answer"]) == (activity, True, None)
    assert mine(campus, faculty.dean) == []

    excuse = {"answer": "excused", "cause": "placement"}
    campus.call(faculty.member, "reply_to_activity", activity=activity, **excuse)
    campus.call(faculty.groupie, "reply_to_activity", activity=activity, answer="coming")
    assert mine(campus, faculty.member)[0]["cause"] == "placement"
    drafted = campus.call(faculty.secretary, "draft_attendance", activity=activity)["items"]
    assert {each["person"]: (each["state"], each["source"]) for each in drafted} == {
        faculty.secretary: ("absent", "none"),
        faculty.member: ("excused", "reply"),
        faculty.groupie: ("absent", "reply"),
    }
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "draft_attendance", activity=activity)

    moved = {"title": "2026年9月主题党日", "held_on": "2026-09-18", "starts_at": "15:00", "place": "礼堂"}
    campus.call(faculty.secretary, "replan_activity", activity=activity, **moved)
    assert [each["moved"] for each in told(campus, "announced", activity)] == [False, True]
    assert mine(campus, faculty.groupie)[0]["held_on"] == "2026-09-18"
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "cancel_activity", activity=activity, reason="停电")
    campus.call(faculty.secretary, "cancel_activity", activity=activity, reason="停电")
    (end,) = told(campus, "cancelled", activity)
    assert end["cancelled_on"] == TODAY
    assert "停电" not in str(end)
    assert mine(campus, faculty.member)[0]["state"] == "cancelled"
    with pytest.raises(Conflict, match=r"activity\.state"):
        campus.call(faculty.secretary, "announce_activity", activity=activity)
    clock.advance(timedelta(days=10))
    assert mine(campus, faculty.member) == []
    assert [each["id"] for each in mine(campus, faculty.member, "past")] == [activity]


def test_a_hall_checks_in_by_the_code_that_is_shown_and_the_writer_confirms_it(
    campus: Campus, faculty: Faculty, clock: FixedClock
) -> None:
    people = [campus.person(f"M{number:03}", faculty.branch) for number in range(40)]
    activity = planned(campus, faculty, held_on=TODAY)
    check_in = {"activity": activity, "code": "123456"}
    with pytest.raises(Conflict, match=r"check_in\.closed"):
        campus.call(faculty.member, "check_in", **check_in)
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "open_check_in", activity=activity)
    shown = campus.call(faculty.secretary, "open_check_in", activity=activity)
    version = campus.call(faculty.secretary, "get_activity", activity=activity)["version"]
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "get_check_in", activity=activity)

    pool = eventlet.GreenPool()
    with STORE_CALLS.heard() as asked:
        said = list(
            pool.imap(lambda one: campus.call(one, "check_in", activity=activity, code=shown["code"]), people)
        )
    assert all(each["checked_in"] for each in said)
    together = [each.collection for each in asked].count("activity_openings")
    assert together <= len(people) // 4, "who comes at once is let in together"
    assert campus.call(people[0], "check_in", **check_in)["checked_in"], (
        "once is enough, whatever comes after"
    )
    with pytest.raises(NotFound):
        campus.call(faculty.next_door, "check_in", activity=activity, code=shown["code"])

    wrong = "000000" if shown["code"] != "000000" else "111111"
    for key in ("k1", "k1", "k2", "k3", "k4", "k5"):
        with pytest.raises(Invalid, match=r"check_in\.wrong_code"):
            campus.call(faculty.member, "check_in", key, activity=activity, code=wrong)
    with pytest.raises(Conflict, match=r"check_in\.too_many_wrong") as refused:
        campus.call(faculty.member, "check_in", activity=activity, code=shown["code"])
    assert refused.value.params["article"] == "第五条"
    clock.advance(timedelta(minutes=2))
    with pytest.raises(Invalid, match=r"check_in\.wrong_code"):
        campus.call(faculty.groupie, "check_in", activity=activity, code=shown["code"])
    fresh = campus.call(faculty.secretary, "get_check_in", activity=activity)
    assert fresh["code"] != shown["code"]
    assert campus.call(faculty.groupie, "check_in", activity=activity, code=fresh["code"])["checked_in"]
    assert campus.call(faculty.secretary, "close_check_in", activity=activity)["code"] is None
    with pytest.raises(Conflict, match=r"check_in\.closed"):
        campus.call(faculty.secretary, "check_in", activity=activity, code=fresh["code"])

    drafted = campus.call(faculty.secretary, "draft_attendance", activity=activity)["items"]
    present = {each["person"] for each in drafted if each["state"] == "present"}
    assert present == {*people, faculty.groupie}
    confirmed = [{"person": each["person"], "state": each["state"]} for each in drafted]
    recorded = campus.call(
        faculty.secretary,
        "record_activity",
        activity=activity,
        expected_version=version,
        attendance=confirmed,
        minutes="学习讨论。",
    )
    assert (recorded["expected"], recorded["present"]) == (43, 41)


def test_a_routine_meeting_is_filed_in_eight_fields_and_the_next_one_as_the_last_was(
    campus: Campus, faculty: Faculty, clock: FixedClock
) -> None:
    given = {
        "organisation": faculty.branch,
        "kind": "party_lecture",
        "title": "2026年9月专题党课",
        "held_on": "2026-09-09",
        "place": "301",
        "others": "present",
        "minutes": "学习党章第一章。",
        "details": {"speaker": "院党委书记"},
    }
    assert len(given) <= 8
    with pytest.raises(Invalid, match=r"attendance\.incomplete"):
        campus.call(faculty.secretary, "file_activity", **{**given, "others": None})
    with pytest.raises(Invalid, match=r"activity\.detail_missing") as refused:
        campus.call(faculty.secretary, "file_activity", **{**given, "details": {}})
    assert refused.value.fields == {"details.speaker": ["activity.detail_missing"]}
    assert refused.value.text is not None
    assert "第十五条" in refused.value.text["zh"]
    assert "主讲人" in refused.value.text["zh"]
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "file_activity", **given)
    filed = campus.call(faculty.secretary, "file_activity", "once", **given)
    assert campus.call(faculty.secretary, "file_activity", "once", **given)["id"] == filed["id"]
    assert (filed["state"], filed["version"], filed["present"]) == ("submitted", 1, 3)
    for kind in ("planned", "recorded", "submitted"):
        assert len(told(campus, kind, filed["id"])) == 1
    assert mine(campus, faculty.member, "past")[0]["attended"] == "present"

    clock.advance(timedelta(days=30))
    # What is only planned, even for later, is no meeting to follow.
    plan = {name: given[name] for name in ("organisation", "kind", "title")}
    campus.call(faculty.secretary, "plan_activity", **plan, held_on="2026-10-20")
    draft = campus.call(
        faculty.secretary, "draft_activity", organisation=faculty.branch, kind="party_lecture"
    )
    assert draft["copied_from"] == filed["id"]
    assert draft["asked"] == ["minutes"]
    assert (draft["body"]["title"], draft["body"]["place"]) == ("2026年10月专题党课", "301")
    again = campus.call(faculty.secretary, "file_activity", **draft["body"], minutes="学习党章第二章。")
    assert (again["state"], again["present"], again["held_on"]) == ("submitted", 3, "2026-10-10")

    missed = {
        "attendance": [{"person": faculty.member, "state": "excused", "cause": "placement"}],
        "others": "present",
        "held_on": "2026-10-09",
    }
    third = campus.call(faculty.secretary, "file_activity", **{**given, **missed})
    campus.call(faculty.dean, "review_activity", activity=third["id"], verdict="approve")
    made = {"activity": third["id"], "person": faculty.member, "on": "2026-10-10", "how": "自学并交笔记"}
    with pytest.raises(NotFound):
        campus.call(faculty.next_door, "make_up_activity", **made)
    after = campus.call(faculty.secretary, "make_up_activity", **made)
    assert (after["state"], after["made_up"], after["present"]) == ("approved", 1, 2)
    (event,) = told(campus, "made_up", third["id"])
    assert (event["made_up"], event["present"]) == (1, 2)
    assert "自学" not in str(event)


def test_templates_serve_the_organisation_that_keeps_them_and_all_below(
    campus: Campus, faculty: Faculty
) -> None:
    kept = campus.call(
        faculty.dean,
        "create_activity_template",
        organisation=faculty.faculty,
        kind="study_session",
        title="{year}年{month}月理论学习",
        place="报告厅",
        details={"duration": 90},
    )
    given = {"organisation": faculty.branch, "kind": "study_session"}
    (offered,) = campus.call(faculty.secretary, "list_activity_templates", **given)["items"]
    assert offered["id"] == kept["id"]
    draft = campus.call(
        faculty.secretary, "draft_activity", **given, template=kept["id"], held_on="2026-09-09"
    )
    assert (draft["body"]["title"], draft["body"]["details"]) == ("2026年9月理论学习", {"duration": 90})
    assert draft["asked"] == ["minutes", "details.theme"]
    assert {each["person"] for each in draft["people"]} == {
        faculty.secretary,
        faculty.member,
        faculty.groupie,
    }
    with pytest.raises(NotFound):
        campus.call(faculty.secretary, "drop_activity_template", template=kept["id"])
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "list_activity_templates", **given)
    with pytest.raises(Invalid, match=r"activity_template\.other_kind"):
        campus.call(
            faculty.secretary,
            "draft_activity",
            organisation=faculty.branch,
            kind="theme_day",
            template=kept["id"],
        )
    changed = campus.call(faculty.dean, "change_activity_template", template=kept["id"], title="理论学习")
    assert (changed["version"], changed["place"]) == (2, None)
    campus.call(faculty.dean, "drop_activity_template", template=kept["id"])
    assert campus.call(faculty.secretary, "list_activity_templates", **given)["items"] == []


def test_a_talk_is_seen_by_who_took_part_who_writes_there_and_who_reviews_and_opening_it_is_on_record(
    campus: Campus, faculty: Faculty
) -> None:
    other = campus.person("S009", faculty.branch)
    commissioner = campus.person("T009", faculty.faculty)
    campus.post(commissioner, "publicity_commissioner", faculty.faculty)
    talk = planned(
        campus,
        faculty,
        kind="talk",
        title="谈心谈话",
        held_on="2026-09-09",
        details={"topic": "thought"},
    )
    campus.call(
        faculty.secretary,
        "record_activity",
        activity=talk,
        attendance=[{"person": each, "state": "present"} for each in (faculty.secretary, faculty.member)],
        minutes="交流思想。",
    )
    meeting = planned(campus, faculty, held_on="2026-09-08")

    def listed(person: str, **more: Any) -> list[str]:
        return [each["id"] for each in campus.call(person, "list_activities", **more)["items"]]

    for person in (faculty.member, faculty.secretary, faculty.dean, campus.administrator):
        assert campus.call(person, "get_activity", activity=talk)["minutes"] == "交流思想。"
        assert listed(person, organisation=faculty.branch) == [talk, meeting]
        assert talk in listed(person)
    for person in (other, faculty.groupie, commissioner):
        with pytest.raises(NotFound):
            campus.call(person, "get_activity", activity=talk)
        assert listed(person, organisation=faculty.branch, limit=1) == [meeting]
        assert talk not in listed(person)
    assert [each["id"] for each in mine(campus, faculty.member, "past")] == [talk]
    assert mine(campus, other, "past") == []
    seen = campus.call(campus.administrator, "read_audit", object_kind="activity", object=talk)["items"]
    assert {each["actor"] for each in seen} == {
        faculty.member,
        faculty.secretary,
        faculty.dean,
        campus.administrator,
    }
    organiser = campus.person("T011", campus.root)
    campus.post(organiser, "organiser", campus.root)
    assert set(listed(organiser)) == {talk, meeting}
    twice = planned(
        campus, faculty, kind="talk", held_on="2026-09-07", invitees=[organiser], details={"topic": "work"}
    )
    assert listed(organiser).count(twice) == 1
    campus.call(
        faculty.secretary,
        "announce_activity",
        activity=planned(campus, faculty, kind="talk", invitees=[organiser]),
    )
    assert len(listed(organiser)) == len(set(listed(organiser))) == 4
    (event,) = told(campus, "recorded", talk)
    assert event["restricted"]
    assert set(event["concerned"]) == {faculty.secretary, faculty.member}

    reach = campus.call(faculty.secretary, "restricted_reach")
    assert set(reach["organisations"]) == {faculty.branch, faculty.group}
    assert campus.call(commissioner, "restricted_reach")["organisations"] == [faculty.faculty]
    assert campus.call(campus.administrator, "restricted_reach")["everything"]

    life = campus.call(
        faculty.dean,
        "file_activity",
        organisation=faculty.faculty,
        kind="democratic_life_meeting",
        title="民主生活会",
        held_on="2026-09-09",
        others="present",
        minutes="开展批评。",
        details={"theme": "作风建设"},
    )["id"]
    inspector = campus.person("T010", campus.root)
    campus.post(inspector, "inspector", faculty.faculty)
    withheld = campus.call(inspector, "get_activity", activity=life)
    assert (withheld["withheld"], withheld["minutes"], withheld["details"]) == (True, None, {})
    assert withheld["present"] == 2
    assert campus.call(commissioner, "get_activity", activity=life)["minutes"] == "开展批评。"
    campus.call(faculty.secretary, "submit_activity", activity=talk)
    campus.call(faculty.dean, "review_activity", activity=talk, verdict="approve")
    assert [each["committee"] for each in told(campus, "approved", talk)] == [[faculty.secretary]]


def test_posts_tell_whether_they_are_seats_on_a_committee_also_when_that_changes(
    campus: Campus, faculty: Faculty
) -> None:
    for has in (False, True, True):
        asked = {"organisation": faculty.branch, "has_committee": has}
        campus.call(campus.administrator, "change_organisation", **asked)
    posts = [each["data"] for each in campus.events("records.post.changed.v1")]
    seats = [each["committee_since"] for each in posts if each["person"] == faculty.secretary]
    today = campus.clock.today().isoformat()
    assert seats == [seats[0], None, today]
    assert seats[0] <= today
    assert {each["committee_since"] for each in posts if each["person"] == faculty.next_door} == {None}


def test_every_question_about_activities_has_its_index(settings: Settings, clock: FixedClock) -> None:
    application = Records.for_test(settings, clock)
    newest = [("held_on", -1), ("_id", -1)]
    for collection, wanted, order in (
        ("activities", {"audience": {"$in": ["open", "p"]}}, newest),
        ("activities", {"people": "p", "held_on": {"$lt": "2026-09-10"}}, newest),
        ("activities", {"people": "p", "held_on": {"$gt": "2026-09-09"}}, [("held_on", 1), ("_id", 1)]),
        ("activities", {"audience": "o"}, newest),
        ("activity_participations", {"activity": "a"}, [("_id", 1)]),
        ("activity_templates", {"offered": {"$in": ["o", "p"]}}, [("title", 1), ("_id", 1)]),
    ):
        found = application.database[collection].find(wanted).sort(order).limit(51)
        plan = str(found.explain()["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in plan, (wanted, plan)
        assert "COLLSCAN" not in plan, (wanted, plan)
    application.database.client.close()
