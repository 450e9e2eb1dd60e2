"""Small services that answer the gateway's calls as the real ones would, and remember what reached them."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import eventlet

from services.chassis import context
from services.chassis.application import Application
from services.chassis.catalogue import Catalogue
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from services.chassis.identity import derived_id
from services.chassis.rpc import rpc
from services.contracts.feedback_rpc import measures as feedback_measures
from services.contracts.feedback_rpc import opinions as feedback_opinions
from services.contracts.files import (
    AppendUpload,
    BeginUpload,
    FilePart,
    KeepFile,
    KeptFile,
    OpenedFile,
    OpenFile,
    ReadFile,
    Upload,
)
from services.contracts.records_rpc.activities import (
    Activity,
    GetActivity,
    PlanActivity,
    RestrictedReach,
    SubmitActivity,
)
from services.contracts.records_rpc.directory import (
    Identified,
    IdentifyPerson,
    ListOrganisations,
    Myself,
    Organisations,
)
from services.contracts.records_rpc.imports import StartedJob, StartImport
from services.contracts.records_rpc.parts import Nothing

ROOT, BRANCH, OTHER = "o-root", "o-branch", "o-other"
SECRET = "张三 13812345678"
FILE = (b"%PDF-" + b"x" * 100_000, b"y" * 100_000, b"%%EOF")
PATHS = {ROOT: [ROOT], BRANCH: [ROOT, BRANCH], OTHER: [ROOT, OTHER]}


class Desk(Application):
    """What reached the service, for a test to read; ``gate`` lets a test hold an answer back."""

    migrates = False

    def compose(self) -> None:
        # The service's own words, which the gateway's catalogue does not have.
        self.catalogue = Catalogue(
            {
                "zh": {"activity.taken": "不能提交。", "activity.too_many": "最多 {most} 项。"},
                "en": {"activity.taken": "It cannot be submitted.", "activity.too_many": "At most {most}."},
            }
        )
        self.seen: list[tuple[str, dict[str, Any], context.Context]] = []
        self.parts: dict[str, dict[int, str]] = {}
        self.gate = eventlet.Event()

    def saw(self, method: str, request: dict[str, Any]) -> None:
        self.seen.append((method, request, context.current()))


def activity(identity: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "version": 3,
        "organisation": BRANCH,
        "kind": "theme_day",
        "title": "主题党日",
        "held_on": date(2026, 3, 2),
        "place": None,
        "state": "planned",
        "entered_on": None,
        "late": False,
        "opened_by": None,
        "expected": 0,
        "present": 0,
        "excused": 0,
        "made_up": 0,
        "has_minutes": False,
        "restricted": False,
        "imported": False,
        "starts_at": None,
        "agenda": [],
        "invitees": None,
        "observers": [],
        "details": {},
        "attendance": [],
        "minutes": None,
        "decisions": [],
        "attachments": [],
        "announced_on": None,
        "cancelled_on": None,
        "cancel_reason": None,
        "make_ups": [],
        "votes": [],
        "elections": [],
        "without_vote": 0,
        "quorum": None,
        "changed": [],
        "revision": 1,
        "amendment": None,
        "remarks": [],
        "reviews": [],
        **changes,
    }


def kept(file: str) -> dict[str, Any]:
    return {
        "file": file,
        "name": '会议 "记录".pdf',
        "media_type": "application/pdf",
        "size": sum(map(len, FILE)),
        "sha256": "0" * 64,
    }


def organisation(identity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "version": 1,
        "code": identity,
        "name": identity,
        "kind": "branch",
        "parent": ROOT,
        "path": PATHS[identity],
        "founded_on": date(2020, 1, 1),
        "has_committee": True,
        "has_leading_group": False,
        "external_id": None,
        "active": True,
        "since": date(2020, 1, 1),
        "dissolved_on": None,
        "successors": [],
        "committee_elected_on": None,
        "committee_due_on": None,
    }


class RecordsStandIn:
    name = "records"
    desk = Desk()

    @rpc(request=IdentifyPerson, response=Identified, public=True)
    def identify_person(self, request):
        if request["number"] == "0000":
            raise NotFound("person.not_found")
        if request["number"] == "slow":
            self.desk.saw("identify_person", request)
            self.desk.gate.wait()
        return {"person": f"p-{request['number']}"}

    @rpc(request=Nothing, response=Myself)
    def who_am_i(self, request):
        person = context.actor()
        post = {"id": "post", "role": "secretary", "since": date(2026, 1, 1), "until": None}
        held = {"p-root": ROOT, "p-secretary": BRANCH}.get(person)
        return {
            "person": person,
            "number": "1001",
            "name": "某人",
            "political_status": "member",
            "organisation": OTHER if person == "p-other" else BRANCH,
            "posts": [{**post, "organisation": held}] if held else [],
            "organisations": [organisation(each) for each in (ROOT, BRANCH, OTHER)],
        }

    @rpc(request=ListOrganisations, response=Organisations)
    def list_organisations(self, request):
        self.desk.saw("list_organisations", request)
        within = request.get("within") or ROOT
        found = [organisation(each) for each, path in PATHS.items() if within in path]
        return {"items": found * request["limit"] if request.get("search") == "many" else found, "next": None}

    @rpc(request=Nothing, response=RestrictedReach)
    def restricted_reach(self, request):
        return {"everything": context.actor() == "p-root", "organisations": []}

    @rpc(request=PlanActivity, response=Activity)
    def plan_activity(self, request):
        self.desk.saw("plan_activity", request)
        if request["organisation"] != BRANCH:
            raise Forbidden("permission.denied")
        return activity(
            derived_id("activity", context.current().idempotency_key or ""), title=request["title"]
        )

    @rpc(request=GetActivity, response=Activity)
    def get_activity(self, request):
        match request["activity"]:
            case "a-1" | "no-hex" as known:
                return activity(known)
            case "a-broken":
                raise RuntimeError(SECRET)
            case "a-busy":
                raise Unavailable("store.unavailable")
            case _:
                raise NotFound("activity.not_found")

    @rpc(request=SubmitActivity, response=Activity)
    def submit_activity(self, request):
        self.desk.saw("submit_activity", request)
        if request["expected_version"] not in (None, 3):
            raise Conflict("version.stale")
        if request["activity"] == "a-4":
            raise Invalid(
                "activity.taken", params={"most": 3}, fields={"decisions": {"0": ["activity.too_many"]}}
            )
        if request["activity"] == "a-2":
            raise Invalid("activity.no_minutes", fields={"minutes": ["field.required"]})
        return activity(request["activity"], version=4, state="submitted")

    @rpc(request=BeginUpload, response=Upload)
    def begin_upload(self, request):
        upload = derived_id("upload", context.actor(), context.current().idempotency_key or "")
        self.desk.parts.setdefault(upload, {})
        self.desk.saw("begin_upload", request)
        return {"upload": upload, "size": 0}

    @rpc(request=AppendUpload, response=Upload)
    def append_upload(self, request):
        self.desk.parts[request["upload"]][request["part"]] = request["content"]
        return {"upload": request["upload"], "size": 0}

    @rpc(request=StartImport, response=StartedJob)
    def start_import(self, request):
        self.desk.saw("start_import", request)
        return {"job": derived_id("job", request["upload"])}

    @rpc(request=KeepFile, response=KeptFile)
    def keep_file(self, request):
        self.desk.saw("keep_file", request)
        return kept(request["upload"])

    @rpc(request=OpenFile, response=OpenedFile)
    def open_file(self, request):
        if request["file"] not in ("whole", "cut-off"):
            raise NotFound("files.not_found")
        return {**kept(request["file"]), "parts": len(FILE)}

    @rpc(request=ReadFile, response=FilePart)
    def read_file(self, request):
        if request["file"] == "cut-off" and request["part"] == len(FILE) - 1:
            raise NotFound("files.not_found")
        return {"content": base64.b64encode(FILE[request["part"]]).decode()}


class FeedbackStandIn:
    name = "feedback"
    desk = Desk()

    @rpc(request=feedback_opinions.SubmitOpinion, response=feedback_opinions.Opinion)
    def submit_opinion(self, request):
        self.desk.saw("submit_opinion", request)
        return {
            "id": "op-1",
            "version": 1,
            "mode": "named",
            "state": "received",
            "organisation": request["organisation"],
            "concerns": request["organisation"],
            "category": request["category"],
            "about_head": False,
            "received_on": date(2026, 3, 2),
            "excerpt": request["text"],
            "text": request["text"],
            "attachments": [],
            "author": context.actor(),
            "declined_because": None,
            "declined_on": None,
            "answer": None,
            "channel": "web",
            "topics": [],
            "activity": None,
            "task": None,
            "messages": [],
            "notes": [],
            "routes": [],
            "earlier": [],
            "duplicates": [],
            "merged_into": None,
            "rating": None,
            "may_reopen_until": None,
            "clock": {
                "state": "running",
                "speed": "ordinary",
                "limit": 5,
                "used": 0,
                "due_on": date(2026, 3, 9),
                "soon": False,
                "overdue": False,
                "provisional": False,
                "stopped_on": None,
                "paused_because": None,
                "rule": {"pack": "opinion-clock-default", "article": "第二条"},
            },
        }

    @rpc(
        request=feedback_opinions.SubmitAnonymousOpinion,
        response=feedback_opinions.Receipt,
        anonymous=True,
    )
    def submit_anonymous_opinion(self, request):
        self.desk.saw("submit_anonymous_opinion", request)
        if request["text"] == "fail":
            raise RuntimeError(SECRET)
        return {
            "receipt": "CODE-1",
            "organisation": request["organisation"],
            "received_on": date(2026, 3, 2),
        }

    @rpc(request=feedback_opinions.FollowReceipt, response=feedback_opinions.OpinionProgress, anonymous=True)
    def follow_receipt(self, request):
        self.desk.saw("follow_receipt", request)
        raise NotFound("receipt.not_found")

    @rpc(
        request=feedback_measures.ListPublicMeasures,
        response=feedback_measures.PublicMeasurePage,
        public=True,
    )
    def public_measures(self, request):
        return {"items": [], "next": None}
