"""Reminding: follows what is due, takes the ladder's steps when they are due, keeps every decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from services.chassis.clock import Clock
from services.chassis.errors import Unavailable
from services.notify.contacts.model import Preferences
from services.notify.contacts.offices import Responsibility
from services.notify.contacts.preferences import PreferencesRegister
from services.notify.contacts.store import Contacts
from services.notify.messages import model as messages_model
from services.notify.messages.model import Purpose
from services.notify.messages.store import Messages
from services.notify.reminders import model
from services.notify.reminders.following import Followed, Turn, watch_of
from services.notify.reminders.model import Reason, Recipient, Reminder, Rung, Watch
from services.notify.reminders.rulebook import Rulebook
from services.notify.reminders.store import Watches
from services.notify.reminders.wording import Wording
from services.notify.templates.register import Templates

MOST_PER_ROUND = 100
LOOK_AGAIN = timedelta(minutes=10)

_log = structlog.get_logger()


class Reminding:
    """The ladders at work: what is decided here is held until ``Releasing`` lets it go."""

    def __init__(
        self,
        watches: Watches,
        messages: Messages,
        contacts: Contacts,
        responsibility: Responsibility,
        preferences: PreferencesRegister,
        templates: Templates,
        wording: Wording,
        rulebook: Rulebook,
        clock: Clock,
    ) -> None:
        self._watches = watches
        self._messages = messages
        self._contacts = contacts
        self._responsibility = responsibility
        self._preferences = preferences
        self._templates = templates
        self._wording = wording
        self._rulebook = rulebook
        self._clock = clock

    # -- what was heard ------------------------------------------------------------------------

    def follow(self, followed: Followed, told: Mapping[str, Any]) -> None:
        """What an event means for what it is about; the newest word of each counts."""
        if not followed.counts(told):
            return
        watch, revision = self._watches.get(followed.subject(told))
        ladder = self._rulebook.rules().ladder(followed.kind, told.get("rule"))
        due_on = followed.due_on(told, ladder.due_in_days if ladder else 0)
        if watch is None:
            if due_on is None:
                return  # nobody is reminded of it yet, and what begins it will say where it is
            watch = watch_of(followed, told, due_on)
        elif followed.turn is not Turn.STOPPED and told["organisation"] != watch.organisation:
            # Each word says who answers: that it was handed on may have been overtaken and passed over.
            watch = model.moved(watch, told["organisation"], self._clock.now())
        after = self._turned(watch, followed, told, due_on or watch.due_on)
        if not self._watches.put(after, self._next_at(after), revision):
            # Within the event's transaction this is a conflict, and the event comes again.
            raise RuntimeError("the watch was changed in between")
        if after.stopped is not None:
            self._suppress_waiting(watch.id, after.stopped)

    def _turned(self, watch: Watch, followed: Followed, told: Mapping[str, Any], due_on: date) -> Watch:
        now, zone = self._clock.now(), self._clock.zone
        turns: Mapping[Turn, Callable[[], Watch]] = {
            Turn.DUE_SOON: lambda: model.due_soon(watch, due_on, now),
            Turn.OVERDUE: lambda: model.overdue(watch, due_on, now),
            Turn.REOPENED: lambda: model.reopened(watch, due_on, now, zone),
            Turn.MOVED: lambda: watch,
            Turn.STOPPED: lambda: model.stop(watch, followed.reason or Reason.FULFILLED),
        }
        return turns[followed.turn]()

    def _suppress_waiting(self, watch: str, reason: Reason) -> None:
        for message in self._messages.waiting_for(watch):
            self._messages.change(
                message, lambda m: messages_model.suppress(m, str(reason), self._clock.now())
            )

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
                _log.error("reminder.not_decided", document=watch.id, error=type(surprise).__name__)
                self._watches.put(watch, self._clock.now() + LOOK_AGAIN, revision)
        return len(due)

    def why_unwanted(self, purpose: Purpose, chosen: Mapping[str, Preferences] | None = None) -> str | None:
        """Why a message is wanted no more; None where it is. Asked up to the moment it goes out.

        ``chosen`` is what its recipient, and others, were just found to have chosen.
        """
        if purpose.recipient is not None:
            refusal = self._preferences.refusal(purpose.recipient, purpose.kind, chosen)
            if refusal is not None:
                return refusal
        if purpose.watch is None or purpose.kind == "announcement":  # that has no round and no rung
            return None
        watch, _ = self._watches.get(purpose.watch)
        reason = model.is_wanted(watch, purpose.round)
        if reason is not None or watch is None:
            return str(reason) if reason else None
        rules = self._rulebook.rules()
        ladder = rules.ladder(watch.kind, watch.rule)
        rung = next((each for each in ladder.rungs if each.step == purpose.step), None) if ladder else None
        if ladder is None or rung is None:
            return None  # decided by an older ladder: whom that meant is not known any more
        if model.is_overtaken(ladder, watch, rung, self._clock.now(), rules.hours, self._clock.zone):
            return str(Reason.OVERTAKEN)
        found = self._responsibility.of(watch.organisation, rung.to) or ()
        return None if purpose.recipient in {each.person for each in found} else str(Reason.LEFT)

    def _take_step(self, watch: Watch, revision: int) -> None:
        now, zone, rules = self._clock.now(), self._clock.zone, self._rulebook.rules()
        ladder = rules.ladder(watch.kind, watch.rule)
        step = model.next_step(ladder, watch, rules.hours, zone) if ladder else None
        if ladder is not None and step is not None and step[1] <= now:
            rung = step[0]
            recipients = self._recipients(watch, rung)
            for reminder in model.decide(ladder, watch, rung, recipients, now, rules.hours, zone):
                self._keep(watch, reminder, now)
            watch = model.take(ladder, watch, rung, now, zone)
        # Where something was heard in between, the newer word stands; the messages ask before they go.
        self._watches.put(watch, self._next_at(watch), revision)

    def _keep(self, watch: Watch, reminder: Reminder, now: datetime) -> None:
        rules = self._rulebook.rules()
        template = self._templates.newest(reminder.rung.template)
        chosen = self._preferences.of(reminder.recipient) if reminder.recipient else None
        language = (chosen.language if chosen else None) or rules.language
        said = None if reminder.reason else self._wording.of(template, language, watch)
        channels = chosen.ways(rules.channels) if chosen else rules.channels
        purpose = Purpose(
            channel=channels[0],
            channels=channels,
            kind=watch.kind,
            template=template.key,
            step=reminder.rung.step,
            organisation=watch.organisation,
            obligation=watch.id if watch.kind == "obligation" else None,
            watch=watch.id,
            round=watch.round,
            recipient=reminder.recipient,
            answers_as=reminder.answers_as,
            language=language,
            text=said.text if said else None,
            variables=said.variables if said else {},
        )
        if reminder.reason is not None:
            self._messages.create(purpose, messages_model.created(now, None, str(reminder.reason)))
        else:
            # At night it is held until the morning at once: a second write to say so would be for nothing.
            until, reason = rules.hours.wait(now, self._clock.zone) or (now, None)
            self._messages.create(purpose, messages_model.held(now, until, reason))

    def _recipients(self, watch: Watch, rung: Rung) -> list[Recipient] | None:
        found = self._responsibility.of(watch.organisation, rung.to)
        if found is None:
            return None
        return [self._recipient(each.person, each.label) for each in found]

    def _recipient(self, person: str, answers_as: str) -> Recipient:
        contact = self._contacts.get(person)
        if contact is None:
            return Recipient(person, answers_as, reachable=False)
        # Other ways than a phone are for their channels to find.
        ways = set(self._preferences.of(person).ways(self._rulebook.rules().channels))
        reachable = contact.phone_sealed is not None or ways != {"sms"}
        return Recipient(person, answers_as, active=contact.active, reachable=reachable)

    def _next_at(self, watch: Watch) -> datetime | None:
        rules = self._rulebook.rules()
        ladder = rules.ladder(watch.kind, watch.rule)
        step = model.next_step(ladder, watch, rules.hours, self._clock.zone) if ladder else None
        return step[1] if step else None
