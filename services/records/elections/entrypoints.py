"""Who handles what about elections of committees."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import elections as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class ElectionsTable:
    """Who handles what about elections of committees."""

    records: Records

    @rpc(request=calls.RecordElection, response=calls.Election)
    def record_election(self, request: Request) -> Answer:
        return self.records.elections.record(request)

    @rpc(request=calls.ConfirmElection, response=calls.Election)
    def confirm_election(self, request: Request) -> Answer:
        return self.records.elections.confirm(request)

    @rpc(request=calls.AskElectionShift, response=calls.Election)
    def ask_election_shift(self, request: Request) -> Answer:
        return self.records.elections.ask_shift(request)

    @rpc(request=calls.DecideElectionShift, response=calls.Election)
    def decide_election_shift(self, request: Request) -> Answer:
        return self.records.elections.decide_shift(request)

    @rpc(request=calls.GetElection, response=calls.Election)
    def get_election(self, request: Request) -> Answer:
        return self.records.elections.get(request["election"])

    @rpc(request=calls.ListElections, response=calls.Elections)
    def list_elections(self, request: Request) -> Answer:
        return self.records.elections.listed(request)
