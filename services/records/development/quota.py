"""How many may be admitted in a year, as given from above: places, and who took one. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Invalid
from services.contracts.records_events.development import QuotaChanged

State = Mapping[str, Any]


def give(subject: str, before: State | None, *, organisation: str, year: int, places: int) -> Change:
    """``places`` for a year, or another number of them; never fewer than were taken (``quota.taken``)."""
    admitted = list(before["admitted"]) if before else []
    if places < len(admitted):
        raise Invalid.at("places", "quota.taken", least=len(admitted))
    return _changed(
        subject, {"organisation": organisation, "year": year, "places": places, "admitted": admitted}
    )


def left(quota: State, dossier: str) -> int:
    """The places that ``dossier`` finds; one that it has taken itself is free to it."""
    return int(quota["places"]) - len([each for each in quota["admitted"] if each != dossier])


def take(subject: str, before: State, dossier: str) -> Change | None:
    """``dossier`` takes a place; None where it has one."""
    if dossier in before["admitted"]:
        return None
    return _changed(subject, {**before, "admitted": [*before["admitted"], dossier]})


def give_back(subject: str, before: State, dossier: str) -> Change | None:
    """The place of ``dossier`` is free again; None where it has none."""
    if dossier not in before["admitted"]:
        return None
    return _changed(subject, {**before, "admitted": [each for each in before["admitted"] if each != dossier]})


def _changed(subject: str, state: State) -> Change:
    event = QuotaChanged.of(
        quota=subject,
        organisation=state["organisation"],
        year=state["year"],
        places=state["places"],
        taken=len(state["admitted"]),
    )
    return Change(state, [event])
