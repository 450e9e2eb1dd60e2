"""Events of the feedback service, one module for each of its parts. Whoever needs one finds it here."""

from services.contracts.feedback_events.measures import MeasurePlanned, ResultPublished
from services.contracts.feedback_events.opinions import OpinionAdopted, OpinionDeclined, OpinionReceived

__all__ = [
    "MeasurePlanned",
    "OpinionAdopted",
    "OpinionDeclined",
    "OpinionReceived",
    "ResultPublished",
]
