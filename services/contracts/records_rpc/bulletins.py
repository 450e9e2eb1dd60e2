"""Requests and answers about bulletins. Text is plain; who read what is known of mandatory ones alone."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.contracts.files import KeptFile, attachments
from services.contracts.kinds import BULLETIN_STATES, POLITICAL_STATUSES, ROLES
from services.contracts.records_rpc.parts import Day, Expecting, Instant, Listing, Page, Text, identifier

MOST_CHARACTERS = 20_000
MOST_TITLE = 120
MOST_REASON = 500
MOST_LINK = 500
MOST_ORGANISATIONS = 20


def link() -> fields.String:
    """The field of an address elsewhere; what it may be, the service decides."""
    return fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=MOST_LINK),
        metadata={"description": "https alone"},
    )


def _some_of(words: tuple[str, ...]) -> fields.List[Any]:
    return fields.List(
        fields.String(validate=validate.OneOf(words)),
        load_default=list,
        validate=validate.Length(max=len(words)),
    )


class Audience(Schema):
    """Organisations, each with all below it: everybody who belongs there, or holders of ``roles`` and people
    of ``political_statuses`` alone."""

    organisations = fields.List(
        identifier(), required=True, validate=validate.Length(min=1, max=MOST_ORGANISATIONS)
    )
    roles = _some_of(ROLES)
    political_statuses = _some_of(POLITICAL_STATUSES)


class _Text(Schema):
    title = Text(MOST_TITLE, required=True)
    body = Text(
        MOST_CHARACTERS, required=True, metadata={"description": "plain; a blank line ends a paragraph"}
    )
    link = link()
    attachments = attachments()


class _Draft(_Text):
    audience = fields.Nested(Audience, required=True)
    mandatory = fields.Boolean(load_default=False)
    read_by = Day(load_default=None, allow_none=True, metadata={"description": "of a mandatory one"})
    open = fields.Boolean(load_default=False, metadata={"description": "shown to the public too"})


class DraftBulletin(_Draft):
    """Draft a bulletin of an organisation, to organisations at or below it."""

    organisation = identifier()


class ChangeBulletin(_Draft, Expecting):
    """What the draft says instead. One that waits for its hour is a draft again."""

    bulletin = identifier()


class PublishBulletin(Expecting):
    """Publish it now, or ``at`` an instant to come."""

    bulletin = identifier()
    at = Instant(load_default=None, allow_none=True)


class CorrectBulletin(_Text, Expecting):
    """A new edition of what is published, with what was corrected; the earlier ones stay."""

    bulletin = identifier()
    correction = Text(MOST_REASON, required=True)


class WithdrawBulletin(Expecting):
    """Take down what is published; readers see that it was, and why."""

    bulletin = identifier()
    reason = Text(MOST_REASON, required=True)


class DiscardBulletin(Expecting):
    """Give up a draft, or what waits for its hour. Its title stays; its files are their sender's again."""

    bulletin = identifier()


class GetBulletin(Schema):
    """One bulletin."""

    bulletin = identifier()


class ReadBulletin(Schema):
    """Say that one has read it. Kept of mandatory ones alone."""

    bulletin = identifier()


class BulletinRead(Schema):
    bulletin = fields.String(required=True)
    recorded = fields.Boolean(required=True, metadata={"description": "false: it asks for no receipt"})
    read_on = Day(required=True, allow_none=True)


class TakenDown(Schema):
    reason = fields.String(required=True)
    on = Day(required=True)


class BulletinSummary(Schema):
    """A bulletin without what it says."""

    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(BULLETIN_STATES))
    mandatory = fields.Boolean(required=True)
    read_by = Day(required=True, allow_none=True)
    read_on = Day(required=True, allow_none=True, metadata={"description": "by the caller; mandatory ones"})
    open = fields.Boolean(required=True)
    edition = fields.Integer(required=True, metadata={"description": "0: not published yet"})
    published_on = Day(required=True, allow_none=True)
    published_at = Instant(required=True, allow_none=True)
    publish_at = Instant(required=True, allow_none=True)
    withdrawn = fields.Nested(TakenDown, required=True, allow_none=True)


class Correction(Schema):
    edition = fields.Integer(required=True)
    correction = fields.String(required=True)
    at = Instant(required=True)


class EarlierEdition(Schema):
    edition = fields.Integer(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    link = fields.String(required=True, allow_none=True)
    attachments = fields.List(fields.Nested(KeptFile), required=True)


class Bulletin(BulletinSummary):
    """A bulletin with what it says now and said before; of one withdrawn, to its publishers alone."""

    body = fields.String(required=True, allow_none=True)
    link = fields.String(required=True, allow_none=True)
    attachments = fields.List(fields.Nested(KeptFile), required=True)
    audience = fields.Nested(Audience, required=True)
    corrections = fields.List(fields.Nested(Correction), required=True)
    earlier = fields.List(fields.Nested(EarlierEdition), required=True)


class ListMyBulletins(Listing):
    """What is addressed to the caller, newest first. ``unread``: mandatory ones not read yet; such a page may
    hold fewer than ``limit`` and still have a ``next``."""

    unread = fields.Boolean(load_default=False)


class ListBulletins(Listing):
    """What an organisation drafted and published, newest first, for who publishes there.

    By ``state``, what was published or withdrawn, also for a post at the organisation or above.
    """

    organisation = identifier()
    state = fields.String(validate=validate.OneOf(BULLETIN_STATES))


class Bulletins(Page):
    items = fields.List(fields.Nested(BulletinSummary), required=True)


class ListBulletinReceipts(Listing):
    """How many read a mandatory bulletin, by organisation, among those the caller holds a post over."""

    bulletin = identifier()


class BulletinReceipts(Schema):
    organisation = fields.String(required=True)
    expected = fields.Integer(required=True, metadata={"description": "addressed on the day of publication"})
    read = fields.Integer(required=True)
    unread = fields.Integer(required=True)


class BulletinReceiptsPage(Page):
    items = fields.List(fields.Nested(BulletinReceipts), required=True)


class ListBulletinUnread(Listing):
    """Who of an organisation has not read a mandatory bulletin. Asking is on record."""

    bulletin = identifier()
    organisation = identifier()


class Unread(Schema):
    person = fields.String(required=True)
    name = fields.String(required=True)


class UnreadPage(Page):
    items = fields.List(fields.Nested(Unread), required=True)


class ListPublicBulletins(Listing):
    """Bulletins for everybody, newest first."""


class PublicBulletin(Schema):
    """A bulletin as everybody sees it; of one withdrawn, that it was and why."""

    id = identifier()
    organisation = fields.String(required=True)
    organisation_name = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True, allow_none=True)
    link = fields.String(required=True, allow_none=True)
    edition = fields.Integer(required=True)
    corrections = fields.List(fields.Nested(Correction), required=True)
    published_at = Instant(required=True)
    withdrawn = fields.Nested(TakenDown, required=True, allow_none=True)


class PublicBulletins(Page):
    items = fields.List(fields.Nested(PublicBulletin), required=True)
