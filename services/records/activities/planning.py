"""Commands about what was planned or missed: another plan, the notice, calling it off, making up for it."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.records.activities import announcing, makeups
from services.records.activities.register import Register
from services.records.directory.store import Directory

Answer = dict[str, Any]


class Planning:
    """What writers do to an activity before it is recorded, and for those who missed it."""

    def __init__(self, application: Application, directory: Directory, register: Register) -> None:
        self._directory = directory
        self._register = register
        self._clock: Clock = application.clock

    def replan(self, request: Answer) -> Answer:
        """Another plan in the place of the first; who was told of the first is told of it."""
        activity = self._register.writable(request["activity"])
        kind = self._register.kinds[activity.state["kind"]]
        self._register.refuse_unknown_people(kind, request)
        organisation = self._directory.organisations.get(activity.state["organisation"])
        entitled = self._register.entitled(kind, organisation.id, request["held_on"])
        today = self._clock.today()
        return self._register.changed(
            request,
            activity,
            lambda state: announcing.replan(
                activity.id,
                state,
                request,
                organisation.state,
                kind=kind,
                entitled=entitled,
                today=today,
            ),
        )

    def announce(self, request: Answer) -> Answer:
        """Tell whoever is invited."""
        activity = self._register.writable(request["activity"])
        entitled = self.entitled(activity)
        today = self._clock.today()
        return self._register.changed(
            request,
            activity,
            lambda state: announcing.announce(activity.id, state, entitled=entitled, today=today),
        )

    def cancel(self, request: Answer) -> Answer:
        """Call a planned activity off."""
        activity, today = self._register.writable(request["activity"]), self._clock.today()
        return self._register.changed(
            request,
            activity,
            lambda state: announcing.cancel(activity.id, state, reason=request["reason"], today=today),
        )

    def make_up(self, request: Answer) -> Answer:
        """Note that somebody made up for what they missed."""
        activity, actor = self._register.writable(request["activity"]), context.actor()
        path = self._directory.authority.path(activity.state["organisation"])
        window, today = self._register.rulings(path).get("make_up_days"), self._clock.today()
        return self._register.changed(
            request,
            activity,
            lambda state: makeups.make_up(activity.id, state, request, by=actor, today=today, window=window),
        )

    def entitled(self, activity: Document) -> frozenset[str]:
        """Who is entitled to the activity on its day."""
        state = activity.state
        held_on = date.fromisoformat(state["held_on"])
        return self._register.entitled(self._register.kinds[state["kind"]], state["organisation"], held_on)
