"""The gateway as a process: several share a port, a signal lets the begun finish, it names what is wrong."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import eventlet
import requests

from deploy.local.children import free_ports
from services.chassis.settings import Settings
from services.chassis.testing import Running, wait_for
from tests.component.gateway.stand_ins import RecordsStandIn

ROOT = Path(__file__).parents[3]


def environment(settings: Settings, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "JISHI_PROFILE": "local",
        "AMQP_URI": settings.amqp_uri,
        "SESSION_PUBLIC_KEY": settings.session_public_key,
        "SESSION_PRIVATE_KEY": settings.session_private_key or "",
        "HTTP_PORT": str(port),
        "HEALTH_PORT": str(free_ports(1)[0]),
    }


@contextmanager
def a_gateway(settings: Settings, port: int) -> Iterator[subprocess.Popen[bytes]]:
    told = environment(settings, port)
    process = subprocess.Popen([sys.executable, "-m", "gateway"], cwd=ROOT, env=told, stderr=subprocess.PIPE)
    try:
        wait_for(lambda: _ready(int(told["HEALTH_PORT"]), process))
        yield process
    finally:
        process.kill()
        process.communicate()


def _ready(port: int, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, process.communicate()
    try:
        return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=30).ok
    except requests.RequestException:
        return False


def test_a_signal_lets_what_was_begun_be_answered(surroundings: Settings) -> None:
    port = free_ports(1)[0]
    with Running(RecordsStandIn, surroundings) as records, a_gateway(surroundings, port) as process:
        url = f"http://127.0.0.1:{port}/api/v1/sessions/demo"
        asked = eventlet.spawn(requests.post, url, json={"number": "slow"}, timeout=60)
        wait_for(lambda: records.application.seen)
        process.send_signal(signal.SIGTERM)
        # Nobody is taken any more while the begun request still waits for its answer.
        wait_for(lambda: _refuses(port))
        assert process.poll() is None
        records.application.gate.send(None)
        answer = asked.wait()
        assert answer.status_code == 201
        assert answer.headers["Connection"] == "close"
        assert wait_for(lambda: process.poll() is not None) is True
        assert process.returncode == 0


def _refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_an_open_stream_does_not_hold_up_the_end(surroundings: Settings) -> None:
    port = free_ports(1)[0]
    with Running(RecordsStandIn, surroundings), a_gateway(surroundings, port) as process:
        token = requests.post(
            f"http://127.0.0.1:{port}/api/v1/sessions/demo", json={"number": "1001"}, timeout=60
        ).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        stream = requests.get(
            f"http://127.0.0.1:{port}/api/v1/live", headers=headers, stream=True, timeout=60
        )
        assert next(stream.iter_lines()).startswith(b"retry:")
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: process.poll() is not None)
        assert process.returncode == 0


def test_two_share_a_port_and_one_may_go(surroundings: Settings) -> None:
    port = free_ports(1)[0]
    url = f"http://127.0.0.1:{port}/api/v1/sessions/demo"
    with Running(RecordsStandIn, surroundings), a_gateway(surroundings, port) as first:
        with a_gateway(surroundings, port) as second:
            for _ in range(20):
                assert requests.post(url, json={"number": "1001"}, timeout=60).status_code == 201
            second.send_signal(signal.SIGTERM)
            wait_for(lambda: second.poll() is not None)
        for _ in range(20):
            assert requests.post(url, json={"number": "1001"}, timeout=60).status_code == 201
        assert first.poll() is None


def test_wrong_settings_are_all_named_and_nothing_starts(surroundings: Settings) -> None:
    wrong = {"SESSION_PRIVATE_KEY": "", "AMQP_URI": "http://x", "RATE_PER_SECOND": "many"}
    told = environment(surroundings, free_ports(1)[0]) | wrong
    ended = subprocess.run(
        [sys.executable, "-m", "gateway"], cwd=ROOT, env=told, capture_output=True, timeout=120, check=False
    )
    assert ended.returncode == 78
    assert set(json.loads(ended.stderr.splitlines()[-1])["problems"]) == set(wrong)


def test_a_taken_port_is_one_line_and_an_exit_code(surroundings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = environment(surroundings, taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "gateway"],
            cwd=ROOT,
            env=told,
            capture_output=True,
            timeout=120,
            check=False,
        )
    assert ended.returncode == 1
    assert json.loads(ended.stderr.splitlines()[-1])["event"] == "start.failed"
