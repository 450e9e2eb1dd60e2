"""What each invited person sees and says: one's own activities, answers to a notice, check-in by code."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document, Documents
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.identity import derived_id
from services.chassis.pages import page
from services.chassis.vault import Vault
from services.records.activities import checkin, participation
from services.records.activities import model as activities
from services.records.activities.checkin import Opening
from services.records.activities.planning import Planning
from services.records.activities.register import Register
from services.records.directory.store import Directory, found_by
from services.records.membership.model import member_on

Answer = dict[str, Any]
PARTICIPATIONS = "activity_participations"
OPENINGS = "activity_openings"
FIELD = "check_in"  # under which codes are derived


class Attending:
    """Each word of a person is a document of its own, and so is each opening of check-in: the activity stays
    as its writers left it, however many come at once. No event tells who comes; who came, the record tells.
    """

    def __init__(
        self, application: Application, directory: Directory, register: Register, planning: Planning
    ) -> None:
        self.documents = application.documents(PARTICIPATIONS)
        self._openings = application.documents(OPENINGS)
        indexes = application.indexes
        indexes.declare(PARTICIPATIONS, [("activity", 1), ("_id", 1)])
        indexes.declare("activities", [("people", 1), ("held_on", -1), ("_id", -1)])
        self._directory = directory
        self._register = register
        self._planning = planning
        self._vault: Vault = application.vault
        self._clock: Clock = application.clock

    # -- of each invited person ----------------------------------------------------------------

    def mine(self, request: Answer) -> Answer:
        """The caller's own activities: those to come, the next first, or those that were, the last first."""
        actor, today = context.actor(), self._clock.today()
        upcoming = request["when"] == "upcoming"
        found = page(
            self._register.documents,
            {"people": actor, "held_on": {"$gte" if upcoming else "$lt": today.isoformat()}},
            order=[("held_on", 1 if upcoming else -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        ids = [participation.participation_of(each.id, actor) for each in found.documents]
        said = {each.state["activity"]: each.state for each in found_by(self.documents, "_id", ids)}
        items = [
            {**_own(each, actor), **_said(said.get(each.id) or participation.silent(each.id, actor))}
            for each in found.documents
        ]
        return {"items": items, "next": found.next}

    def reply(self, request: Answer) -> Answer:
        """Say whether one comes to what one is invited to."""
        actor, activity = context.actor(), self._register.documents.get(request["activity"])
        if actor not in activity.state["invited"]:
            raise NotFound("activities.not_found")
        today = self._clock.today()
        return self._write(
            activity.id,
            actor,
            lambda before: participation.reply(before, request, activity.state, today),
        )

    def check_in(self, request: Answer) -> Answer:
        """Be there: with the code that is shown, once, while check-in is open."""
        actor, activity = context.actor(), self._register.documents.get(request["activity"])
        if actor not in activity.state["invited"] and not self._is_entitled(activity, actor):
            raise NotFound("activities.not_found")
        activities.expect(activity.state, "planned", "recorded", "returned")
        opening, now = self._opening(activity.id), self._clock.now()
        right = any(
            hmac.compare_digest(self._code(opening, window), request["code"]) for window in opening.taken(now)
        )
        rulings = self._rulings(activity)
        said = self._write(
            activity.id,
            actor,
            lambda before: participation.check_in(
                before, right=right, now=now, wrong_codes=rulings["wrong_codes"]
            ),
        )
        if not said["checked_in"]:
            raise Invalid.at("code", "check_in.wrong_code")
        return said

    # -- of who writes -------------------------------------------------------------------------

    def open_check_in(self, request: Answer) -> Answer:
        """Open check-in from now on; opened anew, earlier codes are void."""
        activity = self._register.writable(request["activity"])
        activities.expect(activity.state, "planned", "recorded", "returned")
        now, rulings = self._clock.now(), self._rulings(activity)
        today, minutes = self._clock.today().isoformat(), request["minutes"]
        opening = checkin.opened(activity.id, activity.state["held_on"], today, now, minutes, rulings)
        state = checkin.kept(opening)
        written = _written(
            self._openings, _opening_of(activity.id), lambda before: Change({**before, **state}), {}, _shown
        )
        return self._told(checkin.restored(written))

    def current_code(self, activity: str) -> Answer:
        """The code to show now, to whoever writes for the organisation."""
        return self._told(self._opening(self._register.writable(activity).id))

    def close_check_in(self, activity: str) -> Answer:
        """Take no more codes."""
        found, now = self._register.writable(activity), self._clock.now()
        opening = self._opening(found.id)
        closed = self._openings.change(
            _opening_of(found.id),
            lambda before: Change({**before, "closes_at": min(before["closes_at"], now)}),
            respond=_shown,
        )
        return self._told(checkin.restored(closed.response or checkin.kept(opening)))

    def drafted(self, activity: str) -> Answer:
        """The attendance as answers and check-ins tell it, for the writer to confirm by recording it."""
        found = self._register.writable(activity)
        said = self.documents.find({"activity": found.id}, limit=0)
        entries = participation.drafted(self._planning.entitled(found), [each.state for each in said])
        names = self._directory.names(entry["person"] for entry in entries)
        items = [{**entry, "name": names.get(entry["person"], "")} for entry in entries]
        return {"activity": found.id, "items": items}

    # -- within --------------------------------------------------------------------------------

    def _write(self, activity: str, person: str, decide: Callable[[Answer], Change | None]) -> Answer:
        silent = participation.silent(activity, person)
        return _written(
            self.documents,
            participation.participation_of(activity, person),
            decide,
            silent,
            lambda document: {"activity": activity, **_said(document.state)},
        )

    def _opening(self, activity: str) -> Opening:
        found = self._openings.find_one({"_id": _opening_of(activity)})
        if found is None or not checkin.restored(found.state).open_at(self._clock.now()):
            raise Conflict("check_in.closed")
        return checkin.restored(found.state)

    def _told(self, opening: Opening) -> Answer:
        now = self._clock.now()
        if not opening.open_at(now):
            return {
                "activity": opening.activity,
                "code": None,
                "shown_until": None,
                "closes_at": opening.closes_at,
            }
        window = opening.window(now)
        return {
            "activity": opening.activity,
            "code": self._code(opening, window),
            "shown_until": opening.ends(window),
            "closes_at": opening.closes_at,
        }

    def _code(self, opening: Opening, window: int) -> str:
        return checkin.code_of(self._vault.fingerprint(FIELD, opening.secret(window)))

    def _rulings(self, activity: Document) -> checkin.Rulings:
        return self._register.rulings(self._directory.authority.path(activity.state["organisation"]))

    def _is_entitled(self, activity: Document, person: str) -> bool:
        """As ``Register.entitled`` of one person, without looking at all the others."""
        authority, state = self._directory.authority, activity.state
        held_on = date.fromisoformat(state["held_on"])
        if self._register.kinds[state["kind"]].entitled == "posts":
            return person in authority.holders(state["organisation"], activities.BODY_ROLES, on=held_on)
        known = self._directory.people.get(person)
        nodes = [authority.node(home) for home in known.state["belonged"]]
        groups = [
            each.id
            for each in nodes
            if each and each.kind == "group" and each.parent == state["organisation"]
        ]
        homes = [state["organisation"], *groups]
        return member_on(known.state, homes, sorted(activities.ENTITLED), held_on)


def _written(
    documents: Documents,
    id: str,  # noqa: A002 - the field's name
    decide: Callable[[Answer], Change | None],
    first: Answer,
    respond: Callable[[Document], Answer],
) -> Answer:
    """What is kept under ``id`` once ``decide`` was asked of it, or of ``first`` where there is none."""
    try:
        return documents.change(id, decide, respond=respond).response or {}
    except NotFound:
        change = decide(dict(first))
    if change is None:
        return respond(Document(id, 0, first))
    try:
        return documents.create(id, change.state, change.events, respond=respond).response or {}
    except Conflict as taken:
        if taken.code != f"{documents.name}.exists":
            raise
        return documents.change(id, decide, respond=respond).response or {}


def _opening_of(activity: str) -> str:
    return derived_id("activity opening", activity)


def _shown(opening: Document) -> Answer:
    return opening.state


def _said(said: Answer) -> Answer:
    """One's own word, without the instant."""
    told = {name: said[name] for name in ("answer", "cause", "reason", "answered_on")}
    return {**told, "checked_in": said["checked_in_at"] is not None}


def _own(activity: Document, person: str) -> Answer:
    """An activity as somebody sees it whom it concerns: their own line, and nobody else's."""
    state = activity.state
    own = next((entry["state"] for entry in state["attendance"] if entry["person"] == person), None)
    made_up = any(each["person"] == person for each in state["make_ups"])
    return {
        **state,
        "id": activity.id,
        "version": activity.version,
        "observer": person in state["observers"],
        "attended": own,
        "made_up_for": made_up,
    }
