"""Commands on records of activities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Forbidden, Invalid
from services.chassis.files.attaching import Attaching, Decide, ids
from services.chassis.files.kept import Files
from services.chassis.policies import Pack, effective
from services.records.access import Access
from services.records.activities import amending, beginnings, details
from services.records.activities import model as rules
from services.records.activities.conduct import Rulings
from services.records.activities.kinds import Kind
from services.records.activities.openings import Openings
from services.records.activities.reading import HOLDER, ActivityReading
from services.records.activities.votes import VOTING_KIND, Voting
from services.records.directory.store import Directory
from services.records.membership.register import Membership
from services.records.votes.electorates import Electorates

Answer = dict[str, Any]


class Register:
    """What organisations hold, as it is written: planned, filed, recorded, handed in, amended, reviewed."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        membership: Membership,
        files: Files,
        reading: ActivityReading,
        openings: Openings,
        electorates: Electorates,
        packs: list[Pack],
        voted_by: list[Pack],
    ) -> None:
        self.kinds = reading.kinds
        self.documents = reading.documents
        self._reading = reading
        self._directory = directory
        self._access = access
        self._membership = membership
        self._attaching = Attaching(application.database, files, self.documents, HOLDER, attached)
        self._openings = openings
        self._electorates = electorates
        self._clock: Clock = application.clock
        self._packs = packs
        self._voted_by = voted_by
        self.window_days([])  # a pack that cannot be applied is found at start

    def rulings(self, path: list[str]) -> Rulings:
        """What counts today for an organisation."""
        return effective(self._packs, self._clock.today(), path)

    def window_days(self, path: list[str]) -> int:
        """The entry window in force today for an organisation."""
        return int(self.rulings(path)["entry_window"].value)

    # -- commands ------------------------------------------------------------------------------

    def plan(self, request: Answer) -> Answer:
        """Put an activity on the plan; repeated with its key it answers the same."""
        organisation = self._directory.organisation_named_in("organisation", request["organisation"])
        self._access.require_writer(context.actor(), organisation.id)
        kind = self.kinds[request["kind"]]
        self.refuse_unknown_people(kind, request)
        activity = self.documents.id_for_command()
        change = beginnings.plan(activity, request, organisation.state, kind, self._clock.today())
        planned = self.documents.create(activity, change.state, change.events, respond=self._reading.shown)
        return self._reading.named(planned.response)

    def file(self, request: Answer) -> Answer:
        """Plan, record and hand in a routine meeting, in one write."""
        organisation = self._directory.organisation_named_in("organisation", request["organisation"])
        actor = context.actor()
        self._access.require_writer(actor, organisation.id)
        kind = self.kinds[request["kind"]]
        self.refuse_unknown_people(kind, request)
        activity = self.documents.id_for_command()
        in_force = self.rulings(self._directory.authority.path(organisation.id))
        entitled = self.entitled(kind, organisation.id, request["held_on"])
        limit = self._openings.limit(organisation.id, request["held_on"], in_force)

        def make(attachments: list[Answer]) -> Change:
            return beginnings.file(
                activity,
                {**request, "attachments": attachments},
                organisation.state,
                kind=kind,
                entitled=entitled,
                voting=self._voting(kind, organisation.id, request["held_on"]),
                by=actor,
                today=self._clock.today(),
                window_days=int(in_force["entry_window"].value),
                limit=limit,
                rulings=in_force,
            )

        # Repeated it is not judged again: by now its entry may be closed.
        filed = self._attaching.created(activity, request["attachments"], make, self._reading.shown)
        return self._reading.named(filed.response)

    def record(self, request: Answer) -> Answer:
        """Record what happened: all who are entitled are listed, and everybody listed is known."""
        activity, actor = self.writable(request["activity"]), context.actor()
        kind = self.kinds[activity.state["kind"]]
        self.refuse_unknown_people(kind, request)
        held_on = request.get("held_on") or date.fromisoformat(activity.state["held_on"])
        organisation, today = activity.state["organisation"], self._clock.today()
        entitled = self.entitled(kind, organisation, held_on)
        voting = self._voting(kind, organisation, held_on)
        in_force = self.rulings(self._directory.authority.path(organisation))
        limit = self._openings.limit(organisation, held_on, in_force)

        def decide(state: Answer, attachments: list[Answer]) -> Change:
            return rules.record(
                activity.id,
                state,
                {**request, "attachments": attachments},
                kind=kind,
                entitled=entitled,
                voting=voting,
                by=actor,
                today=today,
                window_days=int(in_force["entry_window"].value),
                limit=limit,
            )

        return self._with_files(request, activity, request["attachments"], decide)

    def submit(self, request: Answer) -> Answer:
        """Hand the record to the level above."""
        activity, actor = self.writable(request["activity"]), context.actor()
        kind, today = self.kinds[activity.state["kind"]], self._clock.today()
        in_force = self.rulings(self._directory.authority.path(activity.state["organisation"]))
        return self.changed(
            request,
            activity,
            lambda state: rules.submit(
                activity.id, state, kind=kind, by=actor, today=today, rulings=in_force
            ),
        )

    def amend(self, request: Answer) -> Answer:
        """Propose a version of an approved record; what it does not change stays as it was approved."""
        activity, actor = self.writable(request["activity"]), context.actor()
        given, organisation = request["record"], activity.state["organisation"]
        kind = self.kinds[activity.state["kind"]]
        self.refuse_unknown_people(kind, given)
        held_on = given.get("held_on") or date.fromisoformat(activity.state["held_on"])
        entitled = self.entitled(kind, organisation, held_on)
        voting = self._voting(kind, organisation, held_on)
        in_force = self.rulings(self._directory.authority.path(organisation))

        def decide(state: Answer, attachments: list[Answer] | None = None) -> Change:
            files = {} if attachments is None else {"attachments": attachments}
            return amending.amend(
                activity.id,
                state,
                {**given, **files},
                reason=request["reason"],
                kind=kind,
                entitled=entitled,
                voting=voting,
                by=actor,
                today=self._clock.today(),
                window_days=int(in_force["entry_window"].value),
                rulings=in_force,
            )

        files = given.get("attachments")
        if files is None:
            return self.changed(request, activity, decide)
        return self._with_files(request, activity, files, decide)

    def review(self, request: Answer) -> Answer:
        """Approve or return a record, or the amendment of an approved one, from strictly above."""
        activity, actor = self.reviewable(request["activity"]), context.actor()
        today, committee = self._clock.today(), self._committee(activity.state)

        def decide(state: Answer) -> Change:
            judge = amending.review if state["state"] == "approved" else rules.review
            return judge(
                activity.id,
                state,
                verdict=request["verdict"],
                comment=request["comment"],
                by=actor,
                today=today,
                committee=committee,
            )

        return self.changed(request, activity, decide)

    def reviewable(self, activity: str) -> Document:
        """The activity, where the caller reviews it: strictly above, and not writing for it as well."""
        found, actor = self._reading.readable(activity), context.actor()
        self._access.require_reviewer(actor, found.state["organisation"])
        if self._access.holds_writing_post(actor, found.state["organisation"]):
            raise Forbidden("activity.own_organisation")
        return found

    # -- within --------------------------------------------------------------------------------

    def changed(
        self, request: Answer, activity: Document, decide: Callable[[Answer], Change | None]
    ) -> Answer:
        """Write what ``decide`` decided of ``activity`` at the version that the caller expects."""
        written = self.documents.change(
            activity.id, decide, expected_version=request["expected_version"], respond=self._reading.shown
        )
        return self._reading.named(written.response)

    def _with_files(self, request: Answer, activity: Document, files: list[str], decide: Decide) -> Answer:
        """As ``changed``, with ``files`` attached in place of those before."""
        written = self._attaching.changed(
            activity.id,
            files,
            decide,
            expected_version=request["expected_version"],
            respond=self._reading.shown,
        )
        return self._reading.named(written.response)

    def writable(self, activity: str) -> Document:
        """The activity, of an organisation that the caller writes for."""
        found = self._reading.readable(activity)
        self._access.require_writer(context.actor(), found.state["organisation"])
        return found

    def refuse_unknown_people(self, kind: Kind, request: Answer) -> None:
        """Raises ``Invalid`` at every place where ``request`` names a person that there is not."""
        named = {
            f"attendance.{position}.person": entry["person"]
            for position, entry in enumerate(request.get("attendance") or ())
        }
        for field in ("invitees", "observers"):
            named |= {f"{field}.{place}": person for place, person in enumerate(request.get(field) or ())}
        named |= {
            f"decisions.{place}.responsible": each["responsible"]
            for place, each in enumerate(request.get("decisions") or ())
            if each["responsible"] is not None
        }
        named |= {
            f"votes.{place}.person": each["person"]
            for place, each in enumerate(request.get("votes") or ())
            if each["person"] is not None
        }
        named |= details.people(kind, request.get("details") or {})
        unknown = self._directory.unknown_people(named.values())
        if unknown:
            fields = {place: ["person.unknown"] for place, person in named.items() if person in unknown}
            raise Invalid("person.unknown", fields=fields)

    def entitled(self, kind: Kind, organisation: str, held_on: date) -> frozenset[str]:
        """Who was entitled to an activity on its day: of a body its holders of posts, else the members."""
        if kind.entitled == "posts":
            return frozenset(self._directory.authority.holders(organisation, rules.BODY_ROLES, on=held_on))
        return self._membership.members_on(organisation, held_on, rules.ENTITLED, groups=True)

    def _committee(self, state: Answer) -> frozenset[str]:
        """Who sat on the committee on the day of a talk, as it is or as its amendment says; else nobody."""
        if state["kind"] != rules.TALK:
            return frozenset()
        amended = state["versions"][-1]["record"] if state["amendment"] == "submitted" else {}
        day = date.fromisoformat(amended.get("held_on") or state["held_on"])
        authority = self._directory.authority
        node = authority.node(state["organisation"])
        # A group has no committee but that of its branch.
        at = node.parent if node and node.kind == "group" and node.parent else state["organisation"]
        return frozenset(authority.holders(at, rules.BODY_ROLES, on=day))

    def _voting(self, kind: Kind, organisation: str, held_on: date) -> Voting | None:
        """Who had a vote on that day, and by which rules; None where such a meeting does not vote."""
        if kind.name != VOTING_KIND:
            return None
        return Voting(self._electorates.at(organisation, held_on), effective(self._voted_by, held_on))


def attached(activity: Mapping[str, Any]) -> set[str]:
    """The files that an activity holds, by any of its versions."""
    records = [activity, *(each["record"] for each in activity["versions"])]
    return {file for record in records for file in ids(record["attachments"])}
