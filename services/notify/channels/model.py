"""The generic campus SMS interface: what is asked over HTTP, and what each answer means. No network here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlencode, urlsplit, urlunsplit

REFERENCE_HEADER = "X-Request-Id"
_ID = re.compile(r"^[\x21-\x7e]{1,200}$")
OUTCOMES = ("delivered", "failed")


@dataclass(frozen=True)
class Call:
    """One HTTP request. ``repr`` shows no number: the body stays out of it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None

    def __repr__(self) -> str:
        return f"Call({self.method})"


@dataclass(frozen=True)
class Accepted:
    """The provider has taken the message over."""

    provider_id: str | None


@dataclass(frozen=True)
class Refused:
    """The provider will never take this message."""

    reason: str


@dataclass(frozen=True)
class NotReceived:
    """The provider has not taken it, that is certain; it may be tried again."""

    reason: str


@dataclass(frozen=True)
class NoAnswer:
    """Nobody knows whether the provider has it: ask before anything else.

    ``over``: the call has ended, so nothing of it is still on its way.
    """

    reason: str
    over: bool = False


Answer: TypeAlias = Accepted | Refused | NotReceived | NoAnswer


@dataclass(frozen=True)
class Found:
    """The provider has it; ``outcome`` is one of ``OUTCOMES``, or None where that is not known yet."""

    provider_id: str | None
    outcome: str | None


@dataclass(frozen=True)
class Absent:
    """The provider says that it never got it."""


@dataclass(frozen=True)
class CannotTell:
    """The provider did not answer the question."""


Finding: TypeAlias = Found | Absent | CannotTell


def send_call(url: str, reference: str, mobile: str, content: str) -> Call:
    """``POST {mobile, content}`` under our own reference, by which the provider can be asked later."""
    body = json.dumps({"mobile": mobile, "content": content}, ensure_ascii=False).encode()
    return Call("POST", url, {"Content-Type": "application/json", REFERENCE_HEADER: reference}, body)


def query_call(url: str, reference: str) -> Call:
    """``GET …/messages?reference=…``, beside the address that messages are posted to."""
    parts = urlsplit(url)
    folder = parts.path.rsplit("/", 1)[0]
    query = urlencode({"reference": reference})
    return Call("GET", urlunsplit((parts.scheme, parts.netloc, f"{folder}/messages", query, "")), {})


def read_answer(status: int, body: bytes) -> Answer:
    """What an answer to ``send_call`` means.

    A failure of the provider's own (5xx) says nothing of whether the message was taken before it failed;
    a success that cannot be read is a success.
    """
    if 200 <= status < 300:
        return Accepted(_provider_id(_json(body)))
    if status == 429:
        return NotReceived("provider_busy")
    if status in (401, 403, 404, 405) or 300 <= status < 400:
        return NotReceived("provider_refuses_us")  # our settings are wrong: the message is not
    if 400 <= status < 500 and status != 408:
        return Refused("refused")
    # A gateway that gave up waiting says nothing of the provider behind it, which may still be at work.
    return NoAnswer("no_answer") if status == 504 else NoAnswer("provider_failed", over=True)


def read_finding(status: int, body: bytes, reference: str) -> Finding:
    """What an answer to ``query_call`` means; only a well-formed, successful answer can say "never"."""
    if status != 200:
        return CannotTell()
    listed = _json(body)
    if isinstance(listed, dict):
        listed = listed.get("items")
    if not isinstance(listed, list):
        return CannotTell()
    for each in listed:
        if isinstance(each, dict) and each.get("reference") == reference:
            outcome = each.get("status")
            return Found(_provider_id(each), outcome if outcome in OUTCOMES else None)
    return Absent()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _provider_id(answer: Any) -> str | None:
    given = answer.get("id") if isinstance(answer, dict) else None
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    return given if isinstance(given, str) and _ID.match(given) else None
