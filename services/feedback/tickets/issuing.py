"""Issuing tickets and accepting them: two halves that share a public key and nothing else."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.chassis import context
from services.chassis.application import Application
from services.chassis.errors import Conflict, Forbidden, Invalid, Unavailable
from services.chassis.identity import derived_id
from services.chassis.offload import offload
from services.chassis.store import Record, answering
from services.chassis.transactions import session
from services.chassis.vault import SealBroken
from services.feedback.tickets import model as rules
from services.feedback.tickets.books import Books
from services.feedback.tickets.model import Ticket, TicketRules
from services.feedback.tickets.signing import NotSignable, SigningKey, from_base64, to_base64, verified

Answered = dict[str, Any]
_FIELD = "feedback.ticket_key"
_SPEAKING = "speaking"
_MOST_CACHED = 2_000
_NEW_KEYS = "services.feedback.tickets.signing:new_key_texts"
_SECONDS_EACH = 20.0  # some tenths of a second, and a process to be started, on a machine that is busy


@dataclass(frozen=True)
class TicketKey:
    """One issue: whoever draws a ticket of it is one of ``size`` people. ``until`` is its last day."""

    id: str
    purpose: str
    public: str
    sealed: str
    size: int
    until: date | None


class TicketKeys:
    """The keys of all issues. The private ones are sealed, and each signs tickets of its own issue alone."""

    def __init__(self, application: Application) -> None:
        self._keys = application.database["ticket_keys"]
        self._vault = application.vault
        self._known: dict[str, TicketKey] = {}
        self._open: dict[str, SigningKey] = {}

    def find(self, key: str) -> TicketKey | None:
        """The issue, or None. It never changes, so that it is asked for once."""
        if key not in self._known:
            with answering():
                found = self._keys.find_one({"_id": key}, session=session())
            if found is None:
                return None
            if len(self._known) >= _MOST_CACHED:
                self._known.clear()
            self._known[key] = _key(found)
        return self._known[key]

    def make(self, wanted: Mapping[str, int], *, purpose: str, until: date | None = None) -> None:
        """See that each of the issues ``wanted`` exists, by its id and how many people may draw of it.

        What exists stays as it is, whichever replica made it.
        """
        new = [key for key in wanted if self.find(key) is None]
        texts = offload(_NEW_KEYS, len(new), timeout=_SECONDS_EACH * len(new)) if new else []
        for key, text in zip(new, texts, strict=True):
            written: Record = {
                "_id": key,
                "purpose": purpose,
                "public": SigningKey.from_text(text).public,
                "private": self._vault.seal(_FIELD, text),
                "size": wanted[key],
                "until": until.isoformat() if until else None,
            }
            with answering(), suppress(DuplicateKeyError):
                self._keys.insert_one(written)

    def sign(self, key: TicketKey, blinded: Sequence[bytes]) -> list[str]:
        """The blind signatures over ``blinded``; raises ``Invalid`` for what is no blinded message."""
        signing, signatures = self._opened(key), []
        for each in blinded:
            try:
                signatures.append(to_base64(signing.blind_sign(each)))
            except NotSignable:
                raise Invalid.at("blinded", "tickets.not_blinded") from None
            time.sleep(0)  # some hundredths of a second each: let others have their turn
        return signatures

    def _opened(self, key: TicketKey) -> SigningKey:
        if key.id not in self._open:
            try:
                text = self._vault.open(_FIELD, key.sealed)
            except SealBroken:
                raise Unavailable("tickets.key_unreadable") from None
            if len(self._open) >= _MOST_CACHED:
                self._open.clear()
            self._open[key.id] = SigningKey.from_text(text)
        return self._open[key.id]

    def accepted(self, given: Answered, purpose: str, today: date) -> Ticket:
        """The ticket, genuine and in its time; whether it is spent is decided where it leaves its mark.

        Raises ``Invalid`` (``ticket.malformed``, ``ticket.unknown_key``, ``ticket.forged``) or
        ``Conflict("ticket.expired")``.
        """
        message, signature = from_base64(given["message"]), from_base64(given["signature"])
        if message is None or signature is None:
            raise _refused("ticket.malformed")
        ticket = Ticket(given["key"], message, signature)
        if not rules.is_well_formed(ticket):
            raise _refused("ticket.malformed")
        key = self.find(ticket.key)
        if key is None or key.purpose != purpose:
            raise _refused("ticket.unknown_key")
        if not verified(key.public, message, signature):
            raise _refused("ticket.forged")
        if key.until is not None and today > key.until:
            raise Conflict("ticket.expired", params={"until": key.until.isoformat()})
        return ticket


class TicketsToSpeak:
    """Tickets by which somebody speaks without a name: the same number for everybody, once in a period."""

    def __init__(self, application: Application, keys: TicketKeys, given: TicketRules) -> None:
        self._keys = keys
        self._rules = given
        self._authority = application.authority
        self._clock = application.clock
        self._books = Books(application.database)

    def key(self) -> Answered:
        """The key of the running period, the same for everybody: another would tell them apart.

        Raises ``Conflict("tickets.class_too_small")``.
        """
        return self._shown(self._current())

    def draw(self, blinded: Sequence[str]) -> Answered:
        """Sign the tickets of the one who is signed in, once in a period; again for the same messages alone.

        Kept are the person, the period and a digest of what was signed: neither when, nor anything that a
        spent ticket could be compared with. Raises ``Forbidden`` for whoever belongs nowhere, ``Invalid``,
        ``Conflict("tickets.drawn_already")``.
        """
        person = context.actor()
        if self._authority.belongs(person) is None:
            raise Forbidden("tickets.not_eligible", params={"source": self._rules.source})
        messages = [from_base64(each) or b"" for each in blinded]
        rules.require_number(messages, self._rules)
        key, digest = self._current(), rules.digest_of(messages)
        drawn = self._books.drawn(key.id, person)
        if drawn is not None:
            rules.require_as_drawn(drawn, digest)
        signatures = self._keys.sign(key, messages)
        rules.require_as_drawn(self._books.note(key.id, person, digest), digest)
        return {**self._shown(key), "signatures": signatures}

    def accepted(self, given: Answered) -> Ticket:
        """As ``TicketKeys.accepted``, of a ticket to speak."""
        return self._keys.accepted(given, _SPEAKING, self._clock.today())

    def _current(self) -> TicketKey:
        period = rules.period_of(self._clock.today(), self._rules.months)
        id = derived_id("ticket key", _SPEAKING, period.isoformat())  # noqa: A001 - the field's name
        found = self._keys.find(id)
        if found is not None:
            return found
        people = self._authority.population()
        rules.class_of(["campus"], {"campus": people}, self._rules.smallest_class, self._rules.source)
        self._books.open(id)
        until = rules.last_day(period, self._rules.months, self._rules.periods)
        self._keys.make({id: people}, purpose=_SPEAKING, until=until)
        made = self._keys.find(id)
        assert made is not None
        return made

    def _shown(self, key: TicketKey) -> Answered:
        assert key.until is not None
        return {
            "key": key.id,
            "public_key": key.public,
            "label": rules.label(key.id).decode(),
            "tickets": self._rules.each,
            "until": key.until,
        }


def load_rules(application: Application) -> TicketRules:
    """The rules of the pack in force; in the local profile those of a small campus."""
    wanted = "tickets-local" if application.settings.local else "tickets-default"
    (pack,) = application.packs(f"{wanted}.yaml")
    return TicketRules.from_pack(pack)


def _refused(code: str) -> Invalid:
    return Invalid.at("ticket", code)


def _key(found: Record) -> TicketKey:
    return TicketKey(
        id=found["_id"],
        purpose=found["purpose"],
        public=found["public"],
        sealed=found["private"],
        size=found["size"],
        until=date.fromisoformat(found["until"]) if found["until"] else None,
    )
