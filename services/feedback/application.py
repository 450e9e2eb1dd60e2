"""The resonance box put together: opinions, measures, and what records says of who may do what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.envelope import Event
from services.chassis.errors import Forbidden
from services.chassis.files.attaching import Attaching, ids
from services.chassis.files.kept import Files
from services.chassis.files.uploads import Uploads
from services.chassis.rejections import Rejections
from services.chassis.working_days import WorkingCalendar
from services.contracts.authority import said_of
from services.contracts.campus_events import EventRejected
from services.contracts.records_events import OrganisationChanged
from services.feedback.access import Access
from services.feedback.ballots.rounds import Rounds
from services.feedback.ballots.voting import Voting
from services.feedback.measures import store as measures
from services.feedback.measures.measuring import Measuring
from services.feedback.measures.reading import MeasureReading
from services.feedback.names import Names
from services.feedback.opinions import attachments, releasing
from services.feedback.opinions import store as opinions
from services.feedback.opinions.attachments import Attachments
from services.feedback.opinions.handling import Handling
from services.feedback.opinions.intake import Intake
from services.feedback.opinions.reading import OpinionReading
from services.feedback.opinions.receiving import Receiving
from services.feedback.opinions.releasing import Releasing
from services.feedback.opinions.rulebook import Rulebook
from services.feedback.opinions.showing import Showing
from services.feedback.opinions.speaking import Speaking
from services.feedback.opinions.subjects import Subjects
from services.feedback.opinions.talking import Talking
from services.feedback.opinions.ticking import Ticking
from services.feedback.tickets.issuing import TicketKeys, TicketsToSpeak, load_rules
from services.feedback.trends.exporting import TrendSheets
from services.feedback.trends.projection import Trends


class Feedback(Application):
    """What people say, who answers it, and what came of it."""

    notes_sessions = False  # who speaks anonymously leaves an opinion and nothing else

    def compose(self) -> None:
        self.access = Access(self.authority)
        self.opinions = self.documents("opinions")
        self.measures = self.documents("measures")
        opinions.declare(self.indexes, "opinions")
        measures.declare(self.indexes, "measures")
        self.rulebook = Rulebook(self.packs("opinion-*.yaml"), self.clock)
        calendar = WorkingCalendar.of(self.packs("working-days-*.yaml"))
        self.subjects = Subjects(self.database)
        self.showing = Showing(self.opinions, self.rulebook, calendar, self.clock)
        self.opinion_reading = OpinionReading(self, self.opinions, self.access, self.rulebook, self.showing)
        uploads = Uploads(self.database, self.vault)
        self.files = Files(self, uploads, self._require_sender, forgets_senders=True)
        self.attachments = Attachments(self, self.files, self.opinion_reading, self.rulebook, self.showing)
        attaching = Attaching(self.database, self.files, self.opinions, attachments.HOLDER, _attached)
        rules = releasing.load_rules(self.folder / "policies", local=self.settings.local)
        self.releasing = Releasing(self.database, self.opinions, self.attachments, self.clock, rules)
        receiving = Receiving(self, self.access, self.rulebook, self.subjects)
        self.ticket_keys = TicketKeys(self)
        self.tickets_to_speak = TicketsToSpeak(self, self.ticket_keys, load_rules(self))
        self.rounds = Rounds(self, self.ticket_keys)
        self.voting = Voting(self, self.rounds, self.ticket_keys)
        self.speaking = Speaking(
            self.opinion_reading, receiving, self.showing, self.tickets_to_speak, attaching
        )
        self.intake = Intake(self.opinions, receiving)
        self.rejections = Rejections(self.documents("rejections"), self.clock, EventRejected)
        handled = (self, self.opinion_reading, self.access, self.rulebook, self.showing)
        self.handling = Handling(*handled)
        self.talking = Talking(*handled, self.attachments, smallest_batch=rules.smallest_batch)
        self.ticking = Ticking(self.opinions, self.showing)
        self.trends = Trends(self, self.opinions, self.access)
        self.names = Names(self.database)
        self.trend_sheets = TrendSheets(self, self.files, self.trends, self.rulebook, self.names)
        self.measure_reading = MeasureReading(self, self.measures, self.access)
        self.files.guard("measure", self._require_measure_readable, is_open=self.measure_reading.is_open)
        self.measuring = Measuring(
            self,
            self.measure_reading,
            self.opinion_reading,
            self.access,
            self.subjects,
            Attaching(self.database, self.files, self.measures, "measure", _attached),
        )

    def _require_measure_readable(self, measure: str) -> None:
        self.measure_reading.readable(context.actor(), measure)

    def _require_sender(self, person: str) -> None:
        if self.authority.belongs(person) is None and not self.authority.grants(person):
            raise Forbidden("permission.denied")

    def categories(self) -> dict[str, Any]:
        """What opinions may be about, and within how many working days each is answered."""
        days = self.rulebook.limits().days
        return {
            "items": [
                {"id": each.id, "titles": each.titles, "speed": each.speed, "days": days[each.speed]}
                for each in self.rulebook.categories().values()
            ],
            "topics": [
                {"id": each.id, "titles": each.titles, "category": each.category}
                for each in self.rulebook.topics().values()
            ],
        }

    def learn(self, events: Sequence[Event]) -> None:
        """Keep what records says of organisations, members and posts."""
        self.authority.apply(said_of(events, standings=True))
        self.names.learn(
            (event.data["organisation"], event.data["name"], event.sequence)
            for event in events
            if event.contract is OrganisationChanged
        )


def _attached(state: Mapping[str, Any]) -> set[str]:
    return ids(state.get("attachments", ()))
