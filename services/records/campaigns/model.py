"""The life of a campaign's micro-lectures: handed in, reviewed by somebody else, published once. No I/O.

Nothing here counts looks, likes or forwards, and nobody is ranked (国办函〔2026〕12号). States are as the
store keeps them: dates and instants are texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.chassis.contract import Change, EventContract
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.policies import Ruling
from services.contracts import audience as audiences
from services.contracts.records_events import (
    CampaignCalled,
    CampaignClosed,
    LecturePublished,
    LectureReviewed,
    LectureSubmitted,
    LectureWithdrawn,
)
from services.records.bulletins import wording
from services.records.bulletins.model import instant

State = Mapping[str, Any]
Rulings = Mapping[str, Ruling]
LONGEST_CALL = timedelta(days=366)
_SAID = ("title", "summary", "kind", "link", "attachments")


# -- campaigns -------------------------------------------------------------------------------------


def call(subject: str, given: State, *, by: str, now: datetime, today: date) -> Change:
    """Call for lectures until the end of ``submit_until``.

    ``given`` holds ``organisation``, ``title``, ``theme``, ``audience``, ``submit_until``, ``review_level``.
    Raises ``Invalid``: ``text.markup``, ``campaign.days_unfit``.
    """
    wording.check_plain({name: given[name] for name in ("title", "theme")})
    until: date = given["submit_until"]
    if not today <= until <= today + LONGEST_CALL:
        accepted = f"{today.isoformat()} … {(today + LONGEST_CALL).isoformat()}"
        raise Invalid.at("submit_until", "campaign.days_unfit", accepted=accepted)
    named = ("organisation", "title", "theme", "audience", "review_level")
    state = {
        **{name: given[name] for name in named},
        "submit_until": until.isoformat(),
        "called_by": by,
        "called_at": instant(now),
        "marks": audiences.marks(given["audience"]),
        "closed": None,
    }
    return Change(state, [CampaignCalled.of(**_addressed(subject, state), submit_until=until)])


def close(subject: str, before: State, *, reason: str, by: str, today: date) -> Change:
    """It ends before its last day; what was handed in goes its way.

    Raises ``Conflict("campaign.over")`` where it ended before, ``Invalid("text.markup")``.
    """
    _require_open(before, today)
    wording.check_plain({"reason": reason})
    state = {**before, "closed": {"reason": reason, "on": today.isoformat(), "by": by}}
    return Change(state, [CampaignClosed.of(**_addressed(subject, state), closed_on=today)])


def reviewed_at(campaign: State, home: Sequence[tuple[str, str]]) -> str:
    """The organisation that reviews what an author of ``home`` hands in.

    ``home`` are ids and kinds from the root down. Where the author has no organisation of the level that was
    chosen below the one that called, that one reviews.
    """
    below = [each for each, _ in home]
    start = below.index(campaign["organisation"]) if campaign["organisation"] in below else len(below)
    found = [each for each, kind in home[start:] if kind == campaign["review_level"]]
    return found[0] if found else str(campaign["organisation"])


# -- lectures --------------------------------------------------------------------------------------


def draft(campaign: str, called: State, given: State, *, author: str, now: datetime, today: date) -> Change:
    """A lecture that its author alone sees.

    ``given`` holds ``title``, ``summary``, ``kind``, ``link``, ``attachments`` (as kept), ``organisation``
    (where the author belongs) and ``review_at``. Raises as ``call``, ``Conflict("campaign.over")``.
    """
    _require_open(called, today)
    _check_said(given)
    state = {
        **{name: given[name] for name in (*_SAID, "organisation", "review_at")},
        "campaign": campaign,
        "called_by": called["organisation"],
        "author": author,
        "state": "draft",
        "drafted_at": instant(now),
        "handed_in_to": None,
        "submitted_at": None,
        "submitted_on": None,
        "published_at": None,
        "reviews": [],
        "withdrawn": None,
    }
    return Change(state)


def change(before: State, given: State) -> Change:
    """What the author says instead, before it is handed in or after it was returned.

    Raises ``Invalid``: ``text.markup``, ``link.unfit``; ``Conflict("lecture.state")``.
    """
    _expect(before, "draft", "returned")
    _check_said(given)
    return Change({**before, **{name: given[name] for name in _SAID}})


def discard(before: State) -> Change:
    """The author gives up a draft, or what was returned, its words and files with it.

    Raises ``Conflict("lecture.state")``.
    """
    _expect(before, "draft", "returned")
    return Change({**before, "state": "discarded", "summary": None, "link": None, "attachments": []})


def submit(
    subject: str, before: State, called: State, *, now: datetime, today: date, rulings: Rulings
) -> Change:
    """Hand it in to the campaign ``called``; once in time, what was returned may come again at any time.

    Raises ``Conflict``: ``lecture.state``, ``campaign.over``; ``Invalid``: ``lecture.nothing_to_show``,
    ``lecture.host_unfit`` with the hosts that the pack accepts.
    """
    _expect(before, "draft", "returned")
    if before["state"] == "draft":
        _require_open(called, today)
    if before["link"] is None and not before["attachments"]:
        raise Invalid.at("link", "lecture.nothing_to_show", accepted="link | attachments")
    if before["link"] is not None:
        _check_host(before["link"], rulings)
    state = {
        **before,
        "state": "submitted",
        "handed_in_to": before["campaign"],
        "submitted_at": instant(now),
        "submitted_on": today.isoformat(),
    }
    return _happened(LectureSubmitted, subject, state, submitted_on=today)


def review(subject: str, before: State, *, verdict: str, comment: str | None, by: str, today: date) -> Change:
    """Accept it, or return it with a comment.

    Raises ``Conflict("lecture.state")`` unless handed in, ``Forbidden("lecture.own")`` to its author,
    ``Invalid``: ``lecture.comment_missing``, ``text.markup``.
    """
    _expect(before, "submitted")
    if by == before["author"]:
        raise Forbidden("lecture.own")
    if verdict == "return" and not comment:
        raise Invalid.at("comment", "lecture.comment_missing", accepted="1 …")
    wording.check_plain({"comment": comment})
    said = {"verdict": verdict, "comment": comment or None, "by": by, "on": today.isoformat()}
    accepted = verdict == "accept"
    state = {
        **before,
        "state": "accepted" if accepted else "returned",
        "reviews": [*before["reviews"], said],
    }
    return _happened(LectureReviewed, subject, state, accepted=accepted)


def publish(subject: str, before: State, *, now: datetime, today: date) -> Change:
    """Put it into the filling station; raises ``Conflict("lecture.state")`` unless accepted."""
    _expect(before, "accepted")
    state = {**before, "state": "published", "published_at": instant(now)}
    return _happened(LecturePublished, subject, state, published_on=today)


def withdraw(subject: str, before: State, *, reason: str, by: str, today: date) -> Change:
    """Take it down with the reason; raises ``Conflict("lecture.state")`` unless published."""
    _expect(before, "published")
    wording.check_plain({"reason": reason})
    gone = {"reason": reason, "on": today.isoformat(), "by": by}
    state = {**before, "state": "withdrawn", "withdrawn": gone}
    return _happened(LectureWithdrawn, subject, state, withdrawn_on=today)


# -- within ----------------------------------------------------------------------------------------


def _require_open(called: State, today: date) -> None:
    last: str = called["closed"]["on"] if called["closed"] else called["submit_until"]
    if called["closed"] or today.isoformat() > last:
        raise Conflict("campaign.over", params={"accepted": last})


def _addressed(subject: str, state: State) -> dict[str, Any]:
    whom = {name: state["audience"][name] for name in ("organisations", "roles", "political_statuses")}
    return {"campaign": subject, "organisation": state["organisation"], **whom}


def _check_said(given: State) -> None:
    wording.check_plain({name: given[name] for name in ("title", "summary")})
    if given["link"] is not None:
        wording.host_of(given["link"])


def _check_host(link: str, rulings: Rulings) -> None:
    ruling = rulings["lecture_hosts"]
    if not wording.leads_to(wording.host_of(link), ruling.value):
        raise Invalid.at(
            "link",
            "lecture.host_unfit",
            accepted=", ".join(ruling.value),
            rule=ruling.parameter.name,
            pack=ruling.pack.id,
            article=ruling.parameter.article,
        )


def _expect(before: State, *states: str) -> None:
    if before["state"] not in states:
        raise Conflict("lecture.state", params={"state": before["state"], "accepted": ", ".join(states)})


def _happened(contract: type[EventContract], subject: str, state: State, **more: Any) -> Change:
    facts = {
        "lecture": subject,
        "campaign": state["campaign"],
        "person": state["author"],
        "organisation": state["organisation"],
        "review_at": state["review_at"],
        "kind": state["kind"],
    }
    return Change(state, [contract.of(**facts, **more)])
