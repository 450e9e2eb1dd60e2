"""RabbitMQ's management HTTP API: the few calls that operators' tools and tests need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

_CALL_SECONDS = 10.0


class Management:
    """One node's management API. Every call is bounded in time and raises ``requests.RequestException``."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self.address = address.rstrip("/")
        self._user = user
        self._session = requests.Session()
        self._session.auth = (user, password)
        # A proxy of the surroundings has no business between us and the broker.
        self._session.trust_env = False

    def answers(self) -> bool:
        """Whether the node is up and lets us in."""
        try:
            return self._session.get(f"{self.address}/api/whoami", timeout=2.0).status_code == 200
        except requests.RequestException:
            return False

    def create_vhost(self, vhost: str) -> None:
        self._call("PUT", f"vhosts/{_q(vhost)}")
        self._call(
            "PUT",
            f"permissions/{_q(vhost)}/{_q(self._user)}",
            {"configure": ".*", "write": ".*", "read": ".*"},
        )

    def delete_vhost(self, vhost: str) -> None:
        """Delete it with all its queues; nothing happens if there is none."""
        self._call("DELETE", f"vhosts/{_q(vhost)}", absent_is_fine=True)

    def apply_policies(self, definitions: Mapping[str, Any], vhost: str) -> None:
        """Set every policy of an exported definitions document in ``vhost``, wherever it was exported."""
        for policy in definitions.get("policies", ()):
            body = {
                name: policy[name]
                for name in ("pattern", "definition", "priority", "apply-to")
                if name in policy
            }
            self._call("PUT", f"policies/{_q(vhost)}/{_q(policy['name'])}", body)

    def policies(self, vhost: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", f"policies/{_q(vhost)}")
        return found

    def delete_policy(self, vhost: str, name: str) -> None:
        self._call("DELETE", f"policies/{_q(vhost)}/{_q(name)}", absent_is_fine=True)

    def queues(self, vhost: str) -> list[dict[str, Any]]:
        """Every queue with its counters, which the node refreshes every few seconds."""
        found: list[dict[str, Any]] = self._call("GET", f"queues/{_q(vhost)}")
        return found

    def queue(self, vhost: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._call("GET", f"queues/{_q(vhost)}/{_q(name)}")
        return found

    def bindings(self, vhost: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", f"bindings/{_q(vhost)}")
        return found

    def connections(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", "connections")
        return found

    def close_connection(self, name: str) -> None:
        """Cut a client off, as an operator would."""
        self._call("DELETE", f"connections/{_q(name)}", absent_is_fine=True)

    def _call(self, method: str, path: str, body: Any = None, *, absent_is_fine: bool = False) -> Any:
        answer = self._session.request(method, f"{self.address}/api/{path}", json=body, timeout=_CALL_SECONDS)
        if not (absent_is_fine and answer.status_code == 404):
            answer.raise_for_status()
        return answer.json() if answer.content and answer.status_code == 200 else None


def _q(text: str) -> str:
    return quote(text, safe="")
