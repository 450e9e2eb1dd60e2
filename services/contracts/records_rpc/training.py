"""Requests and answers about hours of training. All lengths are minutes; 60 are an hour of credit 学时."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import TRAINING_FORMS, TRAINING_ORIGINS
from services.contracts.records_rpc.parts import Day, Listing, Page, Text, identifier

MOST_MINUTES = 60 * 1000
MOST_DAYS = 100
MOST_PEOPLE = 200
# Of an activity it is credited by its approval, never by hand.
ENTERED_FORMS = tuple(form for form in TRAINING_FORMS if form != "activity")


def _length(most: int, description: str) -> fields.Integer:
    return fields.Integer(
        strict=True,
        load_default=0,
        validate=validate.Range(min=0, max=most),
        metadata={"description": description},
    )


def _year() -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=2000, max=2100))


class CreditTraining(Schema):
    """Credit ``person`` with training of a day; minutes, whole days and half days add up."""

    person = identifier()
    on = Day(required=True, metadata={"description": "the day, or the last day, of the training"})
    title = Text(120, required=True)
    form = fields.String(required=True, validate=validate.OneOf(ENTERED_FORMS))
    minutes = _length(MOST_MINUTES, "minutes of credit")
    full_days = _length(MOST_DAYS, "whole days: 8 hours each, unless a policy pack says otherwise")
    half_days = _length(MOST_DAYS, "half days: 4 hours each, unless a policy pack says otherwise")


class CreditClass(Schema):
    """Credit everybody who took part in a class or lecture alike: all of them, or nobody."""

    people = fields.List(identifier(), required=True, validate=validate.Length(min=1, max=MOST_PEOPLE))
    on = Day(required=True, metadata={"description": "the day, or the last day, of the training"})
    title = Text(120, required=True)
    form = fields.String(load_default="class", validate=validate.OneOf(ENTERED_FORMS))
    minutes = _length(MOST_MINUTES, "minutes of credit")
    full_days = _length(MOST_DAYS, "whole days: 8 hours each, unless a policy pack says otherwise")
    half_days = _length(MOST_DAYS, "half days: 4 hours each, unless a policy pack says otherwise")


class StudyLecture(Schema):
    """Credit a published micro-lecture to who studied it: oneself, or ``people`` for whom one writes.

    Each is credited once, however often it is said; how long it is worth follows from the pack.
    """

    lecture = identifier()
    on = Day(metadata={"description": "the day it was studied; today, where nothing is said"})
    people = fields.List(identifier(), load_default=list, validate=validate.Length(max=MOST_PEOPLE))


class ReverseTraining(Schema):
    """Take away what a credit gave; the credit stays, and with it the reason why it does not count."""

    credit = identifier()
    reason = Text(300, required=True)


class Credit(Schema):
    """A line of somebody's hours: a credit, or the reversal of one. Lines are never changed."""

    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    on = Day(required=True)
    year = fields.Integer(required=True)
    title = fields.String(required=True)
    form = fields.String(required=True, validate=validate.OneOf(TRAINING_FORMS))
    origin = fields.String(required=True, validate=validate.OneOf(TRAINING_ORIGINS))
    minutes = fields.Integer(required=True, metadata={"description": "below 0 in a reversal"})
    activity = fields.String(required=True, allow_none=True)
    lecture = fields.String(
        required=True, allow_none=True, metadata={"description": "the micro-lecture that was studied"}
    )
    pack = fields.String(required=True, metadata={"description": "the pack that set what it is worth"})
    article = fields.String(required=True)
    reverses = fields.String(required=True, allow_none=True, metadata={"description": "id of the credit"})
    reason = fields.String(required=True, allow_none=True)
    entered_by = fields.String(required=True, allow_none=True)
    entered_on = Day(required=True)


class ClassCredited(Schema):
    """One line of each who took part, in the order in which they were named."""

    items = fields.List(fields.Nested(Credit), required=True)


class ListTraining(Listing):
    """Lines of one person (oneself where nothing is said) or of one organisation, newest day first."""

    person = identifier(required=False)
    organisation = identifier(required=False)
    since = Day()
    until = Day()


class Credits(Page):
    items = fields.List(fields.Nested(Credit), required=True)


class TrainingHours(Schema):
    """Where ``person`` (oneself where nothing is said) stands in ``year`` (this one)."""

    person = identifier(required=False)
    year = _year()


class TrainingRule(Schema):
    """A rule that a figure follows, and where it is written."""

    rule = fields.String(required=True)
    value = fields.String(required=True)
    unit = fields.String(required=True, allow_none=True)
    pack = fields.String(required=True)
    article = fields.String(required=True)
    hardness = fields.String(required=True)
    confidence = fields.String(required=True)
    verify = fields.Boolean(required=True, metadata={"description": "not confirmed by a published source"})


class FirstClass(Schema):
    """A new secretary's first training class."""

    since = Day(required=True, metadata={"description": "secretary for the first time from this day on"})
    due_on = Day(required=True)
    done_on = Day(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(("open", "overdue", "done", "done_late")))
    rule = fields.Nested(TrainingRule, required=True)


class Progress(Schema):
    """A person's year at the end of ``day``. ``expected`` is the pace of an even year; nothing follows."""

    person = fields.String(required=True)
    year = fields.Integer(required=True)
    day = Day(required=True)
    role = fields.String(required=True, validate=validate.OneOf(("leading", "member", "none")))
    credited = fields.Integer(required=True)
    target = fields.Integer(required=True, allow_none=True, metadata={"description": "none is owed: null"})
    expected = fields.Integer(required=True, allow_none=True)
    behind = fields.Integer(required=True, metadata={"description": "minutes behind the pace"})
    classes = fields.Integer(required=True)
    classes_owed = fields.Integer(required=True)
    reached = fields.Boolean(required=True)
    first_class = fields.Nested(FirstClass, required=True, allow_none=True)
    rules = fields.List(fields.Nested(TrainingRule), required=True)


class Hours(Progress):
    """With the credits that count."""

    credits = fields.List(fields.Nested(Credit), required=True)


class ListTrainingHours(Listing):
    """The people of an organisation and its groups by number, each with their year."""

    organisation = identifier()
    year = _year()


class PersonProgress(Progress):
    name = fields.String(required=True)


class HoursPage(Page):
    items = fields.List(fields.Nested(PersonProgress), required=True)
