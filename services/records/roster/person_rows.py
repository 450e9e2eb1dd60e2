"""Rows of people, each with the posts it names: person and posts together or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict
from services.chassis.identity import derived_id, new_id
from services.chassis.store import Store
from services.chassis.transactions import in_transaction
from services.records.directory import persons
from services.records.directory.people import People
from services.records.directory.persons import SEALED
from services.records.directory.store import Directory, found_by, only
from services.records.posts import model as rules
from services.records.posts.register import Posts
from services.records.roster.rows import (
    CHANGED,
    CREATED,
    UNCHANGED,
    Handled,
    RowRefused,
    Tree,
    Values,
    judged,
    newly,
)

_OWN = (
    "number",
    "name",
    "sex",
    "political_status",
    "political_status_code",
    "joined_on",
    "external_id",
)
Appointment = tuple[str, Change, dict[str, Any], Document]  # id, the post, what was given, where


@dataclass
class _Intent:
    """What one row asks for, decided before anything is written."""

    person: str
    known: Document | None
    given: dict[str, Any]
    entry: Change | None = None
    appointments: list[Appointment] = field(default_factory=list)


class PersonRows:
    """People by number. A blank cell leaves what is known; a role that is not named is not withdrawn."""

    def __init__(
        self,
        database: Store,
        directory: Directory,
        people: People,
        posts: Posts,
        tree: Tree,
        today: date,
        job: str,
    ) -> None:
        self._database = database
        self._directory = directory
        self._people = people
        self._posts = posts
        self._tree = tree
        self._today = today
        self._job = job

    def apply(self, rows: Sequence[Values]) -> list[Handled]:
        found = found_by(self._directory.people, "number", [row["number"] for row in rows])
        known = {each.state["number"]: each for each in found}
        held = self._held(list(known.values()))
        handled: dict[int, Handled] = {}
        fresh: dict[int, _Intent] = {}
        for position, row in enumerate(rows):
            intents: list[_Intent] = []
            decided = judged(partial(self._decide, row, known.get(row["number"]), held, intents))
            if not intents:
                handled[position] = decided
            elif intents[0].known is None:
                fresh[position] = intents[0]
            else:
                handled[position] = judged(partial(self._write, intents[0]))
        handled |= self._write_fresh(fresh)
        return [handled[position] for position in range(len(rows))]

    def _write_fresh(self, fresh: Mapping[int, _Intent]) -> dict[int, Handled]:
        """New people with their posts, all in one transaction.

        Where one of their numbers or seats is taken, or one of their organisations closed meanwhile, each row
        stands for itself.
        """

        def commit() -> None:
            self._people.enter_many([(each.person, _entry(each)) for each in fresh.values()])
            posts = [given for each in fresh.values() for given in each.appointments]
            self._posts.appoint_many([(post, made) for post, made, _, _ in posts])

        try:
            if fresh:
                in_transaction(self._database, commit)
            return dict.fromkeys(fresh, Handled(CREATED))
        except Conflict:
            return {at: judged(partial(self._write, each)) for at, each in fresh.items()}

    def _decide(
        self, values: Values, known: Document | None, held: Mapping[str, Document], made: list[_Intent]
    ) -> str:
        """Put what the row asks for into ``made``; raises where it cannot be."""
        home = self._home(values)
        given = only(values, *_OWN)
        if home is not None:
            given["organisation"] = home.id
        for field_name in SEALED:
            if field_name in values:
                given |= self._directory.sealed(field_name, values[field_name])
        if known is None:
            if home is None:
                raise RowRefused("organisation", "cell.missing")
            if "political_status_code" in values:
                given.setdefault("political_status", "none")  # 03 to 13: parse told the others apart
            if "political_status" not in given:
                raise RowRefused("political_status", "cell.missing")
            intent = _Intent(new_id(), None, given)
            marked = {**given, **self._directory.marked(values["number"])}
            intent.entry = persons.enter_person(intent.person, marked, home.state, self._today)
            state: Mapping[str, Any] = intent.entry.state
        else:
            given = newly(known, given, ("name", "external_id"))
            intent = _Intent(known.id, known, given)
            intent.entry = persons.change_person(
                known.id, known.state, given, home.state if home else None, self._today
            )
            state = intent.entry.state if intent.entry else known.state
        intent.appointments = self._appointments(values, intent.person, known, state, held)
        if known is not None and intent.entry is None and not intent.appointments:
            return UNCHANGED
        made.append(intent)
        return CHANGED

    def _home(self, values: Values) -> Document | None:
        branch = self._tree.find("organisation", values["organisation"]) if "organisation" in values else None
        if "group" not in values:
            return branch
        group = self._tree.find("group", values["group"])
        if group.state["kind"] != "group" or (branch is not None and group.state["parent"] != branch.id):
            raise RowRefused("group", "organisation.not_a_group_of_it")
        return group

    def _appointments(
        self,
        values: Values,
        person: str,
        known: Document | None,
        state: Mapping[str, Any],
        held: Mapping[str, Document],
    ) -> list[Appointment]:
        appointments = []
        for role in values.get("roles", ()):
            where = self._where(role, values, state["organisation"])
            before = held.get(rules.slot(person, where.id, role))
            if before is not None and not rules.renew_slot(before.state, self._today):
                continue
            given = {
                "person": person,
                "organisation": where.id,
                "role": role,
                "since": values.get("post_since", self._today.isoformat()),
                "until": None,
            }
            post = derived_id("post", self._job, person, where.id, role)
            # Who is new is under nothing that anybody entered; of others it is asked as the post is written.
            in_force = self._posts.rulings(where.id)
            made = rules.give_post(post, given, state, where.state, in_force, self._today)
            appointments.append((post, made, given, where))
        return appointments

    def _where(self, role: str, values: Values, belongs: str) -> Document:
        """A role counts where the row says; else at one's branch, a group leader's at one's group."""
        if "post_organisation" in values:
            return self._tree.find("post_organisation", values["post_organisation"])
        home = self._tree.with_id(belongs)
        if home is not None and home.state["kind"] == "group" and role != "group_leader":
            home = self._tree.with_id(home.state["parent"])
        if home is None:
            raise RowRefused("organisation", "organisation.unknown")
        return home

    def _write(self, intent: _Intent) -> str:
        def commit() -> tuple[Document, bool]:
            if intent.known is None:
                home = self._directory.organisations.get(intent.given["organisation"])
                person = self._people.enter(intent.person, intent.given, home)
            else:
                person = self._people.apply(self._directory.people.get(intent.person), intent.given)
            for post, _, given, where in intent.appointments:
                self._posts.appoint(post, given, person, where)
            return person, intent.known is None

        if intent.appointments:
            in_transaction(self._database, commit)
        else:
            commit()
        return CREATED if intent.known is None else CHANGED

    def _held(self, people: Sequence[Document]) -> dict[str, Document]:
        """The posts that ``people`` hold, by slot."""
        found = found_by(self._directory.posts, "person", [each.id for each in people], active=True)
        return {each.state["slot"]: each for each in found}


def _entry(intent: _Intent) -> Change:
    assert intent.entry is not None  # a person who was not known is entered
    return intent.entry
