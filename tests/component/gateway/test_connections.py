"""Few clients do not hold the whole gateway: whoever is slow, does not stop, or holds much, is let go."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from time import monotonic

import eventlet
import pytest
from eventlet import patcher

from gateway import protocol
from services.chassis.testing import wait_for
from tests.component.gateway.conftest import Door

HEAD = b"POST /api/v1/activities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def connected(door: Door) -> socket.socket:
    return socket.create_connection(("127.0.0.1", door.server.port), timeout=60)


def kept_sending(connection: socket.socket, piece: bytes, seconds: float) -> bytes:
    """What is answered to a client that sends ``piece`` again and again, a little at a time."""
    answer = b""
    until = monotonic() + seconds
    connection.settimeout(0.05)
    while monotonic() < until:
        try:
            connection.sendall(piece)
            if not (received := connection.recv(65536)):
                return answer
            answer += received
        except TimeoutError:
            continue
        except OSError:
            return answer
    raise AssertionError(f"still connected after {seconds} s, answered {answer!r}")


@pytest.mark.parametrize("start", [b"GET ", b"GET / HTTP/1.1\r\nX: "], ids=["request line", "header"])
def test_whoever_asks_byte_by_byte_is_not_waited_for(
    door: Door, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.5)
    with connected(door) as connection:
        connection.sendall(start)
        answer = kept_sending(connection, b"x", 60)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "headers.too_slow"


def test_whoever_never_asks_is_not_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with connected(door) as connection:
        assert connection.recv(1) == b""


def test_whoever_asked_while_the_loop_had_no_turn_is_answered(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.5)
    taken, (told, tells) = len(door.server._pool.coroutines_running), socket.socketpair()
    with socket.create_connection(("127.0.0.1", door.server.port), timeout=60) as connection:

        def ask_and_hold_the_loop() -> None:
            told.recv(1)
            connection.sendall(b"GET /api/v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            patcher.original("time").sleep(0.7)  # the whole process does something else for so long

        asking = eventlet.spawn(ask_and_hold_the_loop)
        wait_for(lambda: len(door.server._pool.coroutines_running) > taken)  # by now it waits for a request
        tells.sendall(b"x")
        asking.wait()
        assert connection.recv(65536).startswith(b"HTTP/1.1 404")
    told.close()
    tells.close()


def test_a_silent_client_that_was_answered_may_ask_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with connected(door) as connection:
        for _ in range(2):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            until = monotonic() + 0.5
            wait_for(lambda until=until: monotonic() > until)


@pytest.mark.parametrize(
    ("announced", "piece"),
    [(b"Transfer-Encoding: chunked", b"5\r\nhello\r\n"), (b"Content-Length: 900000", b"hello")],
    ids=["chunked", "announced"],
)
def test_a_body_that_nobody_takes_is_not_read_to_its_end(door: Door, announced: bytes, piece: bytes) -> None:
    with connected(door) as connection:
        connection.sendall(HEAD + announced + b"\r\n\r\n")
        answer = kept_sending(connection, piece, 60)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"Connection: close" in answer


def test_a_connection_goes_on_after_a_refusal_that_left_nothing_unread(door: Door) -> None:
    with connected(door) as connection:
        for _ in range(2):
            connection.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 401 ")
            assert b"Connection: close" not in answer


def test_one_address_leaves_room_for_others(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for(lambda: door.server.in_flight == 0)
    monkeypatch.setattr(door.server._peers, "_most", 3)
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(connected(door))
        wait_for(lambda: door.server.in_flight == 3)
        with connected(door) as refused:
            answer = refused.recv(65536)
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "connections.too_many"
    wait_for(lambda: door.server.in_flight == 0)
    assert door.ask("GET", "/healthz", person=None).status_code == 200
