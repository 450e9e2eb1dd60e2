"""Which events tell the way of an obligation from one state to the next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.contract import EventContract, NewEvent
from services.contracts.evaluation_events import (
    ObligationDueSoon,
    ObligationExempted,
    ObligationFulfilled,
    ObligationMissed,
    ObligationOpened,
    ObligationOverdue,
    ObligationReopened,
    PersonalObligationExempted,
    PersonalObligationFulfilled,
    PersonalObligationMissed,
    PersonalObligationOverdue,
    PersonalObligationReopened,
)
from services.evaluation.obligations.model import (
    DUE_SOON,
    EXEMPTED,
    FULFILLED,
    FULFILLED_LATE,
    MISSED,
    OPEN,
    OUTSTANDING,
    OVERDUE,
    Obligation,
)


def turned(before: str | None, now: Obligation) -> list[NewEvent]:
    """The events that tell the way from the state ``before`` (``None``: not yet opened) to ``now``.

    The same state again tells nothing, so recomputing is free. Withdrawn evidence reopens. Of a person is
    told what was not done in its time and what became of it then: what goes well is nobody else's business.
    """
    if before == now.state:
        return []
    if now.person is not None:
        return _turned_of_person(before, now)
    told: list[NewEvent] = []
    if before is None:
        told.append(_event(ObligationOpened, now))
    elif now.state == OPEN or (before not in OUTSTANDING and now.state in (DUE_SOON, OVERDUE, MISSED)):
        told.append(_event(ObligationReopened, now))
    if now.state in (FULFILLED, FULFILLED_LATE):
        told.append(_event(ObligationFulfilled, now, late=now.state == FULFILLED_LATE))
    elif now.state in _TOLD_BY:
        told.append(_event(_TOLD_BY[now.state], now))
    return told


_TOLD_BY: Mapping[str, type[EventContract]] = {
    DUE_SOON: ObligationDueSoon,
    OVERDUE: ObligationOverdue,
    MISSED: ObligationMissed,
    EXEMPTED: ObligationExempted,
}


def _turned_of_person(before: str | None, now: Obligation) -> list[NewEvent]:
    told = before in (OVERDUE, MISSED, FULFILLED_LATE)
    contract = _TOLD_OF_PERSONS.get(now.state)
    if now.state in (FULFILLED, FULFILLED_LATE, EXEMPTED, OPEN, DUE_SOON) and not told:
        return []
    more = {"late": now.state == FULFILLED_LATE} if contract is PersonalObligationFulfilled else {}
    return [_event(contract, now, person=now.person, **more)] if contract else []


_TOLD_OF_PERSONS: Mapping[str, type[EventContract]] = {
    OPEN: PersonalObligationReopened,
    DUE_SOON: PersonalObligationReopened,
    OVERDUE: PersonalObligationOverdue,
    MISSED: PersonalObligationMissed,
    FULFILLED: PersonalObligationFulfilled,
    FULFILLED_LATE: PersonalObligationFulfilled,
    EXEMPTED: PersonalObligationExempted,
}


def _event(contract: type[EventContract], now: Obligation, **more: Any) -> NewEvent:
    return contract.of(
        obligation=now.id,
        organisation=now.organisation,
        rule=now.rule.id,
        period=now.period.label,
        due_on=now.due_on,
        pack=now.rule.pack,
        article=now.rule.article,
        **more,
    )
