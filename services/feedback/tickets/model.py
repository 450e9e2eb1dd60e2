"""The rules of tickets: for how long, for whom, and what spending one leaves behind."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import Pack

RANDOM_BYTES = 32
_LABEL = "jishi ticket "


@dataclass(frozen=True, kw_only=True)
class TicketRules:
    """How tickets to speak are given out.

    ``smallest_class``: people, below whom a key would single somebody out. ``months``: of one period, a
    divisor of 12. ``each``: tickets of one person and period. ``periods``: for how many a ticket may be
    spent, the one in which it was drawn included. ``source`` names the pack and the article.
    """

    smallest_class: int
    months: int
    each: int
    periods: int
    source: str

    @classmethod
    def from_pack(cls, pack: Pack) -> TicketRules:
        """The rules that ``pack`` states."""
        return cls(
            smallest_class=pack["smallest_class"],
            months=pack["period_months"],
            each=pack["tickets_each"],
            periods=pack["spendable_periods"],
            source=f"{pack.id} {pack.parameters['smallest_class'].article}",
        )


@dataclass(frozen=True)
class Ticket:
    """What is handed in: the ``key`` that signed it, the prepared message and the signature."""

    key: str
    message: bytes
    signature: bytes


def period_of(today: date, months: int) -> date:
    """The first day of the period of ``months`` calendar months that ``today`` is in."""
    return date(today.year, (today.month - 1) // months * months + 1, 1)


def last_day(period: date, months: int, periods: int) -> date:
    """The last day on which a ticket drawn in ``period`` may be spent."""
    month = period.month - 1 + months * periods
    return date.fromordinal(date(period.year + month // 12, month % 12 + 1, 1).toordinal() - 1)


def class_of(path: Sequence[str], sizes: Mapping[str, int], rules_smallest: int, source: str) -> str:
    """The eligibility class of whoever belongs at the end of ``path``: the lowest node that is large enough.

    ``path`` leads from the root down, ``sizes`` counts the eligible at each node and below it. A class below
    the smallest is rolled up into the level above. Raises ``Conflict("tickets.class_too_small")`` where not
    even the root reaches it.
    """
    for node in reversed(path):
        if sizes.get(node, 0) >= rules_smallest:
            return node
    raise Conflict("tickets.class_too_small", params={"smallest": rules_smallest, "source": source})


def label(key: str) -> bytes:
    """What every ticket of one key says after its random bytes: a ticket of one key is none of another."""
    return f"{_LABEL}{key}".encode()


def is_well_formed(ticket: Ticket) -> bool:
    """Whether the prepared message is ``RANDOM_BYTES`` of the client's own and the label of its key."""
    expected = label(ticket.key)
    return len(ticket.message) == RANDOM_BYTES + len(expected) and ticket.message.endswith(expected)


def mark_of(ticket: Ticket) -> str:
    """All that is kept of a spent ticket: a hash, the same for ever, from which no ticket can be found.

    The random bytes are 256 bits that nobody can guess, so that a plain hash is enough. The signature has no
    part in it: one message is one ticket, whatever signatures there may be over it.
    """
    return hashlib.sha256(b"spent ticket\x1f" + ticket.message).hexdigest()


def require_as_drawn(kept: str, asked: str) -> None:
    """A draw can be repeated with the same blinded messages alone; raises ``Conflict``."""
    if kept != asked:
        raise Conflict("tickets.drawn_already")


def digest_of(blinded: Sequence[bytes]) -> str:
    """What is kept of the blinded messages that were signed: enough to know them again."""
    return hashlib.sha256(b"\x1f".join(hashlib.sha256(each).digest() for each in blinded)).hexdigest()


def require_number(blinded: Sequence[bytes], rules: TicketRules) -> None:
    """Everybody draws as many; raises ``Invalid``."""
    if len(blinded) != rules.each or len(set(blinded)) != rules.each:
        raise Invalid.at("blinded", "tickets.number_wrong", each=rules.each)
