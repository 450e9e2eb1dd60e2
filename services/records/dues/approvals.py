"""What a level above has to approve: relief, paying by the quarter, and spending. Pure rules, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis.contract import Change, EventContract, NewEvent
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.contracts.money import MOST_FEN
from services.contracts.records_events import (
    DuesDeferralAsked,
    DuesDeferralDecided,
    DuesReliefAsked,
    DuesReliefDecided,
    ExpenditureAsked,
    ExpenditureDecided,
    ExpenditurePaid,
    ExpenditureReversed,
)
from services.records.dues.months import apart, month_of, quarter_of
from services.records.dues.pack import DuesPack

State = Mapping[str, Any]

MOST_MONTHS = 12  # of one approval


# -- relief ------------------------------------------------------------------------------------


def ask_relief(subject: str, given: State, pack: DuesPack, *, by: str, today: date) -> Change:
    """The branch asks that a member pays less, or nothing, for some months.

    ``given`` holds ``person``, ``organisation``, ``from_month``, ``to_month``, ``monthly_fen`` and
    ``reason_sealed``. Raises ``Invalid``: ``relief.months_unfit``, ``relief.amount_unfit``.
    """
    months = apart(given["from_month"], given["to_month"]) + 1
    if not 1 <= months <= MOST_MONTHS:
        raise pack.refusal("relief", "relief.months_unfit", "to_month", f"1 … {MOST_MONTHS}")
    least = int(pack.value("relief")["least"])
    if not least <= given["monthly_fen"] <= MOST_FEN:
        raise pack.refusal("relief", "relief.amount_unfit", "monthly_fen", f"{least} … {MOST_FEN}")
    names = ("person", "organisation", "from_month", "to_month", "monthly_fen", "reason_sealed")
    state = {
        **{name: given[name] for name in names},
        **_asked(by, today),
        "source": pack.source("relief"),
    }
    return Change(state, [_relief(DuesReliefAsked, subject, state)])


def decide_relief(
    subject: str, before: State, *, approve: bool, comment: str | None, by: str, today: date
) -> Change:
    """The level above approves or refuses; see ``_decided``."""
    state = _decided(before, "relief", approve=approve, comment=comment, by=by, today=today)
    return Change(state, [_relief(DuesReliefDecided, subject, state, approved=approve)])


def covers(asked: State, month: str) -> bool:
    """Whether a relief or deferral is approved and counts for ``month``."""
    return bool(asked["state"] == "approved" and asked["from_month"] <= month <= asked["to_month"])


# -- paying by the quarter ---------------------------------------------------------------------


def ask_deferral(subject: str, given: State, pack: DuesPack, *, by: str, today: date) -> Change:
    """The branch asks that one member, or everybody (``person`` is None), pays by the quarter.

    ``given`` holds ``person``, ``organisation``, ``from_month``, ``to_month`` and ``reason_sealed``. Nothing
    is put off that was due before this quarter. Raises ``Invalid``: ``deferral.too_early``,
    ``deferral.months_unfit``.
    """
    first, _ = quarter_of(month_of(today))
    if given["from_month"] < first:
        raise pack.refusal("quarterly", "deferral.too_early", "from_month", f"{first} …")
    if not 1 <= apart(given["from_month"], given["to_month"]) + 1 <= MOST_MONTHS:
        raise pack.refusal("quarterly", "deferral.months_unfit", "to_month", f"1 … {MOST_MONTHS}")
    names = ("person", "organisation", "from_month", "to_month", "reason_sealed")
    state = {
        **{name: given[name] for name in names},
        **_asked(by, today),
        "source": pack.source("quarterly"),
    }
    return Change(state, [_deferral(DuesDeferralAsked, subject, state)])


def decide_deferral(
    subject: str, before: State, *, approve: bool, comment: str | None, by: str, today: date
) -> Change:
    """The level above approves or refuses; see ``_decided``."""
    state = _decided(before, "deferral", approve=approve, comment=comment, by=by, today=today)
    return Change(state, [_deferral(DuesDeferralDecided, subject, state, approved=approve)])


def concerns(deferral: State, person: str, organisation: str) -> bool:
    """Whether a deferral is of ``person``, whose dues are in the book of ``organisation``."""
    if deferral["person"] is not None:
        return bool(deferral["person"] == person)
    return bool(deferral["organisation"] == organisation)


# -- spending ----------------------------------------------------------------------------------


def ask_expenditure(subject: str, given: State, pack: DuesPack, *, by: str, today: date) -> Change:
    """An organisation asks to spend dues on one of the uses that the pack allows.

    Raises ``Invalid``: ``expenditure.use_unfit``, ``expenditure.amount_unfit``.
    """
    uses = pack.value("uses")
    if given["use"] not in uses:
        raise pack.refusal("uses", "expenditure.use_unfit", "use", ", ".join(uses))
    if not 1 <= given["amount_fen"] <= MOST_FEN:
        raise pack.refusal("uses", "expenditure.amount_unfit", "amount_fen", f"1 … {MOST_FEN}")
    state = {
        **{name: given[name] for name in ("organisation", "use", "amount_fen", "purpose")},
        **_asked(by, today),
        "source": pack.source("spending_approval"),
        "paid_on": None,
        "reversed_on": None,
        "reason": None,
    }
    return Change(state, [_expenditure(ExpenditureAsked, subject, state)])


def decide_expenditure(
    subject: str, before: State, *, approve: bool, comment: str | None, by: str, today: date
) -> Change:
    """The level above approves or refuses; see ``_decided``."""
    state = _decided(before, "expenditure", approve=approve, comment=comment, by=by, today=today)
    return Change(state, [_expenditure(ExpenditureDecided, subject, state, approved=approve)])


def pay_expenditure(
    subject: str, before: State, pack: DuesPack, *, cash_fen: int, paid_on: date, today: date
) -> Change:
    """What was approved is paid out of the cash that is there.

    Raises ``Conflict``: ``expenditure.not_approved`` names the rule, ``expenditure.beyond_cash``;
    ``Invalid("expenditure.paid_in_future")`` and ``expenditure.paid_too_early``, before the approval.
    """
    if before["state"] != "approved":
        raise pack.refusal(
            "spending_approval",
            "expenditure.not_approved",
            "expenditure",
            "approved",
            kind=Conflict,
            state=before["state"],
        )
    if paid_on > today:
        raise Invalid.at("paid_on", "expenditure.paid_in_future", accepted=f"… {today.isoformat()}")
    if paid_on.isoformat() < before["decided_on"]:
        raise Invalid.at("paid_on", "expenditure.paid_too_early", accepted=f"{before['decided_on']} …")
    if before["amount_fen"] > cash_fen:
        accepted = {"accepted": cash_fen}
        fields = {"amount_fen": ["expenditure.beyond_cash"]}
        raise Conflict("expenditure.beyond_cash", params=accepted, fields=fields)
    state = {**before, "state": "paid", "paid_on": paid_on.isoformat()}
    return Change(state, [_expenditure(ExpenditurePaid, subject, state, paid_on=paid_on)])


def reverse_expenditure(subject: str, before: State, *, reason: str, today: date) -> Change | None:
    """What was paid out came back: the payment stays, and its reversal is added."""
    if before["state"] == "reversed":
        return None
    if before["state"] != "paid":
        raise Conflict("expenditure.state", params={"state": before["state"], "accepted": "paid"})
    state = {**before, "state": "reversed", "reversed_on": today.isoformat(), "reason": reason}
    return Change(state, [_expenditure(ExpenditureReversed, subject, state, reversed_on=today)])


# -- within ------------------------------------------------------------------------------------


def _asked(by: str, today: date) -> dict[str, Any]:
    return {
        "state": "asked",
        "asked_by": by,
        "asked_on": today.isoformat(),
        "decided_by": None,
        "decided_on": None,
        "comment": None,
    }


def _decided(
    before: State, name: str, *, approve: bool, comment: str | None, by: str, today: date
) -> dict[str, Any]:
    """Raises ``Conflict("<name>.state")`` once decided, ``Forbidden("<name>.own_request")`` to whoever
    asked, ``Invalid("<name>.comment_missing")`` for a refusal without a reason."""
    if before["state"] != "asked":
        raise Conflict(f"{name}.state", params={"state": before["state"], "accepted": "asked"})
    if by == before["asked_by"]:
        raise Forbidden(f"{name}.own_request")
    if not approve and not comment:
        raise Invalid.at("comment", f"{name}.comment_missing", accepted="1 …")
    return {
        **before,
        "state": "approved" if approve else "refused",
        "decided_by": by,
        "decided_on": today.isoformat(),
        "comment": comment or None,
    }


def _relief(contract: type[EventContract], subject: str, state: State, **more: Any) -> NewEvent:
    return contract.of(relief=subject, organisation=state["organisation"], **more)


def _deferral(contract: type[EventContract], subject: str, state: State, **more: Any) -> NewEvent:
    return contract.of(deferral=subject, organisation=state["organisation"], **more)


def _expenditure(contract: type[EventContract], subject: str, state: State, **more: Any) -> NewEvent:
    facts = {name: state[name] for name in ("organisation", "use", "amount_fen")}
    return contract.of(expenditure=subject, **facts, **more)
