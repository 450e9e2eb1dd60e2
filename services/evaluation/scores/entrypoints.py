"""Who handles what about scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.rpc import rpc
from services.contracts import evaluation_scores_rpc as calls
from services.contracts import evaluation_series_rpc as series
from services.evaluation.application import Evaluation

Request = Mapping[str, Any]
Answer = Mapping[str, Any]


class ScoresTable:
    """Who handles what about scores."""

    evaluation: Evaluation

    @rpc(request=calls.GetScore, response=calls.Score)
    def get_score(self, request: Request) -> Answer:
        return self.evaluation.scores.get(request)

    @rpc(request=calls.ListScores, response=calls.ScorePage)
    def list_scores(self, request: Request) -> Answer:
        return self.evaluation.scores.several(request)

    @rpc(request=calls.ExplainScore, response=calls.ScoreExplanation)
    def explain_score(self, request: Request) -> Answer:
        return self.evaluation.scores.explain(request)

    @rpc(request=calls.ExplainHeadScore, response=calls.HeadScore)
    def explain_head_score(self, request: Request) -> Answer:
        return self.evaluation.head_scores.explain(request)

    @rpc(request=calls.ScoreTrend, response=calls.Trend)
    def score_trend(self, request: Request) -> Answer:
        return self.evaluation.scores.trend(request)

    @rpc(request=calls.WhatIf, response=calls.Supposition)
    def suppose(self, request: Request) -> Answer:
        return self.evaluation.scores.what_if(request)

    @rpc(request=calls.RollUp, response=calls.RolledUp)
    def roll_up(self, request: Request) -> Answer:
        return self.evaluation.scores.roll_up(request)

    @rpc(request=calls.GetBurden, response=calls.Burden)
    def get_burden(self, request: Request) -> Answer:
        return self.evaluation.scores.burden(request)

    @rpc(request=series.GetCohort, response=series.Cohort)
    def get_cohort(self, request: Request) -> Answer:
        return self.evaluation.judging.cohort(request)

    @rpc(request=series.ExportSeries, response=series.SeriesFile)
    def export_series(self, request: Request) -> Answer:
        return self.evaluation.judging.export(request)
