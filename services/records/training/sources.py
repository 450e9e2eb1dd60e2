"""Credits that nobody enters: of approved activities, and of what other systems of the campus say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.clock import Clock
from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Document, Documents
from services.chassis.envelope import Event
from services.chassis.errors import Invalid, NotFound, Permanent, Retryable
from services.chassis.identity import derived_id
from services.records.directory.store import Directory, found_by
from services.records.training import model as rules
from services.records.training.register import Training, reversal_of, shown

_LENGTHS = ("minutes", "full_days", "half_days")
Line = tuple[str, Mapping[str, Any], Sequence[NewEvent]]


class Sources:
    """Any order and any repetition of the same events has one effect: ids follow from what is credited."""

    def __init__(self, directory: Directory, activities: Documents, training: Training, clock: Clock) -> None:
        self._directory = directory
        self._activities = activities
        self._training = training
        self._documents = training.documents
        self._clock = clock

    # -- activities ----------------------------------------------------------------------------

    def follow(self, events: Sequence[Event]) -> None:
        """Credit who was present at activities of study; once per person and activity."""
        # Of those imported nobody knows who came.
        known = {event.data["activity"] for event in events if not event.data["imported"]}
        while known:
            known = self._amended_since(self._settle(known))

    def _settle(self, known: Set[str]) -> list[Document]:
        """Bring the credits of activities to what their records say; those of which it wrote any."""
        held = found_by(self._activities, "_id", known)
        if len(held) < len(known):
            raise Retryable("unknown_activity")
        credited: dict[str, dict[str, Document]] = {each.id: {} for each in held}
        for credit in found_by(self._documents, "activity", credited):
            credited[credit.state["activity"]][credit.id] = credit
        settled = [(each, self._settled(each.id, each.state, credited[each.id])) for each in held]
        # Each line is there wholly or not at all, and what is there already stays: a batch that was cut off
        # is finished by its next delivery.
        self._documents.create_many([line for _, lines in settled for line in lines])
        return [each for each, lines in settled if lines]

    def _amended_since(self, settled: Sequence[Document]) -> set[str]:
        """Those whose record another replica may have followed meanwhile, without the lines written here."""
        now = {each.id: each.state for each in found_by(self._activities, "_id", [one.id for one in settled])}
        return {
            each.id
            for each in settled
            if any(now[each.id][name] != each.state[name] for name in ("revision", "state"))
        }

    def _settled(self, activity: str, held: Mapping[str, Any], found: Mapping[str, Document]) -> list[Line]:
        """What brings the credits of an activity to what its record says; one reversed by hand stays so."""
        on = date.fromisoformat(held["held_on"])
        in_force = self._training.rulings(on, self._directory.authority.path(held["organisation"]))
        minutes, present = rules.of_activity(held, in_force)
        # An amended record may have moved to where it gives nothing: what it gave before is taken back.
        if held["state"] != "approved" or (not minutes and held["revision"] == 1):
            return []
        lines = [shown(each) for each in found.values()]
        # More than one of a person, where a batch was cut off between a credit and the reversal of another.
        standing, stays = rules.standing(lines), dict[str, str]()
        for line in standing:
            if line["person"] in present and line["on"] == held["held_on"]:
                stays.setdefault(line["person"], line["id"])
        homes = found_by(self._directory.people, "_id", {*present} - {*stays} - rules.reversed_by_hand(lines))
        today = self._clock.today()
        written: list[Line] = []
        for person in homes:
            given = {
                "person": person.id,
                "organisation": person.state["organisation"],
                "on": on,
                "title": held["title"],
                "form": "activity",
                "origin": "activity",
                "activity": activity,
                "minutes": minutes,
                "rule": "activity_minutes",
                "entered_by": None,
            }
            # Of an amended record each revision may credit anew what the one before had credited otherwise.
            revision = [str(held["revision"])] if held["revision"] > 1 else []
            credit = derived_id("training credit", "activity", activity, person.id, *revision)
            change = rules.credit(credit, given, in_force, today=today)
            written.append((credit, change.state, change.events))
        for line in standing:
            if line["id"] != stays.get(line["person"]):
                credit = line["id"]
                taken_back = reversal_of(credit)
                change = rules.reverse(
                    taken_back, credit, found[credit].state, reason=None, by=None, today=today
                )
                written.append((taken_back, change.state, change.events))
        return written

    # -- other systems -------------------------------------------------------------------------

    def completed(self, event: Event) -> None:
        """Credit what another system says was completed; what it said before, it may say again.

        Raises ``Retryable`` for an unknown person; ``Permanent`` with ``credit.differs`` where the same
        reference was credited otherwise, and with the code of a rule that was broken.
        """
        said = event.data
        person = self._directory.people.find_one({"number": said["number"]})
        if person is None:
            raise Retryable("unknown_person")
        home = person.state["organisation"]
        given = {
            **{name: said[name] for name in ("on", "title", "form", "reference")},
            **{name: said.get(name, 0) for name in _LENGTHS},
            "person": person.id,
            "organisation": home,
            "origin": "campus",
            "entered_by": None,
        }
        credit = _referred(event)
        in_force = self._training.rulings(said["on"], self._directory.authority.path(home))
        before = self._documents.find_one({"_id": credit})
        try:
            if before is None:
                change = rules.credit(credit, given, in_force, today=self._clock.today())
                self._create(credit, change)
            elif not rules.same(before.state, given, in_force):
                raise Permanent("credit.differs", "reference")
        except Invalid as wrong:
            raise Permanent(wrong.code, ", ".join(sorted(wrong.fields))) from None

    def withdrawn(self, event: Event) -> None:
        """Reverse what the same system reported; ``Retryable`` as long as its report has not come."""
        credit = _referred(event)
        try:
            before = self._documents.get(credit)
        except NotFound:
            raise Retryable("unknown_reference") from None
        if self._documents.find_one({"_id": reversal_of(credit)}) is None:
            change = rules.reverse(
                reversal_of(credit), credit, before.state, reason=None, by=None, today=self._clock.today()
            )
            self._create(reversal_of(credit), change)

    def _create(self, credit: str, change: Change) -> None:
        # Whoever sent it may claim to be anybody: nobody of ours acted.
        with context.entered(replace(context.current(), actor=None)):
            self._documents.create(credit, change.state, change.events)


def _referred(event: Event) -> str:
    """The id of the credit that a system's own reference stands for."""
    return derived_id("training credit", "campus", event.source, event.data["reference"])
