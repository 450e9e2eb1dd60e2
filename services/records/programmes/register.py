"""Commands and questions about programmes and their cohorts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.files.attaching import Attaching, ids
from services.chassis.files.kept import Files
from services.chassis.identity import derived_id
from services.chassis.pages import page
from services.records.access import not_a_reader
from services.records.activities.reading import ActivityReading
from services.records.directory.store import found_by, only, shown
from services.records.plans.board import Board
from services.records.programmes import model as rules

Answer = dict[str, Any]
HOLDER = "programme entry"  # of the files that are attached
_SUMMARY = ("organisation", "kind", "title", "from_year", "to_year", "state")


class Programmes:
    """What a programme owes its members read; how far one is, oneself, one's mentor and posts."""

    def __init__(
        self, application: Application, board: Board, activities: ActivityReading, files: Files
    ) -> None:
        self._board = board
        self._access = board.access
        self._activities = activities
        self._audit: Audit = application.audit
        self._clock = application.clock
        self._programmes = application.documents("programmes")
        self._members = application.documents("programme_members")
        self._entries = application.documents("programme_entries")
        self._attaching = Attaching(
            application.database, files, self._entries, HOLDER, lambda entry: ids(entry["attachments"])
        )
        declare = application.indexes.declare
        declare("programmes", [("organisation", 1), ("from_year", -1), ("_id", -1)])
        declare("programme_members", [("programme", 1), ("since", 1), ("_id", 1)])
        declare("programme_members", [("programme", 1), ("mentor", 1), ("since", 1), ("_id", 1)])
        declare("programme_entries", [("programme", 1), ("person", 1), ("on", -1), ("_id", -1)])
        files.guard(HOLDER, self._entry_readable, audited=self._is_personal)

    # -- the programme -------------------------------------------------------------------------

    def open(self, request: Answer) -> Answer:
        """Open a programme of one's organisation; repeated with its key it answers the same."""
        node = self._board.directory.organisation_named_in("organisation", request["organisation"]).id
        self._access.require_writer(context.actor(), node)
        programme = self._programmes.id_for_command()
        change = rules.open_programme(programme, request, today=self._clock.today())
        opened = self._programmes.create(programme, change.state, change.events, respond=shown)
        return self._told(opened.response or {})

    def link(self, request: Answer) -> Answer:
        """Have an activity that the caller may read count for a target, or no more."""
        found = self._writable(request["programme"])
        if request["linked"]:
            self._board.require_activity(request["activity"])
        said = only(request, "target", "activity", "linked")
        changed = self._programmes.change(
            found.id,
            lambda state: rules.link(found.id, state, **said),
            expected_version=request["expected_version"],
            respond=shown,
        )
        return self._told(changed.response or {})

    def close(self, request: Answer) -> Answer:
        """End it."""
        found = self._writable(request["programme"])
        changed = self._programmes.change(
            found.id,
            lambda state: rules.close(found.id, state, summary=request["summary"]),
            expected_version=request["expected_version"],
            respond=shown,
        )
        return self._told(changed.response or {})

    def get(self, programme: str) -> Answer:
        """A programme with what is done of what it owes as a whole."""
        return self._told(shown(self._readable(programme)))

    def listed(self, request: Answer) -> Answer:
        """Programmes of one organisation, for whoever may read its activities."""
        node = self._board.directory.organisation_named_in("organisation", request["organisation"]).id
        if not self._access.reads_activities(context.actor(), node):
            raise not_a_reader()
        found = page(
            self._programmes,
            {"organisation": node, **only(request, "kind")},
            order=[("from_year", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        items = [
            {"id": each.id, "version": each.version, **only(each.state, *_SUMMARY)}
            for each in found.documents
        ]
        return {"items": items, "next": found.next}

    # -- the cohort ----------------------------------------------------------------------------

    def set_member(self, request: Answer) -> Answer:
        """Take somebody into the cohort, or change their mentor or days; repeated it changes nothing."""
        of = self._writable(request["programme"])
        for field in ("person", "mentor"):
            if request.get(field):
                self._board.require_person(field, request[field], of.state["organisation"])
        place = member_id(of.id, request["person"])
        if self._members.find_one({"_id": place}) is None:
            change = rules.member(of.id, of.state, None, request)
            assert change is not None  # nobody was there before
            written = self._members.create(place, change.state, change.events, respond=shown)
        else:
            written = self._members.change(
                place, lambda state: rules.member(of.id, of.state, state, request), respond=shown
            )
        return self._named([written.response or {}])[0]

    def members(self, request: Answer) -> Answer:
        """The cohort in the order in which they joined, for posts; to a mentor, those they accompany."""
        of, actor = self._readable(request["programme"]), context.actor()
        wanted = {"programme": of.id}
        if not self._access.reads_people(actor, of.state["organisation"]):
            wanted["mentor"] = actor
        found = page(
            self._members,
            wanted,
            order=[("since", 1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": self._named([shown(each) for each in found.documents]), "next": found.next}

    def progress(self, request: Answer) -> Answer:
        """How far a person of the cohort is; who opens somebody else's is on record."""
        of, person = self._readable(request["programme"]), request.get("person", context.actor())
        place = self._place(of, person)
        self._note(place)
        entries = self._entries.find({"programme": of.id, "person": person}, limit=0)
        targets = rules.progress(
            of.state, place.state, self._linked(of.state), [each.state for each in entries]
        )
        return {**self._named([shown(place)])[0], "targets": targets}

    # -- entries -------------------------------------------------------------------------------

    def enter(self, request: Answer) -> Answer:
        """Enter something towards a target, with its evidence: writers do, and mentors for their mentees."""
        actor, person = context.actor(), request.get("person")
        of = self._readable(request["programme"])
        place = self._members.find_one({"_id": member_id(of.id, person)}) if person else None
        if place is None or place.state["mentor"] != actor:
            self._access.require_writer(actor, of.state["organisation"])
        entry, today = self._entries.id_for_command(), self._clock.today()

        def made(attached: list[Answer]) -> Change:
            given, belongs = {**request, "attachments": attached}, place.state if place else None
            return rules.enter(entry, of.id, of.state, belongs, given, by=actor, today=today)

        return self._attaching.created(entry, request["attachments"], made, shown).response or {}

    def strike(self, request: Answer) -> Answer:
        """Have an entry count no more: its writer does, or a writer of the organisation."""
        entry, actor = self._entry_readable(request["entry"]), context.actor()
        if actor != entry.state["entered_by"]:
            self._access.require_writer(actor, entry.state["organisation"])
        struck = self._entries.change(
            entry.id,
            lambda state: rules.strike(entry.id, state, reason=request["reason"]),
            expected_version=request["expected_version"],
            respond=shown,
        )
        return struck.response or {}

    def entries(self, request: Answer) -> Answer:
        """Entries of the programme as a whole, or of a person, newest first."""
        of, person = self._readable(request["programme"]), request.get("person")
        if person is not None:
            self._note(self._place(of, person))
        found = page(
            self._entries,
            {"programme": of.id, "person": person},
            order=[("on", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _readable(self, programme: str) -> Document:
        """The programme, for members of its organisation, posts above, its cohort and their mentors."""
        found, actor = self._programmes.get(programme), context.actor()
        if self._access.reads_activities(actor, found.state["organisation"]):
            return found
        mine = {"programme": found.id, "mentor": actor}
        if self._members.find_one({"_id": member_id(found.id, actor)}) or self._members.find_one(mine):
            return found
        raise NotFound("programmes.not_found")

    def _writable(self, programme: str) -> Document:
        found = self._readable(programme)
        self._access.require_writer(context.actor(), found.state["organisation"])
        return found

    def _place(self, of: Document, person: str) -> Document:
        """A person's place in the cohort, for themselves, their mentor and posts; raises ``NotFound``."""
        found, actor = self._members.get(member_id(of.id, person)), context.actor()
        if actor in (person, found.state["mentor"]):
            return found
        if self._access.reads_people(actor, of.state["organisation"]):
            return found
        raise NotFound("programme_members.not_found")

    def _entry_readable(self, entry: str) -> Document:
        found = self._entries.get(entry)
        try:
            of = self._readable(found.state["programme"])
            if found.state["person"] is not None:
                self._place(of, found.state["person"])
        except NotFound:
            raise NotFound("programme_entries.not_found") from None
        return found

    def _is_personal(self, entry: str) -> bool:
        return self._entries.get(entry).state["person"] is not None

    def _note(self, place: Document) -> None:
        actor, person = context.actor(), place.state["person"]
        if actor != person:
            self._audit.append("programme.read", actor, "person", person, place.state["programme"])

    def _told(self, programme: Answer) -> Answer:
        entries = self._entries.find({"programme": programme["id"], "person": None}, limit=0)
        targets = rules.progress(programme, None, self._linked(programme), [each.state for each in entries])
        return {**programme, "targets": targets}

    def _linked(self, of: Answer) -> dict[str, Answer]:
        linked = {each["activity"] for each in of["links"]}
        return {each.id: each.state for each in found_by(self._activities.documents, "_id", linked)}

    def _named(self, places: list[Answer]) -> list[Answer]:
        people: Iterable[str | None] = [each[role] for each in places for role in ("person", "mentor")]
        names = self._board.directory.names(person for person in people if person)
        return [
            {
                **each,
                "person_name": names.get(each["person"], ""),
                "mentor_name": names.get(each["mentor"]),
            }
            for each in places
        ]


def member_id(programme: str, person: str) -> str:
    """A person's one place in a programme's cohort."""
    return derived_id("programme member", programme, person)
