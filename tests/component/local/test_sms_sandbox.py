"""The SMS sandbox: takes what a provider would, shows it, reports receipts, fails on request."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from json import loads
from typing import Any
from uuid import uuid4

import pytest
import requests

from deploy.local.sms_sandbox import Sandbox, Server
from services.chassis.testing import wait_for

TOKEN = "a token"


@pytest.fixture
def receipts() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address that takes receipts, and those it took."""
    taken: list[dict[str, Any]] = []
    # Of this test alone: a port is given again, and the sandbox of the test before still reports to it.
    path = f"/receipts/{uuid4()}"

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != path:
                self.send_response(404)
                self.end_headers()
                return
            first = not taken
            taken.extend({**each, "token": self.headers["X-Receipt-Token"]} for each in body)
            self.send_response(503 if first else 204)  # the first is not heard: it is told again
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}{path}", taken
    server.shutdown()
    server.server_close()


@pytest.fixture
def sandbox(receipts: tuple[str, list[dict[str, Any]]]) -> Iterator[str]:
    """The address of a running sandbox."""
    server = Server(Sandbox(receipts[0], TOKEN))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.address
    server.shutdown()
    server.server_close()


def send(sandbox: str, reference: str = "m1", mobile: Any = "13812345678", content: Any = "提醒") -> Any:
    body = {"mobile": mobile, "content": content}
    return requests.post(f"{sandbox}/sms", json=body, headers={"X-Request-Id": reference}, timeout=60)


def items(sandbox: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{sandbox}/messages{query}", timeout=60).json()["items"]
    return found


def test_what_is_sent_is_shown_newest_first_and_found_by_reference(sandbox: str) -> None:
    first, second = send(sandbox, "m1", content="一"), send(sandbox, "m2", content="二")
    assert first.status_code == second.status_code == 200
    assert [each["content"] for each in items(sandbox)] == ["二", "一"]
    [found] = items(sandbox, "?reference=m1")
    assert found["id"] == first.json()["id"]
    assert items(sandbox, "?reference=unknown") == []


def test_it_dedupes_nothing_as_a_provider_does_not(sandbox: str) -> None:
    send(sandbox, "m1")
    send(sandbox, "m1")
    assert len(items(sandbox, "?reference=m1")) == 2


def test_a_receipt_is_reported_with_the_token_until_it_is_heard(
    sandbox: str, receipts: tuple[str, list[dict[str, Any]]]
) -> None:
    sent = send(sandbox, "m7").json()["id"]
    wait_for(lambda: len(receipts[1]) == 2)
    expected = {"id": sent, "reference": "m7", "status": "delivered", "code": "DELIVRD", "token": TOKEN}
    assert receipts[1] == [expected, expected]
    assert items(sandbox)[0]["status"] == "delivered"


def test_receipts_may_be_lost_or_negative(sandbox: str, receipts: tuple[str, list[dict[str, Any]]]) -> None:
    faults = {"drop_receipts": True, "failed_rate": 1}
    assert requests.put(f"{sandbox}/faults", json=faults, timeout=60).status_code == 200
    send(sandbox, "m1")
    requests.put(f"{sandbox}/faults", json={"drop_receipts": False}, timeout=60)
    send(sandbox, "m2")
    wait_for(lambda: receipts[1])
    assert {(each["reference"], each["status"]) for each in receipts[1]} == {("m2", "failed")}


def test_calls_fail_and_dawdle_on_request(sandbox: str) -> None:
    requests.put(f"{sandbox}/faults", json={"fail_rate": 1.0}, timeout=60)
    assert send(sandbox).status_code == 503
    assert items(sandbox) == []
    requests.put(f"{sandbox}/faults", json={"fail_rate": 0, "delay_ms": 1500}, timeout=60)
    body = {"mobile": "13812345678", "content": "x"}
    with pytest.raises(requests.Timeout):
        requests.post(f"{sandbox}/sms", json=body, timeout=0.5)
    wait_for(lambda: len(items(sandbox)) == 1)  # taken all the same: this is why one must ask


@pytest.mark.parametrize(
    "faults", [{"fail_rate": 2}, {"fail_rate": "x"}, {"delay_ms": -1}, {"unknown": 1}, {"fail_rate": None}]
)
def test_a_fault_that_is_none_is_refused(sandbox: str, faults: dict[str, Any]) -> None:
    assert requests.put(f"{sandbox}/faults", json=faults, timeout=60).status_code == 400


@pytest.mark.parametrize(
    ("mobile", "content"), [("123", "x"), (13812345678, "x"), ("13812345678", ""), ("13812345678", "x" * 501)]
)
def test_a_wrong_message_is_refused_for_good(sandbox: str, mobile: Any, content: Any) -> None:
    assert send(sandbox, mobile=mobile, content=content).status_code == 400


@pytest.mark.parametrize(("body", "status"), [(b"not json", 400), (b"[1]", 400), (b"x" * 70_000, 413)])
def test_what_is_no_message_is_refused(sandbox: str, body: bytes, status: int) -> None:
    assert requests.post(f"{sandbox}/sms", data=body, timeout=60).status_code == status


def test_the_page_shows_messages_as_text(sandbox: str) -> None:
    send(sandbox, content="<script>alert(1)</script>")
    page = requests.get(sandbox, timeout=60).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>" not in page


def test_messages_can_be_forgotten(sandbox: str) -> None:
    send(sandbox)
    assert requests.delete(f"{sandbox}/messages", timeout=60).status_code == 200
    assert items(sandbox) == []
    assert requests.get(f"{sandbox}/nothing", timeout=60).status_code == 404
