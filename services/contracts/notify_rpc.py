"""Requests and responses of the notify service's calls. No response carries a phone number in clear."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import ANNOUNCEMENT_STATES, MESSAGE_CHANNELS, MESSAGE_KINDS, MESSAGE_STATES
from services.contracts.plain_text import readable

RECEIPT_STATUSES = ("delivered", "failed")
_ID = validate.Length(min=1, max=64)


class ListMessages(Schema):
    """Messages, newest first, about organisations in which the caller holds a post, or above them.

    Without ``organisation`` and ``obligation``: everything in the caller's scope. Messages addressed to
    the caller are theirs to read wherever they hold a post; those of the kinds ``campus`` and ``talk`` nobody
    else's. With ``obligation`` every decision about its
    reminders, also for members who may see what their branch owes. Raises Forbidden for an organisation
    outside the scope; an obligation outside it has no messages to the caller, as if it did not exist.
    """

    obligation = fields.String(
        validate=_ID, metadata={"description": "or the opinion or election that a reminder is about"}
    )
    organisation = fields.String(validate=_ID, metadata={"description": "it and all below it"})
    state = fields.String(validate=validate.OneOf(MESSAGE_STATES))
    cursor = fields.String(validate=validate.Length(max=200))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=100))


class GetMessage(Schema):
    """One message. NotFound where it does not exist or the caller may not know that it does."""

    message = fields.String(required=True, validate=_ID)


class Decision(Schema):
    """One decision about a message: what was decided, when, and why."""

    at = fields.DateTime(required=True, format="iso")
    state = fields.String(required=True, validate=validate.OneOf(MESSAGE_STATES))
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "a code: quiet_hours, no_contact, no_head, fulfilled, too_old, …"},
    )
    attempt = fields.Integer(required=True, metadata={"description": "attempts to send, so far"})


class MergedInto(Schema):
    """The digest that says it instead, and how that stands."""

    message = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(MESSAGE_STATES))
    changed_at = fields.DateTime(required=True, format="iso")


class Message(Schema):
    """A message as its readers see it; the number it went to is masked."""

    message = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(MESSAGE_STATES))
    reason = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, validate=validate.OneOf(MESSAGE_KINDS))
    channel = fields.String(
        required=True,
        metadata={"description": "the way that it goes, or went, of those that its recipient has"},
    )
    provider = fields.String(
        allow_none=True, metadata={"description": "who was called last; null before anybody was"}
    )
    language = fields.String(required=True)
    template = fields.String(required=True, metadata={"description": "id and version: reminder-overdue.v1"})
    step = fields.String(required=True, metadata={"description": "the rung of the reminder ladder"})
    organisation = fields.String(required=True, metadata={"description": "the one the message is about"})
    obligation = fields.String(required=True, allow_none=True)
    recipient = fields.String(required=True, allow_none=True, metadata={"description": "person id"})
    answers_as = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "head, deputy or delegate; with _for_vacancy of the next level above"},
    )
    merged_into = fields.Nested(MergedInto, required=True, allow_none=True)
    phone = fields.String(
        required=True, allow_none=True, metadata={"description": "masked; null before it was sent"}
    )
    text = fields.String(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    created_at = fields.DateTime(required=True, format="iso")
    changed_at = fields.DateTime(required=True, format="iso")
    due_at = fields.DateTime(
        required=True, allow_none=True, format="iso", metadata={"description": "not sent before"}
    )


class MessageWithDecisions(Message):
    """A message with every decision that was taken about it, oldest first."""

    decisions = fields.List(fields.Nested(Decision), required=True)


class Messages(Schema):
    """A page of messages; ``next`` is the cursor of the following page, null on the last."""

    items = fields.List(fields.Nested(Message), required=True)
    next = fields.String(required=True, allow_none=True)


class AcceptReceipt(Schema):
    """The provider at ``SMS_URL`` reports what became of a message that it had; the same report may come any
    number of times. Others, and it as well, report to the address that has their name.

    Over HTTP the provider posts ``{"id", "reference", "status", "code"}`` and gives its token in the
    header ``X-Receipt-Token``; the gateway passes all of it on unchecked. ``reference`` is the
    ``X-Request-Id`` of the send. Raises Unauthenticated for a wrong token, NotFound for an unknown
    reference; a receipt that comes too late or contradicts an earlier one changes nothing.
    """

    token = fields.String(required=True, allow_none=True, validate=validate.Length(max=200))
    id = fields.String(
        allow_none=True,
        validate=validate.Length(max=200),
        metadata={"description": "the provider's own id of the message"},
    )
    reference = fields.String(required=True, validate=_ID)
    status = fields.String(required=True, validate=validate.OneOf(RECEIPT_STATUSES))
    code = fields.String(allow_none=True, validate=validate.Regexp(r"\A[A-Za-z0-9_.:-]{0,64}\Z"))


class ReceiptAccepted(Schema):
    """``applied``: it changed the message; otherwise it was a repeat or came too late."""

    message = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(MESSAGE_STATES))
    applied = fields.Boolean(required=True)


class TakeReports(Schema):
    """A provider reports what became of messages, in its own words; the same may come any number of times.

    Over HTTP the provider posts its report to the address that has its name, and shows its secret: in the
    header ``X-Receipt-Token``, as ``?token=`` where it can set no header, or by ``X-Receipt-Signature``, the
    HMAC-SHA256 of the body under the secret, in hex. Raises Unauthenticated for a wrong one and for an
    unknown provider, Invalid for what is no report of that provider.
    """

    provider = fields.String(required=True, validate=validate.Length(max=40))
    token = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    signature = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    body = fields.String(required=True, validate=validate.Length(max=1024 * 1024))


class ReportsTaken(Schema):
    """XX repeats, came too late, or were about messages of which nothing is known here."""

    code = fields.Integer(required=True)
    msg = fields.String(required=True)
    result = fields.Integer(required=True)
    errmsg = fields.String(required=True)
    applied = fields.Integer(required=True)


class ListInbox(Schema):
    """What stands in the caller's own inbox, newest first."""

    unread = fields.Boolean(load_default=False, metadata={"description": "only what was not read"})
    cursor = fields.String(validate=validate.Length(max=200))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=100))


class InboxEntry(Schema):
    """One message in an inbox; ``read_at`` is null until its reader has read it."""

    message = fields.String(required=True)
    template = fields.String(required=True)
    text = fields.String(required=True)
    put_at = fields.DateTime(required=True, format="iso")
    read_at = fields.DateTime(required=True, allow_none=True, format="iso")


class Inbox(Schema):
    """A page of an inbox; ``next`` is the cursor of the following page, null on the last."""

    items = fields.List(fields.Nested(InboxEntry), required=True)
    next = fields.String(required=True, allow_none=True)


class MarkRead(Schema):
    """Say that one has read a message; the first time counts. NotFound for what is not in one's inbox."""

    message = fields.String(required=True, validate=_ID)


class Announce(Schema):
    """Tell everybody who belongs to an organisation or below. Forbidden but for its secretary or
    administrator, or those above."""

    organisation = fields.String(required=True, validate=_ID)
    text = fields.String(
        required=True,
        validate=[validate.Length(min=1, max=300), readable],
        metadata={"description": "plain text: HTML is refused"},
    )
    channels = fields.List(
        fields.String(validate=validate.OneOf(MESSAGE_CHANNELS)),
        load_default=["inbox"],
        validate=validate.Length(min=1, max=len(MESSAGE_CHANNELS)),
        metadata={"description": "in the order in which they are tried for each recipient"},
    )


class GetAnnouncement(Schema):
    """How far an announcement is. NotFound but for whoever might have made it."""

    announcement = fields.String(required=True, validate=_ID)


class StopAnnouncement(Schema):
    """Send nothing more of an announcement; what has gone out has gone out."""

    announcement = fields.String(required=True, validate=_ID)


class ResumeAnnouncement(Schema):
    """Make the messages that a failed announcement lacks; nobody is told twice. Conflict unless it failed."""

    announcement = fields.String(required=True, validate=_ID)


class MessagesInState(Schema):
    """How many messages are in a state."""

    state = fields.String(required=True, validate=validate.OneOf(MESSAGE_STATES))
    count = fields.Integer(required=True)


class Announcement(Schema):
    """An announcement and its progress. ``handed_over``: every message of it is made; ``done`` of ``total``
    are. ``failed``: no more are made, for ``reason`` (a code), until it is resumed. ``messages`` are those
    by their state."""

    id = fields.String(required=True)
    organisation = fields.String(required=True)
    text = fields.String(required=True)
    channels = fields.List(fields.String(), required=True)
    state = fields.String(required=True, validate=validate.OneOf(ANNOUNCEMENT_STATES))
    reason = fields.String(required=True, allow_none=True)
    job = fields.String(required=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True, allow_none=True)
    messages = fields.List(fields.Nested(MessagesInState), required=True)
