"""Addresses of hours of training."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import training as rpc

_WRITER = "writer of the person's organisation, or administrator above"
_READER = "the person, or a post at the person's organisation or above"

ROUTES = (
    Route(
        "POST",
        "/api/v1/training/credits",
        "Credit a person with training",
        "training",
        call=Call("records.credit_training", rpc.CreditTraining, rpc.Credit),
        status=201,
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/training/classes",
        "Credit everybody who took part in a class: all of them, or nobody",
        "training",
        call=Call("records.credit_class", rpc.CreditClass, rpc.ClassCredited),
        status=201,
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/training/credits",
        "Lines of credit of a person or an organisation, newest day first",
        "training",
        call=Call("records.list_training", rpc.ListTraining, rpc.Credits),
        permission=_READER,
    ),
    Route(
        "POST",
        "/api/v1/training/credits/{credit}/reverse",
        "Take away what a credit gave, with the reason",
        "training",
        call=Call("records.reverse_training", rpc.ReverseTraining, rpc.Credit),
        status=201,
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/training/hours",
        "A person's year of training: target, pace and the credits that count",
        "training",
        call=Call("records.training_hours", rpc.TrainingHours, rpc.Hours),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/organisations/{organisation}/training-hours",
        "The people of an organisation and its groups, each with their year of training",
        "training",
        call=Call("records.list_training_hours", rpc.ListTrainingHours, rpc.HoursPage),
        permission="a post at the organisation or above",
    ),
)
