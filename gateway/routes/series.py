"""Addresses of data for judgement: series by month as files, and cohorts."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from gateway import forms
from gateway.response import Response
from gateway.routes.downloads import BINARY, attachment
from gateway.routing import Call, Route
from services.contracts import evaluation_series_rpc as rpc

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request

_READER = "member of the organisation, or a post there or above"
EXPORT = Call("evaluation.export_series", rpc.ExportSeries, rpc.SeriesFile, seconds=120.0)


def give_series(gateway: Gateway, request: Request, route: Route) -> Response:
    """The file, to be saved."""
    made = gateway.ask(EXPORT, forms.gathered(route, request), request)
    disposition = ("Content-Disposition", attachment(made["name"]))
    return Response(200, base64.b64decode(made["content"]), content_type=BINARY, headers=[disposition])


ROUTES = (
    Route(
        "GET",
        "/api/v1/scores/{organisation}/cohort",
        "How an organisation stands among its like, by indicator",
        "scores",
        call=Call("evaluation.get_cohort", rpc.GetCohort, rpc.Cohort),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/scores/{organisation}/series",
        "Points by month and indicator of all below an organisation: csv, xlsx or parquet",
        "scores",
        handler=give_series,
        others=(EXPORT,),
        body=rpc.ExportSeries,
        media_type=BINARY,
        permission=_READER,
    ),
)
