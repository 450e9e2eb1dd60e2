"""An HTTP interface as data: what is asked of a provider, and what each answer means. No network here.

The shipped shapes are the files in ``policies/providers``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from services.notify.channels.model import (
    Absent,
    Accepted,
    Answer,
    CannotTell,
    Enquiry,
    Finding,
    Found,
    Letter,
    NoAnswer,
    NotReceived,
    Refused,
    Report,
)

MOST_REPORTS = 1000
_ID = re.compile(r"\A[\x21-\x7e]{1,200}\Z")
_PLACE = re.compile(r"\{([a-z][a-z_]*)\}")
_UNFIT_FOR_HEADERS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Call:
    """One HTTP request. ``repr`` shows no number and no secret: address, headers and body stay out of it."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Ask:
    """A request with places to fill: ``{address}`` and the like in every text of it."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    encoding: str = "json"

    def filled(self, values: Mapping[str, Any]) -> Call:
        """The request; raises ``KeyError`` with the name of a place that nothing fills."""
        url = _fill(
            self.url, values, lambda name, text: text if name in ("base", "folder") else quote(text, "")
        )
        headers = {
            name: _UNFIT_FOR_HEADERS.sub("", _fill(text, values)).encode().decode("latin-1")
            for name, text in self.headers.items()
        }
        if self.body is None:
            return Call(self.method, url, headers)
        body = _fill_all(self.body, values)
        if self.encoding == "form":
            pairs = {name: text if isinstance(text, str) else json.dumps(text) for name, text in body.items()}
            kind, content = "application/x-www-form-urlencoded", urlencode(pairs).encode()
        else:
            kind, content = "application/json", json.dumps(body, ensure_ascii=False).encode()
        return Call(self.method, url, {"Content-Type": kind, **headers}, content)


@dataclass(frozen=True)
class Verdict:
    """How an answer of 2xx is read: success where the value at ``path`` is one of ``success`` (always, where
    ``path`` is empty); otherwise the meaning of the value in ``codes``, or ``otherwise``.

    Meanings: ``refused`` for good, ``busy``, ``ours`` (our settings are wrong), ``token`` (ours is no longer
    taken), ``unknown``. ``refused_addresses`` is where the provider lists those that it did not take.
    """

    path: str = ""
    success: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = "unknown"
    id: str = "id"
    refused_addresses: str = ""


@dataclass(frozen=True)
class Query:
    """How the provider is asked. Its list is at ``items``, an entry ours where ``reference`` holds our
    reference; or the addresses themselves are listed, under each of ``delivered_lists`` and so on."""

    ask: Ask
    items: str = "items"
    reference: str = "reference"
    id: str = "id"
    status: str = "status"
    delivered: tuple[str, ...] = ("delivered",)
    failed: tuple[str, ...] = ("failed",)
    delivered_lists: tuple[str, ...] = ()
    failed_lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Token:
    """How a token for the other calls is fetched; it is used for ``seconds``."""

    ask: Ask
    verdict: Verdict
    path: str = "access_token"
    seconds: float = 6000.0


@dataclass(frozen=True)
class Reports:
    """What a report of the provider looks like: an object, or a list of them."""

    reference: str = "reference"
    status: str = "status"
    delivered: tuple[str, ...] = ("delivered",)
    failed: tuple[str, ...] = ("failed",)
    address: str = ""


@dataclass(frozen=True)
class Shape:
    """One provider's interface. A call goes to at most ``most_per_call`` addresses, with one text."""

    id: str
    send: Ask
    verdict: Verdict
    most_per_call: int = 1
    separator: str = ","
    query: Query | None = None
    token: Token | None = None
    reports: Reports | None = None
    polls: bool = False


def send_call(shape: Shape, call: str, letters: Sequence[Letter], own: Mapping[str, Any]) -> Call:
    """One request for all ``letters``, which say the same. ``own`` fills what the operator has set."""
    first = letters[0]
    return shape.send.filled(
        {
            **own,
            "reference": call,
            "address": first.address,
            "addresses": shape.separator.join(each.address for each in letters),
            "text": first.text,
            "template": first.template,
            "variables": dict(first.variables),
        }
    )


def query_call(shape: Shape, enquiry: Enquiry, own: Mapping[str, Any]) -> Call | None:
    """The question about one message; None where this provider cannot be asked about it."""
    if shape.query is None:
        return None
    values = {**own, "reference": enquiry.call, "address": enquiry.address}
    if enquiry.provider_id is not None:
        values["provider_id"] = enquiry.provider_id
    try:
        return shape.query.ask.filled(values)
    except KeyError:
        return None  # it can be asked by its own id only, which was never heard


def read_answers(shape: Shape, status: int, body: bytes, letters: Sequence[Letter]) -> list[Answer]:
    """What an answer to ``send_call`` means for each of ``letters``.

    A failure of the provider's own (5xx) says nothing of whether the message was taken before it failed;
    a success that cannot be read is a success. Whom WeCom does not reach it names in lower case, however they
    are written.
    """
    if not 200 <= status < 300:
        return [_refusal(status)] * len(letters)
    answer = parsed(body)
    meaning = judged(shape.verdict, answer)
    if meaning is not None:
        return [_MEANINGS[meaning]] * len(letters)
    refused = {each.lower() for each in _listed(answer, shape.verdict.refused_addresses, shape.separator)}
    taken = Accepted(_provider_id(at(answer, shape.verdict.id)))
    return [Refused("refused") if each.address.lower() in refused else taken for each in letters]


def judged(verdict: Verdict, answer: Any) -> str | None:
    """None for a success, or the meaning of the failure."""
    if not verdict.path:
        return None
    value = at(answer, verdict.path)
    code = str(value) if isinstance(value, (str, int)) else ""
    if code in verdict.success:
        return None
    return verdict.codes.get(code, verdict.otherwise)


def read_finding(shape: Shape, status: int, body: bytes, enquiry: Enquiry) -> Finding:
    """What an answer to ``query_call`` means; only a well-formed, successful answer can say "never"."""
    query = shape.query
    if query is None or status != 200:
        return CannotTell()
    answer = parsed(body)
    if query.delivered_lists or query.failed_lists:
        return _find_address(query, answer, enquiry)
    listed = answer if isinstance(answer, list) else at(answer, query.items)
    if not isinstance(listed, list):
        return CannotTell()
    for each in listed:
        if isinstance(each, dict) and at(each, query.reference) == enquiry.call:
            told = str(at(each, query.status))
            return Found(_provider_id(at(each, query.id)), _outcome(told, query.delivered, query.failed))
    return Absent()


def read_reports(shape: Shape, body: str) -> list[Report]:
    """The reports that a provider posted; raises ``ValueError`` for what is none. Statuses that settle
    nothing are left out."""
    reports = shape.reports
    told = parsed(body.encode())
    if isinstance(told, dict):
        told = [told]
    if reports is None or not isinstance(told, list) or len(told) > MOST_REPORTS:
        raise ValueError("not a report")
    found = []
    for each in told:
        reference = at(each, reports.reference)
        if not isinstance(reference, str) or not _ID.match(reference):
            raise ValueError("a report without a reference")
        outcome = _outcome(_spoken(at(each, reports.status)), reports.delivered, reports.failed)
        address = at(each, reports.address) if reports.address else None
        if outcome is not None:
            found.append(Report(reference, outcome, address if isinstance(address, str) else None))
    return found


def at(answer: Any, path: str) -> Any:
    """What stands at a dotted path such as ``data.0.id``; None where nothing does."""
    for name in filter(None, path.split(".")):
        if isinstance(answer, dict):
            answer = answer.get(name)
        elif isinstance(answer, list) and name.isdigit() and int(name) < len(answer):
            answer = answer[int(name)]
        else:
            return None
    return answer


_MEANINGS: Mapping[str, Answer] = {
    "refused": Refused("refused"),
    "busy": NotReceived("provider_busy"),
    "ours": NotReceived("provider_refuses_us"),
    "token": NotReceived("provider_refuses_us"),
    "unknown": NoAnswer("provider_failed", over=True),
}
MEANINGS = tuple(_MEANINGS)


def _refusal(status: int) -> Answer:
    if status == 429:
        return NotReceived("provider_busy")
    if status in (401, 403, 404, 405) or 300 <= status < 400:
        return NotReceived("provider_refuses_us")  # our settings are wrong: the message is not
    if 400 <= status < 500 and status != 408:
        return Refused("refused")
    # A gateway that gave up waiting says nothing of the provider behind it, which may still be at work.
    return NoAnswer("no_answer") if status == 504 else NoAnswer("provider_failed", over=True)


def _find_address(query: Query, answer: Any, enquiry: Enquiry) -> Finding:
    if not isinstance(answer, dict):
        return CannotTell()
    for outcome, paths in (("failed", query.failed_lists), ("delivered", query.delivered_lists)):
        if any(enquiry.address in _listed(answer, path, ",") for path in paths):
            return Found(enquiry.provider_id, outcome)
    return Found(enquiry.provider_id, None)


def _outcome(told: str, delivered: Sequence[str], failed: Sequence[str]) -> str | None:
    if told in delivered:
        return "delivered"
    return "failed" if told in failed else None


def _spoken(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(answer: Any, path: str, separator: str) -> set[str]:
    found = at(answer, path) if path else None
    if isinstance(found, str):
        found = found.split(separator)
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()


def _fill(
    text: str, values: Mapping[str, Any], put: Callable[[str, str], str] = lambda name, text: text
) -> str:
    return _PLACE.sub(lambda place: put(place[1], str(values[place[1]])), text)


def _fill_all(body: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(body, dict):
        return {name: _fill_all(each, values) for name, each in body.items()}
    if isinstance(body, list):
        return [_fill_all(each, values) for each in body]
    if not isinstance(body, str):
        return body
    whole = _PLACE.fullmatch(body)  # a place that is all of a text keeps the type of what fills it
    return values[whole[1]] if whole else _fill(body, values)


def parsed(body: bytes) -> Any:
    """The body as JSON; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _provider_id(given: Any) -> str | None:
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    return given if isinstance(given, str) and _ID.match(given) else None
