"""What is no request, hides a second one, or has no end: told as a problem, and the connection ends."""

from __future__ import annotations

import json
import socket

import pytest

from tests.component.gateway.conftest import Door
from tests.component.gateway.test_bad_input import JSON, problem


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"HELO party\r\n\r\n", 400, "request.broken"),
        (b"GET / HTTP/9.9\r\n\r\n", 505, "request.broken"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "request.broken"),
        (b"GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx", 400, "request.broken"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400, "request.broken"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "request.broken"),
        (b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "request.broken"),
        (b"GET / HTTP/1.1\r\nContent-Length : 5\r\n\r\nhello", 400, "request.broken"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431, "headers.too_large"),
        (b"GET / HTTP/1.1\r\n" + b"X: %s\r\n" % (b"x" * 4000) * 20 + b"\r\n", 431, "headers.too_large"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414, "address.too_long"),
    ],
    ids=[
        "no http",
        "http of the future",
        "negative length",
        "signed length",
        "two lengths",
        "length and chunks",
        "chunks in HTTP/1.0",
        "a blank in a name",
        "long header",
        "many headers",
        "long address",
    ],
)
def test_what_is_no_request_is_told_as_a_problem_and_the_connection_ends(
    door: Door, sent: bytes, status: int, code: str
) -> None:
    answer = door.raw(sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in head
    assert b"Connection: close" in head
    document = json.loads(body)
    assert document["code"] == code
    assert document["status"] == status
    assert document["title"] != f"status.{status}"


@pytest.mark.parametrize(("said", "expected"), [("en", "8 KiB"), ("zh", "请求头"), ("", "请求头")])
def test_headers_that_are_too_large_are_told_so_in_the_readers_language(
    door: Door, said: str, expected: str
) -> None:
    head = f"GET / HTTP/1.1\r\naccept-language: {said}\r\nCookie: ".encode()
    document = json.loads(door.raw(head + b"x" * 9000 + b"\r\n\r\n").partition(b"\r\n\r\n")[2])
    assert document["code"] == "headers.too_large"
    assert expected in document["detail"]
    assert document["detail"] != document["title"]


@pytest.mark.parametrize(
    "encodings",
    [
        ["gzip, chunked"],
        ["identity"],
        ["chunked, chunked"],
        ["chunked", "chunked"],
        ["\x0bchunked"],
        ["\r\n chunked"],
    ],
)
def test_a_second_request_is_not_smuggled_in_behind_an_encoding_that_nobody_knows(
    door: Door, encodings: list[str]
) -> None:
    headers = "".join(f"Transfer-Encoding: {each}\r\n" for each in encodings)
    second = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = door.raw(f"POST /api/v1/opinions HTTP/1.1\r\nHost: x\r\n{headers}\r\n0\r\n\r\n{second}".encode())
    assert answer.startswith(b"HTTP/1.1 501 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"transfer_encoding.unknown" in answer


class TestABodyOf60Megabytes:
    size = 60 * 1024 * 1024

    @pytest.mark.parametrize("path", ["/api/v1/activities", "/api/v1/imports/roster", "/api/v1/opinions"])
    def test_is_refused_by_its_announcement_alone(self, door: Door, path: str) -> None:
        answer = door.raw(self._head(door, path, f"Content-Length: {self.size}"))
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"Connection: close" in answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "body.too_large"

    def test_is_refused_to_a_client_that_sends_it_all_the_same(self, door: Door) -> None:
        response = door.ask("POST", "/api/v1/activities", data=b"x" * self.size, headers=JSON)
        problem(response, 413, "body.too_large")

    def test_is_refused_when_it_comes_in_chunks_that_announce_nothing(self, door: Door) -> None:
        with socket.create_connection(("127.0.0.1", door.server.port), timeout=60) as connection:
            connection.sendall(self._head(door, "/api/v1/activities", "Transfer-Encoding: chunked"))
            chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
            sent = 0
            try:
                while sent < self.size:
                    connection.sendall(chunk)
                    sent += len(chunk)
            except OSError:
                pass  # refused in the middle
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert sent < self.size / 2

    @staticmethod
    def _head(door: Door, path: str, length: str) -> bytes:
        return (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {door.token()}\r\n"
            f"Content-Type: application/json\r\n{length}\r\n\r\n"
        ).encode()


def test_a_body_that_stops_short_is_400(door: Door) -> None:
    head = (
        f"POST /api/v1/activities HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {door.token()}\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    ).encode()
    with socket.create_connection(("127.0.0.1", door.server.port), timeout=60) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"body.cut_off" in answer


@pytest.mark.parametrize("start", [b"", b"0\r\n"], ids=["the size of a chunk", "a trailer"])
def test_a_line_without_an_end_around_a_body_is_refused_before_it_fills_the_memory(
    door: Door, start: bytes
) -> None:
    head = (
        b"POST /api/v1/opinions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + start
    )
    with socket.create_connection(("127.0.0.1", door.server.port), timeout=60) as connection:
        connection.sendall(head)
        sent = 0
        try:
            while sent < 64 * 1024 * 1024:
                sent += connection.send(b"0" * 65536)
        except OSError:
            pass  # refused in the middle
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert sent < 32 * 1024 * 1024
