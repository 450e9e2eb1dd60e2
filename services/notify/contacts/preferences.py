"""Preferences: which ways to a person come first, in which language, and which notices they agree to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.contract import Change
from services.chassis.errors import Conflict
from services.contracts.notify_events import PreferencesChanged
from services.notify.contacts.model import Preferences, check_kinds
from services.notify.reminders.rulebook import Rulebook

COLLECTION = "preferences"
Answer = dict[str, Any]


class PreferencesRegister:
    """One document per person, made with their first choice. Only they themselves read or change it."""

    def __init__(self, application: Application, rulebook: Rulebook) -> None:
        self._documents = application.documents(COLLECTION)
        self._clock = application.clock
        self._rulebook = rulebook

    def of(self, person: str) -> Preferences:
        """What ``person`` chose; nothing where they chose nothing."""
        found = self._documents.find_one({"_id": person})
        return _preferences(found.state) if found else Preferences()

    def among(self, persons: Collection[str]) -> dict[str, Preferences]:
        """What each of ``persons`` chose."""
        chosen = {each.id: _preferences(each.state) for each in self._documents.several(persons)}
        return {person: chosen.get(person, Preferences()) for person in persons}

    def refusal(self, person: str, kind: str, chosen: Mapping[str, Preferences] | None = None) -> str | None:
        """Why ``person`` is sent nothing of ``kind``; None where they may be.

        Whose choice is among ``chosen`` is not asked for.
        """
        consent = self._rulebook.rules().kinds[kind].consent
        if consent == "mandatory":
            return None
        theirs = (chosen or {}).get(person) or self.of(person)
        return theirs.refusal(kind, consent)

    # -- calls ---------------------------------------------------------------------------------

    def get(self) -> Answer:
        """The caller's own choices, with what they may choose."""
        person = context.actor()
        found = self._documents.find_one({"_id": person})
        return self._view(found.state if found else {}, found.version if found else 0)

    def set(self, request: Answer) -> Answer:
        """Change what is given; what was said of kinds stands in the document with its day.

        Raises ``Invalid`` for a kind that there is not, or a mandatory one that is refused.
        """
        person, today = context.actor(), self._clock.today().isoformat()
        rules = self._rulebook.rules()
        pack, article = rules.sources["kinds"]
        check_kinds(request["kinds"] or {}, rules.consents(), pack=pack, article=article)

        def decide(state: Mapping[str, Any]) -> Change:
            kept = {"channels": [], "language": None, "kinds": {}, **state}
            for name in ("channels", "language"):
                if request[name] is not None:
                    kept[name] = request[name]
            said = {
                kind: {"agreed": agreed, "on": today}
                for kind, agreed in (request["kinds"] or {}).items()
                if kept["kinds"].get(kind, {}).get("agreed") is not agreed
            }
            kept["kinds"] = {**kept["kinds"], **said}
            event = PreferencesChanged.of(person=person, channels=kept["channels"], language=kept["language"])
            return Change(kept, [] if kept == state else [event])

        respond = lambda each: self._view(each.state, each.version)  # noqa: E731 - the same for both writes
        expected = request["expected_version"]
        if self._documents.find_one({"_id": person}) is None:
            if expected:  # nothing was chosen yet: that is version 0
                raise Conflict("version.stale", params={"version": 0})
            first = decide({})
            try:
                return (
                    self._documents.create(person, first.state, first.events, respond=respond).response or {}
                )
            except Conflict as taken:
                if taken.code != f"{COLLECTION}.exists":
                    raise  # else another command made it in between
        changed = self._documents.change(person, decide, expected_version=expected, respond=respond)
        return changed.response or {}

    def _view(self, state: Mapping[str, Any], version: int) -> Answer:
        rules = self._rulebook.rules()
        said = _preferences(state).kinds or {}
        return {
            "version": version,
            "channels": list(state.get("channels", [])),
            "language": state.get("language"),
            "kinds": [
                {
                    "kind": each.id,
                    "titles": dict(each.titles),
                    "consent": each.consent,
                    "agreed": said.get(each.id),
                    "said_on": state.get("kinds", {}).get(each.id, {}).get("on"),
                    "article": each.article,
                }
                for each in rules.kinds.values()
            ],
        }


def _preferences(state: Mapping[str, Any]) -> Preferences:
    return Preferences(
        channels=tuple(state.get("channels", ())),
        kinds={kind: said["agreed"] for kind, said in state.get("kinds", {}).items()},
        language=state.get("language"),
    )
