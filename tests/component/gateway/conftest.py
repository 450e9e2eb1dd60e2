"""A gateway in this process, a real broker, and stand-ins that answer its calls."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from deploy.local.broker import Broker
from deploy.local.store import Store
from gateway import openapi
from gateway.routes import ROUTES
from gateway.server import Server
from services.chassis import session
from services.chassis.settings import Settings
from services.chassis.testing import Running, settings_for_tests
from tests.component.gateway.stand_ins import Desk, FeedbackStandIn, RecordsStandIn
from tests.published import Published

PUBLISHED = Published(openapi.document(ROUTES))
ORIGIN = "https://party.example.edu"


@dataclass
class Door:
    """A running gateway as a client sees it: whatever it answers must be as published."""

    server: Server
    records: Desk | None = None
    feedback: Desk | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def token(self, person: str = "p-secretary", hours: float = 1) -> str:
        settings = self.server.settings
        now = self.server.gateway.clock.now()
        return session.issue(settings.session_private_key or "", person, timedelta(hours=hours), now)

    def ask(self, method: str, path: str, person: str | None = "p-secretary", **options: Any) -> Any:
        headers = dict(options.pop("headers", {}))
        if person is not None:
            headers.setdefault("Authorization", f"Bearer {self.token(person)}")
        response = requests.request(method, self.url + path, headers=headers, timeout=60, **options)
        if path.startswith("/api/") and not options.get("stream") and response.content:
            assert PUBLISHED.breaches(method, path.partition("?")[0], response) == []
        return response

    def raw(self, sent: bytes, *, seconds: float = 60) -> bytes:
        """Everything that comes back on a connection of its own until the gateway ends it."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=seconds) as connection:
            connection.sendall(sent)
            received = b""
            while piece := connection.recv(65536):
                received += piece
            return received


@pytest.fixture(scope="module")
def surroundings(broker: Broker, store: Store) -> Iterator[Settings]:
    name = f"t{uuid.uuid4().hex[:12]}"
    broker.management.create_vhost(name)
    broker.apply_policies(name)
    settings = settings_for_tests(broker.amqp_uri(name), store.uri, name)
    yield replace(settings, http_port=0, cors_origins=(ORIGIN,), rate_per_second=10_000.0, rate_burst=10_000)
    broker.management.delete_vhost(name)


@pytest.fixture(scope="module")
def opened(surroundings: Settings) -> Iterator[Door]:
    """One gateway for all tests of a module; each looks at its own requests alone."""
    with ExitStack() as stack:
        records = stack.enter_context(Running(RecordsStandIn, surroundings)).application
        feedback = stack.enter_context(Running(FeedbackStandIn, surroundings)).application
        server = Server(surroundings.for_service("gateway"))
        server.begin()
        stack.callback(server.drain)
        yield Door(server, records, feedback)


@pytest.fixture
def door(opened: Door) -> Door:
    opened.records.seen.clear()
    opened.feedback.seen.clear()
    return opened
