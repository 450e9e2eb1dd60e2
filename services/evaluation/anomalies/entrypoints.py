"""What the service answers about anomalies, and when it looks for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.contracts import evaluation_anomalies_rpc as asked
from services.evaluation.application import Evaluation

Request = Mapping[str, Any]


class AnomaliesTable:
    """Who handles what about anomalies."""

    evaluation: Evaluation

    @scheduled("00:40", name="evaluation.anomalies")
    def look_for_anomalies(self, today: date) -> None:
        self.evaluation.watching.look(today)

    @rpc(request=asked.ListAnomalies, response=asked.AnomalyPage)
    def list_anomalies(self, request: Request) -> Mapping[str, Any]:
        return dict(self.evaluation.watching.list(request))

    @rpc(request=asked.GetAnomaly, response=asked.Anomaly)
    def get_anomaly(self, request: Request) -> Mapping[str, Any]:
        return dict(self.evaluation.watching.get(request))

    @rpc(request=asked.ConcludeAnomaly, response=asked.Anomaly)
    def conclude_anomaly(self, request: Request) -> Mapping[str, Any]:
        return dict(self.evaluation.watching.conclude(request))
