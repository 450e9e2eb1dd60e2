"""Who handles what about trends."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.feedback_rpc import trends as calls
from services.contracts.files import KeptFile
from services.feedback.application import Feedback


class TrendsTable:
    """Who handles what about trends."""

    feedback: Feedback

    @rpc(request=calls.GetTrends, response=calls.OpinionTrends)
    def get_trends(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.feedback.trends.seen(request["organisation"])

    @rpc(request=calls.ExportTrends, response=KeptFile)
    def export_trends(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.feedback.trend_sheets.made(request["organisation"], request["language"])
