"""Reminders under faults: obligations that fall overdue while everything dies, and the SMS they led to."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import timedelta

from services.chassis.envelope import seal, to_bytes
from services.chassis.identity import new_id
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.testing import wait_for
from services.contracts.evaluation_events import ObligationOverdue
from tests.faults.load import Account
from tests.faults.rig import Rig

SETTLE_SECONDS = 150.0
OUT = ("sent", "delivered")


class Reminders:
    """Overdue obligations told to notify as evaluation would, each twice: every one owes one SMS."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._publisher = ConfirmedPublisher(rig.amqp_uri, name="faults")
        self.obligations: list[str] = []

    def fall_overdue(self, count: int) -> None:
        """``count`` more obligations are overdue since yesterday."""
        clock = self._rig.clock
        for _ in range(count):
            obligation = new_id()
            branch = self._rig.branches[len(self.obligations) % len(self._rig.branches)]
            told = ObligationOverdue.of(
                obligation=obligation,
                organisation=branch.id,
                rule="party_lecture",
                period="2026-Q3",
                due_on=clock.today() - timedelta(days=1),
                pack="faults",
                article="1",
            )
            body = to_bytes(seal(told, subject=obligation, sequence=1, clock=clock))
            outgoing = Outgoing("evaluation.events", told.contract.routing_key(), body)
            assert set(self._publisher.publish([outgoing, outgoing])) == {Outcome.CONFIRMED}
            self.obligations.append(obligation)

    def account(self, found: Account) -> None:
        """One message and one SMS for each obligation; waits until what a crash left unknown is settled."""
        messages = self._rig.database("notify")["messages"]
        wanted = {"obligation": {"$in": self.obligations}}

        def out() -> bool:
            done = messages.count_documents({**wanted, "state": {"$in": OUT}})
            return bool(done >= len(self.obligations))

        with contextlib.suppress(AssertionError):  # what is missing is told by the account
            wait_for(out, SETTLE_SECONDS, every=0.5)
        taken = Counter(each["reference"] for each in self._rig.sent())
        by_obligation = Counter(each["obligation"] for each in messages.find(wanted))
        references = {each["obligation"]: each["_id"] for each in messages.find(wanted)}
        for obligation in self.obligations:
            found.compare(f"{obligation} reminders", 1, by_obligation[obligation])
            found.compare(f"{obligation} sms", 1, taken[references.get(obligation, "")])
        found.notes["reminders"] = len(self.obligations)
        unclear = {**wanted, "decisions.state": "unknown"}
        found.notes["settled by asking"] = messages.count_documents(unclear)
        self._publisher.close()
