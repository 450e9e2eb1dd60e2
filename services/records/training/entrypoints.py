"""Who handles what about hours of training."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import training as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class TrainingTable:
    """Who handles what about hours of training."""

    records: Records

    @rpc(request=calls.CreditTraining, response=calls.Credit)
    def credit_training(self, request: Request) -> Answer:
        return self.records.training.credit(request)

    @rpc(request=calls.CreditClass, response=calls.ClassCredited)
    def credit_class(self, request: Request) -> Answer:
        return self.records.training_classes.credit(request)

    @rpc(request=calls.StudyLecture, response=calls.ClassCredited)
    def study_lecture(self, request: Request) -> Answer:
        return self.records.training_studies.credit(request)

    @rpc(request=calls.ReverseTraining, response=calls.Credit)
    def reverse_training(self, request: Request) -> Answer:
        return self.records.training.reverse(request)

    @rpc(request=calls.ListTraining, response=calls.Credits)
    def list_training(self, request: Request) -> Answer:
        return self.records.training.listed(request)

    @rpc(request=calls.TrainingHours, response=calls.Hours)
    def training_hours(self, request: Request) -> Answer:
        return self.records.training.hours(request)

    @rpc(request=calls.ListTrainingHours, response=calls.HoursPage)
    def list_training_hours(self, request: Request) -> Answer:
        return self.records.training.hours_listed(request)
