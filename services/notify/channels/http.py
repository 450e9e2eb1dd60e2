"""A provider over HTTP, by its shape: sends within a time, and reports what is certain."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import eventlet
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

from services.chassis.clock import Clock
from services.notify.channels.answers import at, judged, parsed, read_answers, read_finding
from services.notify.channels.asking import Call
from services.notify.channels.model import Answer, CannotTell, Enquiry, Finding, Letter, NoAnswer, NotReceived
from services.notify.channels.shape import Shape, query_call, send_call

MOST_ANSWER_BYTES = 256 * 1024
MOST_CAUSES = 20
_NOT_CONNECTED = (ConnectTimeoutError, NewConnectionError, NameResolutionError)


class Late(Exception):
    """The whole call took longer than its time, however slowly its bytes still come."""


class NoToken(Exception):
    """The provider gives us no token: nothing was sent."""


class HttpChannel:
    """One provider of the shape ``shape``. No call lasts longer than ``timeout`` seconds; none is repeated.

    ``own`` fills the places that the operator sets; ``base`` is the provider's address. ``unreported``: it
    has no way to report, so that it is polled if it can be asked at all.
    """

    def __init__(
        self,
        shape: Shape,
        base: str,
        timeout: float,
        clock: Clock,
        own: Mapping[str, str] | None = None,
        *,
        unreported: bool = False,
    ) -> None:
        self._shape = shape
        self._timeout = timeout
        self._clock = clock
        self._own: dict[str, Any] = {**(own or {}), "base": base, "folder": base.rpartition("/")[0]}
        self._token: tuple[str, float] | None = None
        self._trust = ssl.create_default_context() if base.startswith("https:") else None
        self.one_text_per_call = True
        self.most_per_call = shape.most_per_call
        self.can_be_asked = shape.query is not None and not _asks_by_own_id(shape)
        self.polls = shape.polls or (unreported and shape.query is not None)

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        """Ask for all ``letters``, which say the same, under the reference ``call``; an answer for each."""
        try:
            status, body = self._answered(send_call(self._shape, call, letters, self._values()))
        except (HTTPError, OSError, Late, NoToken) as failed:
            return [unanswered(failed)] * len(letters)
        return read_answers(self._shape, status, body, letters)

    def find(self, enquiry: Enquiry) -> Finding:
        """What the provider knows of one message."""
        try:
            asked = query_call(self._shape, enquiry, self._values())
            if asked is None:
                return CannotTell()
            status, body = self._answered(asked)
        except (HTTPError, OSError, Late, NoToken):
            return CannotTell()
        return read_finding(self._shape, status, body, enquiry)

    def _answered(self, call: Call) -> tuple[int, bytes]:
        """What it answers; a token that it takes no more is fetched anew for the next call."""
        status, body = self._exchange(call)
        if self._token is not None and judged(self._shape.verdict, parsed(body)) == "token":
            self._token = None
        return status, body

    def _values(self) -> dict[str, Any]:
        token = self._shape.token
        if token is None:
            return self._own
        now = self._clock.now().timestamp()
        if self._token is None or self._token[1] <= now:
            status, body = self._exchange(token.ask.filled(self._own))
            answer = parsed(body)
            given = at(answer, token.path)
            if status != 200 or judged(token.verdict, answer) is not None or not isinstance(given, str):
                raise NoToken
            self._token = (given, now + token.seconds)
        return {**self._own, "token": self._token[0]}

    def _exchange(self, call: Call) -> tuple[int, bytes]:
        # A connection of its own for each call: one kept alive may be closed under us, and then nobody
        # knows whether the message went. No proxy that merely stands in the environment sees a number.
        more = {"ssl_context": self._trust} if self._trust else {}
        with (
            eventlet.Timeout(self._timeout, Late),
            urllib3.connection_from_url(call.url, timeout=self._timeout, retries=False, **more) as pool,
        ):
            response = pool.urlopen(
                call.method,
                urllib3.util.parse_url(call.url).request_uri,
                body=call.body,
                headers={"Connection": "close", **call.headers},
                redirect=False,
                preload_content=False,
            )
            return response.status, response.read(MOST_ANSWER_BYTES, decode_content=True)


def unanswered(failed: BaseException) -> Answer:
    """What it means that a call ended without an answer: that nothing was received, is certain only where
    the failure came before a connection stood."""
    if isinstance(failed, NoToken):
        return NotReceived("provider_refuses_us")
    if any(isinstance(each, _NOT_CONNECTED) or _untrusted(each) for each in causes(failed)):
        return NotReceived("provider_unreachable")
    return NoAnswer("no_answer")


def causes(failed: BaseException) -> Iterator[BaseException]:
    """The failure and what lies behind it: libraries wrap one in another, each in its own way."""
    met: list[BaseException] = []
    waiting = [failed]
    while waiting and len(met) < MOST_CAUSES:
        each = waiting.pop()
        if each in met:
            continue
        met.append(each)
        named = [getattr(each, name, None) for name in ("reason", "inner_exception")]
        behind = [each.__cause__, each.__context__, *named, *each.args]
        waiting += [one for one in behind if isinstance(one, BaseException)]
    yield from met


def _untrusted(failed: BaseException) -> bool:
    """Whether it ended before the first byte of ours: with a certificate that is not trusted."""
    return isinstance(failed, ssl.SSLCertVerificationError)


def _asks_by_own_id(shape: Shape) -> bool:
    return shape.query is not None and "{provider_id}" in f"{shape.query.ask.url}{shape.query.ask.body}"
