"""A client as a web client should be: repeats what was not answered, with the same idempotency key."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import eventlet
import requests

PATIENCE_SECONDS = 120.0
CALL_SECONDS = 10.0
# Not answered, or answered with "not now": the same command may be sent again.
NOT_NOW = frozenset({429, 502, 503, 504})


class Refused(AssertionError):
    """The platform refused what it should have accepted."""


class Caller:
    """Calls of the HTTP API. ``repeated`` counts commands sent again, ``faulty`` answers of 500."""

    def __init__(self, gateway_url: str) -> None:
        self._gateway_url = gateway_url
        self._tokens: dict[str, str] = {}
        self.accepted = 0
        self.repeated = 0
        self.faulty = 0

    def sign_in(self, number: str) -> str:
        """The session token of the person with this number; signed in once."""
        if number not in self._tokens:
            answer = self.command("POST", "/api/v1/sessions/demo", {"number": number}, None, counted=False)
            self._tokens[number] = answer["token"]
        return self._tokens[number]

    def get(self, address: str, token: str | None = None) -> dict[str, Any]:
        """What stands there; asked again until it is answered."""
        return self._ask("GET", address, None, token, {})

    def command(
        self, method: str, path: str, body: dict[str, Any], token: str | None, *, counted: bool = True
    ) -> dict[str, Any]:
        """Have it accepted, however often it has to be sent; the answer of the platform."""
        answer = self._ask(method, path, body, token, {"Idempotency-Key": uuid4().hex})
        self.accepted += counted
        return answer

    def _ask(
        self, method: str, address: str, body: Any, token: str | None, headers: dict[str, str]
    ) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        if token is not None:
            headers = {**headers, "Authorization": f"Bearer {token}"}
        url = address if address.startswith("http") else f"{self._gateway_url}{address}"
        while True:
            answer = self._once(method, url, body, headers)
            if answer is not None and answer.ok:
                found: dict[str, Any] = answer.json()
                return found
            if answer is not None and answer.status_code == 500:
                self.faulty += 1
            elif answer is not None and answer.status_code not in NOT_NOW:
                raise Refused(f"{method} {address}: {answer.status_code} {answer.text[:400]}")
            if time.monotonic() > deadline:
                raise Refused(f"{method} {address}: not accepted within {PATIENCE_SECONDS:g} s")
            self.repeated += 1
            eventlet.sleep(0.1)

    def _once(self, method: str, url: str, body: Any, headers: dict[str, str]) -> requests.Response | None:
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.request(method, url, json=body, headers=headers, timeout=CALL_SECONDS)
        except requests.RequestException:
            return None
