"""Who handles what about probation within the Party."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import sanctions as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class SanctionsTable:
    """Who handles what about probation within the Party."""

    records: Records

    @rpc(request=calls.ImposeSanction, response=calls.Sanction)
    def impose_sanction(self, request: Request) -> Answer:
        return self.records.sanctions.impose(request)

    @rpc(request=calls.ProlongSanction, response=calls.Sanction)
    def prolong_sanction(self, request: Request) -> Answer:
        return self.records.sanctions.prolong(request)

    @rpc(request=calls.CloseSanction, response=calls.Sanction)
    def close_sanction(self, request: Request) -> Answer:
        return self.records.sanctions.close(request)

    @rpc(request=calls.GetSanction, response=calls.Sanction)
    def get_sanction(self, request: Request) -> Answer:
        return self.records.sanctions.get(request["sanction"])

    @rpc(request=calls.ListSanctions, response=calls.Sanctions)
    def list_sanctions(self, request: Request) -> Answer:
        return self.records.sanctions.listed(request)
