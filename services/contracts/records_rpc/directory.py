"""Requests and answers about organisations, people and posts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.contracts.kinds import (
    ORGANISATION_KINDS,
    POLITICAL_STATUS_CODES,
    POLITICAL_STATUSES,
    REVEALED,
    ROLES,
    SEXES,
)
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier

# Their messages are codes: the texts for people are in the catalogues.
NUMBER = validate.Regexp(r"\A[A-Za-z0-9]{2,20}\Z", error="number.invalid")
CODE = validate.Regexp(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z", error="code.invalid")
PHONE = validate.Regexp(r"\A\+?[0-9]{6,15}\Z", error="phone.invalid")
ID_NUMBER = validate.Regexp(r"\A[0-9]{17}[0-9Xx]\Z", error="id_number.invalid")


def _status_code(**kwargs: Any) -> fields.String:
    return fields.String(
        allow_none=True,
        validate=validate.OneOf(POLITICAL_STATUS_CODES),
        metadata={"description": "GB/T 4762; 01 and 02 follow from the status, of others null: not known"},
        **kwargs,
    )


# -- organisations ---------------------------------------------------------------------------------


def document_number() -> fields.String:
    return Text(60, metadata={"description": "文号 of the document it rests on"})


class CreateOrganisation(Schema):
    """Found an organisation below ``parent``; asks for an administrator at or above it."""

    code = fields.String(required=True, validate=CODE)
    name = Text(80, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    parent = identifier()
    founded_on = Day(required=True)
    has_committee = fields.Boolean(load_default=False)
    has_leading_group = fields.Boolean(load_default=False)
    external_id = Text(60, load_default=None, allow_none=True)
    reason = Text(500)
    document_number = document_number()


class ChangeOrganisation(Expecting):
    """Change what is given. A new ``parent`` moves the whole subtree, and is asked of both ends."""

    organisation = identifier()
    name = Text(80)
    parent = identifier(required=False)
    founded_on = Day()
    has_committee = fields.Boolean()
    has_leading_group = fields.Boolean()
    external_id = Text(60, allow_none=True)
    active = fields.Boolean()
    effective_on = Day(
        metadata={"description": "from when it counts, else today; not before the last change"}
    )
    reason = Text(500)
    document_number = document_number()


class GetOrganisation(Schema):
    organisation = identifier()


class Organisation(Schema):
    """A node of the tree."""

    id = identifier()
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
    since = Day(required=True, metadata={"description": "from when name, kind and place are as told"})
    dissolved_on = Day(required=True, allow_none=True)
    successors = fields.List(
        fields.String(), required=True, metadata={"description": "of a dissolved one: where its members went"}
    )
    committee_elected_on = Day(required=True, allow_none=True)
    committee_due_on = Day(
        required=True, allow_none=True, metadata={"description": "the committee is elected until then"}
    )


class ListOrganisations(Listing):
    """Organisations by code. ``parent``: its children; ``within``: itself and everything below.

    ``on`` reads the tree as it was on that day; a ``version`` is then the number of the edition.
    """

    on = Day()
    parent = identifier(required=False)
    within = identifier(required=False)
    kind = fields.String(validate=validate.OneOf(ORGANISATION_KINDS))
    code = fields.String(validate=CODE)
    search = Text(40, metadata={"description": "a part of the name; capitals and wide letters are the same"})
    active = fields.Boolean()


class Organisations(Page):
    items = fields.List(fields.Nested(Organisation), required=True)


# -- people ----------------------------------------------------------------------------------------


class CreatePerson(Schema):
    """Enter a person of ``organisation``; asks for a writer or administrator there or above."""

    number = fields.String(required=True, validate=NUMBER)
    name = Text(60, required=True)
    sex = fields.String(load_default="unknown", validate=validate.OneOf(SEXES))
    political_status = fields.String(required=True, validate=validate.OneOf(POLITICAL_STATUSES))
    organisation = identifier()
    political_status_code = _status_code(load_default=None)
    phone = fields.String(load_default=None, allow_none=True, validate=PHONE)
    id_number = fields.String(load_default=None, allow_none=True, validate=ID_NUMBER)
    joined_on = Day(
        load_default=None, allow_none=True, metadata={"description": "date of admission 入党日期"}
    )
    external_id = Text(60, load_default=None, allow_none=True)
    since = Day(metadata={"description": "first day here; without it, since before the records"})


class ChangePerson(Expecting):
    """Change what is given. A new ``organisation`` is asked of both."""

    person = identifier()
    name = Text(60)
    sex = fields.String(validate=validate.OneOf(SEXES))
    political_status = fields.String(validate=validate.OneOf(POLITICAL_STATUSES))
    organisation = identifier(required=False)
    political_status_code = _status_code()
    phone = fields.String(allow_none=True, validate=PHONE)
    id_number = fields.String(allow_none=True, validate=ID_NUMBER)
    joined_on = Day(allow_none=True)
    external_id = Text(60, allow_none=True)
    active = fields.Boolean()
    since = Day(
        metadata={"description": "from when a new organisation, status or activity counts; else today"}
    )


class GetPerson(Schema):
    person = identifier()


class Person(Schema):
    """A person; phone and identity number are masked."""

    id = identifier()
    version = fields.Integer(required=True)
    number = fields.String(required=True)
    name = fields.String(required=True)
    sex = fields.String(required=True, validate=validate.OneOf(SEXES))
    sex_code = fields.String(required=True, metadata={"description": "GB/T 2261.1: 0, 1, 2, 9"})
    political_status = fields.String(required=True, validate=validate.OneOf(POLITICAL_STATUSES))
    political_status_code = _status_code(required=True)
    organisation = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True, metadata={"description": "masked: 138****5678"})
    id_number = fields.String(
        required=True, allow_none=True, metadata={"description": "masked: 110101********1234"}
    )
    joined_on = Day(required=True, allow_none=True)
    external_id = fields.String(required=True, allow_none=True)
    active = fields.Boolean(required=True)


class ListPeople(Listing):
    """People by number: directly in ``organisation``, or ``within`` it, those of all below it as well.

    Without both: all that the caller's posts cover.
    """

    organisation = identifier(required=False)
    within = identifier(required=False)
    number = fields.String(validate=NUMBER)
    political_status = fields.String(validate=validate.OneOf(POLITICAL_STATUSES))
    search = Text(40, metadata={"description": "the beginning of a name"})
    active = fields.Boolean()


class People(Page):
    items = fields.List(fields.Nested(Person), required=True)


class SearchPeople(Schema):
    """Who has exactly this number, phone or identity number, of the people whom the caller may read.

    One of the three. Asked for in a body: none of them stands in an address or a log.
    """

    number = fields.String(validate=NUMBER)
    phone = fields.String(validate=PHONE)
    id_number = fields.String(validate=ID_NUMBER)


class RevealPerson(Schema):
    """Unmask numbers of a person; on record with its reason, which may be left out for oneself alone."""

    person = identifier()
    fields_ = fields.List(
        fields.String(validate=validate.OneOf(REVEALED)),
        required=True,
        validate=validate.Length(min=1, max=len(REVEALED)),
        data_key="fields",
        attribute="fields",
    )
    reason = Text(200, least=4, load_default=None, allow_none=True)


class Revealed(Schema):
    """The numbers that were asked for; null where there is none or it was not asked for."""

    person = identifier()
    phone = fields.String(required=True, allow_none=True)
    id_number = fields.String(required=True, allow_none=True)


class IdentifyPerson(Schema):
    """Whose number this is; answered in the local profile only, for the demonstration sign-in."""

    number = fields.String(required=True, validate=NUMBER)


class Identified(Schema):
    person = identifier()


# -- posts -----------------------------------------------------------------------------------------


class GivePost(Schema):
    """Give ``person`` a role at ``organisation``; asks for a level strictly above, or an administrator."""

    person = identifier()
    organisation = identifier()
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    since = Day(required=True)
    until = Day(load_default=None, allow_none=True, metadata={"description": "last day of the term"})


class WithdrawPost(Expecting):
    """End a post today. Withdrawing what is withdrawn answers the same again."""

    post = identifier()


class ProlongPost(Expecting):
    """Give a post that is held another last day; null for no end. Asked of whoever may give it."""

    post = identifier()
    until = Day(required=True, allow_none=True)
    reason = Text(500)


class Post(Schema):
    """Person, organisation, role and term."""

    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    since = Day(required=True)
    until = Day(required=True, allow_none=True)
    active = fields.Boolean(required=True)


class ListPosts(Listing):
    """Posts of an organisation, of a person, or (neither given) the caller's own."""

    organisation = identifier(required=False)
    person = identifier(required=False)
    active = fields.Boolean()


class Posts(Page):
    items = fields.List(fields.Nested(Post), required=True)


class ListEndingPosts(Listing):
    """Posts that end within some days, the first to end first; all that the caller's posts cover."""

    within = identifier(required=False)
    within_days = fields.Integer(strict=True, load_default=90, validate=validate.Range(min=1, max=366))


class ListVacancies(Listing):
    """Branches without a secretary, by code; all that the caller's posts cover.

    A page may hold fewer than ``limit``, or nothing, and still have a ``next``: follow it.
    """

    within = identifier(required=False)


class OwnPost(Schema):
    id = identifier()
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    organisation = fields.String(required=True)
    since = Day(required=True)
    until = Day(required=True, allow_none=True)


class OwnOrganisation(Schema):
    """An organisation the caller belongs to or holds a post at."""

    id = identifier()
    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    parent = fields.String(required=True, allow_none=True)
    path = fields.List(fields.String(), required=True)


class Myself(Schema):
    """The caller: who, which posts today, which organisations."""

    person = identifier()
    number = fields.String(required=True)
    name = fields.String(required=True)
    political_status = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "where the person belongs"})
    posts = fields.List(fields.Nested(OwnPost), required=True)
    organisations = fields.List(fields.Nested(OwnOrganisation), required=True)
