"""A statement of the payment system beside our own payments: what agrees, what differs, what lacks. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

AGREED, PERSON_DIFFERS, AMOUNT_DIFFERS, DAY_DIFFERS, REVERSED, MISSING, UNNAMED = (
    "agreed",
    "person_differs",
    "amount_differs",
    "day_differs",
    "reversed",
    "missing",
    "unnamed",
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


def results(
    rows: Sequence[int],
    outcomes: Sequence[Mapping[str, Any]],
    unnamed: Sequence[str],
    payments: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """What ``reconcile`` found as numbered results: of each line of a file at its row, then ``unnamed``."""
    told = [{"row": row, **outcome} for row, outcome in zip(rows, outcomes, strict=True)]
    lacking = [
        {"row": None, "reference": payments[each]["reference"], "payment": each, "outcome": UNNAMED}
        for each in unnamed
    ]
    return [{"number": number, **each} for number, each in enumerate([*told, *lacking], 1)]


def counted(found: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many results there are of each outcome."""
    return dict(Counter(each["outcome"] for each in found))


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
