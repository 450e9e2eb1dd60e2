"""Looking for what asks for a talk, asking a named human, and what they answer; hidden from all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.chassis import context
from services.chassis.audit import Audit
from services.chassis.authority import Authority
from services.chassis.catalogue import Catalogue
from services.chassis.clock import Clock
from services.chassis.documents import Document, Documents
from services.chassis.errors import Conflict, NotFound
from services.chassis.pages import page
from services.chassis.policies import Pack
from services.chassis.store import Store
from services.chassis.transactions import in_transaction
from services.chassis.vault import Vault
from services.evaluation.anomalies import model
from services.evaluation.anomalies.model import Found, Held, Limits
from services.evaluation.anomalies.packs import limits_of
from services.evaluation.duties.deeds import deeds_of
from services.evaluation.duties.model import Sheet, owed_by
from services.evaluation.duties.people import Known, known
from services.evaluation.duties.store import Sheets
from services.evaluation.duties.words import of_kind
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.projection.standing import Standing
from services.evaluation.projection.store import Standings
from services.evaluation.projection.turning import AT_ONCE

HEADS = ("secretary", "deputy_secretary")
RESPONSIBLE = ("secretary", "deputy_secretary", "discipline_commissioner", "administrator")
_OPENED = ("facts", "episode", "reason")  # shown of one that is opened, or of none
Answer = dict[str, Any]


class Watching:
    """Every look can be repeated: of one episode there is one question."""

    def __init__(
        self,
        *,
        database: Store,
        documents: Documents,
        clock: Clock,
        catalogue: Catalogue,
        authority: Authority,
        audit: Audit,
        vault: Vault,
        packs: Sequence[Pack],
        figures: Sequence[Pack],
        rulebook: Callable[[], Rulebook],
        sheets: Sheets,
        standings: Standings,
    ) -> None:
        self._database = database
        self._anomalies = documents
        self._clock = clock
        self._texts = catalogue
        self._authority = authority
        self._audit = audit
        self._vault = vault
        self._packs = packs
        self._figures = figures
        self._limits(clock.today())
        self._rulebook = rulebook
        self._sheets = sheets
        self._standings = standings

    def look(self, today: date) -> None:
        """Look at everybody and everything that is measured, and ask where it is called for."""
        rulebook, limits = self._rulebook(), self._limits(today)
        for sheet in _all(self._sheets):
            person = known(sheet.things, sheet.as_of)
            if person is not None:
                for found in of_person(sheet, person, rulebook, limits, today):
                    self._ask(found, limits, person.organisation, sheet.unit, today)
        for standing in _all(self._standings):
            for found in of_unit(standing, rulebook, limits, today):
                self._ask(found, limits, standing.unit, None, today)

    # -- for those who are asked ---------------------------------------------------------------

    def list(self, request: Mapping[str, Any]) -> Answer:
        """What the heads at and below the caller's posts were asked, the newest first."""
        actor = context.actor()
        wanted: dict[str, Any] = {name: request[name] for name in ("state", "rule") if name in request}
        if not self._authority.reaches_everything(actor, RESPONSIBLE):
            wanted["asked_at"] = {"$in": sorted(self._authority.scope(actor, RESPONSIBLE))}
        found = page(
            self._anomalies,
            wanted,
            order=[("raised_on", -1)],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        shown = [each for each in found.documents if each.state["person"] != actor]
        return {"items": [self._listed(each) for each in shown], "next": found.next}

    def get(self, request: Mapping[str, Any]) -> Answer:
        """One, on record under its own id: whom it is about would learn of it by an entry under theirs."""
        found = self._readable(request["anomaly"])
        if found.state["person"] is not None:
            self._audit.append("anomaly.read", context.actor(), "anomaly", found.id)
        return self._shown(found)

    def conclude(self, request: Mapping[str, Any]) -> Answer:
        """It ends ``talked`` or ``dismissed``, with a reason; the audit keeps who said so."""
        actor, found = context.actor(), self._readable(request["anomaly"])
        done: list[Document] = []

        def body() -> None:
            done[:] = [
                self._anomalies.change(
                    found.id,
                    lambda state: model.conclude(
                        state,
                        subject=found.id,
                        outcome=request["outcome"],
                        reason=request["reason"],
                        by=actor,
                        today=self._clock.today(),
                    ),
                    expected_version=request.get("expected_version"),
                    respond=self._shown,
                )
            ]
            self._audit.append(f"anomaly.{request['outcome']}", actor, "anomaly", found.id)

        in_transaction(self._database, body)
        return dict(done[0].response or self._shown(done[0]))

    # -- within --------------------------------------------------------------------------------

    def _limits(self, today: date) -> Limits:
        return limits_of(self._packs, today, self._figures)

    def _ask(self, found: Found, limits: Limits, organisation: str, person: str | None, today: date) -> None:
        # Keyed: from an id that could be derived from a person's, anybody could tell whom an event is about.
        subject = self._vault.fingerprint("anomaly", model.episode_of(person or organisation, found))
        if self._anomalies.find_one({"_id": subject}) is not None:
            return
        asked_at, asked = self._head(organisation, person)
        if asked is None or asked_at is None:
            return  # nobody answers for it today: asked for again tomorrow
        change = model.raised(
            found,
            limits,
            subject=subject,
            organisation=organisation,
            person=person,
            asked=asked,
            asked_at=asked_at,
            today=today,
        )
        try:
            self._anomalies.create(subject, change.state, change.events)
        except Conflict:
            return  # another replica looked at the same time

    def _head(self, organisation: str, person: str | None) -> tuple[str | None, str | None]:
        """The nearest head: of a person one of whose heads they are not themselves, of an organisation one
        above it.
        """
        if self._authority.node(organisation) is None:
            return None, None
        path = self._authority.path(organisation)
        for at in reversed(path if person is not None or len(path) == 1 else path[:-1]):
            heads = self._authority.holders(at, HEADS)
            if heads and person not in heads:
                return at, heads[0]
        return None, None

    def _readable(self, anomaly: str) -> Document:
        """Raises ``NotFound`` for everybody who is not responsible: a refusal would say that there is one."""
        actor, found = context.actor(), self._anomalies.get(anomaly)
        state = found.state
        responsible = self._authority.may(actor, RESPONSIBLE, state["asked_at"])
        if actor == state["person"] or not responsible:
            raise NotFound("anomalies.not_found")
        return found

    def _listed(self, found: Document) -> Answer:
        state = found.state
        return {
            **{name: value for name, value in state.items() if name not in _OPENED},
            "id": found.id,
            "version": found.version,
            "title": self._texts.render(f"anomaly.title.{state['rule']}"),
        }

    def _shown(self, found: Document) -> Answer:
        state = found.state
        text = self._texts.render(f"anomaly.because.{state['rule']}", state["facts"])
        return {**self._listed(found), "text": text, "reason": state["reason"]}


def of_person(sheet: Sheet, person: Known, rulebook: Rulebook, limits: Limits, today: date) -> list[Found]:
    """What asks for a talk with the person of ``sheet``; nothing of one who owes nothing any more."""
    if all(span.last is not None for spans in person.spans.values() for span in spans):
        return []
    owed = owed_by(sheet, rulebook)
    bills = (thing for _, thing in of_kind(sheet.things, "dues") if not thing["done"] and not thing["gone"])
    unpaid = [(str(thing["label"]), due) for thing in bills if (due := thing.day("due"))]
    found = [model.arrears(unpaid, limits, today)]
    for each in owed:
        if each.rule.fulfilled_by == "training_minutes" and each.period.label == str(today.year):
            credited = sum(
                deed.amount
                for deed in deeds_of(sheet.unit, sheet.things)
                if deed.kind == "training_minutes" and deed.counts and deed.held_on.year == today.year
            )
            spans = person.spans.get(each.rule.owed_by, ())
            since = max((span.first for span in spans), default=today)
            if each.state in ("open", "due_soon"):
                found.append(model.hours_behind(credited, each.rule.needed, since, limits, today))
    reports = [each for each in owed if each.rule.fulfilled_by == "thought_report"]
    reports.sort(key=lambda each: each.period.first)
    found.append(model.reports_missing([(each.period.label, each.state) for each in reports], limits))
    return [each for each in found if each is not None]


def of_unit(standing: Standing, rulebook: Rulebook, limits: Limits, today: date) -> list[Found]:
    """What asks for a talk about the organisation of ``standing``; nothing of one that is no more."""
    unit = standing.enrolled.get(standing.unit)
    if unit is None or not unit.organisation.active:
        return []
    records = [
        Held(each.held_on, each.activity, max(each.expected - each.excused, 0), each.present, each.late)
        for each in standing.evidence.values()
        if each.counts
    ]
    last = max((each.on for each in records), default=today)
    days = _days_of_term(rulebook, last, today)
    found = [
        model.attendance_falling(records, limits),
        model.silent(records, days, limits),
        model.late_burst(records, limits),
    ]
    return [each for each in found if each is not None]


def _days_of_term(rulebook: Rulebook, after: date, until: date) -> int:
    calendar, days, day = rulebook.calendar, 0, after
    while day < until and days < 400:
        day += timedelta(days=1)
        days += calendar.term_of(day) is not None
    return days


def _all(projections: Any) -> Iterator[Any]:
    units: Sequence[str] = projections.units()
    for first in range(0, len(units), AT_ONCE):
        for met in projections.met(units[first : first + AT_ONCE]).values():
            yield met.standing
