"""What other systems of the campus say about people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.envelope import Event
from services.chassis.errors import Invalid, Permanent, Retryable
from services.chassis.identity import derived_id
from services.records.directory.people import People
from services.records.directory.store import PHONE, Directory, only
from services.records.directory.words import Stamp, hear

_FIELDS = ("name", "phone", "political_status", "active")
LEEWAY = timedelta(hours=1)  # by which another system's clock may be ahead


class Campus:
    """Applies events from outside; any order and any repetition of them has one effect."""

    def __init__(self, application: Application, directory: Directory, people: People) -> None:
        self._directory = directory
        self._people = people
        self._clock: Clock = application.clock

    def upsert(self, event: Event) -> None:
        """Enter or change the person with the event's number; the newest word on each field counts.

        Raises ``Permanent`` with ``unknown_organisation``, ``time_in_future`` (such a word would outdo what
        is said later) or the code of the rule that was broken; ``Retryable`` for an unknown person as long
        as name and organisation are missing: the event that tells them may be on its way.
        """
        if event.time > self._clock.now() + LEEWAY:
            raise Permanent("time_in_future", "time")
        said = event.data
        given = only(said, *_FIELDS)
        if "organisation_code" in said:
            found = self._directory.organisations.find_one({"code": said["organisation_code"]})
            if found is None:
                raise Permanent("unknown_organisation", "organisation_code")
            given["organisation"] = found.id
        stamp = (event.sequence, event.time.astimezone(UTC).isoformat(timespec="microseconds"), event.id)
        # Whoever sent it may claim to be anybody: nobody of ours acted.
        with context.entered(replace(context.current(), actor=None)):
            try:
                self._apply(said["number"], given, event.source, stamp)
            except Invalid as wrong:
                raise Permanent(wrong.code, ", ".join(sorted(wrong.fields))) from None

    def _apply(self, number: str, given: dict[str, Any], source: str, stamp: Stamp) -> None:
        person = self._directory.people.find_one({"number": number})
        before = person.state.get("words", {}) if person else {}
        phone = {PHONE: self._directory.sealed(PHONE, given[PHONE])} if PHONE in given else {}
        said = {**given, **phone}
        newer, words = hear(before, said, source, stamp)
        if words == before:
            return
        kept = {**newer, **newer.pop("phone", {}), "words": words}
        if person is not None:
            self._people.apply(person, kept)
        else:
            self._enter(number, kept)

    def _enter(self, number: str, given: dict[str, Any]) -> None:
        if not {"name", "organisation"} <= set(given):
            raise Retryable("unknown_person")
        home = self._directory.organisations.get(given["organisation"])
        state = {"political_status": "none", **given, "number": number}
        self._people.enter(derived_id("campus person", number), state, home)
