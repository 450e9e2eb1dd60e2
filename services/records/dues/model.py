"""Rules of a month's dues, of bases and of bills. No I/O, no clock.

States are as the store keeps them: dates are ISO texts, months ``2026-09``, money integer fen. What was
written down is never changed: what settled a bill and was wrong is undone by a part of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.contracts.money import MOST_FEN
from services.contracts.records_events import (
    DuesBaseSet,
    DuesBilled,
    DuesDeferred,
    DuesReopened,
    DuesSettled,
)
from services.records.dues.months import last_day, month_of, quarter_of, shifted
from services.records.dues.pack import BRACKETED, FIXED, KINDS, WHOLE, DuesPack

State = Mapping[str, Any]

PAYERS = frozenset({"member", "probationary"})


@dataclass(frozen=True)
class Dues:
    """What one month asks, with the rate (hundredths of a percent; None for a fixed amount) and source."""

    fen: int
    rate: int | None
    source: Mapping[str, str]


def monthly_dues(base_fen: int, pack: DuesPack, kind: str = "salaried") -> Dues:
    """Dues for one month, in fen: the whole base at one rate, not marginal; halves are rounded upwards.

    ``base_fen`` is the monthly base after tax (of the retired their pension), >= 0: raises ``Invalid``
    below and for more than ``MOST_FEN``. Source: the pack's article, e.g. 中组发〔2008〕3号 第二条;
    300000 -> 1500, 300100 -> 3001.
    """
    if not 0 <= base_fen <= MOST_FEN:
        raise pack.refusal(kind, "dues.base_unfit", "base_fen", f"0 … {MOST_FEN}")
    bracket = next(each for each in pack.brackets(kind) if each.up_to is None or base_fen <= each.up_to)
    fen = _rounded(base_fen * bracket.rate, WHOLE * pack.rounding) * pack.rounding
    return Dues(fen, bracket.rate, pack.source(kind))


def dues_of(kind: str, base_fen: int | None, amount_fen: int | None, pack: DuesPack) -> Dues:
    """A month's dues of whoever pays as ``kind``.

    Raises ``Invalid``: ``dues.kind_unknown``; ``dues.base_missing`` or ``dues.base_unneeded``;
    ``dues.amount_unfit`` for a farmer's amount outside the pack's bounds, ``dues.amount_unneeded``.
    """
    if kind not in KINDS:
        raise Invalid.at("kind", "dues.kind_unknown", accepted=", ".join(KINDS))
    if kind in BRACKETED and base_fen is None:
        raise pack.refusal(kind, "dues.base_missing", "base_fen", f"0 … {MOST_FEN}")
    if kind not in BRACKETED and base_fen is not None:
        raise pack.refusal(kind, "dues.base_unneeded", "base_fen", "null")
    if kind != "farmer" and amount_fen is not None:
        raise pack.refusal(kind, "dues.amount_unneeded", "amount_fen", "null")
    if base_fen is not None:
        return monthly_dues(base_fen, pack, kind)
    if kind in FIXED:
        return Dues(int(pack.value(kind)), None, pack.source(kind))
    least, most = pack.value("farmer")["least"], pack.value("farmer")["most"]
    if amount_fen is None or not least <= amount_fen <= most:
        raise pack.refusal(kind, "dues.amount_unfit", "amount_fen", f"{least} … {most}")
    return Dues(amount_fen, None, pack.source(kind))


def owes(person: State, month: str) -> bool:
    """Whether ``person`` pays for ``month``: from the month in which the branch meeting passed them."""
    if not person["active"] or person["political_status"] not in PAYERS:
        return False
    joined_on = person["joined_on"]
    return joined_on is None or month_of(joined_on) <= month


# -- bases -------------------------------------------------------------------------------------


def set_base(given: State, before: State | None, pack: DuesPack, *, billed: str | None) -> Change | None:
    """A base that counts from ``from_month`` (January, if not given) until the next one of the year.

    ``given`` holds it sealed, with a fingerprint by which the same is known. ``billed`` is the last month
    of the year that is billed: raises ``Conflict("dues.base_billed")`` up to it, unless a
    ``correction_reason`` is given; and ``Invalid("dues.month_outside_year")``.
    """
    year = given["year"]
    first = given["from_month"] or f"{year}-01"
    if not first.startswith(f"{year}-"):
        raise Invalid.at("from_month", "dues.month_outside_year", accepted=f"{year}-01 … {year}-12")
    entry = {
        "from_month": first,
        **{name: given[name] for name in ("kind", "base_sealed", "base_fingerprint", "amount_fen")},
    }
    bases: list[dict[str, Any]] = list(before["bases"]) if before else []
    if any(_same(each, entry) for each in bases):
        return None
    if billed is not None and first <= billed and not given.get("correction_reason"):
        accepted = shifted(billed, 1)
        raise pack.refusal(
            given["kind"], "dues.base_billed", "from_month", accepted, kind=Conflict, billed=billed
        )
    others = [each for each in bases if each["from_month"] != first]
    state = {
        "person": given["person"],
        "year": year,
        "bases": sorted([*others, entry], key=lambda each: str(each["from_month"])),
    }
    return Change(state, [DuesBaseSet.of(person=given["person"], year=year, from_month=first)])


def base_for(base: State, month: str) -> dict[str, Any] | None:
    """Of a year's bases the one that counts for ``month``; None before the first."""
    reached = [each for each in base["bases"] if each["from_month"] <= month]
    return dict(reached[-1]) if reached else None


# -- bills -------------------------------------------------------------------------------------


def issue(
    subject: str,
    *,
    person: str,
    organisation: str,
    month: str,
    kind: str,
    dues: Dues,
    relief: State | None,
    deferral: str | None = None,
    today: date,
) -> Change:
    """Ask for one month's dues by its last day, or by that of its quarter where a ``deferral`` says so.

    An approved ``relief`` (``id``, ``monthly_fen``) waives its part at once.
    """
    waived = max(dues.fen - relief["monthly_fen"], 0) if relief else 0
    state = {
        "person": person,
        "organisation": organisation,
        "month": month,
        "due_on": _due_on(month, deferral),
        "deferral": deferral,
        "kind": kind,
        "rate": dues.rate,
        "source": dict(dues.source),
        "issued_on": today.isoformat(),
        "assessed_fen": dues.fen,
        "relieved_fen": waived,
        "paid_fen": 0,
        "reliefs": [relief["id"]] if relief else [],
        "parts": [],
        "corrections": [],
        "settled_on": None,
    }
    return _billed(subject, {"state": "due", "outstanding_fen": dues.fen}, state, today, issued=True)


def settle(subject: str, before: State, *, cause: str, payment: str, fen: int, on: date) -> Change | None:
    """A part of ``payment`` settles the bill, or some of it. ``cause`` names the part: twice is once.

    Raises ``Conflict("dues.overpaid")`` for more than is outstanding.
    """
    if any(part["cause"] == cause for part in before["parts"]):
        return None
    if fen > before["outstanding_fen"]:
        raise Conflict("dues.overpaid", params={"accepted": before["outstanding_fen"]})
    part = {"cause": cause, "payment": payment, "fen": fen, "on": on.isoformat()}
    return _billed(subject, before, _with_part(before, part), on)


def reopen(subject: str, before: State, *, cause: str, payment: str, on: date) -> Change | None:
    """Undo what ``payment`` settled of the bill: the parts stay, and their reverse is added."""
    stands = sum(part["fen"] for part in before["parts"] if part["payment"] == payment)
    if not stands:
        return None
    part = {"cause": cause, "payment": payment, "fen": -stands, "on": on.isoformat()}
    return _billed(subject, before, _with_part(before, part), on)


def relieve(subject: str, before: State, *, relief: str, monthly_fen: int, on: date) -> Change | None:
    """Waive what is asked above ``monthly_fen``, as far as it was not paid. One relief counts once."""
    if relief in before["reliefs"]:
        return None
    asked = before["assessed_fen"] - before["relieved_fen"]
    waived = min(max(asked - monthly_fen, 0), before["outstanding_fen"])
    if not waived:
        return None
    state = {
        **before,
        "reliefs": [*before["reliefs"], relief],
        "relieved_fen": before["relieved_fen"] + waived,
    }
    return _billed(subject, before, state, on)


def defer(subject: str, before: State, *, deferral: str) -> Change | None:
    """What is still owed of the bill is due at the end of its quarter. Deferred once, it stays so."""
    if before["state"] != "due" or before["deferral"] is not None:
        return None
    state = {**before, "deferral": deferral, "due_on": _due_on(before["month"], deferral)}
    return Change(state, [DuesDeferred.of(**_facts(subject, state))])


def correct(subject: str, before: State, *, dues: Dues, reason: str, by: str, on: date) -> Change | None:
    """Ask another amount than the bill did; what it asked before stays written in it.

    Raises ``Conflict("dues.paid_beyond")`` where more is paid or waived than is asked now: undo that first.
    """
    if dues.fen == before["assessed_fen"]:
        return None
    if dues.fen < before["paid_fen"] + before["relieved_fen"]:
        accepted = {"accepted": before["paid_fen"] + before["relieved_fen"], "month": before["month"]}
        raise Conflict("dues.paid_beyond", params=accepted)
    done = {"on": on.isoformat(), "by": by, "assessed_fen": before["assessed_fen"], "reason": reason}
    state = {
        **before,
        "assessed_fen": dues.fen,
        "rate": dues.rate,
        "source": dict(dues.source),
        "corrections": [*before["corrections"], done],
    }
    return _billed(subject, before, state, on)


# -- within ------------------------------------------------------------------------------------


def _rounded(numerator: int, denominator: int) -> int:
    """The nearest whole number, halves upwards; both >= 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def _same(one: State, other: State) -> bool:
    names = ("from_month", "kind", "base_fingerprint", "amount_fen")
    return all(one[name] == other[name] for name in names)


def _with_part(before: State, part: State) -> dict[str, Any]:
    parts = [*before["parts"], dict(part)]
    return {**before, "parts": parts, "paid_fen": sum(each["fen"] for each in parts)}


def _billed(subject: str, before: State, after: State, on: date, *, issued: bool = False) -> Change:
    """The bill with what it still asks, and what is to be told of it."""
    rest = after["assessed_fen"] - after["relieved_fen"] - after["paid_fen"]
    state = {**after, "outstanding_fen": rest, "state": "due" if rest else "settled"}
    state["settled_on"] = None if rest else (before.get("settled_on") or on.isoformat())
    facts = _facts(subject, state)
    events = [DuesBilled.of(**facts)] if issued else []
    if state["state"] == "settled" and before["state"] == "due":
        events.append(DuesSettled.of(**facts, settled_on=date.fromisoformat(state["settled_on"])))
    if state["state"] == "due" and before["state"] == "settled":
        events.append(DuesReopened.of(**facts))
    return Change(state, events)


def _facts(subject: str, state: State) -> dict[str, Any]:
    return {
        "bill": subject,
        **{name: state[name] for name in ("person", "organisation", "month")},
        "due_on": date.fromisoformat(state["due_on"]),
    }


def _due_on(month: str, deferral: str | None) -> str:
    return last_day(month if deferral is None else quarter_of(month)[1]).isoformat()
