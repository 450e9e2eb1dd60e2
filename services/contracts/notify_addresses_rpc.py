"""Requests and answers of the addresses at which a person is reached other than by SMS."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import ADDRESS_CHANNELS
from services.contracts.records_rpc.parts import Instant

MOST_CHARACTERS = 254  # of a mail address, RFC 5321


class GetAddresses(Schema):
    """The caller's own addresses."""


class _OnChannel(Schema):
    channel = fields.String(required=True, validate=validate.OneOf(ADDRESS_CHANNELS))


class _Given(_OnChannel):
    address = fields.String(
        required=True,
        validate=validate.Length(min=1, max=MOST_CHARACTERS),
        metadata={"description": "a mail address; of wecom and dingtalk the user id there"},
    )


class AskAddressCode(_Given):
    """Send a code to an address, by which the caller shows that it reaches them. The address is not kept.

    Raises ``Invalid("address.unfit")``, ``Invalid("address.refused")`` by its provider,
    ``Conflict("address.no_provider")``, ``Conflict("address.too_many_codes")``,
    ``Unavailable("address.not_sent")``.
    """


class SetAddress(_Given):
    """Keep the address to which ``code`` was sent, in the place of the one before.

    Raises ``Invalid("address.code_wrong")`` also of a code for another address,
    ``Conflict("address.no_code")`` where none waits: never asked for, too old, or guessed at too often.
    """

    code = fields.String(required=True, validate=validate.Regexp(r"\A[0-9]{6}\Z"))


class RemoveAddress(_OnChannel):
    """Forget the caller's own address on a channel; without one nothing changes."""


class AddressCode(Schema):
    """A code for an address. ``sent`` false: its provider did not say whether it has it."""

    channel = fields.String(required=True, validate=validate.OneOf(ADDRESS_CHANNELS))
    until = Instant(required=True, metadata={"description": "when the code ends"})
    sent = fields.Boolean(required=True)


class OwnAddress(Schema):
    """An address that is used. It is shown masked, also to its owner."""

    channel = fields.String(required=True, validate=validate.OneOf(ADDRESS_CHANNELS))
    address = fields.String(required=True, allow_none=True, metadata={"description": "masked: z***"})
    since = Instant(required=True)


class MyAddresses(Schema):
    """The caller's own addresses, and ``channels`` that have a provider. ``version`` 0: none ever was."""

    version = fields.Integer(required=True)
    items = fields.List(fields.Nested(OwnAddress), required=True)
    channels = fields.List(fields.String(validate=validate.OneOf(ADDRESS_CHANNELS)), required=True)
