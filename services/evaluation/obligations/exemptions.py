"""Exemptions: who need not do what for some time, why, and who approved it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.chassis.contract import Change, EventContract
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.contracts.evaluation_events import ExemptionAsked, ExemptionDecided, ExemptionEnded
from services.evaluation.obligations.calendar import Period

ASKED, APPROVED, REFUSED, ENDED = "asked", "approved", "refused", "ended"
LONGEST_DAYS = 366  # one at a time: a longer one is looked at again every year
EVERY_RULE = "*"

State = dict[str, Any]


@dataclass(frozen=True)
class Exempt:
    """What was last decided of an exemption of ``owner``; ``approved`` is false once it was withdrawn."""

    id: str
    owner: str
    rule: str
    first: date
    last: date
    approved: bool
    sequence: int

    def packed(self) -> list[Any]:
        """The compact form in which a standing keeps it."""
        first, last = self.first.isoformat(), self.last.isoformat()
        return [self.id, self.owner, self.rule, first, last, self.approved, self.sequence]

    def covers(self, rule: str, period: Period) -> bool:
        """Whether every day of ``period`` lies in it: what is left of a period can still be used."""
        return (
            self.approved
            and self.rule in (rule, EVERY_RULE)
            and self.first <= period.first
            and period.last <= self.last
        )


def exempt_by_id(packed: str) -> dict[str, Exempt]:
    """What was packed as a JSON list of ``Exempt.packed``."""
    return {
        id_: Exempt(id_, owner, rule, date.fromisoformat(first), date.fromisoformat(last), approved, sequence)
        for id_, owner, rule, first, last, approved, sequence in json.loads(packed)
    }


def covering(exemptions: Iterable[Exempt], rule: str, period: Period) -> str | None:
    """The id of an exemption that covers the period, always the same of several."""
    found = sorted(each.id for each in exemptions if each.covers(rule, period))
    return found[0] if found else None


# -- how one comes about ------------------------------------------------------------------------------


def ask(given: Mapping[str, Any], *, subject: str, decided_at: str, by: str, today: date) -> Change:
    """A request that waits for the level above; raises ``Invalid`` for days that are none."""
    first, last = given["first_on"], given["last_on"]
    if last < first:
        raise Invalid("exemption.days", fields={"last_on": ["exemption.days"]})
    if (last - first).days >= LONGEST_DAYS:
        accepted = {"accepted": str(LONGEST_DAYS)}
        raise Invalid("exemption.too_long", fields={"last_on": ["exemption.too_long"]}, params=accepted)
    state = {
        "organisation": given["organisation"],
        "person": given.get("person"),
        "rule": given["rule"],
        "first_on": first.isoformat(),
        "last_on": last.isoformat(),
        "cause": given["cause"],
        "reason": given["reason"],
        "decided_at": decided_at,
        "state": ASKED,
        "asked_by": by,
        "asked_on": today.isoformat(),
        "decided_by": None,
        "decided_on": None,
        "comment": None,
    }
    return Change(state, [_told(ExemptionAsked, subject, state)])


def decide(
    before: State, *, subject: str, approve: bool, comment: str | None, by: str, today: date
) -> Change:
    """The level above approves, or refuses with a reason.

    Raises ``Conflict("exemption.state")`` unless it was only asked, ``Forbidden("exemption.own")`` to who
    asked, ``Invalid("exemption.comment_missing")`` for a refusal without a reason.
    """
    _expect(before, ASKED)
    if by in (before["asked_by"], before["person"]):
        raise Forbidden("exemption.own")
    if not approve and not comment:
        raise Invalid("exemption.comment_missing", fields={"comment": ["exemption.comment_missing"]})
    state = {
        **before,
        "state": APPROVED if approve else REFUSED,
        "decided_by": by,
        "decided_on": today.isoformat(),
        "comment": comment,
    }
    return Change(state, [_told(ExemptionDecided, subject, state, approved=approve)])


def end(before: State, *, subject: str, comment: str, by: str, today: date) -> Change:
    """The level above takes an approved exemption back; raises ``Conflict`` unless it was approved."""
    _expect(before, APPROVED)
    state = {
        **before,
        "state": ENDED,
        "decided_by": by,
        "decided_on": today.isoformat(),
        "comment": comment,
    }
    return Change(state, [_told(ExemptionEnded, subject, state)])


def exempt_of(id_: str, state: State, sequence: int) -> Exempt:
    """What a decided exemption says to the standing that it is of."""
    return Exempt(
        id=id_,
        owner=state["person"] or state["organisation"],
        rule=state["rule"],
        first=date.fromisoformat(state["first_on"]),
        last=date.fromisoformat(state["last_on"]),
        approved=state["state"] == APPROVED,
        sequence=sequence,
    )


def _expect(before: State, state: str) -> None:
    if before["state"] != state:
        raise Conflict("exemption.state", params={"state": before["state"], "accepted": state})


def _told(contract: type[EventContract], subject: str, state: State, **more: Any) -> Any:
    return contract.of(
        exemption=subject,
        organisation=state["organisation"],
        rule=state["rule"],
        first_on=date.fromisoformat(state["first_on"]),
        last_on=date.fromisoformat(state["last_on"]),
        decided_at=state["decided_at"],
        **more,
    )
