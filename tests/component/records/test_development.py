"""Member development through the service: who may do what, what is kept, and what the others hear of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import eventlet
import pymongo.monitoring
import pytest
import requests

from gateway.server import Server
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from services.chassis.identity import new_id
from services.records.development.steps import ABOVE, BY_ID, STEPS
from tests.component.records.surroundings import PAPERS, Campus, Faculty
from tests.component.records.test_files import read, sent

VOTE = {"entitled": 3, "present": 2, "written": 1, "in_favour": 3, "secret": True}
DAYS = {
    "talk": "2024-03-20",
    "activist_decision": "2024-04-01",
    "activist_filing": "2024-04-02",
    "contacts": "2024-04-02",
    "cultivation_check": "2024-10-01",
    "candidate_decision": "2025-04-01",
    "candidate_filing": "2025-04-02",
    "introducers": "2025-04-02",
    "political_review": "2025-05-01",
    "training": "2025-05-10",
    "committee_review": "2025-05-20",
    "pre_review": "2025-05-30",
    "volunteer_book": "2025-06-02",
    "branch_meeting": "2025-06-20",
    "talk_above": "2025-06-25",
    "approval": "2025-07-01",
    "filing_above": "2025-07-05",
    "join_branch": "2025-07-06",
    "oath": "2025-07-10",
    "continued_check": "2025-12-20",
    "full_application": "2026-06-10",
    "full_meeting": "2026-06-20",
    "full_approval": "2026-07-01",
    "archive": "2026-07-10",
}


class Asked(pymongo.monitoring.CommandListener):
    """Which collections are asked while somebody counts."""

    def __init__(self) -> None:
        self.collections: list[str] | None = None

    def started(self, event: pymongo.monitoring.CommandStartedEvent) -> None:
        if self.collections is not None and event.command_name in ("find", "aggregate", "getMore"):
            self.collections.append(str(event.command.get("find")))

    def succeeded(self, event: pymongo.monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: pymongo.monitoring.CommandFailedEvent) -> None:
        pass


ASKED = Asked()
pymongo.monitoring.register(ASKED)


@dataclass
class Way:
    """A person's dossier and how to walk it."""

    campus: Campus
    faculty: Faculty
    person: str
    dossier: str
    full: list[str]

    def step(self, step: str, **more: Any) -> dict[str, Any]:
        known = BY_ID[step]
        given: dict[str, Any] = {
            "dossier": self.dossier,
            "step": step,
            "on": DAYS[step],
            "materials": PAPERS.get(step, []),
        }
        if known.outcomes:
            given["outcome"] = "pass"
        given |= {
            "contacts": {"people": self.full[:1]},
            "introducers": {"people": self.full},
            "training": {"training_days": 3},
            "candidate_decision": {"publicity_since": "2025-03-20", "publicity_until": "2025-03-27"},
            "branch_meeting": {"vote": VOTE},
            "full_meeting": {"vote": VOTE},
        }.get(step, {})
        return {**given, **more}

    def actor(self, step: str) -> str:
        return self.faculty.dean if BY_ID[step].actor == ABOVE else self.faculty.secretary

    def record(self, step: str, **more: Any) -> dict[str, Any]:
        return self.campus.call(self.actor(step), "record_step", **self.step(step, **more))

    def walk(self, until: str) -> None:
        for step in STEPS[1:]:
            if step.id == until:
                return
            self.record(step.id)


def opened(campus: Campus, faculty: Faculty, person: str, key: str | None = None) -> dict[str, Any]:
    return campus.call(
        faculty.secretary,
        "open_dossier",
        key,
        person=person,
        born_on="2003-05-04",
        on="2024-03-01",
        materials=["application_letter"],
    )


def lived(campus: Campus, way: Way) -> list[tuple[str, str | None]]:
    """What the person was and since when, the newest first."""
    told = campus.call(way.faculty.secretary, "get_membership_history", person=way.person)["items"]
    return [(each["political_status"], each["since"]) for each in told]


@pytest.fixture
def way(campus: Campus, faculty: Faculty) -> Way:
    person = campus.person("S100", faculty.branch, political_status="none")
    dossier = opened(campus, faculty, person)["id"]
    return Way(campus, faculty, person, dossier, [faculty.secretary, faculty.member])


def test_somebody_goes_the_whole_way_and_is_a_full_member(campus: Campus, faculty: Faculty, way: Way) -> None:
    statuses = {}
    for step in STEPS[1:]:
        told = way.record(step.id)
        person = campus.call(way.faculty.secretary, "get_person", person=way.person)
        statuses[step.id] = person["political_status"]
    assert (told["state"], told["number"], len(told["entries"])) == ("full", 25, 25)
    assert [entry["warnings"] for entry in told["entries"]] == [[]] * 25
    changes = ("talk", "activist_decision", "candidate_decision", "approval", "full_approval")
    assert [statuses[each] for each in changes] == [
        "applicant",
        "activist",
        "candidate",
        "probationary",
        "member",
    ]
    # All was recorded long after; each counts from its own day, the probation from the meeting that admitted.
    assert lived(campus, way) == [
        ("member", "2026-07-01"),
        ("probationary", "2025-06-20"),
        ("candidate", "2025-04-01"),
        ("activist", "2024-04-01"),
        ("applicant", "2024-03-01"),
        ("none", None),
    ]
    voters = {
        day: way.person in campus.application.membership.members_on(faculty.branch, day, ("member",))
        for day in (date(2026, 6, 30), date(2026, 7, 1))
    }
    assert list(voters.values()) == [False, True]
    heard = campus.events("records.dossier.step_recorded.v1")
    assert [each["data"]["number"] for each in heard] == list(range(1, 26))
    assert heard[14]["data"] == {
        "dossier": way.dossier,
        "person": way.person,
        "organisation": faculty.branch,
        "on": "2025-06-20",
        "step": "branch_meeting",
        "number": 15,
        "outcome": "pass",
        "packs": [
            "development-national-2014",
            "development-practice-default",
            "development-publicity-default",
        ],
        "state": "open",
    }


def test_a_refused_step_names_rule_pack_article_and_what_would_be_accepted(way: Way) -> None:
    way.walk("candidate_decision")
    with pytest.raises(Invalid, match=r"development\.too_early") as refused:
        way.record("candidate_decision", on="2025-03-31")
    told = refused.value
    assert {name: told.params[name] for name in ("rule", "pack", "article", "earliest")} == {
        "rule": "cultivation",
        "pack": "development-national-2014",
        "article": "第十三条",
        "earliest": "2025-04-01",
    }
    assert told.text is not None
    assert "2025-04-01" in told.text["zh"]
    assert "第十三条" in told.text["zh"]


def test_a_preview_says_what_recording_would_and_writes_nothing(campus: Campus, way: Way) -> None:
    way.walk("branch_meeting")
    before = campus.call(way.faculty.secretary, "get_dossier", dossier=way.dossier)
    short = {**VOTE, "written": 0, "in_favour": 1}
    verdict = campus.call(way.faculty.secretary, "preview_step", **way.step("branch_meeting", vote=short))
    assert (verdict["accepted"], verdict["may_act"]) == (False, True)
    (finding,) = verdict["findings"]
    assert (finding["rule"], finding["params"]) == ("vote_in_favour", {"least": 2})
    assert "2" in finding["text"]["en"]
    # Who had a vote on that day the records know; a step that names no meeting is held against them.
    other = way.step("branch_meeting", vote={**VOTE, "entitled": 4, "present": 3})
    verdict = campus.call(way.faculty.secretary, "preview_step", **other)
    (finding,) = verdict["findings"]
    assert (verdict["accepted"], finding["hardness"], finding["params"]) == (True, "warn", {"entitled": 3})
    after = campus.call(way.faculty.secretary, "get_dossier", dossier=way.dossier)
    assert after == before
    assert campus.call(way.person, "preview_step", **way.step("branch_meeting"))["may_act"] is False


def test_the_same_dossier_meets_two_packs_on_two_days(campus: Campus, way: Way) -> None:
    way.walk("branch_meeting")
    verdicts = {
        on: campus.call(way.faculty.secretary, "preview_step", **way.step("branch_meeting", on=on))
        for on in ("2026-05-10", "2026-05-11")
    }
    old, new = verdicts.values()
    assert (old["findings"], old["accepted"]) == ([], True)
    assert [(each["rule"], each["pack"], each["hardness"]) for each in new["findings"]] == [
        ("meeting_within", "development-national-2026", "warn")
    ]
    assert new["accepted"] is True


def test_contacts_and_introducers_are_who_was_a_full_member_on_the_day_of_the_step(
    campus: Campus, way: Way
) -> None:
    """Whoever became one since does not vouch for that day; whoever was one then does."""
    branch = way.faculty.branch
    later = campus.person("S105", branch, political_status="probationary")
    campus.call(
        campus.administrator, "change_person", person=later, political_status="member", since="2024-05-01"
    )
    former = campus.person("S106", branch)
    campus.call(
        campus.administrator, "change_person", person=former, political_status="none", since="2024-05-01"
    )

    def refused(step: str, person: str, on: str) -> bool:
        people = [person] if step == "contacts" else [person, way.faculty.secretary]
        planned = way.step(step, people=people, on=on)
        found = campus.call(way.faculty.secretary, "preview_step", **planned)["findings"]
        return ("development.not_full_members", step) in {(each["code"], each["rule"]) for each in found}

    for step in ("contacts", "introducers"):
        assert refused(step, later, "2024-04-30")
        assert not refused(step, later, "2024-05-01")
        assert not refused(step, former, "2024-04-30")
        assert refused(step, former, "2024-05-01")
    way.walk("contacts")
    with pytest.raises(Invalid, match=r"development\.not_full_members"):
        way.record("contacts", people=[later])
    assert way.record("contacts", people=[former])["number"] == 5


def test_public_holidays_do_not_count_as_publicity(way: Way) -> None:
    way.walk("candidate_decision")
    # 2025-05-01 to 05-05 was a holiday, 04-27 a working Sunday.
    with pytest.raises(Invalid, match=r"development\.publicity_short") as refused:
        way.record(
            "candidate_decision",
            on="2025-05-10",
            publicity_since="2025-04-30",
            publicity_until="2025-05-08",
        )
    assert (refused.value.params["counted"], refused.value.params["least"]) == (4, 5)
    told = way.record(
        "candidate_decision", on="2025-05-10", publicity_since="2025-04-27", publicity_until="2025-05-07"
    )
    assert told["number"] == 7


def test_each_step_is_recorded_by_its_actor_and_by_nobody_else(campus: Campus, way: Way) -> None:
    faculty = way.faculty
    talk = way.step("talk")
    for stranger in (faculty.next_door, faculty.member, faculty.groupie):
        with pytest.raises(NotFound, match=r"dossiers\.not_found"):
            campus.call(stranger, "record_step", **talk)
        with pytest.raises(NotFound):
            campus.call(stranger, "get_dossier", dossier=way.dossier)
    with pytest.raises(Forbidden, match=r"permission\.denied"):
        campus.call(faculty.dean, "record_step", **talk)
    with pytest.raises(Unauthenticated):
        campus.call(None, "record_step", **talk)
    with pytest.raises(Unauthenticated):
        campus.call(None, "get_dossier", dossier=way.dossier)
    with pytest.raises(Forbidden, match=r"development\.own_dossier"):
        campus.call(way.person, "record_step", **talk)
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "record_step", **way.step("pre_review"))
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "list_dossiers", organisation=faculty.branch)
    with pytest.raises(Invalid, match=r"person\.unknown"):
        campus.call(
            faculty.next_door,
            "open_dossier",
            person=faculty.groupie,
            born_on="2003-05-04",
            on="2024-03-01",
            materials=["application_letter"],
        )


def test_a_person_reads_their_own_dossier_and_sees_who_opened_it(campus: Campus, way: Way) -> None:
    campus.call(way.faculty.dean, "get_dossier", dossier=way.dossier)
    own = campus.call(way.person, "get_dossier", dossier=way.dossier)
    assert own["person"] == way.person
    (listed,) = campus.call(way.person, "list_dossiers")["items"]
    assert listed["id"] == way.dossier
    assert "entries" not in listed
    seen = campus.call(way.person, "read_audit", object_kind="person", object=way.person)["items"]
    assert [(each["action"], each["actor"]) for each in seen] == [("dossier.read", way.faculty.dean)]


def test_the_same_command_again_is_answered_the_same_and_done_once(campus: Campus, way: Way) -> None:
    talk = way.step("talk")
    first = campus.call(way.faculty.secretary, "record_step", "once", **talk)
    assert campus.call(way.faculty.secretary, "record_step", "once", **talk) == first
    assert len(first["entries"]) == 2
    person = campus.person("S101", way.faculty.branch, political_status="none")
    dossier = opened(campus, way.faculty, person, "open-once")
    assert opened(campus, way.faculty, person, "open-once") == dossier
    with pytest.raises(Conflict, match=r"dossiers\.exists"):
        opened(campus, way.faculty, person)
    with pytest.raises(Conflict, match=r"version\.stale"):
        campus.call(way.faculty.secretary, "record_step", **way.step("activist_decision"), expected_version=1)


def test_a_dossier_follows_its_person_and_takes_the_time_along(campus: Campus, way: Way) -> None:
    way.walk("candidate_decision")
    faculty = way.faculty
    with pytest.raises(NotFound):
        campus.call(faculty.next_door, "move_dossier", dossier=way.dossier)
    campus.call(campus.administrator, "change_person", person=way.person, organisation=faculty.neighbour)
    moved = campus.call(faculty.next_door, "move_dossier", dossier=way.dossier)
    assert (moved["organisation"], moved["moves"][0]["left"]) == (faculty.neighbour, faculty.branch)
    with pytest.raises(NotFound):
        campus.call(faculty.secretary, "get_dossier", dossier=way.dossier)
    decided = campus.call(faculty.next_door, "record_step", **way.step("candidate_decision"))
    assert decided["number"] == 7


def test_places_of_a_year_are_taken_once_and_free_again_when_struck(campus: Campus, way: Way) -> None:
    faculty = way.faculty
    given = {"organisation": faculty.faculty, "year": 2025}
    with pytest.raises(Forbidden):
        campus.call(faculty.dean, "give_development_places", **given, places=9)
    assert campus.call(campus.administrator, "give_development_places", **given, places=1)["taken"] == 0
    way.walk("talk_above")
    assert campus.call(faculty.dean, "get_development_places", **given)["taken"] == 1
    with pytest.raises(Invalid, match=r"quota\.taken"):
        campus.call(campus.administrator, "give_development_places", **given, places=0)

    person = campus.person("S102", faculty.branch, political_status="none")
    second = Way(campus, faculty, person, opened(campus, faculty, person)["id"], way.full)
    second.walk("branch_meeting")
    with pytest.raises(Invalid, match=r"development\.quota_used") as refused:
        second.record("branch_meeting")
    assert refused.value.params["pack"] == "development-practice-default"
    assert campus.call(faculty.dean, "get_development_places", **given)["taken"] == 1

    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "strike_step", dossier=way.dossier, reason="误录")
    struck = campus.call(faculty.dean, "strike_step", dossier=way.dossier, reason="误录")
    assert struck["entries"][-1]["struck"]["reason"] == "误录"
    passed = (second.actor("branch_meeting"), "record_step", new_id())
    meeting = second.step("branch_meeting")
    assert campus.call(*passed, **meeting)["number"] == 15

    # Whoever turns back before the level above has approved leaves the place to somebody else.
    assert campus.call(faculty.dean, "get_development_places", **given)["taken"] == 1
    campus.call(faculty.secretary, "close_dossier", dossier=second.dossier, reason="withdrawn")
    assert campus.call(faculty.dean, "get_development_places", **given)["taken"] == 0
    assert campus.call(*passed, **meeting)["number"] == 15
    assert campus.call(faculty.dean, "get_development_places", **given)["taken"] == 0, "a repeat takes none"


def test_what_was_struck_out_no_longer_makes_anybody_a_member(campus: Campus, way: Way) -> None:
    way.walk("archive")
    person = campus.call(way.faculty.secretary, "get_person", person=way.person)
    assert person["political_status"] == "member"
    struck = campus.call(way.faculty.dean, "strike_step", "strike", dossier=way.dossier, reason="误录")
    again = campus.call(way.faculty.dean, "strike_step", "strike", dossier=way.dossier, reason="误录")
    assert again == struck
    person = campus.call(way.faculty.secretary, "get_person", person=way.person)
    assert (struck["state"], person["political_status"]) == ("open", "probationary")
    assert lived(campus, way)[0] == ("probationary", "2025-06-20")  # and never was a member


def test_the_timetable_says_what_comes_next_and_by_when(campus: Campus, way: Way) -> None:
    way.walk("oath")
    rows = {
        row["step"]: row
        for row in campus.call(way.faculty.secretary, "get_development_timetable", dossier=way.dossier)[
            "items"
        ]
    }
    oath = rows["oath"]
    assert (oath["state"], oath["latest"], oath["overdue"]) == ("open", "2025-08-01", True)
    assert oath["because"][0]["pack"] == "development-national-2026"
    assert rows["full_meeting"]["earliest"] == "2026-09-10"  # today, since the oath comes before it
    assert rows["oath"]["title"]["zh"] == "入党宣誓"


def test_steps_are_told_with_their_papers_and_the_rules_of_a_day(campus: Campus, faculty: Faculty) -> None:
    told = campus.call(faculty.member, "list_development_steps")
    assert len(told["items"]) == 25
    assert all(paper["template"]["zh"] for step in told["items"] for paper in step["materials"])
    rules = {rule["rule"]: rule for rule in told["rules"]}
    assert (rules["publicity"]["value"], rules["publicity"]["confidence"]) == (5, "C")
    before = campus.call(faculty.member, "list_development_steps", on="2026-05-10")["rules"]
    assert {rule["rule"]: rule["confidence"] for rule in before}["publicity"] == "S"


def test_papers_are_attached_by_step_and_read_with_the_dossier_on_record(campus: Campus, way: Way) -> None:
    faculty = way.faculty
    file = sent(campus, faculty.secretary, name="谈话记录.pdf")["file"]
    attached = [{"material": "talk_record", "file": file}]
    with pytest.raises(Invalid) as refused:
        way.record("talk", materials=[])
    assert (refused.value.code, refused.value.params["rule"]) == ("development.material_missing", "materials")
    with pytest.raises(Invalid, match=r"development\.material_unfit") as refused:
        way.record("talk", attachments=[{"material": "oath_record", "file": file}])
    assert refused.value.params["accepted"] == "talk_record"
    with pytest.raises(Invalid, match=r"file\.unknown"):
        way.record("talk", attachments=[{"material": "talk_record", "file": "no such file"}])
    recorded = way.record("talk", materials=[], attachments=attached)
    assert recorded["entries"][-1]["attachments"][0]["name"] == "谈话记录.pdf"
    listed = campus.call(way.person, "get_dossier_materials", dossier=way.dossier)["items"]
    papers = {(each["step"], each["code"]): each for each in listed}
    talk = papers["talk", "talk_record"]
    assert (talk["state"], talk["on"], talk["attachments"][0]["file"]) == ("there", "2024-03-20", file)
    assert talk["rule"]["pack"] == "development-national-2014"
    assert papers["activist_decision", "recommendation"]["state"] == "wanted"
    assert papers["oath", "oath_record"]["state"] == "later"
    assert read(campus, way.person, file) == read(campus, faculty.dean, file)
    for stranger in (faculty.next_door, faculty.member):
        with pytest.raises(NotFound):
            campus.call(stranger, "open_file", file=file)
        with pytest.raises(NotFound):
            campus.call(stranger, "get_dossier_materials", dossier=way.dossier)
    entries = campus.call(way.person, "read_audit", object_kind="person", object=way.person)["items"]
    assert [each["actor"] for each in entries if each["action"] == "file.read"] == [faculty.dean]
    outline = campus.call(way.person, "get_material_template", material="talk_record")["outline"]
    assert outline["zh"].startswith("# 谈话记录\n\n## 谈话人")
    with pytest.raises(NotFound):
        campus.call(way.person, "get_material_template", material="nothing")


def test_through_the_gateway_both_meetings_are_named_by_their_steps_and_a_template_is_saved(
    campus: Campus, faculty: Faculty, way: Way
) -> None:
    # Its clock tells the same day as the service's, so that it takes the same sessions.
    beside = replace(campus.settings, http_port=0, clock_offset=campus.clock.now() - datetime.now(UTC))
    server = Server(beside.for_service("gateway"))
    server.begin()

    def http(method: str, path: str, person: str, status: int, **sent: Any) -> requests.Response:
        address = f"http://127.0.0.1:{server.port}/api/v1{path}"
        headers = {"Authorization": f"Bearer {campus.token(person)}"}
        told = requests.request(method, address, headers=headers, timeout=60, **sent)
        assert told.status_code == status, told.text
        return told

    def held(step: str, matter: str) -> str:
        window = {"organisation": faculty.branch, "held_from": DAYS[step], "held_until": DAYS[step]}
        opening = {**window, "open_until": "2026-09-20", "reason": "补录发展党员会议"}
        http("POST", "/entry-windows", faculty.dean, 201, json=opening)
        vote = {"matter": matter, "person": way.person, "secret": True, "against": 0, "abstained": 0}
        meeting = {
            "organisation": faculty.branch,
            "kind": "branch_meeting",
            "title": "支部党员大会",
            "held_on": DAYS[step],
            "others": "present",
            "minutes": "讨论接收预备党员或转正。",
            "votes": [{**vote, "entitled": 3, "present": 3, "in_favour": 3}],
        }
        return str(http("POST", "/activities/filed", faculty.secretary, 201, json=meeting).json()["id"])

    def named(step: str, activity: str, status: int, **more: Any) -> Any:
        agreed = {"entitled": 3, "present": 3, "written": 0, "in_favour": 3, "secret": True}
        given = {**way.step(step, vote=agreed, activity=activity), **more}
        dossier = given.pop("dossier")
        return http("POST", f"/dossiers/{dossier}/steps", faculty.secretary, status, json=given).json()

    try:
        template = http("GET", "/development/materials/volunteer_book/template", way.person, 200)
        assert template.headers["Content-Type"] == "text/markdown; charset=utf-8"
        assert template.headers["Content-Disposition"].startswith("attachment")
        assert template.text.startswith("# ")
        way.walk("branch_meeting")
        other = http("GET", "/development/materials/none/template", way.person, 404).json()
        assert other["code"] == "development.material_unknown"
        for step, matter in (("branch_meeting", "admission"), ("full_meeting", "full_membership")):
            meeting = held(step, matter)
            unlike = {"vote": {"entitled": 3, "present": 3, "written": 0, "in_favour": 2, "secret": True}}
            refused = named(step, meeting, 422, **unlike)
            assert refused["code"] == "development.activity_vote_differs"
            assert refused["params"]["in_favour"] == 3
            told = named(step, meeting, 201)
            assert (told["entries"][-1]["activity"], told["number"]) == (meeting, BY_ID[step].number)
            for after in STEPS[told["number"] : -2]:
                if step == "full_meeting" or after.id == "full_meeting":
                    break
                way.record(after.id)
    finally:
        server.drain()


def test_a_closed_dossier_makes_room_for_another(campus: Campus, way: Way) -> None:
    closed = campus.call(way.faculty.secretary, "close_dossier", dossier=way.dossier, reason="withdrawn")
    assert closed["state"] == "closed"
    with pytest.raises(Conflict, match=r"development\.closed"):
        way.record("talk")
    assert opened(campus, way.faculty, way.person)["id"] != way.dossier


def test_two_admissions_at_once_do_not_share_the_last_place(campus: Campus, way: Way) -> None:
    faculty = way.faculty
    given = {"organisation": faculty.faculty, "year": 2025}
    campus.call(campus.administrator, "give_development_places", **given, places=1)
    person = campus.person("S103", faculty.branch, political_status="none")
    second = Way(campus, faculty, person, opened(campus, faculty, person)["id"], way.full)
    for each in (way, second):
        each.walk("branch_meeting")

    def admit(one: Way) -> str:
        try:
            one.record("branch_meeting")
        except Invalid as refused:
            return refused.code
        return "admitted"

    racing = [eventlet.spawn(admit, each) for each in (way, second)]
    assert sorted(each.wait() for each in racing) == ["admitted", "development.quota_used"]
    assert campus.call(faculty.dean, "get_development_places", **given)["taken"] == 1


def test_what_is_due_in_a_branch_is_told_with_the_late_first(campus: Campus, way: Way) -> None:
    faculty = way.faculty
    way.walk("oath")
    campus.person("S104", faculty.branch, political_status="none")
    person = campus.call(faculty.secretary, "list_people", number="S104")["items"][0]["id"]
    opened(campus, faculty, person)
    due = campus.call(faculty.secretary, "list_due_development_steps", organisation=faculty.branch)["items"]
    assert {(each["step"], each["person"]) for each in due} == {
        ("talk", person),
        ("oath", way.person),
        ("continued_check", way.person),
        ("full_application", way.person),
    }
    late = [each["overdue"] for each in due]
    assert late == sorted(late, reverse=True)
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "list_due_development_steps", organisation=faculty.branch)
    assert campus.call(way.person, "list_due_development_steps")["items"][0]["dossier"] == way.dossier


def test_a_list_is_one_query_by_an_index(campus: Campus, way: Way) -> None:
    faculty = way.faculty
    for number in range(3):
        person = campus.person(f"S20{number}", faculty.branch, political_status="none")
        opened(campus, faculty, person)
    first = campus.call(faculty.secretary, "list_dossiers", limit=3)
    rest = campus.call(faculty.secretary, "list_dossiers", limit=3, cursor=first["next"])
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)
    ASKED.collections = []
    campus.call(faculty.secretary, "list_dossiers", organisation=faculty.branch)
    campus.call(faculty.secretary, "list_due_development_steps", organisation=faculty.branch)
    asked, ASKED.collections = ASKED.collections, None
    assert asked.count("dossiers") == 2  # one each
    for wanted in ({"organisation": {"$in": [faculty.branch]}}, {"person": way.person}):
        found = campus.application.database["dossiers"].find(wanted).sort("_id", 1).limit(51)
        assert "COLLSCAN" not in str(found.explain()["queryPlanner"]["winningPlan"])


def test_nothing_of_days_to_come_is_recorded(campus: Campus, way: Way) -> None:
    assert campus.clock.now() == datetime(2026, 9, 10, 4, 0, tzinfo=UTC)
    with pytest.raises(Invalid, match=r"development\.in_future"):
        way.record("talk", on="2026-09-11")
