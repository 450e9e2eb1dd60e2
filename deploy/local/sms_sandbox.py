"""A campus SMS gateway for rehearsals: takes messages, shows them, reports receipts, fails on request."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import requests

MOST_KEPT = 50_000
MOST_BYTES = 64 * 1024
RECEIPT_ATTEMPTS = 8
RECEIPTS_AT_ONCE = 100
RECEIPT_SECONDS = 0.2
_MOBILE = re.compile(r"\A1[3-9]\d{9}\Z")


@dataclass
class Message:
    """One SMS that was taken. ``reference`` is the caller's ``X-Request-Id``."""

    mobile: str
    content: str
    reference: str | None
    id: str = field(default_factory=lambda: uuid4().hex)
    received_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))
    status: str = "accepted"


@dataclass
class Faults:
    """What goes wrong on purpose: calls that fail before or after the message was taken, answers late, an
    interface that cannot be asked, receipts lost, doubled or negative."""

    fail_rate: float = 0.0
    fail_after_rate: float = 0.0
    blind: bool = False
    delay_ms: int = 0
    drop_receipts: bool = False
    double_receipts: bool = False
    failed_rate: float = 0.0

    def changed(self, wanted: dict[str, Any]) -> Faults:
        """These faults with ``wanted`` set; raises ``ValueError`` for what is no fault."""
        known = asdict(self)
        for name, value in wanted.items():
            if name not in known or isinstance(value, str) or value is None:
                raise ValueError(name)
            known[name] = type(known[name])(value)
        if not all(0 <= known[name] <= 1 for name in ("fail_rate", "fail_after_rate", "failed_rate")):
            raise ValueError("a rate lies between 0 and 1")
        if not 0 <= known["delay_ms"] <= 60_000:
            raise ValueError("delay_ms lies between 0 and 60000")
        return Faults(**known)


class Sandbox:
    """What was sent, newest first. It dedupes nothing: like a real provider, it sends what it is told."""

    def __init__(self, receipt_url: str | None = None, token: str = "") -> None:
        self.faults = Faults()
        self._receipt_url = receipt_url
        self._token = token
        self._messages: deque[Message] = deque(maxlen=MOST_KEPT)
        self._by_reference: dict[str, list[Message]] = {}
        self._to_report: deque[Message] = deque()
        self._lock = threading.Lock()
        if receipt_url:
            threading.Thread(target=self._report_regularly, daemon=True).start()

    def take(self, mobile: str, content: str, reference: str | None) -> Message:
        message = Message(mobile, content, reference)
        with self._lock:
            self._messages.appendleft(message)
            if reference is not None:
                self._by_reference.setdefault(reference, []).append(message)
        if not self.faults.drop_receipts:
            self._to_report.append(message)
        return message

    def messages(self, reference: str | None = None, mobile: str | None = None) -> list[Message]:
        with self._lock:
            if reference is not None:
                found = list(self._by_reference.get(reference, ()))
            else:
                found = list(self._messages)
        return [each for each in found if mobile is None or each.mobile == mobile]

    def forget(self) -> None:
        with self._lock:
            self._messages.clear()
            self._by_reference.clear()

    def _report_regularly(self) -> None:
        """Tell the platform what became of messages, as providers do: a little later, and many at once."""
        while True:
            time.sleep(RECEIPT_SECONDS)
            while self._to_report:
                batch = [
                    self._to_report.popleft() for _ in range(min(len(self._to_report), RECEIPTS_AT_ONCE))
                ]
                for each in batch:
                    arrived = random.random() >= self.faults.failed_rate
                    each.status = "delivered" if arrived else "failed"
                self._report(batch)
                if self.faults.double_receipts:
                    self._report(batch)

    def _report(self, batch: list[Message]) -> None:
        """Post the reports, and again where they were not heard."""
        codes = {"delivered": "DELIVRD", "failed": "UNDELIV"}
        reports = [
            {"id": each.id, "reference": each.reference, "status": each.status, "code": codes[each.status]}
            for each in batch
        ]
        for attempt in range(RECEIPT_ATTEMPTS):
            try:
                answer = requests.post(
                    str(self._receipt_url),
                    json=reports,
                    headers={"X-Receipt-Token": self._token},
                    timeout=10,
                    proxies={"http": "", "https": ""},
                )
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code < 500 and answer.status_code != 429:
                return
            time.sleep(RECEIPT_SECONDS * 2**attempt)


class Handler(BaseHTTPRequestHandler):
    """The HTTP face of a ``Sandbox``."""

    protocol_version = "HTTP/1.1"
    server: Server
    timeout = 30

    def do_POST(self) -> None:
        if urlsplit(self.path).path != "/sms":
            return self._answer(404, {"error": "not found"})
        body = self._body()
        if body is None:
            return None
        faults = self.server.sandbox.faults
        if faults.delay_ms:
            time.sleep(faults.delay_ms / 1000)
        if random.random() < faults.fail_rate:
            return self._answer(503, {"error": "temporarily unavailable"})
        mobile, content = body.get("mobile"), body.get("content")
        if not isinstance(mobile, str) or not _MOBILE.match(mobile):
            return self._answer(400, {"error": "mobile is not a mobile number"})
        if not isinstance(content, str) or not 0 < len(content) <= 500:
            return self._answer(400, {"error": "content is not a text of 1 to 500 characters"})
        message = self.server.sandbox.take(mobile, content, self.headers.get("X-Request-Id"))
        if random.random() < faults.fail_after_rate:
            return self._answer(500, {"error": "the message was taken, but this answer says otherwise"})
        return self._answer(200, {"id": message.id})

    def do_PUT(self) -> None:
        if urlsplit(self.path).path != "/faults":
            return self._answer(404, {"error": "not found"})
        body = self._body()
        if body is None:
            return None
        try:
            self.server.sandbox.faults = self.server.sandbox.faults.changed(body)
        except (TypeError, ValueError) as wrong:
            return self._answer(400, {"error": f"not a fault: {wrong}"})
        return self._answer(200, asdict(self.server.sandbox.faults))

    def do_DELETE(self) -> None:
        if urlsplit(self.path).path != "/messages":
            return self._answer(404, {"error": "not found"})
        self.server.sandbox.forget()
        return self._answer(200, {})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/messages":
            if self.server.sandbox.faults.blind:
                return self._answer(503, {"error": "temporarily unavailable"})
            found = self.server.sandbox.messages(asked.get("reference"), asked.get("mobile"))
            return self._answer(200, {"items": [asdict(each) for each in found]})
        if parts.path == "/faults":
            return self._answer(200, asdict(self.server.sandbox.faults))
        if parts.path == "/healthz":
            return self._answer(200, {"status": "alive"})
        if parts.path == "/":
            return self._send(200, "text/html; charset=utf-8", _page(self.server.sandbox.messages()).encode())
        return self._answer(404, {"error": "not found"})

    def _body(self) -> dict[str, Any] | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self.close_connection = True
            self._answer(413 if length.isdigit() else 411, {"error": "a body of at most 64 KiB is expected"})
            return None
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            self._answer(400, {"error": "a JSON object is expected"})
            return None
        return body

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(body, ensure_ascii=False).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing: numbers and texts of messages belong in no log."""


class Server(ThreadingHTTPServer):
    """Serves one ``Sandbox`` on loopback."""

    daemon_threads = True
    # The platform's default of 5 lets a burst of reminders run into refused connections.
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, port: int = 0) -> None:
        self.sandbox = sandbox
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


_PAGE = """<!doctype html>
<html lang="zh"><meta charset="utf-8"><meta http-equiv="refresh" content="3"><title>短信沙箱</title>
<style>body{{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}td,th{{border-bottom:1px solid #ddd;padding:.4rem}}
</style><h1>短信沙箱 SMS sandbox</h1><p>{count} 条，最新在前。这里的短信没有真正发出。</p>
<table><tr><th>时间<th>手机号<th>内容<th>状态</tr>{rows}</table></html>
"""


def _page(messages: list[Message]) -> str:
    cells = ([each.received_at, each.mobile, each.content, each.status] for each in messages[:200])
    rows = "".join("<tr>" + "".join(f"<td>{escape(text)}" for text in row) + "</tr>" for row in cells)
    return _PAGE.format(count=len(messages), rows=rows)


def main() -> None:
    """Serve on SMS_SANDBOX_PORT, sending receipts to RECEIPT_URL with the token in SMS_RECEIPT_TOKEN_FILE."""
    token = os.environ.get("SMS_RECEIPT_TOKEN_FILE")
    sandbox = Sandbox(os.environ.get("RECEIPT_URL"), Path(token).read_text("ascii") if token else "")
    server = Server(sandbox, int(os.environ.get("SMS_SANDBOX_PORT", "7303")))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main()
