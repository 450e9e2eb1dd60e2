"""Commands and questions about activities."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.pages import page
from services.chassis.policies import Pack, effective
from services.records.access import Access
from services.records.activities import model as rules
from services.records.directory.store import Directory, only
from services.records.membership.register import Membership

Answer = dict[str, Any]


class Register:
    """What organisations hold. Who may not read an activity is told that there is none."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        membership: Membership,
        packs: list[Pack],
    ) -> None:
        self.documents = application.documents("activities")
        indexes = application.indexes
        indexes.declare("activities", [("organisation", 1), ("held_on", -1), ("_id", -1)])
        indexes.declare("activities", [("held_on", -1), ("_id", -1)])
        self._directory = directory
        self._access = access
        self._membership = membership
        self._clock: Clock = application.clock
        self._packs = packs
        self.window_days([])  # a pack that cannot be applied is found at start

    def window_days(self, path: list[str]) -> int:
        """The entry window in force today for an organisation."""
        return int(effective(self._packs, self._clock.today(), path)["entry_window"].value)

    # -- commands ------------------------------------------------------------------------------

    def plan(self, request: Answer) -> Answer:
        """Put an activity on the plan; repeated with its key it answers the same."""
        organisation = self._directory.organisation_named_in("organisation", request["organisation"])
        self._access.require_writer(context.actor(), organisation.id)
        activity = self.documents.id_for_command()
        change = rules.plan(activity, request, organisation.state, self._clock.today())
        planned = self.documents.create(activity, change.state, change.events, respond=shown)
        return self._named(planned.response)

    def record(self, request: Answer) -> Answer:
        """Record what happened: all who are entitled are listed, and everybody listed is known."""
        activity, actor = self._writable(request["activity"]), context.actor()
        listed = [entry["person"] for entry in request["attendance"]]
        unknown = self._directory.unknown_people(listed)
        if unknown:
            fields = {
                f"attendance.{position}.person": ["person.unknown"]
                for position, person in enumerate(listed)
                if person in unknown
            }
            raise Invalid("person.unknown", fields=fields)
        held_on = request.get("held_on") or date.fromisoformat(activity.state["held_on"])
        entitled = self._entitled(activity.state["kind"], activity.state["organisation"], held_on)
        today = self._clock.today()
        window = self.window_days(self._directory.authority.path(activity.state["organisation"]))
        return self._changed(
            request,
            activity,
            lambda state: rules.record(
                activity.id,
                state,
                request,
                entitled=entitled,
                by=actor,
                today=today,
                window_days=window,
            ),
        )

    def submit(self, request: Answer) -> Answer:
        """Hand the record to the level above."""
        activity, actor = self._writable(request["activity"]), context.actor()
        return self._changed(request, activity, lambda state: rules.submit(activity.id, state, by=actor))

    def review(self, request: Answer) -> Answer:
        """Approve or return, from strictly above; nobody who writes for the organisation as well."""
        activity, actor = self._readable(request["activity"]), context.actor()
        self._access.require_reviewer(actor, activity.state["organisation"])
        if self._access.holds_writing_post(actor, activity.state["organisation"]):
            raise Forbidden("activity.own_organisation")
        today = self._clock.today()
        return self._changed(
            request,
            activity,
            lambda state: rules.review(
                activity.id,
                state,
                verdict=request["verdict"],
                comment=request["comment"],
                by=actor,
                today=today,
            ),
        )

    # -- questions -----------------------------------------------------------------------------

    def get(self, activity: str) -> Answer:
        """One activity with everything recorded of it."""
        return self._named(shown(self._readable(activity)))

    def listed(self, request: Answer) -> Answer:
        """Activities, newest first, of what the caller may read."""
        wanted = only(request, "kind", "state")
        reach = self._reach(context.actor(), request)
        if reach is not None:
            wanted["organisation"] = {"$in": reach}
        days = {
            operator: request[name].isoformat()
            for operator, name in (("$gte", "since"), ("$lte", "until"))
            if name in request
        }
        if days:
            wanted["held_on"] = days
        found = page(
            self.documents,
            wanted,
            order=[("held_on", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _changed(
        self, request: Answer, activity: Document, decide: Callable[[Answer], Change | None]
    ) -> Answer:
        changed = self.documents.change(
            activity.id, decide, expected_version=request["expected_version"], respond=shown
        )
        return self._named(changed.response)

    def _readable(self, activity: str) -> Document:
        actor = context.actor()
        found = self.documents.get(activity)
        if not self._access.reads_activities(actor, found.state["organisation"]):
            raise NotFound("activities.not_found")
        return found

    def _writable(self, activity: str) -> Document:
        found = self._readable(activity)
        self._access.require_writer(context.actor(), found.state["organisation"])
        return found

    def _entitled(self, kind: str, organisation: str, held_on: date) -> frozenset[str]:
        """Who was entitled to an activity on its day: of a body its holders of posts, else the members."""
        if kind in rules.BODIES:
            return frozenset(self._directory.authority.holders(organisation, rules.BODY_ROLES, on=held_on))
        return self._membership.members_on(organisation, held_on, rules.ENTITLED, groups=True)

    def _reach(self, actor: str, request: Answer) -> list[str] | None:
        """The organisations whose activities are asked for and may be read; None for all there are."""
        if "organisation" not in request and self._access.reaches_everything(actor, request.get("within")):
            return None
        readable = self._access.scope_of_activities(actor)
        if "organisation" in request:
            wanted = {request["organisation"]}
        elif "within" in request:
            wanted = set(self._access.within(request["within"]))
        else:
            return sorted(readable)
        if not wanted & readable:
            raise Forbidden("permission.denied")
        return sorted(wanted & readable)

    def _named(self, activity: Answer | None) -> Answer:
        """With the names of who was entitled, as they are called now: names are not kept in the activity."""
        if not activity or not activity["attendance"]:
            return activity or {}
        entitled = [entry["person"] for entry in activity["attendance"] if not entry.get("guest")]
        names = self._directory.names(entitled)
        attendance = [
            entry if entry.get("guest") else {**entry, "name": names.get(entry["person"], "")}
            for entry in activity["attendance"]
        ]
        return {**activity, "attendance": attendance}


def shown(activity: Document) -> Answer:
    """An activity as its readers see it."""
    return {"id": activity.id, "version": activity.version, **activity.state}
