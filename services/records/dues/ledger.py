"""Double-entry book-keeping in integer fen: entries whose postings sum to zero, and are never edited.

A posting is an account and an amount: debit is positive, credit negative. ``receivable`` is what members owe
in all, ``advance`` what they paid before it was asked, ``assessed`` what was asked for, ``relieved`` what of
it was waived, ``cash`` what is there, ``spent:<use>`` what it was spent on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RECEIVABLE, ADVANCE, ASSESSED, RELIEVED, CASH, SPENT = (
    "receivable",
    "advance",
    "assessed",
    "relieved",
    "cash",
    "spent",
)
ACCOUNTS = (RECEIVABLE, ADVANCE, ASSESSED, RELIEVED, CASH)


class Unbalanced(ValueError):
    """An entry whose postings do not sum to zero: a fault of the program."""


@dataclass(frozen=True)
class Posting:
    """``fen`` on an account: debit positive, credit negative."""

    account: str
    fen: int


@dataclass(frozen=True)
class Entry:
    """What was posted at once for one reason, named by ``cause``; ``reverses`` names the entry it undoes."""

    kind: str
    cause: str
    postings: tuple[Posting, ...]
    reverses: str | None = None

    def __post_init__(self) -> None:
        if any(type(each.fen) is not int for each in self.postings):
            raise Unbalanced("an amount is not a whole number of fen")
        if sum(each.fen for each in self.postings) != 0:
            raise Unbalanced("the postings do not sum to zero")

    def as_state(self) -> dict[str, Any]:
        """The entry as the store keeps it."""
        return {
            "kind": self.kind,
            "cause": self.cause,
            "postings": [{"account": each.account, "fen": each.fen} for each in self.postings],
            "reverses": self.reverses,
        }


def assessed(bill: str, fen: int) -> Entry:
    """A month's dues are asked for."""
    return _entry("assessed", bill, (RECEIVABLE, fen), (ASSESSED, -fen))


def corrected(bill: str, number: int, more: int) -> Entry:
    """A bill asks ``more`` than it did, or less where that is below zero, by its ``number``-th correction."""
    return _entry("corrected", f"{bill}:{number}", (RECEIVABLE, more), (ASSESSED, -more))


def relieved(cause: str, fen: int) -> Entry:
    """A part of what was asked for is waived."""
    return _entry("relieved", cause, (RELIEVED, fen), (RECEIVABLE, -fen))


def received(payment: str, allocated: int, rest: int) -> Entry:
    """Money came in: ``allocated`` settles what was owed, ``rest`` was paid ahead."""
    return _entry("received", payment, (CASH, allocated + rest), (RECEIVABLE, -allocated), (ADVANCE, -rest))


def drawn(cause: str, fen: int) -> Entry:
    """What was paid ahead settles what is owed by now."""
    return _entry("drawn", cause, (ADVANCE, fen), (RECEIVABLE, -fen))


def moved(cause: str, fen: int, home: str, owed_to: str) -> list[tuple[str, Entry]]:
    """As ``drawn``, where the bill is in another book: the money moves over, and each book balances."""
    if home == owed_to:
        return [(home, drawn(cause, fen))]
    return [
        (home, _entry("moved_out", cause, (ADVANCE, fen), (CASH, -fen))),
        (owed_to, _entry("moved_in", cause, (CASH, fen), (RECEIVABLE, -fen))),
    ]


def given_back(payment: str, entry: str, allocated: int, rest: int) -> Entry:
    """A payment is undone: ``allocated`` of it is owed again, ``rest`` was still ahead."""
    return _entry(
        "given_back",
        payment,
        (CASH, -(allocated + rest)),
        (RECEIVABLE, allocated),
        (ADVANCE, rest),
        reverses=entry,
    )


def spent(expenditure: str, use: str, fen: int) -> Entry:
    """Money was spent on one use."""
    return _entry("spent", expenditure, (f"{SPENT}:{use}", fen), (CASH, -fen))


def reversal(entry: Entry, id: str) -> Entry:  # noqa: A002 - the field's name
    """The entry that undoes ``entry``, whose id is ``id``: the same accounts, the other sign."""
    postings = tuple(Posting(each.account, -each.fen) for each in entry.postings)
    return Entry(f"{entry.kind}_reversed", entry.cause, postings, reverses=id)


def balances(entries: Iterable[Entry]) -> dict[str, int]:
    """What stands on each account after ``entries``; whatever they are, all accounts sum to zero."""
    found: dict[str, int] = {}
    for entry in entries:
        for posting in entry.postings:
            found[posting.account] = found.get(posting.account, 0) + posting.fen
    return found


# -- which bills a payment settles -------------------------------------------------------------


@dataclass(frozen=True)
class Allocation:
    """Parts of a payment by bill, in the order given, and what is left of it."""

    parts: tuple[tuple[str, int], ...]
    rest: int

    @property
    def allocated(self) -> int:
        return sum(fen for _, fen in self.parts)


def allocate(fen: int, outstanding: Sequence[tuple[str, int]]) -> Allocation:
    """``fen`` over bills in the order given, oldest first: one is settled before the next gets anything.

    ``outstanding`` is what each bill still asks, >= 0. Raises ``ValueError`` below zero.
    """
    if fen < 0 or any(owed < 0 for _, owed in outstanding):
        raise ValueError("an amount is below zero")
    parts: list[tuple[str, int]] = []
    rest = fen
    for bill, owed in outstanding:
        part = min(rest, owed)
        if part:
            parts.append((bill, part))
            rest -= part
    return Allocation(tuple(parts), rest)


def sums_to_zero(accounts: Mapping[str, int]) -> bool:
    """Whether the books are in balance."""
    return sum(accounts.values()) == 0


def _entry(kind: str, cause: str, *postings: tuple[str, int], reverses: str | None = None) -> Entry:
    # An account that is not touched is not named.
    return Entry(kind, cause, tuple(Posting(name, fen) for name, fen in postings if fen), reverses)
