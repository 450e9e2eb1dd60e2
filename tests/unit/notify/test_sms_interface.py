"""The SMS interface: what is asked, and what each answer of a provider is taken to mean."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.channels.model import (
    Absent,
    Accepted,
    CannotTell,
    Found,
    NoAnswer,
    NotReceived,
    Refused,
    query_call,
    read_answer,
    read_finding,
    send_call,
)

URL = "http://127.0.0.1:7303/sms"


def test_the_number_and_the_text_are_posted_under_our_own_reference() -> None:
    call = send_call(URL, "message-1", "13812345678", "请尽快召开")
    assert json.loads(call.body or b"") == {"mobile": "13812345678", "content": "请尽快召开"}
    assert call.headers["X-Request-Id"] == "message-1"


def test_a_call_does_not_show_the_number() -> None:
    assert "138" not in repr(send_call(URL, "message-1", "13812345678", "请尽快召开"))


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (URL, "http://127.0.0.1:7303/messages?reference=m%2F1"),
        (
            "https://sms.example.edu/v2/send/sms?app=7",
            "https://sms.example.edu/v2/send/messages?reference=m%2F1",
        ),
    ],
)
def test_the_provider_is_asked_beside_where_messages_are_posted(url: str, asked: str) -> None:
    assert query_call(url, "m/1").url == asked


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
        (504, b"", NoAnswer("no_answer")),
    ],
)
def test_each_answer_has_one_meaning(status: int, body: bytes, meaning: object) -> None:
    assert read_answer(status, body) == meaning


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
    assert read_finding(status, json.dumps(body).encode(), "m-1") == meaning


@given(st.integers(100, 599), st.binary(max_size=200))
def test_no_answer_whatever_breaks_the_reading(status: int, body: bytes) -> None:
    read_answer(status, body)
    assert read_finding(status, body, "m-1") is not None
