"""From what somebody said to a published result that they can see."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.chassis.errors import Conflict, Invalid, NotFound


def test_an_opinion_becomes_a_measure_with_a_published_result_that_its_author_sees(box):
    said = box.say()
    assert (said["state"], said["organisation"], said["author"]) == ("received", "branch", "member")

    measure = box.answer(said["id"])
    assert (measure["state"], measure["opinions"], measure["owner"]) == (
        "planned",
        [said["id"]],
        "publicist",
    )
    adopted = box.call("member", "get_opinion", opinion=said["id"])
    assert (adopted["state"], adopted["answer"]["title"], adopted["answer"]["result"]) == (
        "adopted",
        "More chairs",
        None,
    )

    box.clock.advance(timedelta(days=20))
    published = box.publish(measure["id"], reviewer="dean")
    assert (published["result"]["text"], published["result"]["published_on"]) == (
        "Twenty chairs came.",
        "2026-03-30",
    )
    answered = box.call("member", "get_opinion", opinion=said["id"])
    assert (answered["state"], answered["answer"]["result"]) == ("answered", "Twenty chairs came.")

    (shown,) = box.call(None, "public_measures")["items"]
    assert shown == {
        "measure": measure["id"],
        "organisation": "branch",
        "title": "More chairs",
        "result": "Twenty chairs came.",
        "published_on": "2026-03-30",
        "answers": None,
        "evidence": 0,
        "files": [],
    }


def test_a_receipt_leads_to_the_result(box):
    receipt = box.say(None)["receipt"]
    opinion = box.only_opinion()
    assert box.call(None, "follow_receipt", code=receipt)["state"] == "received"
    box.release()
    measure = box.answer(opinion)
    box.publish(measure["id"])

    progress = box.call(None, "follow_receipt", code=receipt.lower().replace("-", " "))
    assert (progress["state"], progress["answer"]["result"]) == ("answered", "Twenty chairs came.")
    assert not {"text", "author", "notes", "id"} & set(progress)


def test_a_declined_opinion_tells_its_author_why(box):
    receipt = box.say(None)["receipt"]
    box.release()
    box.call("secretary", "decline_opinion", opinion=box.only_opinion(), reason="Ordered last week.")
    progress = box.call(None, "follow_receipt", code=receipt)
    assert (progress["state"], progress["declined_because"]) == ("declined", "Ordered last week.")


def test_one_measure_answers_several_opinions_or_none(box):
    first, second = box.say()["id"], box.say("dean")["id"]
    box.call("secretary", "decline_opinion", opinion=second, reason="Ordered last week.")
    with pytest.raises(Conflict) as refused:
        box.answer(first, second)
    assert refused.value.code == "opinion.is_declined"
    assert refused.value.text["zh"] == "这条意见已作出不予采纳的答复。"
    assert box.call("member", "get_opinion", opinion=first)["state"] == "received", "nothing half done"
    assert box.application.measures.find() == []


def test_a_command_that_comes_twice_is_done_once_and_answered_alike(box):
    said = [box.say(key="key-1") for _ in range(2)]
    planned = [box.answer(said[0]["id"], key="key-2") for _ in range(2)]
    handed_in = [
        box.call("publicist", "hand_in_result", key="key-3", measure=planned[0]["id"], text="Done.")
        for _ in range(2)
    ]
    published = [
        box.call("secretary", "review_result", key="key-4", measure=planned[0]["id"], accepted=True)
        for _ in range(2)
    ]
    assert all(first == second for first, second in (said, planned, handed_in, published))
    assert len(box.application.opinions.find()) == len(box.application.measures.find()) == 1
    assert box.application.measures.get(planned[0]["id"]).version == 3
    with pytest.raises(Conflict, match=r"idempotency\.key_reused"):
        box.say(key="key-1", text="Something else.")


def test_two_people_may_happen_on_the_same_key(box):
    assert box.say("member", key="1")["id"] != box.say("dean", key="1")["id"]


def test_what_is_written_is_kept_as_it_is(box):
    text = "a < b & b > c，见《通知》<附件>\n\t=1+1"
    said = box.say(text=text)
    assert box.call("secretary", "get_opinion", opinion=said["id"])["text"] == text


def test_a_text_has_at_most_2000_characters_however_many_bytes(box):
    assert box.say(text="椅" * 2000)["text"] == "椅" * 2000
    with pytest.raises(Invalid) as refused:
        box.say(text="椅" * 2001)
    assert list(refused.value.fields) == ["text"]


WRONG = [
    ({"text": "  \n"}, "text"),
    ({"text": "a\x00b"}, "text"),
    ({"text": 7}, "text"),
    ({"category": "gossip"}, "category"),
    ({"author": "dean"}, "author"),
    ({"organisation": "nowhere"}, "organisation"),
    ({"organisation": {"$ne": None}}, "organisation"),
]


@pytest.mark.parametrize("person", ["member", None])
def test_a_wrong_field_is_named_and_nothing_is_kept(box, person, subtests):
    for changes, field in WRONG:
        with subtests.test(**changes):
            with pytest.raises(Invalid) as refused:
                box.say(person, **changes)
            assert list(refused.value.fields) == [field]
    assert box.application.opinions.find() == []


def test_a_stale_version_is_refused(box):
    said = box.say()
    with pytest.raises(Conflict, match=r"version\.stale"):
        box.call("secretary", "decline_opinion", opinion=said["id"], reason="No.", version=7)


def test_lists_go_on_where_they_left_off(box):
    said = []
    for day in range(7):
        said.append(box.say(text=f"Opinion {day}")["id"])
        box.clock.advance(timedelta(days=day % 2))
    met, cursor = [], None
    while True:
        found = box.call("secretary", "list_opinions", organisation="branch", limit=3, cursor=cursor)
        met += [item["id"] for item in found["items"]]
        assert all("text" not in item and "author" not in item for item in found["items"])
        cursor = found["next"]
        if cursor is None:
            break
    assert sorted(met) == sorted(said)
    assert len(met) == 7
    for wrong in ("x", "W10", "e30", "W3siJGd0IjoiIn0sIngiXQ"):
        with pytest.raises(Invalid):
            box.call("secretary", "list_opinions", cursor=wrong)


def test_an_unknown_receipt_is_not_found(box):
    named = box.say()
    for code in ("ABCDE-ABCDE-ABCDE-ABCDE-ABCDE", "?", named["id"]):
        with pytest.raises(NotFound, match=r"receipts\.not_found"):
            box.call(None, "follow_receipt", code=code)
