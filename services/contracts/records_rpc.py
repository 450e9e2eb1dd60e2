"""Requests and answers of the records service: the directory, activities, imports, the audit chain.

Ids are opaque texts. A request's dates are campus dates. ``expected_version`` is the version that the
caller saw (the ETag); a command on another version is refused with ``version.stale``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from marshmallow import Schema, fields, validate

from services.contracts.kinds import (
    ACTIVITY_KINDS,
    ACTIVITY_STATES,
    ORGANISATION_KINDS,
    POLITICAL_STATUSES,
    ROLES,
)

MOST_ITEMS = 100
MOST_UPLOAD_BYTES = 20 * 1024 * 1024
MOST_PART_BYTES = 512 * 1024
MOST_ATTENDANCE = 1000
SEXES = ("male", "female", "unknown")
ATTENDANCE_STATES = ("present", "absent", "excused")
VERDICTS = ("approve", "return")
JOB_STATES = ("queued", "running", "done", "failed", "stopped")

# Their messages are codes: the texts for people are in the catalogues.
NUMBER = validate.Regexp(r"\A[A-Za-z0-9]{2,20}\Z", error="number.invalid")
CODE = validate.Regexp(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z", error="code.invalid")
PHONE = validate.Regexp(r"\A\+?[0-9]{6,15}\Z", error="phone.invalid")


class Day(fields.Date):
    """A campus date, ``2026-09-01``. Stored states hold it as ISO text, which passes as it is."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value if isinstance(value, str) else super()._serialize(value, attr, obj, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        # fromisoformat of Python 3.11 also takes 20260901 and 2026-W36-2; one form is the contract.
        if not isinstance(value, str) or len(value) != 10 or value[4] != "-" or value[7] != "-":
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day: date = super()._deserialize(value, attr, data, **kwargs)
        return day


class Instant(fields.AwareDateTime):
    """An instant with its offset, RFC 3339. Text passes as it is."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return value


class Text(fields.String):
    """A text for people: outer blanks are cut, control characters but line ends and tabs are refused."""

    default_error_messages = {"control": "Control characters are not allowed."}

    def __init__(self, most: int, *, least: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs).strip()
        if any(
            (ord(c) < 32 and c not in "\n\r\t") or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in text
        ):
            raise self.make_error("control")
        return text


def _id(*, required: bool = True, **kwargs: Any) -> fields.String:
    return fields.String(required=required, validate=validate.Length(min=1, max=64), **kwargs)


class _Expecting(Schema):
    """A command on something that is there."""

    expected_version = fields.Integer(strict=True, allow_none=True, load_default=None)


class _Listing(Schema):
    """A page of a list: ``next`` of the answer is the ``cursor`` of the following request."""

    limit = fields.Integer(strict=True, load_default=50, validate=validate.Range(min=1, max=MOST_ITEMS))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=400))


class _Page(Schema):
    next = fields.String(required=True, allow_none=True)


class Nothing(Schema):
    """No fields."""


# -- organisations ---------------------------------------------------------------------------------


class CreateOrganisation(Schema):
    """Found an organisation below ``parent``; asks for an administrator at or above it."""

    code = fields.String(required=True, validate=CODE)
    name = Text(80, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    parent = _id()
    founded_on = Day(required=True)
    has_committee = fields.Boolean(load_default=False)
    has_leading_group = fields.Boolean(load_default=False)
    external_id = Text(60, load_default=None, allow_none=True)


class ChangeOrganisation(_Expecting):
    """Change what is given. A new ``parent`` moves the whole subtree, and is asked of both ends."""

    organisation = _id()
    name = Text(80)
    parent = _id(required=False)
    founded_on = Day()
    has_committee = fields.Boolean()
    has_leading_group = fields.Boolean()
    external_id = Text(60, allow_none=True)
    active = fields.Boolean()


class GetOrganisation(Schema):
    organisation = _id()


class Organisation(Schema):
    """A node of the tree."""

    id = _id()
    version = fields.Integer(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    parent = fields.String(required=True, allow_none=True)
    path = fields.List(
        fields.String(), required=True, metadata={"description": "ids from the root to this one"}
    )
    founded_on = Day(required=True)
    has_committee = fields.Boolean(required=True)
    has_leading_group = fields.Boolean(required=True)
    external_id = fields.String(required=True, allow_none=True)
    active = fields.Boolean(required=True)


class ListOrganisations(_Listing):
    """Organisations by code. ``parent``: its children; ``within``: itself and everything below."""

    parent = _id(required=False)
    within = _id(required=False)
    kind = fields.String(validate=validate.OneOf(ORGANISATION_KINDS))
    code = fields.String(validate=CODE)
    search = Text(40)
    active = fields.Boolean()


class Organisations(_Page):
    items = fields.List(fields.Nested(Organisation), required=True)


# -- people ----------------------------------------------------------------------------------------


class CreatePerson(Schema):
    """Enter a person of ``organisation``; asks for a writer or administrator there or above."""

    number = fields.String(required=True, validate=NUMBER)
    name = Text(60, required=True)
    sex = fields.String(load_default="unknown", validate=validate.OneOf(SEXES))
    political_status = fields.String(required=True, validate=validate.OneOf(POLITICAL_STATUSES))
    organisation = _id()
    phone = fields.String(load_default=None, allow_none=True, validate=PHONE)
    joined_on = Day(
        load_default=None, allow_none=True, metadata={"description": "date of admission 入党日期"}
    )
    external_id = Text(60, load_default=None, allow_none=True)


class ChangePerson(_Expecting):
    """Change what is given. A new ``organisation`` is asked of both."""

    person = _id()
    name = Text(60)
    sex = fields.String(validate=validate.OneOf(SEXES))
    political_status = fields.String(validate=validate.OneOf(POLITICAL_STATUSES))
    organisation = _id(required=False)
    phone = fields.String(allow_none=True, validate=PHONE)
    joined_on = Day(allow_none=True)
    external_id = Text(60, allow_none=True)
    active = fields.Boolean()


class GetPerson(Schema):
    person = _id()


class Person(Schema):
    """A person; the phone number is masked."""

    id = _id()
    version = fields.Integer(required=True)
    number = fields.String(required=True)
    name = fields.String(required=True)
    sex = fields.String(required=True, validate=validate.OneOf(SEXES))
    political_status = fields.String(required=True, validate=validate.OneOf(POLITICAL_STATUSES))
    organisation = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True, metadata={"description": "masked: 138****5678"})
    joined_on = Day(required=True, allow_none=True)
    external_id = fields.String(required=True, allow_none=True)
    active = fields.Boolean(required=True)


class ListPeople(_Listing):
    """People by number. Without ``organisation`` and ``within``: all that the caller's posts cover."""

    organisation = _id(required=False)
    within = _id(required=False)
    number = fields.String(validate=NUMBER)
    political_status = fields.String(validate=validate.OneOf(POLITICAL_STATUSES))
    search = Text(40, metadata={"description": "the beginning of a name"})
    active = fields.Boolean()


class People(_Page):
    items = fields.List(fields.Nested(Person), required=True)


class IdentifyPerson(Schema):
    """Whose number this is; answered in the local profile only, for the demonstration sign-in."""

    number = fields.String(required=True, validate=NUMBER)


class Identified(Schema):
    person = _id()


# -- posts -----------------------------------------------------------------------------------------


class GivePost(Schema):
    """Give ``person`` a role at ``organisation``; asks for a level strictly above, or an administrator."""

    person = _id()
    organisation = _id()
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    since = Day(required=True)
    until = Day(load_default=None, allow_none=True, metadata={"description": "last day of the term"})


class WithdrawPost(_Expecting):
    """End a post today. Withdrawing what is withdrawn answers the same again."""

    post = _id()


class Post(Schema):
    """Person, organisation, role and term."""

    id = _id()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    since = Day(required=True)
    until = Day(required=True, allow_none=True)
    active = fields.Boolean(required=True)


class ListPosts(_Listing):
    """Posts of an organisation, of a person, or (neither given) the caller's own."""

    organisation = _id(required=False)
    person = _id(required=False)
    active = fields.Boolean()


class Posts(_Page):
    items = fields.List(fields.Nested(Post), required=True)


class OwnPost(Schema):
    id = _id()
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    organisation = fields.String(required=True)
    since = Day(required=True)
    until = Day(required=True, allow_none=True)


class OwnOrganisation(Schema):
    """An organisation the caller belongs to or holds a post at."""

    id = _id()
    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    parent = fields.String(required=True, allow_none=True)
    path = fields.List(fields.String(), required=True)


class Myself(Schema):
    """The caller: who, which posts today, which organisations."""

    person = _id()
    number = fields.String(required=True)
    name = fields.String(required=True)
    political_status = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "where the person belongs"})
    posts = fields.List(fields.Nested(OwnPost), required=True)
    organisations = fields.List(fields.Nested(OwnOrganisation), required=True)


# -- activities ------------------------------------------------------------------------------------


class Attendance(Schema):
    """One person's attendance; an excuse needs its reason."""

    person = _id()
    state = fields.String(required=True, validate=validate.OneOf(ATTENDANCE_STATES))
    reason = Text(120, least=0, load_default=None, allow_none=True)


class Attended(Attendance):
    """As ``Attendance``; of who was entitled with the name as it is now, a guest without."""

    name = fields.String()
    guest = fields.Boolean(metadata={"description": "not entitled: listed, and counted nowhere"})


class PlanActivity(Schema):
    """Put an activity on the plan of ``organisation``."""

    organisation = _id()
    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    title = Text(120, required=True)
    held_on = Day(required=True)
    place = Text(80, least=0, load_default=None, allow_none=True)


class RecordActivity(_Expecting):
    """Record what happened, or record it anew before it is approved.

    Everybody entitled is listed, present or not: the organisation's active members and probationary members,
    its groups' included; of a committee's own meeting the holders of its posts; of a talk who took part.
    Others may be listed: they are guests, who count nowhere.
    """

    activity = _id()
    attendance = fields.List(
        fields.Nested(Attendance), required=True, validate=validate.Length(max=MOST_ATTENDANCE)
    )
    minutes = Text(20_000, least=0, load_default=None, allow_none=True)
    decisions = fields.List(Text(500), load_default=list, validate=validate.Length(max=50))
    held_on = Day(metadata={"description": "where the day differs from the plan"})


class SubmitActivity(_Expecting):
    """Hand the record to the level above."""

    activity = _id()


class ReviewActivity(_Expecting):
    """Approve or return; asks for a post strictly above the organisation. A return needs a comment."""

    activity = _id()
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(500, least=0, load_default=None, allow_none=True)


class GetActivity(Schema):
    activity = _id()


class Review(Schema):
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, metadata={"description": "person id"})
    on = Day(required=True)


class ActivitySummary(Schema):
    """An activity without its attendance list and minutes."""

    id = _id()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    title = fields.String(required=True)
    held_on = Day(required=True)
    place = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(ACTIVITY_STATES))
    entered_on = Day(required=True, allow_none=True, metadata={"description": "first day it was recorded"})
    late = fields.Boolean(required=True, metadata={"description": "entered after the entry window 补录"})
    expected = fields.Integer(required=True)
    present = fields.Integer(required=True)
    excused = fields.Integer(required=True)
    has_minutes = fields.Boolean(required=True)
    imported = fields.Boolean(required=True)


class Activity(ActivitySummary):
    """An activity with everything recorded of it."""

    attendance = fields.List(fields.Nested(Attended), required=True)
    minutes = fields.String(required=True, allow_none=True)
    decisions = fields.List(fields.String(), required=True)
    reviews = fields.List(fields.Nested(Review), required=True)


class ListActivities(_Listing):
    """Activities, newest first. Without ``organisation`` and ``within``: all that the caller may see."""

    organisation = _id(required=False)
    within = _id(required=False)
    kind = fields.String(validate=validate.OneOf(ACTIVITY_KINDS))
    state = fields.String(validate=validate.OneOf(ACTIVITY_STATES))
    since = Day()
    until = Day()


class Activities(_Page):
    items = fields.List(fields.Nested(ActivitySummary), required=True)


# -- imports and jobs ------------------------------------------------------------------------------


class BeginUpload(Schema):
    """Open an upload; asks for the administrator of the root."""

    filename = Text(200, required=True)


class Upload(Schema):
    upload = _id()
    size = fields.Integer(required=True, metadata={"description": "bytes received so far"})


class AppendUpload(Schema):
    """The next part: at most 512 KiB, base64. Sending a part again is answered the same."""

    upload = _id()
    part = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=1000))
    content = fields.String(required=True, validate=validate.Length(max=MOST_PART_BYTES * 4 // 3 + 4))


class StartImport(Schema):
    """Import the roster that was uploaded. Starting the same upload again answers the same job."""

    upload = _id()
    filename = Text(200, required=True)


class StartedJob(Schema):
    job = _id()


class GetJob(Schema):
    job = _id()


class BilingualText(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class RowError(Schema):
    """Why a row was not taken over; nothing of this row was."""

    sheet = fields.String(required=True)
    row = fields.Integer(required=True, metadata={"description": "as the spreadsheet counts, header = 1"})
    column = fields.String(required=True, allow_none=True)
    code = fields.String(required=True)
    text = fields.Nested(BilingualText, required=True)


class ListJobErrors(_Listing):
    """Every error of a job, in the order they were found."""

    job = _id()


class JobErrors(_Page):
    items = fields.List(fields.Nested(RowError), required=True)


class ImportResult(Schema):
    """Rows by outcome."""

    created = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    refused = fields.Integer(required=True)


class Job(Schema):
    """A job with its progress. ``errors`` holds the first 200 of ``error_count``; a list has them all."""

    id = _id()
    kind = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(JOB_STATES))
    done = fields.Integer(required=True)
    total = fields.Integer(required=True, allow_none=True)
    errors = fields.List(fields.Nested(RowError), required=True)
    error_count = fields.Integer(required=True)
    result = fields.Nested(ImportResult, required=True, allow_none=True)
    failure = fields.Nested(BilingualText, required=True, allow_none=True)


# -- audit -----------------------------------------------------------------------------------------


class ReadAudit(_Listing):
    """Entries, newest first. A person may read those about themselves; inspectors and administrators all."""

    object_kind = fields.String(validate=validate.Length(max=40))
    object = _id(required=False)


class AuditEntry(Schema):
    seq = fields.Integer(required=True)
    at = Instant(required=True)
    actor = fields.String(required=True, allow_none=True)
    action = fields.String(required=True)
    object_kind = fields.String(required=True)
    object = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)


class AuditEntries(_Page):
    items = fields.List(fields.Nested(AuditEntry), required=True)
