"""Events of the feedback service, one module for each of its parts. Whoever needs one finds it here."""

from services.contracts.feedback_events.ballots import RoundClosed, RoundOpened, RoundPublished
from services.contracts.feedback_events.measures import (
    MeasureCancelled,
    MeasureChanged,
    MeasurePlanned,
    ResultHandedIn,
    ResultPublished,
    ResultReturned,
)
from services.contracts.feedback_events.opinions import (
    OpinionAdopted,
    OpinionDeclined,
    OpinionDueSoon,
    OpinionEvent,
    OpinionMerged,
    OpinionOverdue,
    OpinionPaused,
    OpinionRated,
    OpinionReassigned,
    OpinionReceived,
    OpinionReopened,
    OpinionReplied,
    OpinionResumed,
    OpinionTriaged,
)

__all__ = [
    "MeasureCancelled",
    "MeasureChanged",
    "MeasurePlanned",
    "OpinionAdopted",
    "OpinionDeclined",
    "OpinionDueSoon",
    "OpinionEvent",
    "OpinionMerged",
    "OpinionOverdue",
    "OpinionPaused",
    "OpinionRated",
    "OpinionReassigned",
    "OpinionReceived",
    "OpinionReopened",
    "OpinionReplied",
    "OpinionResumed",
    "OpinionTriaged",
    "ResultHandedIn",
    "ResultPublished",
    "ResultReturned",
    "RoundClosed",
    "RoundOpened",
    "RoundPublished",
]
