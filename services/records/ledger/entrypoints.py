"""Who handles what about ledger packs."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc.imports import StartedJob
from services.contracts.records_rpc.ledger import MakeLedger
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class LedgerTable:
    """Who handles what about ledger packs."""

    records: Records

    @rpc(request=MakeLedger, response=StartedJob)
    def make_ledger(self, request: Request) -> Answer:
        return self.records.ledgers.start(request)
