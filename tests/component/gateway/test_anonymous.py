"""Whoever speaks without a name leaves nothing behind on the way in."""

from __future__ import annotations

from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from gateway.callers import Proxies
from gateway.rates import Rates
from tests.component.gateway.conftest import Door
from tests.component.gateway.stand_ins import BRANCH, SECRET

SAID = {"organisation": BRANCH, "category": "service", "text": "食堂排队太久"}
TICKET = {"key": "key-1", "message": "bWVzc2FnZQ", "signature": "c2lnbmF0dXJl"}
OPINION = SAID | {"mode": "anonymous", "ticket": TICKET}
NAMED = SAID | {"mode": "named"}


def test_a_session_that_is_sent_along_does_not_reach_the_service(door: Door) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    response = door.ask("POST", "/api/v1/opinions", json=OPINION, headers={"traceparent": trace})
    assert response.status_code == 201
    assert response.json()["receipt"] == "CODE-1"
    (method, request, context) = door.feedback.seen[-1]
    assert method == "submit_anonymous_opinion"
    assert "mode" not in request
    assert context.actor is None
    assert context.correlationid is None
    assert context.traceparent is None


def test_a_forged_session_is_not_even_looked_at(door: Door) -> None:
    headers = {"Authorization": "Bearer forged"}
    response = door.ask("POST", "/api/v1/opinions", person=None, json=OPINION, headers=headers)
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("POST", "/api/v1/opinions", {"json": OPINION}, 201),
        ("POST", "/api/v1/opinions", {"json": OPINION | {"text": ""}}, 422),
        ("POST", "/api/v1/opinions", {"json": OPINION | {"text": "fail"}}, 500),
        ("POST", "/api/v1/opinions", {"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ("POST", "/api/v1/opinions", {"data": b"x" * 2_000_000}, 413),
        ("GET", "/api/v1/opinions/receipts/CODE-1", {}, 404),
    ],
    ids=["spoken", "invalid", "failed", "malformed", "too large", "followed"],
)
def test_an_anonymous_route_leaves_no_log_line(
    door: Door, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    with structlog.testing.capture_logs() as lines:
        response = door.ask(method, path, **options)
    assert response.status_code == status
    assert "X-Request-Id" not in response.headers
    # The stand-in fails in the same process: its own line tells which method, and not what was said.
    assert [each for each in lines if each["event"] != "rpc.failed"] == []
    assert OPINION["text"] not in str(lines)
    assert SECRET not in response.text
    if status >= 400:
        assert "request" not in response.json()


def test_without_a_name_a_ticket_is_asked_for_and_by_name_none_is_taken(door: Door) -> None:
    for body, wrong in ((SAID | {"mode": "anonymous"}, "ticket"), (NAMED | {"ticket": TICKET}, "ticket")):
        response = door.ask("POST", "/api/v1/opinions", json=body)
        assert (response.status_code, list(response.json()["fields"])) == (422, [wrong])


def test_by_name_the_session_is_asked_for_and_passed_on(door: Door) -> None:
    assert door.ask("POST", "/api/v1/opinions", person=None, json=NAMED).status_code == 401
    response = door.ask("POST", "/api/v1/opinions", json=NAMED)
    assert response.status_code == 201
    assert response.headers["Location"] == "/api/v1/opinions/op-1"
    assert door.feedback.seen[-1][2].actor == "p-secretary"


def test_a_public_route_asks_for_no_session_and_passes_none_on(door: Door) -> None:
    headers = {"Authorization": "Bearer forged"}
    assert door.ask("GET", "/api/v1/public/measures", person=None, headers=headers).status_code == 200


def test_one_stranger_closes_the_box_for_nobody_else(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = door.server.gateway
    monkeypatch.setattr(gateway, "_rates", Rates(0.001, 2))
    monkeypatch.setattr(gateway._fingerprints, "_proxies", Proxies(("127.0.0.1",)))

    def spoken(host: str, body: dict[str, Any] = OPINION, person: str | None = None) -> int:
        headers = {"X-Forwarded-For": host}
        status: int = door.ask("POST", "/api/v1/opinions", person, json=body, headers=headers).status_code
        return status

    assert [spoken("203.0.113.7", {}), spoken("203.0.113.7"), spoken("203.0.113.7")] == [422, 201, 429]
    assert spoken("203.0.113.7", {}) == 429
    assert spoken("203.0.113.8") == 201
    assert spoken("203.0.113.7", NAMED, "p-secretary") == 201
    for _ in range(3):
        assert door.ask("GET", "/healthz", person=None).status_code == 200
    assert "203.0.113" not in str(gateway._rates._buckets)


def test_no_counter_tells_the_instant_at_which_somebody_spoke(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(request: Any) -> None:
        raise ZeroDivisionError

    def counted() -> dict[str, float]:
        return {
            f"{sample.name}{sample.labels}": sample.value
            for metric in REGISTRY.collect()
            for sample in metric.samples
            if "/opinions" in str(sample.labels) and not sample.name.endswith("_created")
        }

    before = counted()
    assert door.ask("POST", "/api/v1/opinions", person=None, json=OPINION).status_code == 201
    assert counted() == before
    with monkeypatch.context() as broken:
        broken.setattr(door.server.gateway, "admit_anybody", fail)
        assert door.ask("POST", "/api/v1/opinions", person=None, json=OPINION).status_code == 500
    assert counted() == before
    assert door.ask("POST", "/api/v1/opinions", json=NAMED).status_code == 201
    assert counted() != before
