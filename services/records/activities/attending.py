"""What each invited person sees and says before an activity, and the attendance that follows from it."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.pages import page
from services.records.activities import participation
from services.records.activities.planning import Planning
from services.records.activities.register import Register
from services.records.activities.words import Words, told
from services.records.directory.store import Directory

Answer = dict[str, Any]


class Attending:
    """One's own activities, answers to a notice, and what writers make of them."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        register: Register,
        planning: Planning,
        words: Words,
    ) -> None:
        application.indexes.declare("activities", [("people", 1), ("held_on", -1), ("_id", -1)])
        self._directory = directory
        self._register = register
        self._planning = planning
        self._words = words
        self._clock: Clock = application.clock

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
        said = self._words.of_person(actor, [each.id for each in found.documents])
        items = [{**_own(each, actor), **told(said[each.id])} for each in found.documents]
        return {"items": items, "next": found.next}

    def reply(self, request: Answer) -> Answer:
        """Say whether one comes to what one is invited to."""
        actor, activity = context.actor(), self._register.documents.get(request["activity"])
        if actor not in activity.state["invited"]:
            raise NotFound("activities.not_found")
        today = self._clock.today()
        return self._words.write(
            activity.id, actor, lambda before: participation.reply(before, request, activity.state, today)
        )

    def drafted(self, activity: str) -> Answer:
        """The attendance as answers and check-ins tell it, for the writer to confirm by recording it."""
        found = self._register.writable(activity)
        entries = participation.drafted(self._planning.entitled(found), self._words.of_activity(found.id))
        names = self._directory.names(entry["person"] for entry in entries)
        items = [{**entry, "name": names.get(entry["person"], "")} for entry in entries]
        return {"activity": found.id, "items": items}


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
