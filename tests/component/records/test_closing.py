"""Who comes to an organisation at the instant in which it is closed: one of the two sees the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from typing import Any

import eventlet
import pytest
from eventlet.greenthread import GreenThread

from services.chassis.context import Context, entered
from services.chassis.errors import Refusal
from services.chassis.testing import wait_for
from services.records.roster.person_rows import PersonRows
from services.records.roster.rows import Tree
from tests.component.records.surroundings import Campus, Faculty

SECONDS = 60.0
Act = Callable[[], Any]


class Meeting:
    """``second`` begins as the first to act has asked of an organisation, and has not committed yet.

    The first goes on when the second has done its work, or has lost a race for what the first holds.
    """

    def __init__(self, organisation: str, second: Act) -> None:
        self._organisation = organisation
        self._second = second
        self._turns = 0
        self._begun: GreenThread | None = None

    def asked(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """``original``, after whose first answer about the organisation the second begins."""

        def asking(*given: Any, **more: Any) -> Any:
            found = original(*given, **more)
            if self._begun is None and self._organisation in given[0]:
                begun = self._begun = eventlet.spawn(self._second)
                wait_for(lambda: begun.dead or self._turns > 1, SECONDS)
            return found

        return asking

    def turns(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """``original``, with which the second begins each of its tries."""

        def trying(*given: Any, **more: Any) -> Any:
            self._turns += self._begun is not None
            return original(*given, **more)

        return trying

    def ended(self) -> None:
        """Return when the second has ended too."""
        assert self._begun is not None, "they never met"
        self._begun.wait()


@contextmanager
def met(
    campus: Campus,
    organisation: str,
    closes_first: bool,
    come: Act,
    close: Act,
    asks: str = "organisations._require_empty",
    tries: str = "directory.organisations.repeated",
) -> Iterator[None]:
    """Both act at once; ``asks`` and ``tries`` name what the closing asks by, and begins each try with."""
    application, organisations = campus.application, campus.application.directory.organisations
    meeting = Meeting(organisation, come if closes_first else close)
    wrap, other = (meeting.turns, meeting.asked) if closes_first else (meeting.asked, meeting.turns)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("guard", "guard_many"):
            patch.setattr(organisations, name, wrap(getattr(organisations, name)))
        part, _, name = (asks if closes_first else tries).rpartition(".")
        owner = attrgetter(part)(application)
        patch.setattr(owner, name, other(getattr(owner, name)))
        (close if closes_first else come)()
        meeting.ended()
        yield


def told(act: Act) -> Act:
    """``act``, whose refusal is its outcome."""

    def acting() -> Any:
        try:
            return act()
        except Refusal as refused:
            return refused.code

    return acting


def row(number: str, code: str, **more: Any) -> dict[str, Any]:
    """A person as a roster has them."""
    return {"number": number, "name": "甲", "political_status": "member", "organisation": code, **more}


def rostered(campus: Campus, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What becomes of ``rows`` of people in an import."""
    records, tree = campus.application, Tree(campus.application.directory.organisations)
    with entered(Context(actor=campus.administrator)):
        applier = PersonRows(
            records.database,
            records.directory,
            records.people,
            records.posts,
            tree,
            campus.clock.today(),
            f"job {rows[0]['number']}",
        )
        return [each.outcome for each in applier.apply(rows)]


def ways(campus: Campus, faculty: Faculty) -> Iterator[tuple[str, Callable[[str, str], Act]]]:
    """Every way to come to an organisation: what is done by the number of a person and its id."""
    root = campus.administrator

    def moved(number: str, home: str) -> Act:
        person = campus.person(number, faculty.branch)
        return lambda: campus.call(root, "change_person", person=person, organisation=home)

    def transferred(number: str, home: str) -> Act:
        person = campus.person(number, faculty.branch)
        asked = campus.call(root, "ask_transfer", person=person, destination=home)
        return lambda: campus.call(root, "decide_transfer", transfer=asked["id"], verdict="accept")

    def back(number: str, home: str) -> Act:
        person = campus.person(number, home)
        campus.call(root, "change_person", person=person, active=False)
        return lambda: campus.call(root, "change_person", person=person, active=True)

    def imported(number: str, home: str) -> Act:
        code = campus.call(root, "get_organisation", organisation=home)["code"]
        return partial(rostered, campus, [row(f"{number}X{each}", code) for each in range(3)])

    yield "entered", lambda number, home: lambda: campus.person(number, home)
    yield "moved", moved
    yield "transferred", transferred
    yield "back", back
    yield "imported", imported


@pytest.mark.parametrize("closes_first", [True, False])
def test_nobody_comes_to_an_organisation_that_closes_at_that_instant(
    campus: Campus, faculty: Faculty, closes_first: bool
) -> None:
    root, people = campus.administrator, campus.application.directory.people
    outcomes = {}
    for number, (way, make) in enumerate(ways(campus, faculty)):
        home = campus.organisation(f"C{number}", "branch", faculty.faculty)
        shut = {"organisation": home, "active": False}
        come, close = make(f"N{number}", home), partial(campus.call, root, "change_organisation", **shut)
        with met(campus, home, closes_first, told(come), told(close)):
            there = people.find({"organisation": home, "active": True})
            is_open = campus.call(root, "get_organisation", organisation=home)["active"]
        outcomes[way] = (bool(there), is_open)
    assert set(outcomes.values()) == {(not closes_first, not closes_first)}, outcomes


@pytest.mark.parametrize("closes_first", [True, False])
def test_no_post_is_imported_into_an_organisation_that_is_dissolved_at_that_instant(
    campus: Campus, faculty: Faculty, closes_first: bool
) -> None:
    root, posts = campus.administrator, campus.application.directory.posts
    ending = campus.organisation("C9", "branch", faculty.faculty, has_committee=True)

    def dissolve() -> None:
        started = campus.call(root, "dissolve_organisation", organisation=ending, reason="未发展")
        wait_for(lambda: campus.application.jobs.view(started["job"]).state == "done", SECONDS)

    come = partial(
        rostered, campus, [row("N9", "B2", roles=["publicity_commissioner"], post_organisation="C9")]
    )
    with met(
        campus,
        ending,
        closes_first,
        told(come),
        dissolve,
        "reorganising._posts.withdraw_at",
        "reorganising._piece",
    ):
        given = posts.find({"organisation": ending})
    assert [each.state["active"] for each in given] == ([] if closes_first else [False])
    assert not campus.call(root, "get_organisation", organisation=ending)["active"]
