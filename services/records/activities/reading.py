"""Questions about activities: who reads which, and what of it."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.catalogue import Catalogue
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.files.kept import Files
from services.chassis.pages import page
from services.records.access import Access, not_a_reader
from services.records.activities import amending, details, visibility
from services.records.activities.kinds import Kind, Kinds
from services.records.directory.store import Directory, only

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


class ActivityReading:
    """What organisations hold, as it is read. Who may not read an activity is told that there is none."""

    def __init__(
        self, application: Application, directory: Directory, access: Access, files: Files, kinds: Kinds
    ) -> None:
        self.kinds = kinds
        self.documents = application.bundled_documents("activities")
        # Every index is paid for at every write of an activity: who reads which is one of marks.
        application.indexes.declare("activities", [("audience", 1), ("held_on", -1), ("_id", -1)])
        self._directory = directory
        self._access = access
        files.guard(HOLDER, self._record_readable, audited=self._is_restricted)
        self._audit: Audit = application.audit
        self._catalogue: Catalogue = application.catalogue

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
        everything = self._access.reads_everything_restricted(actor)
        confided = None if everything else self._access.scope_of_restricted(actor)
        wanted["audience"] = {"$in": visibility.marks(actor, reach, confided)}
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

    # -- what the other parts ask --------------------------------------------------------------

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

    # -- within --------------------------------------------------------------------------------

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
            raise not_a_reader()
        return sorted(wanted & readable)

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
