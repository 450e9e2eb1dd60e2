"""Events of the notify service: the outcome of every intended message. No number and no text."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import (
    ADDRESS_CHANNELS,
    ANNOUNCEMENT_STATES,
    MESSAGE_CHANNELS,
    MESSAGE_KINDS,
    MESSAGE_STATES,
)


class MessageChanged(EventContract):
    """A message reached another state. The newest sequence wins."""

    type = "notify.message.changed.v1"

    message = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(MESSAGE_STATES))
    channel = fields.String(required=True)
    template = fields.String(required=True)
    obligation = fields.String(required=True, allow_none=True)
    organisation = fields.String(required=True)
    step = fields.String(required=True, metadata={"description": "the rung of the reminder ladder"})
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "why it was not sent, or failed"}
    )
    restricted = fields.Boolean(
        metadata={"description": "true where only its recipient may know of it; absent otherwise"}
    )


class MessageOutcome(EventContract):
    """How a message ended that another system asked for by ``campus.message.requested``. Told once.

    ``requested_by``, ``event`` and ``reference`` are the source, the id and the reference of the event that
    asked. No number, no person, no text.
    """

    message = fields.String(required=True)
    requested_by = fields.String(required=True)
    event = fields.String(required=True, metadata={"description": "the id of the event that asked"})
    reference = fields.String(required=True)
    template = fields.String(required=True, metadata={"description": "id and version: campus-notice.v1"})
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "a code: undeliverable, no_contact, no_consent, attempts_exhausted, …"},
    )


class MessageSent(MessageOutcome):
    """The provider has it and does not tell whether it arrived; should it do so later, that is told too."""

    type = "notify.message.sent.v1"


class MessageDelivered(MessageOutcome):
    """The message reached its recipient, as its provider says."""

    type = "notify.message.delivered.v1"


class MessageFailed(MessageOutcome):
    """The message did not reach its recipient, and is not tried again."""

    type = "notify.message.failed.v1"


class MessageSuppressed(MessageOutcome):
    """The message was not sent, for the reason given."""

    type = "notify.message.suppressed.v1"


class TemplateSaved(EventContract):
    """A version of a template was saved; it never changes. No text."""

    type = "notify.template.saved.v1"

    template = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "its version"})
    kind = fields.String(required=True, validate=validate.OneOf(MESSAGE_KINDS))


class DelegationChanged(EventContract):
    """Somebody answers reminders in the place of a head for some days, or no more. It gives no right."""

    type = "notify.delegation.changed.v1"

    delegation = fields.String(required=True)
    organisation = fields.String(required=True)
    person = fields.String(required=True)
    to = fields.String(required=True)
    since = fields.Date(required=True)
    until = fields.Date(required=True, metadata={"description": "its last day"})
    ended_on = fields.Date(required=True, allow_none=True, metadata={"description": "ended before"})


class PreferencesChanged(EventContract):
    """A person chose how they are reached. What they agree to is told to nobody."""

    type = "notify.preferences.changed.v1"

    person = fields.String(required=True)
    channels = fields.List(
        fields.String(validate=validate.OneOf(MESSAGE_CHANNELS)),
        required=True,
        metadata={"description": "the first wanted first; ways not named come after them"},
    )
    language = fields.String(required=True, allow_none=True)


class AddressesChanged(EventContract):
    """A person entered or removed an address of their own. ``channels``: where they have one; no address."""

    type = "notify.addresses.changed.v1"

    person = fields.String(required=True)
    channels = fields.List(fields.String(validate=validate.OneOf(ADDRESS_CHANNELS)), required=True)


class SendingSwitched(EventContract):
    """Sending was paused or resumed: ``everything``, or one kind of messages. Who did it is in the audit."""

    type = "notify.sending.switched.v1"

    switch = fields.String(required=True, validate=validate.OneOf(("everything", *MESSAGE_KINDS)))
    paused = fields.Boolean(required=True)


class AnnouncementChanged(EventContract):
    """An announcement to all who belong to an organisation or below was begun, handed over, stopped, or
    failed before all of its messages were made."""

    type = "notify.announcement.changed.v1"

    announcement = fields.String(required=True)
    organisation = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(ANNOUNCEMENT_STATES))
