"""Lists of messages use an index for each question, and show to each reader what is theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.chassis.context import Context, entered
from services.chassis.said import member_said
from services.notify.messages import model
from services.notify.messages.model import Purpose
from tests.store_calls import STORE_CALLS, stages

from .conftest import Desk

PAGE = 5


def about(number: int, recipient: str, watch: str, **more: Any) -> Purpose:
    """One message of many about what is followed as ``watch``."""
    return Purpose(
        **{
            "channel": "sms",
            "template": "reminder-overdue.v2",
            "step": f"step {number}",
            "organisation": "branch",
            "obligation": watch,
            "round": 0,
            "recipient": recipient,
            "text": "…",
            "watch": watch,
            **more,
        }
    )


def read(desk: Desk, person: str, **request: Any) -> list[str]:
    """Every message that ``person`` is shown, page by page, each by questions that have an index."""
    database, shown, cursor = desk.application.database, [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        with STORE_CALLS.heard(database) as heard, entered(Context(actor=person)):
            page = desk.application.reading.listed({"limit": PAGE, **request, **more})
        asked = [each for each in heard if each.collection == "messages"]
        assert asked
        assert all("IXSCAN" in stages(database, each) for each in asked), (person, request)
        shown += [each["message"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return shown


def test_each_reader_is_shown_what_is_theirs_by_questions_that_have_an_index(desk: Desk) -> None:
    desk.application.authority.apply([member_said("member", "branch")])
    first = [about(number, "secretary", "first") for number in range(7)]
    second = [about(number, "dean", "second", organisation="faculty") for number in range(4)]
    theirs = [about(number, "member", "third", organisation="faculty", kind="campus") for number in range(6)]
    for made in (*first, *second, *theirs):
        desk.clock.advance(timedelta(seconds=1))
        now = desk.clock.now()
        desk.application.messages.create_many([(made, model.created(now, now, None))])
    made_of = {"first": first, "second": second, "theirs": theirs}
    seen = {name: [each.message_id for each in made][::-1] for name, made in made_of.items()}
    assert read(desk, "dean") == seen["second"] + seen["first"]
    assert read(desk, "secretary") == seen["first"]
    assert read(desk, "member") == seen["theirs"]
    assert read(desk, "dean", organisation="faculty") == seen["second"] + seen["first"]
    assert read(desk, "dean", organisation="faculty", state="delivered") == []
    for person in ("dean", "secretary", "member"):
        assert read(desk, person, obligation="first") == seen["first"], person
    assert read(desk, "neighbour", obligation="first") == []
    assert read(desk, "member", obligation="second") == []
    assert read(desk, "member", obligation="third") == seen["theirs"]
    assert read(desk, "dean", obligation="third") == []
