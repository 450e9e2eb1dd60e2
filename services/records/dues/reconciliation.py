"""A statement of the payment system beside our own payments: what agrees, what differs, what lacks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

AGREED, PERSON_DIFFERS, AMOUNT_DIFFERS, DAY_DIFFERS, REVERSED, MISSING = (
    "agreed",
    "person_differs",
    "amount_differs",
    "day_differs",
    "reversed",
    "missing",
)


def reconcile(
    lines: Sequence[Mapping[str, Any]], payments: Iterable[tuple[str, Mapping[str, Any]]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Of each line what became of it, in the order given; then the payments that no line names.

    ``lines`` hold ``reference``, ``person`` (None for a number that nobody has), ``amount_fen`` and
    ``paid_on`` as ISO text; ``payments`` are ids and states. A reference that two lines name is compared
    twice. A payment that was undone here agrees with no line, and lacks nowhere.
    """
    ours = list(payments)
    by_reference = {state["reference"]: (payment, state) for payment, state in ours}
    told = {line["reference"] for line in lines}
    outcomes = []
    for line in lines:
        payment, state = by_reference.get(line["reference"], (None, None))
        outcomes.append(
            {"reference": line["reference"], "payment": payment, "outcome": _compared(line, state)}
        )
    unnamed = [
        payment for payment, state in ours if state["reference"] not in told and state["state"] == "received"
    ]
    return outcomes, unnamed


def _compared(line: Mapping[str, Any], state: Mapping[str, Any] | None) -> str:
    if state is None:
        return MISSING
    if state["state"] == "reversed":
        return REVERSED
    for name, outcome in (
        ("person", PERSON_DIFFERS),
        ("amount_fen", AMOUNT_DIFFERS),
        ("paid_on", DAY_DIFFERS),
    ):
        if line[name] != state[name]:
            return outcome
    return AGREED
