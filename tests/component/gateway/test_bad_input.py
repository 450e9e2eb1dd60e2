"""Whatever is sent, the answer is a problem document in the reader's language; the inside stays inside."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.component.gateway.conftest import Door
from tests.component.gateway.stand_ins import BRANCH, SECRET

PLAN = {"organisation": BRANCH, "kind": "theme_day", "title": "主题党日", "held_on": "2026-03-02"}
JSON = {"Content-Type": "application/json"}


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    assert document["code"] == code
    assert document["title"]
    assert document["detail"]
    return document


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"title": ', "body.not_json"),
        (b"title=x", "body.not_json"),
        (b'\xff\xfe{"a": 1}', "body.not_json"),
        (b'{"title": NaN}', "body.not_json"),
        (b'{"n": ' + b"9" * 5000 + b"}", "body.not_json"),
        (b"[" * 100_000, "body.not_json"),
        (b"[]", "body.not_an_object"),
        (b"null", "body.not_an_object"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "body.too_deep"),
        (b'{"title": "\\ud800"}', "body.not_unicode"),
        (b'{"\\uD83D": 1}', "body.not_unicode"),
        (b'{"title": "\xed\xa0\xbd"}', "body.not_json"),
        ('{"title": "x"}'.encode("utf-16"), "body.not_json"),
    ],
    ids=[
        "cut",
        "form",
        "half utf-16",
        "nan",
        "huge number",
        "deepest",
        "list",
        "null",
        "deep",
        "half character",
        "half character as a name",
        "bytes of half a character",
        "utf-16",
    ],
)
def test_malformed_json_is_400(door: Door, body: bytes, code: str) -> None:
    problem(door.ask("POST", "/api/v1/activities", data=body, headers=JSON), 400, code)
    assert door.records.seen == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": 7}, "title"),
        ({"title": ""}, "title"),
        ({"title": "\u0000"}, "title"),
        ({"held_on": "2026-02-30"}, "held_on"),
        ({"held_on": 20260302}, "held_on"),
        ({"kind": "party"}, "kind"),
        ({"organisation": None}, "organisation"),
        ({"organisation": {"$ne": ""}}, "organisation"),
        ({"hurry": True}, "hurry"),
        ({"id": "a-1"}, "id"),
    ],
)
def test_wrong_types_and_unknown_fields_are_422_by_field(
    door: Door, changes: dict[str, Any], field: str
) -> None:
    document = problem(door.ask("POST", "/api/v1/activities", json=PLAN | changes), 422, "request.invalid")
    assert list(document["fields"]) == [field]
    assert door.records.seen == []


def test_a_form_is_told_everything_that_is_wrong_with_it_at_once(door: Door) -> None:
    sent = PLAN | {"title": 7, "hurry": True, "id": "a-1", "held_on": "soon"}
    document = problem(door.ask("POST", "/api/v1/activities", json=sent), 422, "request.invalid")
    assert document["fields"]["hurry"] == ["没有这一项。"]
    assert set(document["fields"]) == {"title", "hurry", "id", "held_on"}
    asked = door.ask("GET", "/api/v1/organisations?limit=1&limit=2&page=2&active=perhaps")
    assert set(problem(asked, 422, "request.invalid")["fields"]) == {"limit", "page", "active"}


def test_what_is_missing_is_named_in_the_readers_language(door: Door) -> None:
    chinese = problem(door.ask("POST", "/api/v1/activities", json={}), 422, "request.invalid")
    assert chinese["fields"]["title"] == ["必填。"]
    english = door.ask(
        "POST", "/api/v1/activities", json={}, headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"}
    )
    assert english.json()["fields"]["title"] == ["Missing data for required field."]
    assert english.headers["Content-Language"] == "en"


def test_a_number_that_is_none_is_told_in_the_readers_language(door: Door) -> None:
    response = door.ask("POST", "/api/v1/sessions/demo", person=None, json={"number": "?"})
    document = problem(response, 422, "request.invalid")
    assert document["fields"]["number"] == ["学号/工号应为 2 至 20 位字母或数字。"]


def test_a_refusal_by_the_service_comes_through_with_its_fields(door: Door) -> None:
    document = problem(door.ask("POST", "/api/v1/activities/a-2/submit"), 422, "activity.no_minutes")
    assert document["fields"] == {"minutes": ["必填。"]}


@pytest.mark.parametrize(("language", "said"), [("zh", "最多 3 项。"), ("en", "At most 3.")])
def test_a_rule_of_a_service_is_told_at_its_field_in_words(door: Door, language: str, said: str) -> None:
    response = door.ask("POST", "/api/v1/activities/a-4/submit", headers={"Accept-Language": language})
    assert problem(response, 422, "activity.taken")["fields"] == {"decisions.0": [said]}


def test_a_field_that_the_address_gives_is_not_taken_from_the_body(door: Door) -> None:
    document = problem(
        door.ask("POST", "/api/v1/activities/a-1/submit", json={"activity": "a-9"}), 422, "request.invalid"
    )
    assert list(document["fields"]) == ["activity"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("active=perhaps", "active"),
        ("page=2", "page"),
        ("organisation[$ne]=", "organisation[$ne]"),
    ],
)
def test_a_wrong_query_is_422_by_field(door: Door, query: str, field: str) -> None:
    if field == "organisation[$ne]":
        query = "organisation[$ne]=x"
    document = problem(door.ask("GET", f"/api/v1/organisations?{query}"), 422, "request.invalid")
    assert list(document["fields"]) == [field]


def test_a_query_that_is_not_utf_8_is_400(door: Door) -> None:
    problem(door.ask("GET", "/api/v1/organisations?search=%ff"), 400, "query.malformed")


def test_another_content_type_is_415(door: Door) -> None:
    problem(
        door.ask("POST", "/api/v1/activities", data=json.dumps(PLAN), headers={"Content-Type": "text/xml"}),
        415,
        "body.not_json_type",
    )


@pytest.mark.parametrize(
    "path", ["/api", "/api/v1/nothing", "/api/v1/activities/", "/api/v1//activities", "/%00"]
)
def test_an_unknown_address_is_404(door: Door, path: str) -> None:
    problem(door.ask("GET", path), 404, "route.not_found")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/activities", 405),
        ("POST", "/api/v1/activities", 413),
        ("POST", "/api/v1/imports/roster", 413),
    ],
)
def test_what_leads_nowhere_has_an_id_to_tell_an_operator(
    door: Door, method: str, path: str, status: int
) -> None:
    size = 30 * 1024 * 1024 if status == 413 else 0
    response = door.ask(method, path, data=b"x" * size or None)
    assert response.status_code == status
    assert response.json()["request"] == response.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/opinions/receipts/CODE/x"),
        ("PUT", "/api/v1/opinions/receipts/CODE"),
        ("POST", "/api/v1/opinions/"),
    ],
)
def test_an_address_meant_for_the_anonymous_has_none_when_it_is_mistyped(
    door: Door, method: str, path: str
) -> None:
    response = door.ask(method, path, person=None)
    assert response.status_code in (404, 405)
    assert "request" not in response.json()
    assert "X-Request-Id" not in response.headers


def test_the_bare_address_leads_to_the_documents(door: Door) -> None:
    told = door.ask("GET", "/", person=None).json()
    for name in ("openapi", "asyncapi"):
        assert door.ask("GET", told[name], person=None).json()[name]


def test_what_is_too_large_is_told_in_the_measure_of_the_document(door: Door) -> None:
    small = door.ask("POST", "/api/v1/activities", data=b"x" * 2_000_000, headers=JSON)
    large = door.ask("POST", "/api/v1/imports/roster", data=b"x" * 22_000_000)
    assert [("1 MiB" in small.text), ("20 MiB" in large.text)] == [True, True]


def test_a_method_that_is_not_there_is_405_and_says_which_are(door: Door) -> None:
    response = door.ask("DELETE", "/api/v1/activities")
    problem(response, 405, "method.not_allowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_an_unknown_id_is_404(door: Door) -> None:
    problem(door.ask("GET", "/api/v1/activities/no-such"), 404, "activity.not_found")


def test_an_overlong_id_is_422_and_an_overlong_address_414(door: Door) -> None:
    problem(door.ask("GET", "/api/v1/activities/" + "x" * 65), 422, "request.invalid")
    problem(door.ask("GET", "/api/v1/activities/" + "x" * 9000), 414, "address.too_long")


@pytest.mark.parametrize("key", ["", "x" * 129, "two words", "schlüssel"])
def test_an_idempotency_key_that_is_none_is_400(door: Door, key: str) -> None:
    headers = {"Idempotency-Key": key.encode()}
    problem(
        door.ask("POST", "/api/v1/activities", json=PLAN, headers=headers), 400, "idempotency_key.invalid"
    )


def test_the_text_of_a_fault_inside_is_never_shown(door: Door) -> None:
    response = door.ask("GET", "/api/v1/activities/a-broken")
    problem(response, 500, "internal")
    assert SECRET not in response.text
    assert "RuntimeError" not in response.text


def test_a_service_that_cannot_answer_now_is_503_with_a_time(door: Door) -> None:
    response = door.ask("GET", "/api/v1/activities/a-busy")
    problem(response, 503, "store.unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_a_service_that_is_not_there_is_503_at_once(door: Door) -> None:
    started = time.monotonic()
    problem(door.ask("GET", "/api/v1/messages"), 503, "service.unavailable")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer x.y.z", "Basic dTpw", "Bearer " + "x" * 5000]
)
def test_no_genuine_session_is_401(door: Door, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = door.ask("GET", "/api/v1/me", person=None, headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] in ("session.required", "session.invalid")
