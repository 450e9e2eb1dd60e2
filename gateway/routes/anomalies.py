"""Addresses of what asks a named human for a talk."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts import evaluation_anomalies_rpc as rpc

_RESPONSIBLE = "secretary, deputy secretary, discipline commissioner or administrator there or above"

ROUTES = (
    Route(
        "GET",
        "/api/v1/anomalies",
        "What asks for a talk at and below my posts, the newest first",
        "anomalies",
        call=Call("evaluation.list_anomalies", rpc.ListAnomalies, rpc.AnomalyPage),
        permission=_RESPONSIBLE,
    ),
    Route(
        "GET",
        "/api/v1/anomalies/{anomaly}",
        "One of them; on record",
        "anomalies",
        call=Call("evaluation.get_anomaly", rpc.GetAnomaly, rpc.Anomaly),
        permission=_RESPONSIBLE,
    ),
    Route(
        "POST",
        "/api/v1/anomalies/{anomaly}/conclusion",
        "The talk was held, or there is no need for one; with a reason",
        "anomalies",
        call=Call("evaluation.conclude_anomaly", rpc.ConcludeAnomaly, rpc.Anomaly),
        expects="expected_version",
        permission=_RESPONSIBLE,
    ),
)
