"""Who handles what about spreadsheets of lists."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import exports as calls
from services.contracts.records_rpc.imports import StartedJob
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class ExportsTable:
    """Who handles what about spreadsheets of lists."""

    records: Records

    @rpc(request=calls.ExportList, response=StartedJob)
    def export_list(self, request: Request) -> Answer:
        return self.records.exports.start(request)
