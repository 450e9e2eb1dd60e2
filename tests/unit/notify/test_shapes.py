"""The SMS interface: what is asked, and what each answer of a provider is taken to mean."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.channels.answers import read_answers, read_finding, read_reports
from services.notify.channels.model import (
    Absent,
    Accepted,
    CannotTell,
    Enquiry,
    Found,
    Letter,
    NoAnswer,
    NotReceived,
    Refused,
    Report,
)
from services.notify.channels.shape import Shape, query_call, send_call
from services.notify.channels.shape_files import read_shape, shipped_shape

URL = "http://127.0.0.1:7303/sms"
NOW = datetime(2026, 10, 5, 4, 0, tzinfo=UTC)
CAMPUS, WECOM, DINGTALK = (shipped_shape(name) for name in ("campus", "wecom", "dingtalk"))


def letter(reference: str = "message-1", address: str = "13812345678") -> Letter:
    return Letter(reference, address, "请尽快召开", "reminder-again.v2", {"due_on": "9月30日"})


def own(url: str) -> dict[str, str]:
    return {"base": url, "folder": url.rpartition("/")[0]}


def enquiry(reference: str = "m-1", address: str = "13812345678", provider_id: str | None = None) -> Enquiry:
    return Enquiry(reference, reference, address, NOW, provider_id)


def test_the_number_and_the_text_are_posted_under_our_own_reference() -> None:
    call = send_call(CAMPUS, "message-1", [letter()], own(URL))
    assert json.loads(call.body or b"") == {"mobile": "13812345678", "content": "请尽快召开"}
    assert call.headers["X-Request-Id"] == "message-1"


def test_a_call_does_not_show_the_number() -> None:
    assert "138" not in repr(send_call(CAMPUS, "message-1", [letter()], own(URL)))


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (URL, "http://127.0.0.1:7303/messages?reference=m%2F1"),
        ("https://sms.example.edu/v2/send/sms", "https://sms.example.edu/v2/send/messages?reference=m%2F1"),
    ],
)
def test_the_provider_is_asked_beside_where_messages_are_posted(url: str, asked: str) -> None:
    call = query_call(CAMPUS, enquiry("m/1"), own(url))
    assert call is not None
    assert call.url == asked


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, b'{"id": "p-1"}', Accepted("p-1")),
        (202, b'{"id": 17}', Accepted("17")),
        (200, b"OK", Accepted(None)),
        (200, b'{"id": "\\u0000"}', Accepted(None)),
        (400, b"", Refused("refused")),
        (422, b"", Refused("refused")),
        (401, b"", NotReceived("provider_refuses_us")),
        (404, b"", NotReceived("provider_refuses_us")),
        (429, b"", NotReceived("provider_busy")),
        (302, b"", NotReceived("provider_refuses_us")),
        (408, b"", NoAnswer("provider_failed", over=True)),
        (500, b"", NoAnswer("provider_failed", over=True)),
        (503, b'{"id": "p-1"}', NoAnswer("provider_failed", over=True)),
        (502, b"", NoAnswer("no_answer")),
        (504, b"", NoAnswer("no_answer")),
    ],
)
def test_each_answer_has_one_meaning(status: int, body: bytes, meaning: object) -> None:
    assert read_answers(CAMPUS, status, body, [letter()]) == [meaning]


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, [{"reference": "m-1", "id": "p-1", "status": "delivered"}], Found("p-1", "delivered")),
        (200, {"items": [{"reference": "m-1", "id": "p-1", "status": "accepted"}]}, Found("p-1", None)),
        (200, [{"reference": "m-2", "id": "p-2"}], Absent()),
        (200, {"items": []}, Absent()),
        (200, [], Absent()),
        (200, {"unexpected": []}, CannotTell()),
        (200, "maintenance", CannotTell()),
        (500, [], CannotTell()),
        (404, [], CannotTell()),
    ],
)
def test_only_a_proper_answer_says_that_a_message_never_came(
    status: int, body: object, meaning: object
) -> None:
    assert read_finding(CAMPUS, status, json.dumps(body).encode(), enquiry()) == meaning


def test_an_answer_of_true_or_false_is_a_success_or_none() -> None:
    verdict = {"path": "success", "success": [True], "codes": {False: "refused"}, "otherwise": "busy"}
    query = {"ask": {"method": "GET", "url": "{base}"}, "delivered": [True], "failed": [False]}
    shape = read_shape(
        {"id": "x", "send": {"method": "POST", "url": "{base}"}, "verdict": verdict, "query": query}
    )
    assert read_answers(shape, 200, b'{"success": true, "id": "p-1"}', [letter()]) == [Accepted("p-1")]
    assert read_answers(shape, 200, b'{"success": false}', [letter()]) == [Refused("refused")]
    told = b'[{"reference": "m-1", "id": "p-1", "status": true}]'
    assert read_finding(shape, 200, told, enquiry()) == Found("p-1", "delivered")


@given(st.sampled_from([CAMPUS, WECOM, DINGTALK]), st.integers(100, 599), st.binary(max_size=200))
def test_no_answer_whatever_breaks_the_reading(shape: Shape, status: int, body: bytes) -> None:
    assert len(read_answers(shape, status, body, [letter(), letter("m-2")])) == 2
    assert read_finding(shape, status, body, enquiry()) is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_what_is_no_report_is_refused_and_never_half_read(told: object) -> None:
    try:
        reports = read_reports(CAMPUS, json.dumps(told))
    except ValueError:
        return
    assert reports == [] or isinstance(told, (dict, list))


def test_a_provider_reports_one_or_many_and_what_settles_nothing_is_left_out() -> None:
    told = [
        {"reference": "m-1", "status": "delivered", "code": "DELIVRD"},
        {"reference": "m-2", "status": "failed"},
        {"reference": "m-3", "status": "buffered"},
    ]
    assert read_reports(CAMPUS, json.dumps(told)) == [Report("m-1", "delivered"), Report("m-2", "failed")]
    assert read_reports(CAMPUS, json.dumps(told[0])) == [Report("m-1", "delivered")]


def test_one_call_to_wecom_goes_to_many_and_names_those_that_it_does_not_reach() -> None:
    letters = [letter("m-1", "zhang"), letter("m-2", "Li"), letter("m-3", "wang")]
    values = {**own("https://qyapi.weixin.qq.com"), "agentid": "1000002", "token": "t/1"}
    call = send_call(WECOM, "call-1", letters, values)
    assert call.url == "https://qyapi.weixin.qq.com/cgi-bin/message/send?access_token=t%2F1"
    assert json.loads(call.body or b"")["touser"] == "zhang|Li|wang"
    body = b'{"errcode": 0, "errmsg": "ok", "invaliduser": "li|nobody", "msgid": "w-1"}'
    assert read_answers(WECOM, 200, body, letters) == [
        Accepted("w-1"),
        Refused("refused"),
        Accepted("w-1"),
    ]


@pytest.mark.parametrize(
    ("shape", "code", "meaning"),
    [
        (WECOM, 42001, NotReceived("provider_refuses_us")),
        (WECOM, 45009, NotReceived("provider_busy")),
        (WECOM, 81013, Refused("refused")),
        (WECOM, 60020, NotReceived("provider_refuses_us")),
        (DINGTALK, 88, NotReceived("provider_busy")),
        (DINGTALK, 33001, Refused("refused")),
    ],
)
def test_a_success_over_http_may_be_a_failure_by_its_code(shape: Shape, code: int, meaning: object) -> None:
    assert read_answers(shape, 200, json.dumps({"errcode": code}).encode(), [letter()]) == [meaning]


def test_a_provider_that_is_asked_by_its_own_id_cannot_be_asked_without_it() -> None:
    values = {**own("https://oapi.dingtalk.com"), "agentid": "7", "token": "t"}
    assert query_call(DINGTALK, enquiry(), values) is None
    asked = enquiry(address="zhang", provider_id="256")
    assert query_call(DINGTALK, asked, values) is not None
    answer = {"errcode": 0, "send_result": {"unread_user_id_list": ["li"], "failed_user_id_list": ["zhang"]}}
    assert read_finding(DINGTALK, 200, json.dumps(answer).encode(), asked) == Found("256", "failed")


@given(st.text(max_size=40))
def test_whatever_stands_in_a_text_stays_inside_its_place(text: str) -> None:
    sent = send_call(CAMPUS, "m-1", [Letter("m-1", "13812345678", text)], own(URL))
    assert json.loads(sent.body or b"") == {"mobile": "13812345678", "content": text}
    form = read_shape(
        {
            "id": "form",
            "send": {
                "method": "POST",
                "url": "{base}?to={address}&text={text}",
                "headers": {"X-Text": "{text}"},
                "body": {"to": "{address}", "text": "{text}"},
                "encoding": "form",
            },
            "verdict": {"path": "code", "success": [0]},
        }
    )
    if any("\ud800" <= each <= "\udfff" for each in text):
        return
    filled = send_call(form, "m-1", [Letter("m-1", "138&x=1", text)], own(URL))
    assert dict(parse_qsl((filled.body or b"").decode(), keep_blank_values=True)) == {
        "to": "138&x=1",
        "text": text,
    }
    assert dict(parse_qsl(urlsplit(filled.url).query, keep_blank_values=True)) == {
        "to": "138&x=1",
        "text": text,
    }
    assert not set("\r\n") & set(filled.headers["X-Text"])


@pytest.mark.parametrize(
    "change",
    [
        {"send": {"method": "DELETE", "url": "{base}"}},
        {"verdict": {"otherwise": "fine"}},
        {"most_per_call": 0},
        {"unknown": 1},
    ],
)
def test_a_shape_that_says_something_else_is_refused(change: dict) -> None:
    whole = {"id": "x", "send": {"method": "POST", "url": "{base}"}, "verdict": {}}
    with pytest.raises(ValueError, match="shape is not valid"):
        read_shape({**whole, **change})
