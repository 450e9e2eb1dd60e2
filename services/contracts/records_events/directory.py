"""Events of organisations, people and posts. No name, no number of a person."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import ORGANISATION_KINDS, POLITICAL_STATUSES, ROLES

NUMBER = "number"  # the field under which a campus number is fingerprinted


class OrganisationChanged(EventContract):
    """An organisation was founded, changed or dissolved. Its whole state: the newest sequence wins."""

    type = "records.organisation.changed.v1"

    organisation = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "the campus's own code, unique"})
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    parent = fields.String(required=True, allow_none=True)
    path = fields.List(
        fields.String(), required=True, metadata={"description": "ids from the root down to this one"}
    )
    has_committee = fields.Boolean(required=True)
    has_leading_group = fields.Boolean(required=True)
    founded_on = fields.Date(required=True)
    active = fields.Boolean(required=True)
    external_id = fields.String(allow_none=True)
    since = fields.Date(metadata={"description": "from when name, kind and place are as told"})
    dissolved_on = fields.Date(allow_none=True, metadata={"description": "it is no more, and stays known"})
    successors = fields.List(
        fields.String(), metadata={"description": "of a dissolved one: where its members went"}
    )
    committee_elected_on = fields.Date(allow_none=True)
    committee_due_on = fields.Date(allow_none=True, metadata={"description": "elected until then"})


class PersonChanged(EventContract):
    """A person was entered or changed. The newest sequence wins. The phone number travels sealed."""

    type = "records.person.changed.v1"

    person = fields.String(required=True)
    organisation = fields.String(required=True)
    political_status = fields.String(required=True, validate=validate.OneOf(POLITICAL_STATUSES))
    phone_sealed = fields.String(
        required=True, allow_none=True, metadata={"description": "AES-GCM, readable to holders of FIELD_KEY"}
    )
    active = fields.Boolean(required=True)
    since = fields.Date(
        allow_none=True,
        metadata={"description": "from when organisation, status and active are as told; null: unknown"},
    )
    number_fingerprint = fields.String(
        metadata={
            "description": "keyed hash of the campus number: whoever holds FIELD_KEY finds a person by it"
        }
    )


class PostChanged(EventContract):
    """A post was given, prolonged or withdrawn. The newest sequence wins."""

    type = "records.post.changed.v1"

    post = fields.String(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    since = fields.Date(required=True)
    until = fields.Date(required=True, allow_none=True, metadata={"description": "last day of the term"})
    active = fields.Boolean(required=True)
    committee_since = fields.Date(
        allow_none=True,
        metadata={"description": "from when it is a seat on a committee; null: none. Not there: unknown"},
    )
