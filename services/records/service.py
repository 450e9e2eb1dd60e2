"""The records service: who handles what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.batches import subscribe_batch
from services.chassis.envelope import Event
from services.chassis.rpc import rpc
from services.chassis.subscribe import Order, subscribe
from services.contracts import records_rpc as calls
from services.contracts.campus_events import PersonUpserted
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class RecordsService:
    """Keeps what organisations are and what they hold, as it happens."""

    name = "records"

    records = Records()

    # Events

    @subscribe(PersonUpserted, queue="records.campus", order=Order.ANY, on_parked="reject")
    def upsert_person(self, event: Event) -> None:
        self.records.campus.upsert(event)

    def reject(self, wire: Mapping[str, Any] | None, reason: str, detail: str) -> None:
        self.records.campus.reject(wire, reason, detail)

    # Authority keeps the newest by itself, so a batch needs neither transaction nor inbox.
    @subscribe_batch(
        OrganisationChanged,
        PersonChanged,
        PostChanged,
        queue="records.authority",
        most=50,  # each event is its own write: what is in flight has to be done within a drain
        transaction=False,
        inbox=False,
    )
    def learn(self, events: list[Event]) -> None:
        self.records.learn(events)

    # Organisations

    @rpc(request=calls.CreateOrganisation, response=calls.Organisation)
    def create_organisation(self, request: Request) -> Answer:
        return self.records.organisations.create(request)

    @rpc(request=calls.ChangeOrganisation, response=calls.Organisation)
    def change_organisation(self, request: Request) -> Answer:
        return self.records.organisations.change(request)

    @rpc(request=calls.GetOrganisation, response=calls.Organisation)
    def get_organisation(self, request: Request) -> Answer:
        return self.records.organisations.get(request["organisation"])

    @rpc(request=calls.ListOrganisations, response=calls.Organisations)
    def list_organisations(self, request: Request) -> Answer:
        return self.records.organisations.listed(request)

    # People

    @rpc(request=calls.CreatePerson, response=calls.Person)
    def create_person(self, request: Request) -> Answer:
        return self.records.people.create(request)

    @rpc(request=calls.ChangePerson, response=calls.Person)
    def change_person(self, request: Request) -> Answer:
        return self.records.people.change(request)

    @rpc(request=calls.GetPerson, response=calls.Person)
    def get_person(self, request: Request) -> Answer:
        return self.records.people.get(request["person"])

    @rpc(request=calls.ListPeople, response=calls.People)
    def list_people(self, request: Request) -> Answer:
        return self.records.people.listed(request)

    @rpc(request=calls.IdentifyPerson, response=calls.Identified, public=True)
    def identify_person(self, request: Request) -> Answer:
        return self.records.identify(request["number"])

    @rpc(request=calls.Nothing, response=calls.Myself)
    def who_am_i(self, request: Request) -> Answer:
        return self.records.who_am_i()

    # Posts

    @rpc(request=calls.GivePost, response=calls.Post)
    def give_post(self, request: Request) -> Answer:
        return self.records.posts.give(request)

    @rpc(request=calls.WithdrawPost, response=calls.Post)
    def withdraw_post(self, request: Request) -> Answer:
        return self.records.posts.withdraw(request)

    @rpc(request=calls.ListPosts, response=calls.Posts)
    def list_posts(self, request: Request) -> Answer:
        return self.records.posts.listed(request)

    # Activities

    @rpc(request=calls.PlanActivity, response=calls.Activity)
    def plan_activity(self, request: Request) -> Answer:
        return self.records.activities.plan(request)

    @rpc(request=calls.RecordActivity, response=calls.Activity)
    def record_activity(self, request: Request) -> Answer:
        return self.records.activities.record(request)

    @rpc(request=calls.SubmitActivity, response=calls.Activity)
    def submit_activity(self, request: Request) -> Answer:
        return self.records.activities.submit(request)

    @rpc(request=calls.ReviewActivity, response=calls.Activity)
    def review_activity(self, request: Request) -> Answer:
        return self.records.activities.review(request)

    @rpc(request=calls.GetActivity, response=calls.Activity)
    def get_activity(self, request: Request) -> Answer:
        return self.records.activities.get(request["activity"])

    @rpc(request=calls.ListActivities, response=calls.Activities)
    def list_activities(self, request: Request) -> Answer:
        return self.records.activities.listed(request)

    # Imports, jobs, audit

    @rpc(request=calls.BeginUpload, response=calls.Upload)
    def begin_upload(self, request: Request) -> Answer:
        return self.records.begin_upload(request["filename"])

    @rpc(request=calls.AppendUpload, response=calls.Upload)
    def append_upload(self, request: Request) -> Answer:
        return self.records.append_upload(request["upload"], request["part"], request["content"])

    @rpc(request=calls.StartImport, response=calls.StartedJob)
    def start_import(self, request: Request) -> Answer:
        return self.records.start_import(request["upload"], request["filename"])

    @rpc(request=calls.GetJob, response=calls.Job)
    def get_job(self, request: Request) -> Answer:
        return self.records.job(request["job"])

    @rpc(request=calls.ListJobErrors, response=calls.JobErrors)
    def list_job_errors(self, request: Request) -> Answer:
        return self.records.job_errors(request)

    @rpc(request=calls.ReadAudit, response=calls.AuditEntries)
    def read_audit(self, request: Request) -> Answer:
        return self.records.read_audit(request)
