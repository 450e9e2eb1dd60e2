"""Commands and questions about activities."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.catalogue import Catalogue
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.pages import page
from services.chassis.policies import Pack, effective
from services.chassis.store import in_transaction
from services.records.access import Access
from services.records.activities import amending, details, visibility
from services.records.activities import model as rules
from services.records.activities.conduct import Rulings
from services.records.activities.kinds import Kind, Kinds
from services.records.activities.votes import VOTING_KIND, Voting
from services.records.directory.store import Directory, only
from services.records.files.kept import Files
from services.records.membership.register import Membership

Answer = dict[str, Any]
_TOLD_OF_KIND = (
    "entitled",
    "visibility",
    "minutes",
    "pack",
    "document",
    "article",
    "confidence",
    "verify",
)
HOLDER = "activity"  # of the files that are attached


class Register:
    """What organisations hold. Who may not read an activity is told that there is none."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        membership: Membership,
        files: Files,
        kinds: Kinds,
        packs: list[Pack],
        voted_by: list[Pack],
    ) -> None:
        self.kinds = kinds
        self.documents = application.documents("activities")
        indexes = application.indexes
        indexes.declare("activities", [("organisation", 1), ("held_on", -1), ("_id", -1)])
        indexes.declare("activities", [("audience", 1), ("held_on", -1), ("_id", -1)])
        indexes.declare("activities", [("held_on", -1), ("_id", -1)])
        self._directory = directory
        self._access = access
        self._membership = membership
        self._files = files
        files.guard(HOLDER, self._record_readable, audited=self._is_restricted)
        self._database = application.database
        self._clock: Clock = application.clock
        self._audit: Audit = application.audit
        self._catalogue: Catalogue = application.catalogue
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
        change = rules.plan(activity, request, organisation.state, kind, self._clock.today())
        planned = self.documents.create(activity, change.state, change.events, respond=self.shown)
        return self.named(planned.response)

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

        def create(attachments: list[Answer]) -> Document:
            change = rules.file(
                activity,
                {**request, "attachments": attachments},
                organisation.state,
                kind=kind,
                entitled=entitled,
                voting=self._voting(kind, organisation.id, request["held_on"]),
                by=actor,
                today=self._clock.today(),
                window_days=int(in_force["entry_window"].value),
                rulings=in_force,
            )
            return self.documents.create(activity, change.state, change.events, respond=self.shown)

        files = request["attachments"]
        filed = self._attaching(activity, files, create) if files else create([])
        return self.named(filed.response)

    def record(self, request: Answer) -> Answer:
        """Record what happened: all who are entitled are listed, and everybody listed is known."""
        activity, actor = self.writable(request["activity"]), context.actor()
        kind = self.kinds[activity.state["kind"]]
        self.refuse_unknown_people(kind, request)
        held_on = request.get("held_on") or date.fromisoformat(activity.state["held_on"])
        entitled = self.entitled(kind, activity.state["organisation"], held_on)
        voting = self._voting(kind, activity.state["organisation"], held_on)
        today = self._clock.today()
        window = self.window_days(self._directory.authority.path(activity.state["organisation"]))

        def change(attachments: list[Answer]) -> Document:
            return self._change(
                request,
                activity,
                lambda state: rules.record(
                    activity.id,
                    state,
                    {**request, "attachments": attachments},
                    kind=kind,
                    entitled=entitled,
                    voting=voting,
                    by=actor,
                    today=today,
                    window_days=window,
                ),
            )

        files = request["attachments"]
        attaches = bool(files or activity.state["attachments"])
        recorded = self._attaching(activity.id, files, change) if attaches else change([])
        return self.named(recorded.response)

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

        def change(attachments: list[Answer] | None) -> Document:
            files = {} if attachments is None else {"attachments": attachments}
            return self._change(
                request,
                activity,
                lambda state: amending.amend(
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
                ),
            )

        files = given.get("attachments")
        amended = change(None) if files is None else self._attaching(activity.id, files, change)
        return self.named(amended.response)

    def review(self, request: Answer) -> Answer:
        """Approve or return a record, or the amendment of an approved one, from strictly above."""
        activity, actor = self.reviewable(request["activity"]), context.actor()
        today = self._clock.today()

        def decide(state: Answer) -> Change:
            judge = amending.review if state["state"] == "approved" else rules.review
            return judge(
                activity.id,
                state,
                verdict=request["verdict"],
                comment=request["comment"],
                by=actor,
                today=today,
            )

        return self.changed(request, activity, decide)

    def reviewable(self, activity: str) -> Document:
        """The activity, where the caller reviews it: strictly above, and not writing for it as well."""
        found, actor = self.readable(activity), context.actor()
        self._access.require_reviewer(actor, found.state["organisation"])
        if self._access.holds_writing_post(actor, found.state["organisation"]):
            raise Forbidden("activity.own_organisation")
        return found

    # -- questions -----------------------------------------------------------------------------

    def get(self, activity: str) -> Answer:
        """One activity with everything recorded of it; who opens a restricted one is on record."""
        found, actor = self.readable(activity), context.actor()
        if found.state["restricted"]:
            self._audit.append("activity.read", actor, "activity", found.id)
        told = self.shown(found)
        return visibility.without_record(told) if self._withheld(found) else self._discreet(found, told)

    def versions(self, activity: str) -> Answer:
        """Every version of a record, to whoever reads it; of a restricted one the reader is on record."""
        found = self.readable(activity)
        if self._withheld(found):
            return {"items": []}
        if found.state["restricted"]:
            self._audit.append("activity.read", context.actor(), "activity", found.id)
        items = [
            {
                **each,
                "remarks": self._remarks(each["remarks"]),
                "record": self._discreet(found, each["record"]),
            }
            for each in amending.versions(found.state)
        ]
        return {"items": items}

    def listed(self, request: Answer) -> Answer:
        """Activities, newest first, of what the caller may read."""
        actor = context.actor()
        wanted = only(request, "kind", "state", "amendment")
        reach = self._reach(actor, request)
        if not self._access.reads_everything_restricted(actor):
            confided = self._access.scope_of_restricted(actor)
            if reach is None or not confided.issuperset(reach):
                wanted["audience"] = {"$in": visibility.marks(actor, reach, confided)}
        if reach is not None and "audience" not in wanted:
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
        return {"items": [self.shown(each) for each in found.documents], "next": found.next}

    def all_kinds(self) -> Answer:
        """What kinds of activities there are, and what is asked of each."""
        context.actor()
        return {"items": [self._told_kind(each) for each in self.kinds.values()]}

    def restricted_reach(self) -> Answer:
        """Where the caller reads restricted activities by a post."""
        actor = context.actor()
        if self._access.reads_everything_restricted(actor):
            return {"everything": True, "organisations": []}
        return {"everything": False, "organisations": sorted(self._access.scope_of_restricted(actor))}

    # -- within --------------------------------------------------------------------------------

    def changed(
        self, request: Answer, activity: Document, decide: Callable[[Answer], Change | None]
    ) -> Answer:
        """Write what ``decide`` decided of ``activity`` at the version that the caller expects."""
        return self.named(self._change(request, activity, decide).response)

    def _change(
        self, request: Answer, activity: Document, decide: Callable[[Answer], Change | None]
    ) -> Document:
        return self.documents.change(
            activity.id, decide, expected_version=request["expected_version"], respond=self.shown
        )

    def _attaching(
        self, activity: str, files: list[str], write: Callable[[list[Answer]], Document]
    ) -> Document:
        """What ``write`` makes of the activity with ``files`` attached: both are done, or neither."""

        def commit() -> Document:
            known = self.documents.find_one({"_id": activity})
            repeated = self.documents.repeated(activity) if known else None
            if repeated is not None:
                return repeated
            written = write(self._files.claim(files, HOLDER, activity))
            self._files.release(attached(known) - attached(written), HOLDER, activity)
            return written

        return in_transaction(self._database, commit)

    def readable(self, activity: str) -> Document:
        """The activity, where the caller may know that there is one; raises ``NotFound``."""
        actor = context.actor()
        found = self.documents.get(activity)
        state = found.state
        if actor in state["people"]:
            return found
        if not self._access.reads_activities(actor, state["organisation"]):
            raise NotFound("activities.not_found")
        if state["restricted"] and not self._confided(found, actor):
            raise NotFound("activities.not_found")
        return found

    def writable(self, activity: str) -> Document:
        """The activity, of an organisation that the caller writes for."""
        found = self.readable(activity)
        self._access.require_writer(context.actor(), found.state["organisation"])
        return found

    def _withheld(self, activity: Document) -> bool:
        """Whether the caller may know that it was held, and not what was said there."""
        closed = self.kinds[activity.state["kind"]].visibility == "closed_record"
        return closed and not self._confided(activity, context.actor())

    def _record_readable(self, activity: str) -> None:
        if self._withheld(self.readable(activity)):
            raise NotFound("activities.not_found")

    def _is_restricted(self, activity: str) -> bool:
        return bool(self.documents.get(activity).state["restricted"])

    def _confided(self, activity: Document, actor: str) -> bool:
        return actor in activity.state["people"] or activity.state[
            "organisation"
        ] in self._access.scope_of_restricted(actor)

    def _discreet(self, activity: Document, record: Answer) -> Answer:
        """``record`` of the activity, with names; why others were missing, who writes or reviews it reads."""
        actor = context.actor()
        if activity.state["organisation"] not in self._access.scope_of_restricted(actor):
            record = visibility.without_causes(record, actor)
        return self.named(record)

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

    def _voting(self, kind: Kind, organisation: str, held_on: date) -> Voting | None:
        """Who had a vote on that day, and by which rules; None where such a meeting does not vote."""
        if kind.name != VOTING_KIND:
            return None
        members = self._membership.members_on(organisation, held_on, {"member"}, groups=True)
        return Voting(members, effective(self._voted_by, held_on))

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

    def named(self, activity: Answer | None) -> Answer:
        """With the names of who was entitled, as they are called now: names are not kept in the activity."""
        if not activity or not activity["attendance"]:
            return activity or {}
        entitled = [entry["person"] for entry in activity["attendance"] if not entry.get("guest")]
        names = self._directory.names(entitled)
        attendance = [
            entry if entry.get("guest") else {**entry, "name": names.get(entry["person"], "")}
            for entry in activity["attendance"]
        ]
        decisions = [
            {**each, "responsible_name": names[each["responsible"]]} if each["responsible"] in names else each
            for each in activity["decisions"]
        ]
        return {**activity, "attendance": attendance, "decisions": decisions}

    def shown(self, activity: Document) -> Answer:
        """An activity as its readers see it."""
        state = {name: value for name, value in activity.state.items() if name != "versions"}
        remarks = self._remarks(state["remarks"])
        return {"id": activity.id, "version": activity.version, **state, "remarks": remarks}

    def _remarks(self, remarks: list[Answer]) -> list[Answer]:
        return [{**each, "text": self._catalogue.render(each["code"], each["params"])} for each in remarks]

    def _told_kind(self, kind: Kind) -> Answer:
        render = self._catalogue.render
        fields = [
            {
                "name": each.name,
                "label": render(f"activity_detail.{each.name}"),
                "form": each.form,
                "at": each.at,
                "accepted": details.accepted(each),
            }
            for each in kind.details.values()
        ]
        told = {name: getattr(kind, name) for name in _TOLD_OF_KIND}
        return {
            **told,
            "kind": kind.name,
            "label": render(f"kind.{kind.name}"),
            "holders": sorted(kind.holders),
            "details": fields,
        }


def attached(activity: Document | None) -> set[str]:
    """The files that an activity holds, by any of its versions."""
    if activity is None:
        return set()
    records = [activity.state, *(each["record"] for each in activity.state["versions"])]
    return {each["file"] for record in records for each in record["attachments"]}
