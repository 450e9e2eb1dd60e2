"""What a process says about itself."""

import json
from typing import Any

import eventlet

from services.chassis.health import Health


def asked(health: Health, path: str, method: str = "GET") -> tuple[str, Any]:
    said: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        said.update(status=status, headers=dict(headers))

    body = b"".join(health.answer({"PATH_INFO": path, "REQUEST_METHOD": method}, start_response))
    return said["status"][:3], json.loads(body) if body and "json" in said["headers"][
        "Content-Type"
    ] else body


def ready(**checks: Any) -> Health:
    health = Health("records")
    health.checks, health.started = checks, True
    return health


def test_a_starting_process_is_alive_and_not_ready() -> None:
    health = Health("records")
    assert asked(health, "/healthz") == ("200", {"service": "records", "status": "alive"})
    assert asked(health, "/readyz")[1]["missing"] == ["starting"]


def test_a_process_is_ready_while_every_check_holds() -> None:
    assert asked(ready(store=lambda: True), "/readyz")[0] == "200"
    status, said = asked(ready(store=lambda: True, broker=lambda: False), "/readyz")
    assert (status, said["missing"]) == ("503", ["broker"])


def test_a_check_that_raises_or_hangs_does_not_hold(monkeypatch: Any) -> None:
    monkeypatch.setattr("services.chassis.health.CHECK_SECONDS", 0.05)
    health = ready(store=lambda: 1 / 0, broker=lambda: eventlet.sleep(60) or True)
    assert asked(health, "/readyz")[1]["missing"] == ["store", "broker"]


def test_a_draining_process_is_alive_and_not_ready() -> None:
    health = ready()
    health.draining = True
    assert asked(health, "/readyz")[1]["missing"] == ["draining"]
    assert asked(health, "/healthz")[0] == "200"


def test_metrics_are_told_in_prometheus_format() -> None:
    status, body = asked(ready(), "/metrics")
    assert status == "200"
    assert b"# TYPE jishi_in_flight gauge" in body


def test_nothing_else_is_answered() -> None:
    assert asked(ready(), "/")[0] == "404"
    assert asked(ready(), "/healthz", "POST")[0] == "405"
    assert asked(ready(), "/healthz", "HEAD") == ("200", b"")
