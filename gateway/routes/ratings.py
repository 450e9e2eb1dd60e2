"""Addresses of ratings: closing a year, ties, publication, appeals, reports."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from gateway import forms
from gateway.response import Response
from gateway.routes.downloads import BINARY, attachment
from gateway.routing import Access, Call, Route
from services.contracts import evaluation_ratings_rpc as rpc

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request

_CLOSER = "secretary, organisation commissioner or administrator of the organisation or above"
_REVIEWER = "a post strictly above, and no interest in the subject"
REPORT = Call("evaluation.report_rating", rpc.GetReport, rpc.Report, seconds=60.0)


def give_report(gateway: Gateway, request: Request, route: Route) -> Response:
    """The report, to be saved: a browser shows and runs nothing of it."""
    made = gateway.ask(REPORT, forms.gathered(route, request), request)
    disposition = ("Content-Disposition", attachment(made["name"]))
    return Response(200, base64.b64decode(made["content"]), content_type=BINARY, headers=[disposition])


ROUTES = (
    Route(
        "POST",
        "/api/v1/ratings",
        "Close a year: take its scores down, with caps and ties, by a job",
        "ratings",
        call=Call("evaluation.close_rating", rpc.CloseRating, rpc.Rating),
        status=201,
        location="/api/v1/ratings/{id}",
        permission=_CLOSER,
    ),
    Route(
        "GET",
        "/api/v1/ratings",
        "Ratings of a year",
        "ratings",
        call=Call("evaluation.list_ratings", rpc.ListRatings, rpc.RatingPage),
        permission=f"{_CLOSER}; everybody, once it is published",
    ),
    Route(
        "GET",
        "/api/v1/ratings/{rating}",
        "One rating",
        "ratings",
        call=Call("evaluation.get_rating", rpc.NameRating, rpc.Rating),
        permission=f"{_CLOSER}; everybody, once it is published",
    ),
    Route(
        "GET",
        "/api/v1/ratings/{rating}/entries",
        "What each got; of persons only one's own, or of those one reviews",
        "ratings",
        call=Call("evaluation.list_rating_entries", rpc.ListEntries, rpc.EntryPage),
        permission=f"{_CLOSER}; once it is published, whoever it is about",
    ),
    Route(
        "POST",
        "/api/v1/ratings/{rating}/decisions",
        "Give somebody of a tie the band that it kept from them, with the reason",
        "ratings",
        call=Call("evaluation.decide_tie", rpc.DecideTie, rpc.RatingEntry),
        status=201,
        permission=_REVIEWER,
    ),
    Route(
        "POST",
        "/api/v1/ratings/{rating}/publish",
        "Let whoever it is about read it, and appeal",
        "ratings",
        call=Call("evaluation.publish_rating", rpc.PublishRating, rpc.Rating, seconds=30.0),
        expects="expected_version",
        permission=_CLOSER,
    ),
    Route(
        "GET",
        "/api/v1/ratings/{rating}/report",
        "A rating as a spreadsheet or as a page to print",
        "ratings",
        handler=give_report,
        others=(REPORT,),
        body=rpc.GetReport,
        media_type=BINARY,
        permission=_CLOSER,
    ),
    Route(
        "POST",
        "/api/v1/ratings/{rating}/appeals",
        "Ask for a published result to be looked at again",
        "ratings",
        call=Call("evaluation.file_appeal", rpc.FileAppeal, rpc.Appeal),
        status=201,
        location="/api/v1/appeals/{id}",
        permission="secretary of the organisation that was rated; the person who was",
    ),
    Route(
        "GET",
        "/api/v1/ratings/{rating}/appeals",
        "Appeals against a rating",
        "ratings",
        call=Call("evaluation.list_appeals", rpc.ListAppeals, rpc.AppealPage),
        permission="a post strictly above; of one's own, who filed it",
    ),
    Route(
        "GET",
        "/api/v1/appeals/{appeal}",
        "One appeal with its answer",
        "ratings",
        call=Call("evaluation.get_appeal", rpc.GetAppeal, rpc.Appeal),
        permission="a post strictly above; who filed it",
    ),
    Route(
        "POST",
        "/api/v1/appeals/{appeal}/answer",
        "Uphold an appeal with a corrected result beside the first, or dismiss it with the reason",
        "ratings",
        call=Call("evaluation.answer_appeal", rpc.AnswerAppeal, rpc.Appeal),
        status=201,
        permission=_REVIEWER,
    ),
    Route(
        "GET",
        "/api/v1/public/ratings",
        "Published results of organisations, for everybody",
        "public",
        call=Call("evaluation.public_ratings", rpc.ListPublicRatings, rpc.PublicResultPage),
        access=Access.PUBLIC,
    ),
)
