"""What operators ask a process on its own port: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import eventlet
import structlog
from eventlet import wsgi

from services.chassis import metrics

CHECK_SECONDS = 2.0
_log = structlog.get_logger()
Check = Callable[[], bool]


class Health:
    """What a process says about itself.

    ``/healthz`` answers 200 as long as the process turns its loop: if not, restart it. ``/readyz`` answers
    200 while every check holds and nobody asked it to stop, else 503 with the names of what is missing.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self.checks: Mapping[str, Check] = {}
        self.started = False
        self.draining = False

    def missing(self) -> list[str]:
        """Why the process is not ready; nothing if it is."""
        if self.draining:
            return ["draining"]
        if not self.started:
            return ["starting"]
        return [name for name, check in self.checks.items() if not _holds(check)]

    def answer(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI application."""
        path = environ.get("PATH_INFO")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            status, body, kind = "405 Method Not Allowed", b"", "text/plain"
        elif path == "/healthz":
            status, body, kind = "200 OK", self._told(status="alive"), "application/json"
        elif path == "/readyz":
            missing = self.missing()
            status = "503 Service Unavailable" if missing else "200 OK"
            body = self._told(status="not ready" if missing else "ready", missing=missing)
            kind = "application/json"
        elif path == "/metrics":
            status = "200 OK"
            body, kind = metrics.exposition()
        else:
            status, body, kind = "404 Not Found", b"", "text/plain"
        start_response(
            status,
            [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")],
        )
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    def _told(self, **fields: Any) -> bytes:
        return json.dumps({"service": self.service, **fields}).encode()


def _holds(check: Check) -> bool:
    try:
        with eventlet.Timeout(CHECK_SECONDS, TimeoutError("no answer")):
            return bool(check())
    except Exception as error:
        _log.info("health.check_failed", error=type(error).__name__)
        return False


class HealthServer:
    """Serves a ``Health`` on a port of its own, in a greenthread; raises ``OSError`` if the port is taken."""

    def __init__(self, health: Health, host: str, port: int) -> None:
        self._socket = eventlet.listen((host, port), reuse_port=False)
        self.port: int = self._socket.getsockname()[1]
        self._thread = eventlet.spawn(
            wsgi.server, self._socket, health.answer, log_output=False, debug=False, socket_timeout=10
        )

    def close(self) -> None:
        self._thread.kill()
        self._socket.close()
