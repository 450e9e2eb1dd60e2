"""The records application: what its entrypoints call, put together once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.chassis.application import Application
from services.chassis.envelope import Event
from services.chassis.files.jobs import FileJobs
from services.chassis.files.kept import Files
from services.chassis.files.uploads import Uploads
from services.chassis.policies import Pack
from services.chassis.rejections import Rejections
from services.chassis.working_days import WorkingCalendar
from services.contracts.authority import said_of
from services.contracts.campus_events import (
    DuesPaymentMade,
    DuesPaymentUndone,
    EventRejected,
    PersonUpserted,
    TrainingCompleted,
    TrainingWithdrawn,
)
from services.records.access import Access
from services.records.activities import kinds
from services.records.activities.attending import Attending
from services.records.activities.desk import Desk
from services.records.activities.openings import Openings
from services.records.activities.planning import Planning
from services.records.activities.reading import ActivityReading
from services.records.activities.register import Register
from services.records.activities.reviews import Reviews
from services.records.activities.templates import Templates
from services.records.activities.words import Words
from services.records.bulletins.addressing import Addressing
from services.records.bulletins.reading import Reading
from services.records.bulletins.register import Bulletins
from services.records.campaigns.lectures import Lectures
from services.records.campaigns.register import Campaigns
from services.records.campus import Campus
from services.records.development.arrangements import Arrangements
from services.records.development.dossiers import Dossiers
from services.records.development.following import Following
from services.records.development.reading import DossierReading
from services.records.development.standing import Standing
from services.records.directory.callers import Callers
from services.records.directory.organisations import Organisations
from services.records.directory.people import People
from services.records.directory.store import Directory
from services.records.directory.terms import Terms
from services.records.dues.register import Dues
from services.records.elections.register import Elections
from services.records.exports.exporting import Exports
from services.records.files.receiving import Receiving
from services.records.ledger.making import Ledgers
from services.records.membership.register import Membership
from services.records.overseeing import Overseeing
from services.records.plans.register import Plans
from services.records.posts.register import Posts
from services.records.programmes.register import Programmes
from services.records.roster import importer
from services.records.roster.exporter import RosterExport
from services.records.roster.importer import RosterImport
from services.records.roster.starting import RosterStart
from services.records.sanctions.register import Sanctions
from services.records.sanctions.rights import Rights
from services.records.structure.history import History
from services.records.structure.reorganising import Reorganising
from services.records.thoughts.contacts import Contacts
from services.records.thoughts.register import Thoughts
from services.records.training.classes import Classes
from services.records.training.register import Training
from services.records.training.sources import Sources
from services.records.training.studies import Studies
from services.records.transfers.following import TransferFollowing
from services.records.transfers.register import Parts, Transfers
from services.records.votes.counting import Counting
from services.records.votes.electorates import Electorates

Answer = dict[str, Any]


class Records(Application):
    """Organisations, people, posts and activities; who may change and read them; how they are taken over."""

    def compose(self) -> None:
        self.applied: dict[str, Pack] = {}
        self.access = Access(self.authority)
        self.directory = Directory(self)
        self.history = History(self, self.directory)
        self.organisations = Organisations(
            self.database, self.directory, self.history, self.access, self.clock
        )
        discipline = self.packs("discipline-*.yaml")
        rights = Rights(self, discipline)
        self.posts = Posts(
            self.database,
            self.directory,
            self.access,
            rights,
            self.audit,
            self.clock,
            self.packs("posts-*.yaml"),
        )
        self.terms = Terms(self, self.directory, self.access)
        self.people = People(
            self.database, self.directory, self.posts, self.access, rights, self.audit, self.clock
        )
        self.membership = Membership(self, self.directory, self.access)
        self.sanctions = Sanctions(
            self, self.directory, self.people, self.posts, self.access, rights, discipline
        )
        electorates = Electorates(self.directory, self.membership, rights)
        counted_by = [*self.packs("development-national-*.yaml"), *self.packs("election-*.yaml")]
        self.uploads = Uploads(self.database, self.vault)
        self.files = Files(self, self.uploads, self.people.require_active)
        self.activity_reading = ActivityReading(
            self, self.directory, self.access, self.files, kinds.load(self.folder / "policies")
        )
        entry_windows = self.packs("entry-window-*.yaml")
        self.openings = Openings(self, self.directory, self.access, entry_windows)
        self.activities = Register(
            self,
            self.directory,
            self.access,
            self.membership,
            self.files,
            self.activity_reading,
            self.openings,
            electorates,
            [*entry_windows, *self.packs("activity-conduct-*.yaml")],
            [*counted_by, *self.packs("meetings-*.yaml")],
        )
        self.planning = Planning(self, self.directory, self.activities)
        words = Words(self)
        self.attending = Attending(self, self.directory, self.activities, self.planning, words)
        self.desk = Desk(self, self.directory, self.activities, words)
        self.activity_templates = Templates(self, self.directory, self.access, self.activities)
        self.activity_reviews = Reviews(self.activities, self.catalogue)
        standing = Standing(self.authority, self.access)
        self.development = Arrangements(
            self,
            self.directory,
            standing,
            self.packs("development-*.yaml"),
            WorkingCalendar.of(self.packs("working-days-*.yaml")),
        )
        self.counting = Counting(counted_by, self.clock, electorates, self.access)
        self.elections = Elections(
            self,
            self.directory,
            self.access,
            self.posts,
            self.counting,
            electorates,
            self.packs("election-terms-*.yaml"),
        )
        self.dossier_reading = DossierReading(
            self,
            self.directory,
            standing,
            self.development,
            self.files,
            self.activities.documents,
            electorates,
        )
        self.dossiers = Dossiers(
            self,
            self.directory,
            self.people,
            standing,
            self.development,
            self.files,
            self.dossier_reading,
        )
        following = Following(self.dossiers.documents, standing, self.development, self.clock)
        self.plans = Plans(
            self, self.directory, self.access, self.activity_reading, self.files, self.packs("tasks-*.yaml")
        )
        self.transfers = Transfers(
            self,
            Parts(
                self.directory,
                self.people,
                self.access,
                following,
                self.plans.lists,
                self.packs("transfers-*.yaml"),
            ),
        )
        self.reorganising = Reorganising(
            self,
            self.directory,
            self.organisations,
            self.posts,
            self.access,
            following,
            TransferFollowing(self.transfers.documents, self.clock),
            rights,
        )
        file_jobs = FileJobs(self.files, self.jobs)
        self.dues = Dues(self, self.directory, self.access, self.packs("dues-*.yaml"), file_jobs)
        self.campus = Campus(self, self.directory, self.people)
        self.rejections = Rejections(self.documents("rejections"), self.clock, EventRejected)
        self.programmes = Programmes(self, self.plans.board, self.activity_reading, self.files)
        self.training = Training(self, self.directory, self.access, self.packs("training-*.yaml"))
        self.training_classes = Classes(self.database, self.directory, self.access, self.training, self.clock)
        self.training_sources = Sources(self.directory, self.activities.documents, self.training, self.clock)
        self.thought_contacts = Contacts(self, self.directory, self.access, self.dossiers.documents)
        self.thoughts = Thoughts(
            self, self.directory, self.thought_contacts, self.packs("thought-reports-*.yaml")
        )
        self.roster_export = RosterExport(self, self.directory, self.access, self.files)
        addressing = Addressing(self.directory)
        self.bulletin_reading = Reading(self, self.directory, self.access, addressing)
        station_packs = self.packs("bulletins-*.yaml")
        self.bulletins = Bulletins(
            self,
            self.directory,
            self.access,
            self.files,
            addressing,
            self.bulletin_reading,
            station_packs,
        )
        self.campaigns = Campaigns(self, self.directory, self.access, addressing)
        self.lectures = Lectures(self, self.directory, self.access, self.files, self.campaigns, station_packs)
        self.training_studies = Studies(
            self.lectures.documents, self.training_classes, self.training, self.clock
        )
        taking_over = RosterImport(
            self,
            self.directory,
            self.organisations,
            self.people,
            self.posts,
            self.activities,
            self.uploads,
        )
        self.exports = Exports(self, self.directory, self.access, self.files)
        self.ledgers = Ledgers(self, self.directory, self.access, self.files, self.applied)
        self.jobs.work(importer.KIND, taking_over.step)
        self.roster_start = RosterStart(self, self.access, self.uploads)
        self.receiving = Receiving(self.access, self.uploads, self.files)
        self.overseeing = Overseeing(self, self.access)
        self.callers = Callers(self, self.directory, self.people)
        self._heard = {
            PersonUpserted.type: self.campus.upsert,
            DuesPaymentMade.type: self.dues.payments.told,
            DuesPaymentUndone.type: self.dues.payments.undone,
            TrainingCompleted.type: self.training_sources.completed,
            TrainingWithdrawn.type: self.training_sources.withdrawn,
        }

    def packs(self, pattern: str = "*.yaml") -> list[Pack]:
        """As of every service; what some part of this one applies is known by its id."""
        found = super().packs(pattern)
        self.applied.update((each.id, each) for each in found)
        return found

    def hear(self, event: Event) -> None:
        """Apply what another system of the campus says."""
        self._heard[event.type](event)

    def learn(self, events: Sequence[Event]) -> None:
        """Keep who may do what, also for what another replica wrote. Stale events change nothing."""
        self.authority.apply(said_of(events))
