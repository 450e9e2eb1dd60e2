"""What every adapter makes of answers that do not come, come too late or tell nothing."""

from __future__ import annotations

import eventlet
import pytest

from services.chassis.testing import wait_for
from services.notify.channels.model import Accepted, CannotTell, Found, NoAnswer, NotReceived

from .abroad import BY_HTTP, LI, ZHANG, Foreign, enquiry, letters

SAYING_NOTHING = (
    *("", "<html>maintenance</html>", "null", "[]", "{}", "7", '"OK"', '{"errcode": 0, "Code": "OK"'),
    *('{"errcode": null, "Code": null}', '{"errcode": {}, "Code": ""}', '{"Response": null}'),
    *('{"Response": {"SendStatusSet": []}}', '{"Response": {"SendStatusSet": [{"Code": "Ok"}]}}'),
    *('{"Response": {"Error": {"Code": "FailedOperation"}}}', '{"Code": null, "TotalCount": 0}'),
)


@pytest.mark.parametrize("kind", [*BY_HTTP, "mail"])
def test_a_provider_that_cannot_be_reached_has_certainly_nothing(foreign: Foreign, kind: str) -> None:
    nobody = foreign.way(kind, port=1)
    assert nobody.send("call-1", letters(ZHANG)) == [NotReceived("provider_unreachable")]


@pytest.mark.parametrize("kind", [*BY_HTTP, "apprise"])
def test_a_failure_after_the_message_was_taken_is_never_taken_for_a_refusal(
    foreign: Foreign, kind: str
) -> None:
    """A 500 and the like, an answer that is lost or late: nobody knows, and nothing is called twice."""
    for status in (500, 504, 408):
        foreign.faults(status=status)
        assert isinstance(foreign.way(kind).send("call-1", letters(ZHANG))[0], NoAnswer)
    assert foreign.taken() == []
    foreign.faults(lose=True)
    assert isinstance(foreign.way(kind).send("call-1", letters(ZHANG))[0], NoAnswer)
    foreign.faults(delay=6.0)
    assert isinstance(foreign.way(kind, timeout=2.0).send("call-2", letters(LI))[0], NoAnswer)
    took = "hook" if kind == "apprise" else kind
    wait_for(lambda: [each["provider"] for each in foreign.taken()] == [took, took])


@pytest.mark.parametrize("kind", BY_HTTP)
def test_an_answer_that_tells_nothing_is_never_taken_for_a_refusal(foreign: Foreign, kind: str) -> None:
    """A 200 of whatever stands before the provider, or half an answer: it may have the message."""
    way, understood = foreign.way(kind), []
    for body in SAYING_NOTHING:
        foreign.faults(body=body)
        (answer,) = way.send("call-1", letters(ZHANG))
        understood += [] if isinstance(answer, NoAnswer) else [(body, answer)]
        assert way.find(enquiry(ZHANG)) == CannotTell(), "nor for the word that it never came"
    assert understood == []
    assert len(foreign.taken()) == len(SAYING_NOTHING)


def test_a_mail_whose_answer_is_lost_or_late_is_unknown_and_those_behind_it_were_not_begun(
    foreign: Foreign,
) -> None:
    three = letters("zhang@campus.example", "li@campus.example", "wang@campus.example")
    behind = [NotReceived("provider_unreachable")] * 2
    foreign.faults(lose=True)
    lost = foreign.way("mail").send("call-1", three)
    assert lost == [NoAnswer("no_answer", over=True), *behind]
    foreign.faults(delay=8.0)
    late = foreign.way("mail", timeout=4.0).send("call-2", three)
    assert late == [NoAnswer("no_answer", over=True), *behind]
    wait_for(lambda: [each["address"] for each in foreign.taken()] == ["zhang@campus.example"] * 2)


def test_an_answer_that_comes_byte_by_byte_is_waited_for_no_longer_than_one_that_does_not_come(
    foreign: Foreign,
) -> None:
    foreign.faults(drip=0.4)
    ways = [foreign.way(kind, timeout=1.0) for kind in ("campus", "aliyun", "tencent")]
    sending = [eventlet.spawn(way.send, "call-1", letters(ZHANG)) for way in ways]
    assert [type(answer) for each in sending for answer in each.wait()] == [NoAnswer] * 3


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
def test_a_token_that_is_taken_no_more_is_fetched_anew_for_the_next_call(foreign: Foreign, kind: str) -> None:
    way = foreign.way(kind)
    assert isinstance(way.send("call-1", letters("zhang"))[0], Accepted)
    foreign.faults(token="token-of-tomorrow")
    assert isinstance(way.send("call-2", letters("li"))[0], NotReceived), "it certainly did not go"
    assert isinstance(way.send("call-3", letters("li"))[0], Accepted)
    assert [each["address"] for each in foreign.taken()] == ["zhang", "li"]
    if kind == "dingtalk":
        asked = enquiry("li", provider_id="256271667526")
        foreign.faults(token="token-of-the-day-after")
        assert way.find(asked) == Found("256271667526", None)
        assert way.find(asked) == Found("256271667526", "delivered"), "a question finds it out as well"
