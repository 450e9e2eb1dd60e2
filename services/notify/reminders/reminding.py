"""Reminding: follows obligations, takes the ladder's steps when they are due, keeps every decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.chassis.authority import Authority
from services.chassis.catalogue import Catalogue
from services.chassis.clock import Clock
from services.chassis.errors import Unavailable
from services.notify.contacts.store import Contacts, OrganisationNames
from services.notify.messages import model as messages_model
from services.notify.messages.model import Hold, Message, Purpose, Stop, Verdict
from services.notify.messages.store import Messages
from services.notify.reminders import model
from services.notify.reminders.model import Head, Ladder, Level, Reason, Reminder, Rung, Watch
from services.notify.reminders.store import Watches
from services.notify.templates.model import Template, day_label, period_label

MOST_PER_ROUND = 100
LOOK_AGAIN = timedelta(minutes=10)

_log = structlog.get_logger()


class Reminding:
    """The ladder at work. ``wake`` is called when messages were made that may be due."""

    def __init__(
        self,
        watches: Watches,
        messages: Messages,
        contacts: Contacts,
        names: OrganisationNames,
        authority: Authority,
        catalogue: Catalogue,
        clock: Clock,
        *,
        ladder: Ladder,
        templates: Mapping[str, Template],
        wake: Callable[[], None],
    ) -> None:
        self._watches = watches
        self._messages = messages
        self._contacts = contacts
        self._names = names
        self._authority = authority
        self._catalogue = catalogue
        self._clock = clock
        self._ladder = ladder
        self._templates = templates
        self._wake = wake

    # -- what evaluation said ------------------------------------------------------------------

    def overdue(self, obligation: Mapping[str, Any]) -> None:
        """Something owed was not held: its first step is due when the evidence has settled."""
        self._hear(obligation, lambda watch: model.began_overdue(watch, self._clock.now()))

    def reopened(self, obligation: Mapping[str, Any]) -> None:
        """What had been fulfilled is owed again."""
        self._hear(obligation, lambda watch: model.reopened(watch, self._clock.now(), self._clock.zone))

    def settled(self, obligation: Mapping[str, Any], reason: Reason) -> None:
        """Nobody is reminded any more; what has not gone out is kept with the reason."""
        self._hear(obligation, lambda watch: model.stop(watch, reason))
        for message in self._messages.waiting_for(obligation["obligation"]):
            self._messages.change(
                message, lambda m: messages_model.suppress(m, str(reason), self._clock.now())
            )

    def _hear(self, obligation: Mapping[str, Any], decide: Callable[[Watch], Watch]) -> None:
        watch, revision = self._watches.get(obligation["obligation"])
        if watch is None:
            watch = Watch(**{name: obligation[name] for name in _OBLIGATION_FIELDS})
        after = decide(watch)
        if not self._watches.put(after, self._next_at(after), revision):
            # Within the event's transaction this is a conflict, and the event comes again.
            raise RuntimeError("the watch was changed in between")

    # -- what is due ---------------------------------------------------------------------------

    def climb(self) -> int:
        """Take every step that is due; returns how many. Repeating it changes nothing."""
        due = self._watches.due(self._clock.now(), MOST_PER_ROUND)
        for watch, revision in due:
            try:
                self._take_step(watch, revision)
            except Unavailable:
                raise
            except Exception as surprise:
                # One that cannot be decided holds nobody else up, and is looked at again.
                _log.error("step not taken", obligation=watch.obligation, kind=type(surprise).__name__)
                self._watches.put(watch, self._clock.now() + LOOK_AGAIN, revision)
        if due:
            self._wake()
        return len(due)

    def gate(self, purpose: Purpose, now: datetime) -> Verdict:
        """Whether a message may go out at ``now``: not where it is wanted no more, nor in quiet hours."""
        if reason := self._why_stopped(purpose):
            return Stop(reason)
        quiet = self._ladder.quiet_hours
        quiet_until = quiet.ends_for(now, self._clock.zone) if quiet else None
        return Hold(quiet_until, str(Reason.QUIET_HOURS)) if quiet_until else None

    def _why_stopped(self, purpose: Purpose) -> str | None:
        if purpose.watch is None:
            return None
        watch, _ = self._watches.get(purpose.watch)
        if watch is None:
            return None
        if watch.round != purpose.round:
            return str(Reason.SUPERSEDED)
        if watch.stopped:
            return str(watch.stopped)
        return None if self._still_answers(watch, purpose) else str(Reason.LEFT)

    def _still_answers(self, watch: Watch, purpose: Purpose) -> bool:
        """Whether the recipient is still one of the heads that the step is meant for."""
        rung = next((each for each in self._ladder.rungs if each.step == purpose.step), None)
        # A step that a newer ladder lacks was decided by an older one, whose roles are not known any more.
        return rung is None or purpose.recipient in (self._heads(watch, rung) or ())

    def _take_step(self, watch: Watch, revision: int) -> None:
        now, zone = self._clock.now(), self._clock.zone
        step = model.next_step(self._ladder, watch, zone)
        if step is not None:
            rung = step[0]
            persons = self._heads(watch, rung)
            heads = None if persons is None else [self._head(person) for person in persons]
            reminders = model.decide(self._ladder, watch, rung, heads, now, zone)
            for reminder in reminders:
                self._keep(watch, reminder)
            watch = model.take(self._ladder, watch, rung, now, zone)
        # Where something was heard in between, the newer word stands; the messages ask before they go.
        self._watches.put(watch, self._next_at(watch), revision)

    def _keep(self, watch: Watch, reminder: Reminder) -> None:
        now = self._clock.now()
        template = self._templates[reminder.template]
        purpose = Purpose(
            channel=template.channel,
            template=template.key,
            step=reminder.step,
            organisation=watch.organisation,
            obligation=watch.obligation,
            watch=watch.obligation,
            round=watch.round,
            recipient=reminder.recipient,
            text=None if reminder.suppressed else self._text(template, watch),
        )
        message: Message = messages_model.created(now, reminder.due_at, reminder.reason)
        self._messages.create(purpose, message)

    def _heads(self, watch: Watch, rung: Rung) -> tuple[str, ...] | None:
        """Who answers at the level of ``rung``; None where there is no such level."""
        node: str | None = watch.organisation
        if rung.to is Level.ABOVE:
            known = self._authority.node(watch.organisation)
            node = known.parent if known else None
        if node is None:
            return None
        held = {role: self._authority.holders(node, [role]) for role in rung.roles}
        return model.heads_among(rung.roles, held)

    def _head(self, person: str) -> Head:
        contact = self._contacts.get(person)
        if contact is None:
            return Head(person, reachable=False)
        return Head(person, active=contact.active, reachable=contact.phone_sealed is not None)

    def _text(self, template: Template, watch: Watch) -> str:
        language = self._ladder.language
        rule = f"rule.{watch.rule}"
        values = {
            "organisation": self._names.get(watch.organisation) or watch.organisation,
            "rule": self._catalogue.render(rule)[language] if rule in self._catalogue else watch.rule,
            "period": period_label(watch.period)[language],
            "due_on": day_label(watch.due_on)[language],
        }
        return template.render(language, {name: values[name] for name in template.variables})

    def _next_at(self, watch: Watch) -> datetime | None:
        step = model.next_step(self._ladder, watch, self._clock.zone)
        return step[1] if step else None


_OBLIGATION_FIELDS = ("obligation", "organisation", "rule", "period", "due_on")
