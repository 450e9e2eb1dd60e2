"""Who handles what about votes."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import votes as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class VotesTable:
    """Who handles what about votes."""

    records: Records

    @rpc(request=calls.CountDecision, response=calls.DecisionCounted)
    def count_decision(self, request: Request) -> Answer:
        return self.records.counting.decision(request)

    @rpc(request=calls.CountElection, response=calls.ElectionCounted)
    def count_election(self, request: Request) -> Answer:
        return self.records.counting.election(request)
