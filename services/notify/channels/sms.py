"""The SMS channel over HTTP: sends what the model prepared, within a time, and reports what is certain."""

from __future__ import annotations

import eventlet
import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from services.notify.channels.model import (
    Answer,
    Call,
    CannotTell,
    Finding,
    NoAnswer,
    NotReceived,
    query_call,
    read_answer,
    read_finding,
    send_call,
)

MOST_ANSWER_BYTES = 256 * 1024


class _Late(Exception):
    """The whole call took longer than its time, however slowly its bytes still come."""


class SmsChannel:
    """One provider at ``url``. No call lasts longer than ``timeout`` seconds; none is repeated here."""

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout

    def send(self, reference: str, mobile: str, content: str) -> Answer:
        """Ask for one message; ``reference`` is how the provider can be asked about it later."""
        try:
            status, body = self._exchange(send_call(self._url, reference, mobile, content))
        except (requests.ConnectionError, _Late, requests.RequestException) as failed:
            if _never_connected(failed):
                return NotReceived("provider_unreachable")
            return NoAnswer("no_answer")
        return read_answer(status, body)

    def find(self, reference: str) -> Finding:
        """What the provider knows of the message sent under ``reference``."""
        try:
            status, body = self._exchange(query_call(self._url, reference))
        except (_Late, requests.RequestException):
            return CannotTell()
        return read_finding(status, body, reference)

    def _exchange(self, call: Call) -> tuple[int, bytes]:
        # A connection of its own for each call: one kept alive may be closed under us, and then nobody
        # knows whether the message went. No proxy that merely stands in the environment sees a number.
        with requests.Session() as session, eventlet.Timeout(self._timeout, _Late):
            session.trust_env = False
            with session.request(
                call.method,
                call.url,
                headers=dict(call.headers),
                data=call.body,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return response.status_code, response.raw.read(MOST_ANSWER_BYTES, decode_content=True)


def _never_connected(failed: BaseException) -> bool:
    """Whether the failure came before a connection stood, so that nothing can have been received."""
    if isinstance(failed, requests.ConnectTimeout):
        return True
    cause = getattr(failed.args[0], "reason", None) if failed.args else None
    return isinstance(cause, (NewConnectionError, ConnectTimeoutError))
