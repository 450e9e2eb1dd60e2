"""Releasing: lets go what is held, at an hour for it, so many a person and day; the gate before sending."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial

import structlog

from services.chassis.authority import Authority
from services.chassis.clock import Clock
from services.chassis.errors import NotFound, Unavailable
from services.chassis.store import Store
from services.chassis.transactions import in_transaction
from services.notify.contacts.model import Preferences
from services.notify.contacts.preferences import PreferencesRegister
from services.notify.messages import model as messages_model
from services.notify.messages.documents import Stored
from services.notify.messages.model import Hold, Purpose, Stop, Verdict
from services.notify.messages.store import Messages
from services.notify.reminders.model import Reason
from services.notify.reminders.reminding import Reminding
from services.notify.reminders.rulebook import Rulebook
from services.notify.reminders.sharing import Held, covering, share_out
from services.notify.reminders.store import Allowances
from services.notify.reminders.switches import SwitchBoard
from services.notify.reminders.wording import filled
from services.notify.templates.register import Templates

# To merge what a person gets in a day all of it has to be seen at once: this is more than a day's reminders.
MOST_HELD = 5_000
LOOK_AGAIN = timedelta(minutes=5)
# Kinds that are not counted in a person's day: one job to thousands has bounds of its own.
UNCOUNTED = frozenset({"announcement"})
UNMERGEABLE = frozenset({"campus", "digest"})

_log = structlog.get_logger()


class Releasing:
    """Every held message ends as queued, merged into a digest, or suppressed; until then it says why not yet.

    ``wake`` is called when something was queued.
    """

    def __init__(
        self,
        database: Store,
        messages: Messages,
        allowances: Allowances,
        switches: SwitchBoard,
        reminding: Reminding,
        preferences: PreferencesRegister,
        templates: Templates,
        rulebook: Rulebook,
        authority: Authority,
        clock: Clock,
        *,
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._messages = messages
        self._allowances = allowances
        self._switches = switches
        self._reminding = reminding
        self._preferences = preferences
        self._templates = templates
        self._rulebook = rulebook
        self._authority = authority
        self._clock = clock
        self._wake = wake

    def release(self) -> int:
        """Decide on everything that is held and may be looked at now; returns how many went to be sent."""
        by_person: defaultdict[str, list[Stored]] = defaultdict(list)
        for stored in self._messages.to_release(self._clock.now(), MOST_HELD):
            by_person[stored.purpose.recipient or ""].append(stored)
        queued = 0
        for person, held in by_person.items():
            try:
                queued += self._release_to(person, held)
            except Unavailable as away:
                if away.code != "store.contended":
                    raise
                _log.info("messages.released_elsewhere", number=len(held))
            except Exception as surprise:
                # What is held of one person holds nobody else up, and is looked at again.
                _log.error("messages.not_released", error=type(surprise).__name__, number=len(held))
        if queued:
            self._wake()
        return queued

    def gate(self, purpose: Purpose, now: datetime, chosen: Mapping[str, Preferences]) -> Verdict:
        """Whether a message may go out at ``now``: wanted, not paused, at an hour for it, within the day."""
        if reason := self._why_unwanted(purpose, chosen):
            return Stop(reason)
        if self._is_paused(purpose):
            return Hold(now + LOOK_AGAIN, str(Reason.PAUSED))
        rules, zone = self._rulebook.rules(), self._clock.zone
        if waits := rules.hours.wait(now, zone):
            return Hold(*waits)
        if purpose.recipient is None or purpose.kind in UNCOUNTED:
            return None
        today = now.astimezone(zone).date()
        if self._allowances.take(purpose.recipient, today, purpose.message_id, rules.most_a_day):
            return None
        return Hold(rules.hours.next_day(now, zone), str(Reason.DAILY_LIMIT))

    # -- one person ----------------------------------------------------------------------------

    def _release_to(self, person: str, held: list[Stored]) -> int:
        now, zone, rules = self._clock.now(), self._clock.zone, self._rulebook.rules()
        ready = []
        for stored in held:
            if reason := self._why_unwanted(stored.purpose):
                self._change(stored.id, partial(messages_model.suppress, reason=reason, now=now))
            elif self._is_paused(stored.purpose):
                self._defer(stored.id, now + LOOK_AGAIN, Reason.PAUSED)
            elif waits := rules.hours.wait(now, zone):
                self._defer(stored.id, waits[0], Reason(waits[1]))
            else:
                ready.append(stored)
        return self._share_out(person, ready) if ready else 0

    def _share_out(self, person: str, ready: list[Stored]) -> int:
        now, zone, rules = self._clock.now(), self._clock.zone, self._rulebook.rules()
        today = now.astimezone(zone).date()
        most, used = rules.most_a_day, self._allowances.used(person, today) if rules.most_a_day else []
        # What has its place of the day already was on its way when a crash came.
        placed = [each.id for each in ready if each.id in used]
        free = [_held(each) for each in ready if each.id not in used]
        shares = share_out(free, used=len(used), most=most)
        deferred = list(shares.deferred)
        queued = 0
        for message in (*placed, *shares.alone):
            if self._allowances.take(person, today, message, most):
                self._change(message, lambda m: messages_model.release(m, now))
                queued += 1
            else:  # another process released something meanwhile
                deferred.append(message)
        if shares.merged:
            merged = [each for each in ready if each.id in shares.merged]
            digest = self._digest(person, merged, f"{today.isoformat()}/{len(used) + len(shares.alone)}")
            if in_transaction(self._database, lambda: self._merge(digest, merged, today)):
                queued += 1
            else:
                deferred.extend(shares.merged)
        for message in deferred:
            self._defer(message, rules.hours.next_day(now, zone), Reason.DAILY_LIMIT)
        return queued

    def _merge(self, digest: Purpose, merged: list[Stored], today: date) -> bool:
        """The digest and what it says instead of each are one change; False where its place was taken."""
        now, most = self._clock.now(), self._rulebook.rules().most_a_day
        if self._messages.several([digest.message_id]):
            return False
        if not self._allowances.take(digest.recipient or "", today, digest.message_id, most):
            return False
        self._messages.create(digest, messages_model.created(now, now, None))
        for stored in merged:
            self._change(stored.id, lambda m: messages_model.merge(m, digest.message_id, now))
        return True

    def _digest(self, person: str, merged: list[Stored], place: str) -> Purpose:
        rules = self._rulebook.rules()
        template = self._templates.newest(rules.digest_template)
        chosen = self._preferences.of(person)
        language = chosen.language or rules.language
        channels = chosen.ways(rules.channels)
        organisations = {each.purpose.organisation for each in merged}
        paths = [self._authority.path(each) for each in sorted(organisations)]
        return Purpose(
            channel=channels[0],
            channels=channels,
            kind="digest",
            template=template.key,
            step="digest",
            organisation=covering(paths) or merged[0].purpose.organisation,
            obligation=None,
            round=0,
            recipient=person,
            language=language,
            text=filled(template, language, {}).text,
            priority=min(each.purpose.priority for each in merged),
            merged=tuple(sorted(each.id for each in merged)),
            dedupe=f"digest/{person}/{place}",
        )

    # -- within --------------------------------------------------------------------------------

    def _why_unwanted(self, purpose: Purpose, chosen: Mapping[str, Preferences] | None = None) -> str | None:
        if purpose.merged:
            reasons = [self._reminding.why_unwanted(each, chosen) for each in self._merged(purpose)]
            return reasons[0] if reasons and all(reasons) else None
        return self._reminding.why_unwanted(purpose, chosen)

    def _is_paused(self, purpose: Purpose) -> bool:
        switches = self._switches.now()
        if switches.pauses(purpose.kind):
            return True
        return bool(switches.kinds) and any(switches.pauses(each.kind) for each in self._merged(purpose))

    def _merged(self, purpose: Purpose) -> list[Purpose]:
        found = []
        for each in purpose.merged:
            try:
                found.append(self._messages.get(each).purpose)
            except NotFound:
                continue
        return found

    def _defer(self, message: str, until: datetime, reason: Reason) -> None:
        now = self._clock.now()
        self._change(message, lambda m: messages_model.defer(m, until, str(reason), now))

    def _change(
        self, message: str, decide: Callable[[messages_model.Message], messages_model.Message | None]
    ) -> None:
        self._messages.change(message, decide)


def _held(stored: Stored) -> Held:
    purpose, message = stored.purpose, stored.message
    return Held(
        stored.id,
        purpose.priority,
        message.decisions[0].at.isoformat(),
        mergeable=purpose.kind not in UNMERGEABLE,
    )
