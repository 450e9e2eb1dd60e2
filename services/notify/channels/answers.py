"""What each answer of a provider means, and each report that it posts. No network here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

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
from services.notify.channels.shape import Query, Shape, Verdict

MOST_REPORTS = 1000
_ID = re.compile(r"\A[\x21-\x7e]{1,200}\Z")


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
    if not isinstance(value, (str, int)) or value == "":
        return "unknown"  # whatever stands before the provider answered, and may have let the call through
    if (told := spoken(value)) in verdict.success:
        return None
    return verdict.codes.get(told, verdict.otherwise)


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
            told = spoken(at(each, query.status))
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
        outcome = _outcome(spoken(at(each, reports.status)), reports.delivered, reports.failed)
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
    "unknown": NoAnswer("provider_failed"),  # not over: what answered may not be who has the message
}
MEANINGS = tuple(_MEANINGS)


def _refusal(status: int) -> Answer:
    if status == 429:
        return NotReceived("provider_busy")
    if status in (401, 403, 404, 405) or 300 <= status < 400:
        return NotReceived("provider_refuses_us")  # our settings are wrong: the message is not
    if 400 <= status < 500 and status != 408:
        return Refused("refused")
    # A gateway that gave up says nothing of the provider behind it, which may still be at work.
    return NoAnswer("no_answer") if status in (502, 504) else NoAnswer("provider_failed", over=True)


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


def spoken(value: Any) -> str:
    """A value of an answer, or of a shape that it is held against, as text: ``true`` as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(answer: Any, path: str, separator: str) -> set[str]:
    found = at(answer, path) if path else None
    if isinstance(found, str):
        found = found.split(separator)
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()


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
