"""Events of the records service, one module for each of its parts. Whoever needs one finds it here."""

from services.contracts.records_events.activities import (
    ActivityApproved,
    ActivityPlanned,
    ActivityRecorded,
    ActivityReturned,
    ActivitySubmitted,
)
from services.contracts.records_events.development import (
    DossierClosed,
    DossierMoved,
    DossierOpened,
    QuotaChanged,
    StepRecorded,
    StepStruck,
)
from services.contracts.records_events.directory import OrganisationChanged, PersonChanged, PostChanged
from services.contracts.records_events.dues import (
    DuesAccountsPublished,
    DuesBaseSet,
    DuesBilled,
    DuesDrawn,
    DuesGivenBack,
    DuesReceived,
    DuesReliefAsked,
    DuesReliefDecided,
    DuesReopened,
    DuesSettled,
    ExpenditureAsked,
    ExpenditureDecided,
    ExpenditurePaid,
    ExpenditureReversed,
)
from services.contracts.records_events.thoughts import (
    ThoughtContactsNamed,
    ThoughtReportAccepted,
    ThoughtReportHandedIn,
    ThoughtReportReturned,
)
from services.contracts.records_events.training import TrainingCredited, TrainingReversed

__all__ = [
    "ActivityApproved",
    "ActivityPlanned",
    "ActivityRecorded",
    "ActivityReturned",
    "ActivitySubmitted",
    "DossierClosed",
    "DossierMoved",
    "DossierOpened",
    "DuesAccountsPublished",
    "DuesBaseSet",
    "DuesBilled",
    "DuesDrawn",
    "DuesGivenBack",
    "DuesReceived",
    "DuesReliefAsked",
    "DuesReliefDecided",
    "DuesReopened",
    "DuesSettled",
    "ExpenditureAsked",
    "ExpenditureDecided",
    "ExpenditurePaid",
    "ExpenditureReversed",
    "OrganisationChanged",
    "PersonChanged",
    "PostChanged",
    "QuotaChanged",
    "StepRecorded",
    "StepStruck",
    "ThoughtContactsNamed",
    "ThoughtReportAccepted",
    "ThoughtReportHandedIn",
    "ThoughtReportReturned",
    "TrainingCredited",
    "TrainingReversed",
]
