"""Who handles what about transfers."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import transfers as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class TransfersTable:
    """Who handles what about transfers."""

    records: Records

    @rpc(request=calls.AskTransfer, response=calls.Transfer)
    def ask_transfer(self, request: Request) -> Answer:
        return self.records.transfers.ask(request)

    @rpc(request=calls.AskTransferOut, response=calls.Transfer)
    def ask_transfer_out(self, request: Request) -> Answer:
        return self.records.transfers.ask_out(request)

    @rpc(request=calls.EnterTransferIn, response=calls.Transfer)
    def enter_transfer_in(self, request: Request) -> Answer:
        return self.records.transfers.enter(request)

    @rpc(request=calls.DecideTransfer, response=calls.Transfer)
    def decide_transfer(self, request: Request) -> Answer:
        return self.records.transfers.decide(request)

    @rpc(request=calls.WithdrawTransfer, response=calls.Transfer)
    def withdraw_transfer(self, request: Request) -> Answer:
        return self.records.transfers.withdraw(request)

    @rpc(request=calls.CompleteTransfer, response=calls.Transfer)
    def complete_transfer(self, request: Request) -> Answer:
        return self.records.transfers.complete(request)

    @rpc(request=calls.GetTransfer, response=calls.Transfer)
    def get_transfer(self, request: Request) -> Answer:
        return self.records.transfers.get(request["transfer"])

    @rpc(request=calls.ListTransfers, response=calls.Transfers)
    def list_transfers(self, request: Request) -> Answer:
        return self.records.transfers.listed(request)
