"""Micro-lectures through the service: called for, reviewed by somebody else, published once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from tests.component.records.surroundings import Campus, Faculty
from tests.component.records.test_files import PDF, read, sent


def called(campus: Campus, faculty: Faculty, **more: Any) -> str:
    given: dict[str, Any] = {
        "organisation": faculty.faculty,
        "title": "微党课征集",
        "theme": "学习身边榜样",
        "audience": {"organisations": [faculty.branch], "political_statuses": ["member"]},
        "submit_until": "2026-09-30",
        **more,
    }
    return str(campus.call(faculty.dean, "call_campaign", **given)["id"])


def drafted(campus: Campus, author: str, campaign: str, **more: Any) -> str:
    given: dict[str, Any] = {
        "campaign": campaign,
        "title": "我身边的党员",
        "summary": "五分钟的小课",
        "kind": "video",
        "link": "https://v.example.edu.cn/lecture/1",
        **more,
    }
    return str(campus.call(author, "draft_lecture", **given)["id"])


def lecture_ids(campus: Campus, person: str | None, method: str, **more: Any) -> list[str]:
    return [str(each["id"]) for each in campus.call(person, method, **more)["items"]]


def test_a_lecture_is_handed_in_reviewed_by_somebody_else_and_published_once(
    campus: Campus, faculty: Faculty
) -> None:
    campaign = called(campus, faculty, review_level="branch")
    assert lecture_ids(campus, faculty.member, "list_campaigns") == [campaign]
    assert lecture_ids(campus, faculty.next_door, "list_campaigns") == []
    file = sent(campus, faculty.member)["file"]
    lecture = drafted(campus, faculty.member, campaign, attachments=[file])
    everybody = (faculty.dean, faculty.secretary, faculty.next_door, faculty.groupie, campus.administrator)
    for stranger in everybody:
        with pytest.raises(NotFound, match=r"lectures\.not_found"):
            campus.call(stranger, "get_lecture", lecture=lecture)
    with pytest.raises(NotFound):
        drafted(campus, faculty.next_door, campaign)

    assert campus.call(faculty.member, "submit_lecture", lecture=lecture)["review_at"] == faculty.branch
    assert lecture_ids(campus, faculty.secretary, "list_campaign_lectures", campaign=campaign) == [lecture]
    assert lecture_ids(campus, faculty.dean, "list_campaign_lectures", campaign=campaign) == [lecture]
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "list_campaign_lectures", campaign=campaign)
    with pytest.raises(Forbidden, match=r"lecture\.own"):
        campus.call(faculty.member, "review_lecture", lecture=lecture, verdict="accept")
    with pytest.raises(Forbidden, match=r"permission\.denied"):
        campus.call(faculty.dean, "review_lecture", lecture=lecture, verdict="accept")
    campus.call(faculty.secretary, "review_lecture", lecture=lecture, verdict="return", comment="请配字幕")
    campus.call(
        faculty.member,
        "change_lecture",
        lecture=lecture,
        title="我身边的党员（二稿）",
        summary="五分钟的小课",
        kind="video",
        attachments=[file],
    )
    campus.call(faculty.member, "submit_lecture", lecture=lecture)
    campus.call(faculty.secretary, "review_lecture", lecture=lecture, verdict="accept")
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "publish_lecture", lecture=lecture)
    assert lecture_ids(campus, None, "public_lectures") == []
    with pytest.raises(NotFound):
        read(campus, faculty.next_door, file)

    first = campus.call(faculty.dean, "publish_lecture", "once", lecture=lecture)
    assert campus.call(faculty.dean, "publish_lecture", "once", lecture=lecture) == first
    with pytest.raises(Conflict, match=r"lecture\.state"):
        campus.call(faculty.dean, "publish_lecture", "another", lecture=lecture)
    [told] = campus.call(None, "public_lectures")["items"]
    assert (told["organisation_name"], told["title"]) == ("组织 B1", "我身边的党员（二稿）")
    assert faculty.member not in str(told)
    assert "author" not in told
    [seen] = campus.call(faculty.next_door, "list_lectures")["items"]
    assert (seen["author"], seen["author_name"]) == (faculty.member, "测试S001")
    assert campus.call(faculty.next_door, "get_lecture", lecture=lecture)["reviews"] == []
    own = campus.call(faculty.member, "get_lecture", lecture=lecture)
    assert [each["verdict"] for each in own["reviews"]] == ["return", "accept"]
    assert lecture_ids(campus, faculty.member, "list_my_lectures") == [lecture]
    assert read(campus, faculty.next_door, file) == PDF

    def studied(by: str, **more: Any) -> list[dict[str, Any]]:
        return list(campus.call(by, "study_lecture", lecture=lecture, **more)["items"])

    [line] = studied(faculty.next_door)
    assert (line["minutes"], line["form"], line["lecture"]) == (30, "lecture", lecture)
    assert (line["pack"], line["entered_by"]) == ("training-lectures-default", faculty.next_door)
    assert studied(faculty.next_door) == [line], "however often it is said, it is one credit"
    together = studied(faculty.secretary, people=[faculty.secretary, faculty.groupie])
    assert [each["person"] for each in together] == [faculty.secretary, faculty.groupie]
    assert studied(faculty.groupie) == together[1:]
    with pytest.raises(Invalid, match=r"person\.unknown"):
        studied(faculty.member, people=[faculty.groupie])
    with pytest.raises(Invalid) as early:
        studied(faculty.member, on="2026-09-09")
    assert early.value.params["accepted"] == "2026-09-10 … 2026-09-10"
    campus.call(faculty.secretary, "reverse_training", credit=together[1]["id"], reason="未参加")
    assert studied(faculty.groupie) == together[1:]
    for person, minutes in ((faculty.next_door, 30), (faculty.groupie, 0)):
        assert campus.call(person, "training_hours")["credited"] == minutes, "what was reversed stays so"
    assert len(campus.events("records.training.credited.v1")) == 3

    with pytest.raises(Forbidden):
        campus.call(faculty.next_door, "withdraw_lecture", lecture=lecture, reason="x")
    campus.call(faculty.dean, "withdraw_lecture", lecture=lecture, reason="版权有疑")
    assert lecture_ids(campus, None, "public_lectures") == []
    assert lecture_ids(campus, faculty.next_door, "list_lectures") == []
    gone = campus.call(faculty.next_door, "get_lecture", lecture=lecture)
    assert (gone["withdrawn"]["reason"], gone["summary"], gone["attachments"]) == ("版权有疑", None, [])
    with pytest.raises(NotFound):
        read(campus, faculty.next_door, file)
    with pytest.raises(Conflict, match=r"lecture\.state"):
        studied(faculty.member)

    campus.settled()
    campus.drain()
    kinds = [each["type"].split(".")[2] for each in campus.heard if each["subject"] == lecture]
    assert kinds == ["submitted", "reviewed", "submitted", "reviewed", "published", "withdrawn"]
    [call] = campus.events("records.campaign.called.v1")
    assert call["data"]["submit_until"] == "2026-09-30"
    for words in ("身边", "小课", "字幕", "版权", "测试"):
        assert words not in str([each["data"] for each in campus.heard if each["subject"] == lecture])

    for wrong in (
        {"link": "http://v.example.edu.cn/1"},
        {"link": "javascript:alert(1)"},
        {"summary": "<iframe src=x>"},
        {"kind": "song"},
    ):
        with pytest.raises(Invalid):
            drafted(campus, faculty.member, campaign, **wrong)
    elsewhere = drafted(campus, faculty.member, campaign, link="https://video.example.com/1")
    with pytest.raises(Invalid, match=r"lecture\.host_unfit"):
        campus.call(faculty.member, "submit_lecture", lecture=elsewhere)
    # The secretary reviews nothing of their own, at whatever level it is called for.
    own_work = drafted(campus, faculty.secretary, campaign)
    campus.call(faculty.secretary, "submit_lecture", lecture=own_work)
    with pytest.raises(Forbidden, match=r"lecture\.own"):
        campus.call(faculty.secretary, "review_lecture", lecture=own_work, verdict="accept")
    campus.call(campus.administrator, "review_lecture", lecture=own_work, verdict="accept")
    given_up, kept = drafted(campus, faculty.member, campaign, attachments=[]), sent(campus, faculty.member)
    other = drafted(campus, faculty.member, campaign, attachments=[kept["file"]])
    with pytest.raises(NotFound, match=r"lectures\.not_found"):
        campus.call(faculty.dean, "discard_lecture", lecture=other)
    gone = campus.call(faculty.member, "discard_lecture", lecture=other)
    assert (gone["state"], gone["summary"], gone["attachments"]) == ("discarded", None, [])
    assert read(campus, faculty.member, kept["file"]) == PDF, "its files are the author's again"
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "close_campaign", campaign=campaign, reason="已足额")
    closed = campus.call(faculty.dean, "close_campaign", campaign=campaign, reason="已足额")
    assert closed["closed"] == {"reason": "已足额", "on": "2026-09-10"}
    with pytest.raises(Conflict, match=r"campaign\.over"):
        campus.call(faculty.member, "submit_lecture", lecture=given_up)
    assert len(campus.events("records.campaign.closed.v1")) == 1
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "call_campaign", **_call(faculty, "2026-09-30"))
    campaign = called(campus, faculty)
    campus.clock.advance(timedelta(days=30))
    with pytest.raises(Conflict, match=r"campaign\.over"):
        drafted(campus, faculty.member, campaign)


def _call(faculty: Faculty, until: str) -> dict[str, Any]:
    return {
        "organisation": faculty.faculty,
        "title": "征集",
        "theme": "主题",
        "audience": {"organisations": [faculty.branch]},
        "submit_until": until,
    }
