"""What every good answer brings along: its version, its address, its key, and what a browser may do."""

from __future__ import annotations

import gzip
import json
from uuid import UUID

import pytest
import requests
import structlog

from tests.component.gateway.conftest import ORIGIN, Door
from tests.component.gateway.stand_ins import BRANCH

PLAN = {"organisation": BRANCH, "kind": "theme_day", "title": "主题党日", "held_on": "2026-03-02"}


def test_what_was_made_is_201_with_its_address_and_version(door: Door) -> None:
    response = door.ask("POST", "/api/v1/activities", json=PLAN)
    assert response.status_code == 201
    made = response.json()
    assert made["title"] == "主题党日"
    assert response.headers["Location"] == f"/api/v1/activities/{made['id']}"
    assert response.headers["ETag"] == '"3"'


def test_the_key_of_a_command_reaches_the_service_and_comes_back(door: Door) -> None:
    given = door.ask("POST", "/api/v1/activities", json=PLAN, headers={"Idempotency-Key": "k-1"})
    assert given.headers["Idempotency-Key"] == "k-1"
    assert door.records.seen[-1][2].idempotency_key == "k-1"
    made = door.ask("POST", "/api/v1/activities", json=PLAN)
    assert UUID(made.headers["Idempotency-Key"]).version == 4
    assert door.records.seen[-1][2].idempotency_key == made.headers["Idempotency-Key"]


def test_who_asks_and_which_request_it_was_reach_the_service(door: Door) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    response = door.ask("POST", "/api/v1/activities", json=PLAN, headers={"traceparent": trace})
    seen = door.records.seen[-1][2]
    assert seen.actor == "p-secretary"
    assert seen.correlationid == response.headers["X-Request-Id"]
    assert seen.traceparent is not None
    assert seen.traceparent[:35] == trace[:35]
    assert seen.traceparent != trace


def test_what_a_client_says_about_who_it_is_is_ignored(door: Door) -> None:
    spoofed = {"X-Actor": "p-root", "X-Request-Id": "13812345678", "X-Forwarded-User": "p-root"}
    response = door.ask("POST", "/api/v1/activities", json=PLAN, headers=spoofed)
    assert door.records.seen[-1][2].actor == "p-secretary"
    assert response.headers["X-Request-Id"] != "13812345678"


def test_an_unchanged_version_is_not_sent_again(door: Door) -> None:
    response = door.ask("GET", "/api/v1/activities/a-1", headers={"If-None-Match": '"3"'})
    assert response.status_code == 304
    assert response.content == b""
    assert door.ask("GET", "/api/v1/activities/a-1", headers={"If-None-Match": '"2"'}).status_code == 200


@pytest.mark.parametrize(("tag", "status"), [('"3"', 200), ("*", 200), (None, 200), ('"2"', 412), ("3", 400)])
def test_a_change_can_name_the_version_it_saw(door: Door, tag: str | None, status: int) -> None:
    headers = {} if tag is None else {"If-Match": tag}
    response = door.ask("POST", "/api/v1/activities/a-1/submit", headers=headers)
    assert response.status_code == status
    if status == 412:
        assert response.json()["code"] == "version.stale"


def test_a_query_reaches_the_service_in_the_types_of_its_schema(door: Door) -> None:
    door.ask("GET", "/api/v1/organisations?limit=7&active=true&search=化工&cursor=")
    _, request, _ = door.records.seen[-1]
    assert request == {"limit": 7, "active": True, "search": "化工", "cursor": None}


def test_a_large_answer_is_compressed_where_the_client_takes_it(door: Door) -> None:
    path = "/api/v1/organisations?search=many&limit=50"
    plain = door.ask("GET", path, headers={"Accept-Encoding": "identity"})
    packed = door.ask("GET", path, headers={"Accept-Encoding": "br, gzip;q=0.5"}, stream=True)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    body = packed.raw.read(decode_content=False)
    assert int(packed.headers["Content-Length"]) == len(body) < len(plain.content) / 4
    assert json.loads(gzip.decompress(body)) == plain.json()
    refused = door.ask("GET", path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/nothing", "/openapi.json"])
def test_every_answer_tells_browsers_to_be_careful(door: Door, path: str) -> None:
    headers = door.ask("GET", path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Cache-Control" in headers
    assert "Server" not in headers


def test_what_is_one_persons_is_kept_by_no_cache(door: Door) -> None:
    assert door.ask("GET", "/api/v1/me").headers["Cache-Control"] == "no-store"


def test_head_answers_as_get_without_a_body(door: Door) -> None:
    got, head = door.ask("GET", "/api/v1/activities/a-1"), door.ask("HEAD", "/api/v1/activities/a-1")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["ETag"] == got.headers["ETag"]
    assert door.ask("GET", "/api/v1/activities/a-1").status_code == 200


def test_head_of_the_live_stream_ends(door: Door) -> None:
    assert door.ask("HEAD", "/api/v1/live").status_code == 200
    assert not door.server.gateway.live._streams


def test_a_page_of_a_listed_origin_may_read_and_any_other_may_not(door: Door) -> None:
    listed = door.ask("GET", "/api/v1/me", headers={"Origin": ORIGIN})
    assert listed.headers["Access-Control-Allow-Origin"] == ORIGIN
    other = door.ask("GET", "/api/v1/me", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers
    failed = door.ask("GET", "/api/v1/nothing", headers={"Origin": ORIGIN})
    assert failed.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_page_may_ask_first_what_it_may_send(door: Door) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    answer = door.ask("OPTIONS", "/api/v1/activities/a-1/record", person=None, headers=asked)
    assert answer.status_code == 204
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "If-Match" in answer.headers["Access-Control-Allow-Headers"]
    refused = door.ask(
        "OPTIONS",
        "/api/v1/activities/a-1/record",
        person=None,
        headers=asked | {"Origin": "https://evil.example"},
    )
    assert "Access-Control-Allow-Methods" not in refused.headers
    assert door.ask("OPTIONS", "/api/v1/nothing", person=None).status_code == 404


def test_a_connection_serves_many_requests(door: Door) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {door.token()}"
        for path, status in (("/api/v1/me", 200), ("/api/v1/nothing", 404), ("/api/v1/activities/a-1", 200)):
            assert session.get(door.url + path, timeout=60).status_code == status


def test_a_request_leaves_one_line_with_its_route_and_neither_address_nor_agent(door: Door) -> None:
    with structlog.testing.capture_logs() as lines:
        # Of letters that stand in no hexadecimal number, such as the line holds.
        response = door.ask("GET", "/api/v1/activities/no-hex", headers={"User-Agent": "Agent/13812345678"})
    line = next(each for each in lines if each["event"] == "request")
    assert line["route"] == "/api/v1/activities/{activity}"
    assert line["status"] == 200
    assert line["correlationid"] == response.headers["X-Request-Id"]
    assert "no-hex" not in str(line)
    assert "127.0.0.1" not in str(lines)
    assert "Agent" not in str(lines)


def test_demonstration_sign_in_gives_a_session(door: Door) -> None:
    answer = door.ask("POST", "/api/v1/sessions/demo", person=None, json={"number": "1001"})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    assert door.ask("GET", "/api/v1/me", person=None, headers=headers).json()["person"] == "p-1001"
    unknown = door.ask("POST", "/api/v1/sessions/demo", person=None, json={"number": "0000"})
    assert unknown.status_code == 404


def test_the_documents_are_served_and_name_every_route(door: Door) -> None:
    openapi = door.ask("GET", "/openapi.json", person=None).json()
    assert openapi["openapi"].startswith("3.1")
    for route in door.server.gateway.table:
        assert route.method.lower() in openapi["paths"][route.path]
    asyncapi = door.ask("GET", "/asyncapi.json", person=None).json()
    assert "records.activity.approved.v1" in asyncapi["components"]["schemas"]


def test_the_process_tells_its_health_without_a_session(door: Door) -> None:
    assert door.ask("GET", "/healthz", person=None).json()["status"] == "alive"
    assert door.ask("GET", "/readyz", person=None).json()["status"] == "ready"
