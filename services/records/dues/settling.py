"""Rules of payments and of arrears: what money settles, what is ahead, what is owed for how long. Pure.

What was written down is never changed: a payment that was wrong is undone by a reversal of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.contract import Change, EventContract, NewEvent
from services.chassis.errors import Invalid
from services.contracts.money import MOST_FEN
from services.contracts.records_events import DuesDrawn, DuesGivenBack, DuesReceived
from services.records.dues.ledger import Allocation, allocate
from services.records.dues.months import apart, longest_run, month_of
from services.records.dues.pack import DuesPack

State = Mapping[str, Any]


# -- payments ----------------------------------------------------------------------------------


def receive(
    subject: str,
    given: State,
    outstanding: Sequence[tuple[str, str, int]],
    pack: DuesPack,
    *,
    today: date,
    may_be_ahead: bool,
) -> Change:
    """Dues came in: the oldest bill is settled first; what is left is kept ahead.

    ``given`` holds ``person``, ``organisation``, ``amount_fen``, ``paid_on``, ``entered_by`` and
    ``reference``; ``outstanding`` bill, month and fen. Raises ``Invalid``: ``dues.sum_unfit``,
    ``dues.paid_in_future``, and ``dues.more_than_owed`` unless it ``may_be_ahead``. A month older than the
    make-up limit is named among the warnings: money is never refused for being late.
    """
    amount: int = given["amount_fen"]
    paid_on: date = given["paid_on"]
    if not 0 < amount <= MOST_FEN:
        raise Invalid.at("amount_fen", "dues.sum_unfit", accepted=f"1 … {MOST_FEN}")
    if paid_on > today:
        raise Invalid.at("paid_on", "dues.paid_in_future", accepted=f"… {today.isoformat()}")
    found = allocate(amount, [(bill, fen) for bill, _, fen in outstanding])
    if found.rest and not may_be_ahead:
        raise Invalid.at("amount_fen", "dues.more_than_owed", accepted=found.allocated)
    settled = dict(found.parts)
    limit = int(pack.value("make_up_months"))
    late = [m for bill, m, _ in outstanding if bill in settled and apart(m, month_of(paid_on)) > limit]
    state = {
        **{name: given[name] for name in ("person", "organisation", "amount_fen", "entered_by", "reference")},
        "paid_on": paid_on.isoformat(),
        "state": "received",
        "parts": _parts(subject, 0, found),
        "ahead_fen": found.rest,
        "warnings": [pack.verdict("make_up_months", months=late)] if late else [],
        "reversed_on": None,
        "reason": None,
    }
    told = _paid(DuesReceived, subject, state, paid_on=paid_on, entered_by=state["entered_by"])
    return Change(_marked(state), [told])


def draw(subject: str, before: State, outstanding: Sequence[tuple[str, int]]) -> Change | None:
    """What of the payment is ahead settles bills that came later, oldest first."""
    found = allocate(before["ahead_fen"], outstanding)
    if before["state"] != "received" or not found.parts:
        return None
    parts = [*before["parts"], *_parts(subject, len(before["parts"]), found)]
    state = {**before, "parts": parts, "ahead_fen": found.rest}
    return Change(_marked(state), [_paid(DuesDrawn, subject, state)])


def give_back(subject: str, before: State, *, reason: str, today: date) -> Change | None:
    """Undo the payment wholly; one that is undone stays so. What it settled is owed again."""
    if before["state"] == "reversed":
        return None
    if not reason:
        raise Invalid.at("reason", "dues.reason_missing", accepted="1 …")
    state = {**before, "state": "reversed", "reversed_on": today.isoformat(), "reason": reason}
    return Change(_marked(state), [_paid(DuesGivenBack, subject, state, reversed_on=today)])


# -- arrears -----------------------------------------------------------------------------------


def arrears(bills: Sequence[State], pack: DuesPack, today: date) -> dict[str, Any] | None:
    """What one person owes past its day: since when, for how many months, how much in all.

    With months in a row as the pack says, the organisation is prompted: nothing else follows by itself.
    """
    late = [each for each in bills if each["outstanding_fen"] and each["due_on"] < today.isoformat()]
    if not late:
        return None
    months = sorted(each["month"] for each in late)
    run = longest_run(months)
    prompted = len(run) >= int(pack.value("prompt_months"))
    return {
        "months": months,
        "since": months[0],
        "outstanding_fen": sum(each["outstanding_fen"] for each in late),
        "in_a_row": len(run),
        "prompt": pack.verdict("prompt_months") if prompted else None,
    }


# -- within ------------------------------------------------------------------------------------


def _parts(payment: str, number: int, found: Allocation) -> list[dict[str, Any]]:
    return [
        {"cause": f"{payment}:{number + position}", "bill": bill, "fen": fen}
        for position, (bill, fen) in enumerate(found.parts)
    ]


def _marked(payment: State) -> dict[str, Any]:
    """With whose it is while some of it is ahead: by this it is found when a bill comes."""
    marked = {name: value for name, value in payment.items() if name != "ahead_of"}
    if payment["state"] == "received" and payment["ahead_fen"]:
        marked["ahead_of"] = payment["person"]
    return marked


def _paid(contract: type[EventContract], subject: str, state: State, **more: Any) -> NewEvent:
    facts = {name: state[name] for name in ("person", "organisation")}
    return contract.of(payment=subject, **facts, **more)
