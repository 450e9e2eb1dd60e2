"""The life of a service process: health, signals, draining, exit codes."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import eventlet
import pytest
import requests
from kombu import Connection

from deploy.local.children import Child, free_ports
from deploy.local.layout import ROOT
from deploy.local.store import Store as StoreServer
from services.chassis.clock import SystemClock
from services.chassis.envelope import seal, to_bytes
from services.chassis.identity import new_id
from services.chassis.publishing import ConfirmedPublisher, Outgoing
from services.chassis.rpc_client import RpcClient
from services.chassis.settings import Settings
from services.chassis.store import Store, connect
from services.chassis.testing import wait_for
from tests import grounds
from tests.component.chassis.slow_service import ThingHappened

settings = grounds.settings

MAIN = "from services.chassis import patch; from services.chassis.runtime import main; main({path!r})"
SLOW = "tests.component.chassis.slow_service:SlowService"
DYING = "tests.component.chassis.slow_service:DyingService"
Start = Callable[..., Child]


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def start(settings: Settings, port: int, tmp_path: Path) -> Iterator[Start]:
    """Start a service as a process; whatever is left of it is killed at the end."""
    children: list[Child] = []

    def start(path: str = SLOW, **changed: str) -> Child:
        environment = {
            **os.environ,
            "JISHI_PROFILE": "local",
            "AMQP_URI": settings.amqp_uri,
            "MONGO_URI": settings.mongo_uri,
            "DATABASE_PREFIX": settings.database_prefix,
            "SESSION_PUBLIC_KEY": settings.session_public_key,
            "FIELD_KEY": "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=",
            "HEALTH_PORT": str(port),
            **changed,
        }
        command = [sys.executable, "-c", MAIN.format(path=path)]
        child = Child("slow", command, log=tmp_path / "slow.log", environment=environment, directory=ROOT)
        children.append(child)
        child.start()
        return child

    yield start
    for child in children:
        child.kill()


@pytest.fixture
def database(settings: Settings) -> Iterator[Store]:
    database = connect(settings.mongo_uri, f"{settings.database_prefix}_slow")
    yield database
    database.client.close()


def asked(port: int, path: str) -> tuple[int, Any]:
    try:
        answer = requests.get(f"http://127.0.0.1:{port}{path}", timeout=30)
    except requests.ConnectionError:
        return 0, {}
    return answer.status_code, answer.json() if "json" in answer.headers["Content-Type"] else answer.text


def until_ready(child: Child, port: int) -> None:
    child.wait_until(lambda: asked(port, "/readyz")[0] == 200, 120)


def publish(amqp_uri: str, count: int) -> None:
    publisher = ConfirmedPublisher(amqp_uri, name="tests")
    clock = SystemClock(Settings("x").clock().zone)
    messages = []
    for number in range(count):
        sealed = seal(ThingHappened.of(number=number), subject=new_id(), sequence=1, clock=clock)
        messages.append(
            Outgoing(
                "slow.events",
                "thing.happened",
                to_bytes(sealed),
                {},
                sealed["id"],
                "application/cloudevents+json",
            )
        )
    publisher.publish(messages, time.monotonic() + 60)
    publisher.close()


def left_in_queue(amqp_uri: str) -> list[bool]:
    """Of each message that still waits: whether it was delivered before."""
    redelivered = []
    with Connection(amqp_uri) as connection, connection.channel() as channel:
        while (message := channel.basic_get("slow.things", no_ack=True)) is not None:
            redelivered.append(bool(message.delivery_info["redelivered"]))
    return redelivered


def log_of(child: Child) -> list[dict[str, Any]]:
    return [json.loads(line) for line in child.log.read_text().splitlines() if line.startswith("{")]


def test_sigterm_finishes_and_acknowledges_what_is_in_flight(
    start: Start, port: int, settings: Settings, database: Store
) -> None:
    child = start(SLOW_SECONDS="0.15")
    until_ready(child, port)
    publish(settings.amqp_uri, 40)
    wait_for(lambda: database["effects"].count_documents({}) >= 2)

    assert child.stop(60) == 0

    effects = list(database["effects"].find())
    waiting = left_in_queue(settings.amqp_uri)
    assert len(effects) + len(waiting) == 40
    assert len(effects) >= 12  # what was prefetched is done, not given back
    assert all(effect["times"] == 1 for effect in effects)
    assert not any(waiting)  # nothing that came back from us


def test_a_drain_that_takes_too_long_is_cut_short_and_loses_nothing(
    start: Start, port: int, settings: Settings, database: Store
) -> None:
    child = start(SLOW_SECONDS="600", DRAIN_SECONDS="1")
    until_ready(child, port)
    publish(settings.amqp_uri, 3)
    wait_for(lambda: 'jishi_in_flight{service="slow"} 3.0' in asked(port, "/metrics")[1])

    assert child.stop(60) == 3

    came_back: list[bool] = []
    wait_for(lambda: came_back.extend(left_in_queue(settings.amqp_uri)) or len(came_back) == 3)
    assert [line["in_flight"] for line in log_of(child) if line["event"] == "drain.cut_short"] == [3]


def test_a_second_signal_does_not_wait_for_the_drain(start: Start, port: int, settings: Settings) -> None:
    child = start(SLOW_SECONDS="600", DRAIN_SECONDS="600")
    until_ready(child, port)
    publish(settings.amqp_uri, 1)
    wait_for(lambda: 'jishi_in_flight{service="slow"} 1.0' in asked(port, "/metrics")[1])
    child.signal(signal.SIGTERM)
    wait_for(lambda: asked(port, "/readyz")[1].get("missing") == ["draining"])
    child.signal(signal.SIGTERM)
    wait_for(lambda: child.exit_code == 3)


def test_a_draining_process_is_alive_and_not_ready_and_answers_what_was_asked(
    start: Start, port: int, settings: Settings, database: Store
) -> None:
    child = start()
    until_ready(child, port)
    client = RpcClient(settings.amqp_uri)
    asking = eventlet.spawn(client.call, "slow.wait", {}, timeout=120)
    wait_for(lambda: 'jishi_in_flight{service="slow"} 1.0' in asked(port, "/metrics")[1])
    child.signal(signal.SIGTERM)
    wait_for(
        lambda: (
            asked(port, "/readyz")
            == (503, {"service": "slow", "status": "not ready", "missing": ["draining"]})
        )
    )
    assert asked(port, "/healthz")[0] == 200
    database["go"].insert_one({})
    assert asking.wait() == {}
    wait_for(lambda: child.exit_code == 0)
    client.close()


def test_metrics_and_health_are_told_on_the_port_of_the_process(start: Start, port: int) -> None:
    child = start()
    until_ready(child, port)
    assert asked(port, "/healthz") == (200, {"service": "slow", "status": "alive"})
    status, metrics = asked(port, "/metrics")
    assert status == 200
    assert 'jishi_ready{service="slow"} 1.0' in metrics
    assert asked(port, "/anything")[0] == 404


def test_a_process_without_a_broker_is_alive_and_says_what_it_lacks(start: Start, port: int) -> None:
    child = start(AMQP_URI=f"amqp://a:b@127.0.0.1:{free_ports(1)[0]}/")
    child.wait_until(lambda: asked(port, "/readyz")[1].get("missing") == ["broker"], 120)
    assert asked(port, "/healthz")[0] == 200
    assert child.stop(60) == 0


def test_a_process_whose_store_goes_away_says_so(start: Start, port: int, tmp_path: Path) -> None:
    own = StoreServer(tmp_path / "store")
    own.start()
    own.wait_ready()
    child = start(MONGO_URI=own.uri)
    until_ready(child, port)
    own.kill()
    wait_for(
        lambda: (
            asked(port, "/readyz") == (503, {"service": "slow", "status": "not ready", "missing": ["store"]})
        )
    )
    own.start()
    wait_for(lambda: asked(port, "/readyz")[0] == 200)
    own.kill()


def test_sigterm_ends_a_process_that_still_waits_for_its_store(start: Start, port: int) -> None:
    child = start(MONGO_URI=f"mongodb://127.0.0.1:{free_ports(1)[0]}/")
    child.wait_until(lambda: asked(port, "/readyz")[1].get("missing") == ["starting"], 120)
    child.signal(signal.SIGTERM)
    wait_for(lambda: child.exit_code == 0)


def test_wrong_settings_are_all_named_at_once(start: Start) -> None:
    child = start(AMQP_URI="", FIELD_KEY="short", HEALTH_PORT="99999", MONGO_URI="postgres://x")
    wait_for(lambda: child.exit_code == 78)
    [line] = log_of(child)
    assert sorted(line["problems"]) == ["AMQP_URI", "FIELD_KEY", "HEALTH_PORT", "MONGO_URI"]


def test_a_health_port_in_use_ends_the_process_with_its_number(start: Start, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        child = start()
        wait_for(lambda: child.exit_code == 1)
    assert [(line["event"], line["port"]) for line in log_of(child)] == [("health.port_in_use", port)]


def test_a_process_whose_work_dies_ends_with_an_error_and_tells_no_values(start: Start) -> None:
    child = start(DYING)
    wait_for(lambda: child.exit_code == 1)
    assert [line["error"] for line in log_of(child) if line["event"] == "died"] == ["RuntimeError"]
    assert "张三" not in child.log.read_text()
