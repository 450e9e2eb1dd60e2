"""Rules of prompts: months in a row unpaid are told to the organisation, once, and nothing follows. Pure.

A prompt asks people to look, and to talk; whether there was a cause is for them to find.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.contracts.records_events import DuesArrearsPrompted
from services.records.dues.months import longest_run
from services.records.dues.pack import DuesPack

State = Mapping[str, Any]


def streak(owed: State | None) -> list[str]:
    """The months in a row that call for a prompt, of what ``arrears`` tells of one person; none as a rule."""
    return longest_run(owed["months"]) if owed is not None and owed["prompt"] is not None else []


def same(prompt: State, months: Sequence[str]) -> bool:
    """Whether ``prompt`` is of the same streak: some of its months are among those it was given for."""
    return bool(months and months[0] <= prompt["to_month"] and prompt["from_month"] <= months[-1])


def prompt(
    subject: str, person: str, organisation: str, months: Sequence[str], pack: DuesPack, today: date
) -> Change:
    """Tell the organisation that ``months`` in a row are unpaid."""
    source = pack.source("prompt_months")
    state = {
        "person": person,
        "organisation": organisation,
        "from_month": months[0],
        "to_month": months[-1],
        "prompted_on": today.isoformat(),
        "source": source,
        "state": "open",
        "ended_on": None,
    }
    told = DuesArrearsPrompted.of(
        prompt=subject,
        person=person,
        organisation=organisation,
        from_month=months[0],
        to_month=months[-1],
        prompted_on=today,
        pack=source["pack"],
        article=source["article"],
    )
    return Change(state, [told])


def follow(before: State, months: Sequence[str], today: date) -> Change | None:
    """The prompt beside what is unpaid now: it grows and ends with its streak, untold."""
    if not same(before, months):
        if before["state"] == "ended":
            return None
        return Change({**before, "state": "ended", "ended_on": today.isoformat()})
    state = {
        **before,
        "from_month": min(before["from_month"], months[0]),
        "to_month": max(before["to_month"], months[-1]),
        "state": "open",
        "ended_on": None,
    }
    return Change(state) if state != before else None
