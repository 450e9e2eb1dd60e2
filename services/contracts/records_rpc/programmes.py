"""Requests and answers about programmes: a cohort with its mentors, targets and activities. No ranking."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.contracts.files import KeptFile, attachments
from services.contracts.kinds import (
    PROGRAMME_COUNTS,
    PROGRAMME_KINDS,
    PROGRAMME_OWERS,
    PROGRAMME_STATES,
)
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier

MOST_TARGETS = 20
MOST_ENTERED = 10_000


def _year() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(min=2000, max=2100))


def _number(most: int, **kwargs: Any) -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=most), **kwargs)


class NewProgrammeTarget(Schema):
    """What is to be reached, by the programme as a whole or by each person of its cohort.

    Counted are linked activities that were approved (of a person: those at which they were present), or what
    is entered with its evidence.
    """

    name = Text(120, required=True)
    number = _number(10**6)
    unit = Text(20, required=True)
    owed_by = fields.String(load_default="programme", validate=validate.OneOf(PROGRAMME_OWERS))
    counts = fields.String(load_default="activities", validate=validate.OneOf(PROGRAMME_COUNTS))


class OpenProgramme(Schema):
    """Open a programme: 先锋工程 ``pioneer`` for teachers, 素质工程 ``quality`` for students."""

    organisation = identifier()
    kind = fields.String(required=True, validate=validate.OneOf(PROGRAMME_KINDS))
    title = Text(120, required=True)
    from_year = _year()
    to_year = _year()
    targets = fields.List(
        fields.Nested(NewProgrammeTarget),
        required=True,
        validate=validate.Length(min=1, max=MOST_TARGETS),
    )


class LinkActivity(Expecting):
    """Have an activity count for a target, or (``linked`` false) no more."""

    programme = identifier()
    target = identifier()
    activity = identifier()
    linked = fields.Boolean(load_default=True)


class CloseProgramme(Expecting):
    """End a programme."""

    programme = identifier()
    summary = Text(2000, required=True)


class GetProgramme(Schema):
    programme = identifier()


class ProgrammeTarget(NewProgrammeTarget):
    """A target with how much of it is done; null where each person owes it."""

    id = identifier()
    done = fields.Integer(required=True, allow_none=True)


class ProgrammeLink(Schema):
    target = fields.String(required=True)
    activity = fields.String(required=True)


class ProgrammeSummary(Schema):
    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(PROGRAMME_KINDS))
    title = fields.String(required=True)
    from_year = fields.Integer(required=True)
    to_year = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PROGRAMME_STATES))


class Programme(ProgrammeSummary):
    """A programme with its targets and linked activities."""

    targets = fields.List(fields.Nested(ProgrammeTarget), required=True)
    links = fields.List(fields.Nested(ProgrammeLink), required=True)
    summary = fields.String(required=True, allow_none=True)


class ListProgrammes(Listing):
    """Programmes of an organisation, those that began last first."""

    organisation = identifier()
    kind = fields.String(validate=validate.OneOf(PROGRAMME_KINDS))


class Programmes(Page):
    items = fields.List(fields.Nested(ProgrammeSummary), required=True)


# -- the cohort ------------------------------------------------------------------------------------


class SetProgrammeMember(Schema):
    """Take a person into the cohort, name their mentor, or say until when they were in it."""

    programme = identifier()
    person = identifier()
    mentor = identifier(required=False)
    since = Day(required=True)
    until = Day(load_default=None, allow_none=True)


class ProgrammeMember(Schema):
    """A person of the cohort."""

    id = identifier()
    version = fields.Integer(required=True)
    programme = fields.String(required=True)
    person = fields.String(required=True)
    person_name = fields.String(required=True)
    mentor = fields.String(required=True, allow_none=True)
    mentor_name = fields.String(required=True, allow_none=True)
    since = Day(required=True)
    until = Day(required=True, allow_none=True)


class ListProgrammeMembers(Listing):
    """The cohort, in the order in which they joined; to a mentor, their mentees."""

    programme = identifier()


class ProgrammeMembers(Page):
    items = fields.List(fields.Nested(ProgrammeMember), required=True)


class GetProgrammeProgress(Schema):
    """How far a person of the cohort is (oneself where nothing is said)."""

    programme = identifier()
    person = identifier(required=False)


class ProgrammeProgress(ProgrammeMember):
    """What each person owes, and how much of it this one has done. Nobody is compared with anybody."""

    targets = fields.List(fields.Nested(ProgrammeTarget), required=True)


# -- entries ---------------------------------------------------------------------------------------


class MakeProgrammeEntry(Schema):
    """Enter something towards a target, with its evidence; of ``person`` where each owes the target."""

    programme = identifier()
    target = identifier()
    person = identifier(required=False)
    number = _number(MOST_ENTERED)
    on = Day(required=True)
    text = Text(500, required=True)
    attachments = attachments()


class StrikeProgrammeEntry(Expecting):
    """Have an entry count no more; it stays with the reason."""

    entry = identifier()
    reason = Text(300, required=True)


class ProgrammeEntry(Schema):
    id = identifier()
    version = fields.Integer(required=True)
    programme = fields.String(required=True)
    target = fields.String(required=True)
    person = fields.String(required=True, allow_none=True)
    number = fields.Integer(required=True)
    on = Day(required=True)
    text = fields.String(required=True)
    attachments = fields.List(fields.Nested(KeptFile), required=True)
    struck = fields.String(required=True, allow_none=True, metadata={"description": "why it counts no more"})
    entered_by = fields.String(required=True, metadata={"description": "person id"})


class ListProgrammeEntries(Listing):
    """Entries of the programme as a whole, or of ``person``, newest first."""

    programme = identifier()
    person = identifier(required=False)


class ProgrammeEntries(Page):
    items = fields.List(fields.Nested(ProgrammeEntry), required=True)
