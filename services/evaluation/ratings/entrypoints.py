"""Who handles what about ratings."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from services.chassis.offload import offloaded
from services.chassis.rpc import rpc
from services.contracts import evaluation_ratings_rpc as calls
from services.evaluation.application import Evaluation
from services.evaluation.ratings import reports

SHEET_SECONDS = 45.0
Request = Mapping[str, Any]
Answer = Mapping[str, Any]


class RatingsTable:
    """Who handles what about ratings."""

    evaluation: Evaluation

    @rpc(request=calls.CloseRating, response=calls.Rating)
    def close_rating(self, request: Request) -> Answer:
        return self.evaluation.ratings.close(request)

    @rpc(request=calls.NameRating, response=calls.Rating)
    def get_rating(self, request: Request) -> Answer:
        return self.evaluation.rating_reading.get(request)

    @rpc(request=calls.ListRatings, response=calls.RatingPage)
    def list_ratings(self, request: Request) -> Answer:
        return self.evaluation.rating_reading.several(request)

    @rpc(request=calls.ListEntries, response=calls.EntryPage)
    def list_rating_entries(self, request: Request) -> Answer:
        return self.evaluation.rating_reading.entries(request)

    @rpc(request=calls.DecideTie, response=calls.RatingEntry)
    def decide_tie(self, request: Request) -> Answer:
        return self.evaluation.ratings.decide(request)

    @rpc(request=calls.PublishRating, response=calls.Rating)
    def publish_rating(self, request: Request) -> Answer:
        return self.evaluation.ratings.publish(request)

    @rpc(request=calls.FileAppeal, response=calls.Appeal)
    def file_appeal(self, request: Request) -> Answer:
        return self.evaluation.appealing.file(request)

    @rpc(request=calls.AnswerAppeal, response=calls.Appeal)
    def answer_appeal(self, request: Request) -> Answer:
        return self.evaluation.appealing.answer(request)

    @rpc(request=calls.GetAppeal, response=calls.Appeal)
    def get_appeal(self, request: Request) -> Answer:
        return self.evaluation.appealing.get(request)

    @rpc(request=calls.ListAppeals, response=calls.AppealPage)
    def list_appeals(self, request: Request) -> Answer:
        return self.evaluation.appealing.several(request)

    @rpc(request=calls.ListPublicRatings, response=calls.PublicResultPage, public=True)
    def public_ratings(self, request: Request) -> Answer:
        return self.evaluation.rating_reading.public(request)

    @rpc(request=calls.GetReport, response=calls.Report)
    def report_rating(self, request: Request) -> Answer:
        report = self.evaluation.rating_reading.report(request)
        name = f"rating-{report.rating['year']}-{report.rating['subject_kind']}.{request['format']}"
        if request["format"] == "html":
            content = base64.b64encode(report.page_to_print()).decode()
            return {"name": name, "media_type": reports.HTML, "content": content}
        with offloaded("services.chassis.sheets.writing:write", timeout=SHEET_SECONDS) as writer:
            for piece in report.sheet():
                writer.feed(piece)
            book = b"".join(writer.answer())
        return {"name": name, "media_type": reports.XLSX, "content": base64.b64encode(book).decode()}
