"""The desk at the door: check-in is opened, shows its code that changes, and lets people in by it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.bunching import Bunching
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Invalid, NotFound, Refusal
from services.chassis.identity import derived_id
from services.chassis.vault import Vault
from services.records.activities import checkin, participation
from services.records.activities import model as activities
from services.records.activities.checkin import Opening
from services.records.activities.register import Register
from services.records.activities.words import Words, told, written
from services.records.directory.store import Directory, found_by
from services.records.membership.model import member_on

Answer = dict[str, Any]
OPENINGS = "activity_openings"
FIELD = "check_in"  # under which codes are derived
OPEN_STATES = ("planned", "recorded", "returned")
MOST_TOGETHER = 64


@dataclass(frozen=True)
class _Asked:
    activity: str
    person: str
    code: str


@dataclass(frozen=True)
class _Door:
    """An activity as those find it who come to it: with the codes that are taken, or why none is."""

    activity: Document
    codes: Sequence[str]
    shut: Conflict | None
    rulings: checkin.Rulings

    def decide(self, before: Answer, code: str, now: datetime) -> Change | None:
        """What becomes of a word, as ``participation.check_in``; raises ``Conflict`` where it is shut."""
        if self.shut is not None:
            raise Conflict(self.shut.code, params=self.shut.params)
        return participation.check_in(
            before, right=self.takes(code), now=now, wrong_codes=self.rulings["wrong_codes"]
        )

    def takes(self, code: str) -> bool:
        """Whether ``code`` lets in now; no code does where it is shut."""
        return any(hmac.compare_digest(each, code) for each in self.codes)


class Desk:
    """A hall that comes at once is let in bunch by bunch: what all need is read once, and who says nothing
    but that they are there is written in one write.
    """

    def __init__(
        self, application: Application, directory: Directory, register: Register, words: Words
    ) -> None:
        self._openings = application.documents(OPENINGS)
        self._directory = directory
        self._register = register
        self._words = words
        self._vault: Vault = application.vault
        self._clock: Clock = application.clock
        self._coming: Bunching[_Asked, Answer | _Door] = Bunching(self._let_in, most=MOST_TOGETHER)

    # -- of each who comes ---------------------------------------------------------------------

    def check_in(self, request: Answer) -> Answer:
        """Be there: with the code that is shown, once, while check-in is open."""
        asked = _Asked(request["activity"], context.actor(), request["code"])
        met = self._coming.ask(asked)
        if isinstance(met, _Door):
            decide = partial(met.decide, code=asked.code, now=self._clock.now())
            met = self._words.write(asked.activity, asked.person, decide)
        if not met["checked_in"]:
            raise Invalid.at("code", "check_in.wrong_code")
        return met

    def _let_in(self, bunch: Sequence[_Asked]) -> list[Answer | Refusal | _Door]:
        """What each of ``bunch`` is told, or the door at which they are written by themselves.

        By themselves are written those who said something before, and those whose code is wrong: that counts
        once for each of their commands, however often one is sent.
        """
        doors = {activity: self._door(activity) for activity in {each.activity for each in bunch}}
        strangers = self._strangers(bunch, doors)
        said = self._words.known((each.activity, each.person) for each in bunch)
        now = self._clock.now()
        fresh: dict[str, Answer] = {}
        outcomes: list[Answer | Refusal | _Door] = []
        for each in bunch:
            door, before = doors[each.activity], said.get((each.activity, each.person))
            if door is None or not self._admits(door.activity, each.person, strangers):
                outcomes.append(NotFound("activities.not_found"))
            elif before is not None and before["checked_in_at"] is not None:
                outcomes.append(told(before))
            elif before is None and door.takes(each.code):
                change = door.decide(participation.silent(each.activity, each.person), each.code, now)
                assert change is not None  # somebody new is let in
                state = dict(change.state)
                fresh[participation.participation_of(each.activity, each.person)] = state
                outcomes.append(told(state))
            else:
                outcomes.append(door)
        taken = self._words.documents.create_many([(id_, state, ()) for id_, state in fresh.items()])
        for place, each in enumerate(bunch):
            door = doors[each.activity]
            if door is not None and participation.participation_of(each.activity, each.person) in taken:
                outcomes[place] = door  # of another process, they said something right now
        return outcomes

    # -- of who writes -------------------------------------------------------------------------

    def open_check_in(self, request: Answer) -> Answer:
        """Open check-in from now on; opened anew, earlier codes are void."""
        activity = self._register.writable(request["activity"])
        activities.expect(activity.state, *OPEN_STATES)
        now, rulings = self._clock.now(), self._rulings(activity)
        today, minutes = self._clock.today().isoformat(), request["minutes"]
        opening = checkin.opened(activity.id, activity.state["held_on"], today, now, minutes, rulings)
        state = checkin.kept(opening)
        kept = written(
            self._openings, _opening_of(activity.id), lambda before: Change({**before, **state}), {}, _shown
        )
        return self._told(checkin.restored(kept))

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

    # -- within --------------------------------------------------------------------------------

    def _door(self, activity: str) -> _Door | None:
        found = self._register.documents.find_one({"_id": activity})
        if found is None:
            return None
        rulings = self._rulings(found)
        try:
            activities.expect(found.state, *OPEN_STATES)
            opening = self._opening(found.id)
        except Conflict as shut:
            return _Door(found, (), shut, rulings)
        codes = [self._code(opening, window) for window in opening.taken(self._clock.now())]
        return _Door(found, codes, None, rulings)

    def _strangers(
        self, bunch: Sequence[_Asked], doors: Mapping[str, _Door | None]
    ) -> Mapping[str, Document]:
        """Those who were not invited by name, to be looked at."""
        people = {
            each.person
            for each in bunch
            if (door := doors[each.activity]) is not None
            and each.person not in door.activity.state["invited"]
        }
        return {each.id: each for each in found_by(self._directory.people, "_id", people)}

    def _admits(self, activity: Document, person: str, strangers: Mapping[str, Document]) -> bool:
        """Whether ``person`` is invited or, as ``Register.entitled`` has it, entitled on its day."""
        authority, state = self._directory.authority, activity.state
        if person in state["invited"]:
            return True
        held_on = date.fromisoformat(state["held_on"])
        if self._register.kinds[state["kind"]].entitled == "posts":
            return person in authority.holders(state["organisation"], activities.BODY_ROLES, on=held_on)
        known = strangers.get(person)
        if known is None:
            return False
        nodes = [authority.node(home) for home in known.state["belonged"]]
        groups = [
            each.id
            for each in nodes
            if each and each.kind == "group" and each.parent == state["organisation"]
        ]
        homes = [state["organisation"], *groups]
        return member_on(known.state, homes, sorted(activities.ENTITLED), held_on)

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


def _opening_of(activity: str) -> str:
    return derived_id("activity opening", activity)


def _shown(opening: Document) -> Answer:
    return opening.state
