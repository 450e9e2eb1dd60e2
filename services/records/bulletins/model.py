"""The life of a bulletin: drafted, published once, corrected by editions, taken down on record. No I/O.

States are as the store keeps them: dates and instants are texts, instants in UTC with milliseconds, so that
they sort.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.chassis.contract import Change, EventContract
from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import Ruling
from services.contracts import audience as audiences
from services.contracts.records_events import BulletinCorrected, BulletinPublished, BulletinWithdrawn
from services.records.bulletins import wording

State = Mapping[str, Any]
Rulings = Mapping[str, Ruling]
LONGEST_WAIT = timedelta(days=366)
MOST_EDITIONS = 20
_SAID = ("title", "body", "link", "attachments")
_DRAFTED = (*_SAID, "audience", "mandatory", "read_by", "open")


def instant(now: datetime) -> str:
    """An instant as texts of it sort.

    >>> instant(datetime(2026, 9, 10, 4, 0, tzinfo=UTC))
    '2026-09-10T04:00:00.000Z'
    """
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# -- before it is published ------------------------------------------------------------------------


def draft(given: State, *, by: str, now: datetime) -> Change:
    """A bulletin that nobody but its publishers sees; nothing has happened yet.

    ``given`` holds ``organisation``, ``title``, ``body``, ``link``, ``attachments`` (as kept), ``audience``,
    ``mandatory``, ``read_by``, ``open``. Raises ``Invalid``: ``text.markup``, ``link.unfit``,
    ``bulletin.read_by_missing``, ``bulletin.read_by_unneeded``.
    """
    _check_said(given)
    _check_duty(given)
    state = {
        "organisation": given["organisation"],
        **_content(given),
        "state": "draft",
        "edition": 0,
        "drafted_by": by,
        "drafted_at": instant(now),
        "publish_at": None,
        "published_by": None,
        "published_on": None,
        "published_at": None,
        "marks": [],
        "corrections": [],
        "earlier": [],
        "withdrawn": None,
    }
    return Change(state)


def change(before: State, given: State) -> Change:
    """What the draft says instead; one that waited for its hour is a draft again.

    Raises as ``draft``, and ``Conflict("bulletin.state")`` once it was published.
    """
    _expect(before, "draft", "scheduled")
    _check_said(given)
    _check_duty(given)
    return Change({**before, **_content(given), "state": "draft", "publish_at": None})


def discard(before: State) -> Change:
    """What nobody has read is given up, its words and files with it; nothing has happened.

    Raises ``Conflict("bulletin.state")`` once it was published.
    """
    _expect(before, "draft", "scheduled")
    return Change(
        {**before, "state": "discarded", "body": None, "link": None, "attachments": [], "publish_at": None}
    )


def publish(
    subject: str,
    before: State,
    *,
    by: str,
    at: datetime | None,
    now: datetime,
    today: date,
    day: date,
    rulings: Rulings,
) -> Change:
    """Publish now, or at an instant to come; ``day`` is the campus day of that instant, ``today`` for now.

    Raises ``Conflict("bulletin.state")`` where it was published before, ``Invalid``:
    ``bulletin.too_far_ahead``, ``bulletin.read_by_unfit`` with the days that the pack accepts.
    """
    _expect(before, "draft", "scheduled")
    if before["mandatory"]:
        _check_deadline(date.fromisoformat(before["read_by"]), day, rulings)
    if at is None or at <= now:
        return _published(subject, {**before, "published_by": by}, now, today)
    if at - now > LONGEST_WAIT:
        raise Invalid.at("at", "bulletin.too_far_ahead", accepted=f"≤ {instant(now + LONGEST_WAIT)}")
    return Change({**before, "state": "scheduled", "publish_at": instant(at), "published_by": by})


def release(subject: str, before: State, *, now: datetime, today: date) -> Change | None:
    """Publish what waited for its hour; None where it does not wait or the hour has not come."""
    if before["state"] != "scheduled" or before["publish_at"] > instant(now):
        return None
    return _published(subject, before, now, today)


# -- afterwards ------------------------------------------------------------------------------------


def correct(subject: str, before: State, given: State, *, by: str, now: datetime, today: date) -> Change:
    """A new edition that says what was corrected; the one before stays readable.

    To whom it goes and until when it is to be read stay as they were, and whoever read it has read it.
    Raises as ``draft``, ``Conflict``: ``bulletin.state``, ``bulletin.too_many_editions``.
    """
    _expect(before, "published")
    if before["edition"] >= MOST_EDITIONS:
        raise Conflict("bulletin.too_many_editions", params={"most": MOST_EDITIONS})
    _check_said(given)
    wording.check_plain({"correction": given["correction"]})
    edition = before["edition"] + 1
    corrected = {"edition": edition, "correction": given["correction"], "at": instant(now), "by": by}
    state = {
        **before,
        **{name: given[name] for name in _SAID},
        "edition": edition,
        "corrections": [*before["corrections"], corrected],
        "earlier": [
            *before["earlier"],
            {"edition": before["edition"], **{name: before[name] for name in _SAID}},
        ],
    }
    return Change(state, [_happened(BulletinCorrected, subject, state, edition=edition, corrected_on=today)])


def withdraw(subject: str, before: State, *, reason: str, by: str, today: date) -> Change:
    """Take it down: it stays on record and where it was found, with the reason, and says nothing more.

    Raises ``Invalid("text.markup")``, ``Conflict("bulletin.state")`` unless it is published.
    """
    _expect(before, "published")
    wording.check_plain({"reason": reason})
    state = {
        **before,
        "state": "withdrawn",
        "withdrawn": {"reason": reason, "on": today.isoformat(), "by": by},
    }
    return Change(state, [_happened(BulletinWithdrawn, subject, state, withdrawn_on=today)])


# -- who it is for ---------------------------------------------------------------------------------


def must(marks: Iterable[str]) -> list[str]:
    """The marks under which mandatory ones alone are kept, beside ``marks``."""
    return [f"must {each}" for each in marks]


def is_public(state: State) -> bool:
    """Whether everybody may see that there is one."""
    return audiences.EVERYBODY in state["marks"]


def follows(audience: State, posts: Sequence[Sequence[str]], paths: Sequence[Sequence[str]]) -> bool:
    """Whether one of ``posts`` (paths of their organisations) is over some of the audience or within it.

    ``paths`` lead to the audience's organisations. Such a post sees how many of its people have read.
    """
    within = any(node in path for path in posts for node in audience["organisations"])
    return within or any(post[-1] in path for post in posts for path in paths)


# -- within ----------------------------------------------------------------------------------------


def _content(given: State) -> dict[str, Any]:
    content = {name: given[name] for name in _DRAFTED}
    return {**content, "read_by": given["read_by"].isoformat() if given["read_by"] else None}


def _check_said(given: State) -> None:
    wording.check_plain({name: given[name] for name in ("title", "body")})
    if given["link"] is not None:
        wording.host_of(given["link"])


def _check_duty(given: State) -> None:
    if given["mandatory"] and given["read_by"] is None:
        raise Invalid.at("read_by", "bulletin.read_by_missing")
    if not given["mandatory"] and given["read_by"] is not None:
        raise Invalid.at("read_by", "bulletin.read_by_unneeded", accepted="null")


def _check_deadline(read_by: date, day: date, rulings: Rulings) -> None:
    ruling = rulings["reading_days"]
    first, last = (day + timedelta(days=ruling.value[name]) for name in ("least", "most"))
    if not first <= read_by <= last:
        raise Invalid.at(
            "read_by",
            "bulletin.read_by_unfit",
            accepted=f"{first.isoformat()} … {last.isoformat()}",
            rule=ruling.parameter.name,
            pack=ruling.pack.id,
            article=ruling.parameter.article,
        )


def _published(subject: str, before: State, now: datetime, today: date) -> Change:
    state = {
        **before,
        "state": "published",
        "edition": 1,
        "publish_at": None,
        "published_on": today.isoformat(),
        "published_at": instant(now),
        "marks": _marks(before),
    }
    read_by = date.fromisoformat(state["read_by"]) if state["read_by"] else None
    told = {"published_on": today, "mandatory": state["mandatory"], "read_by": read_by}
    return Change(state, [_happened(BulletinPublished, subject, state, **told)])


def _marks(state: State) -> list[str]:
    marks = audiences.marks(state["audience"])
    obliging = must(marks) if state["mandatory"] else []
    return [*marks, *obliging, *([audiences.EVERYBODY] if state["open"] else [])]


def _expect(before: State, *states: str) -> None:
    if before["state"] not in states:
        raise Conflict("bulletin.state", params={"state": before["state"], "accepted": ", ".join(states)})


def _happened(contract: type[EventContract], subject: str, state: State, **more: Any) -> Any:
    facts = {
        "bulletin": subject,
        "organisation": state["organisation"],
        "open": state["open"],
        **{name: state["audience"][name] for name in ("organisations", "roles", "political_statuses")},
    }
    return contract.of(**facts, **more)
