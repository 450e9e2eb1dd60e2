"""Requests and answers of how notices are sent: preferences, delegations, templates, switches."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import LANGUAGES, MESSAGE_CHANNELS, MESSAGE_KINDS
from services.contracts.records_rpc.parts import Day, Expecting, Instant, Listing, Page, Text, identifier

SWITCHES = ("everything", *MESSAGE_KINDS)
_TEMPLATE = validate.Regexp(r"\A[a-z][a-z0-9-]{0,59}\Z")
_NAME = validate.Regexp(r"\A[a-z][a-z0-9_]{0,29}\Z")


def _reason() -> Text:
    return Text(200, least=4, required=True, metadata={"description": "why; it stays on record"})


class GetPreferences(Schema):
    """The caller's own choices."""


class SetPreferences(Expecting):
    """Change the caller's own choices; what is left out stays.

    Raises ``Invalid("preferences.kind_unknown")``, ``Invalid("preferences.mandatory")`` for a kind that
    cannot be refused.
    """

    channels = fields.List(
        fields.String(validate=validate.OneOf(MESSAGE_CHANNELS)),
        load_default=None,
        validate=validate.Length(max=len(MESSAGE_CHANNELS)),
        metadata={"description": "the first wanted first; ways not named come after them"},
    )
    language = fields.String(load_default=None, validate=validate.OneOf(LANGUAGES))
    kinds = fields.Dict(
        keys=fields.String(validate=validate.Length(max=40)),
        values=fields.Boolean(truthy={True}, falsy={False}),
        load_default=None,
        validate=validate.Length(max=20),
        metadata={"description": "whether one agrees to be sent notices of a kind"},
    )


class KindOfNotice(Schema):
    """A kind of notices, and what the caller said of it. ``consent``: ``mandatory`` cannot be refused."""

    kind = fields.String(required=True, validate=validate.OneOf(MESSAGE_KINDS))
    titles = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    consent = fields.String(
        required=True, validate=validate.OneOf(("mandatory", "unless_refused", "asked_first"))
    )
    agreed = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "null: nothing was said"}
    )
    said_on = fields.String(required=True, allow_none=True)
    article = fields.String(required=True)


class MyPreferences(Schema):
    """What the caller chose, and what there is to choose. ``version`` 0: nothing was chosen yet."""

    version = fields.Integer(required=True)
    channels = fields.List(fields.String(validate=validate.OneOf(MESSAGE_CHANNELS)), required=True)
    language = fields.String(required=True, allow_none=True)
    kinds = fields.List(fields.Nested(KindOfNotice), required=True)


class DelegateReminders(Schema):
    """Let ``to`` answer reminders about ``organisation`` from ``since`` to the end of ``until``.

    ``person`` is whose place it is, the caller's own unless given; for somebody else it takes a post strictly
    above. Raises Forbidden, NotFound, ``Invalid("delegation.…")``, ``Conflict("delegation.overlaps")``.
    """

    organisation = identifier()
    person = identifier(required=False, load_default=None)
    to = identifier()
    since = Day(required=True)
    until = Day(required=True, metadata={"description": "its last day"})
    reason = _reason()


class EndDelegation(Schema):
    """End a delegation today; what has ended stays as it was."""

    delegation = identifier()
    reason = _reason()


class Delegation(Schema):
    """Who answers reminders in whose place. It gives no right to do or read anything."""

    delegation = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    person = fields.String(required=True)
    to = fields.String(required=True)
    since = Day(required=True)
    until = Day(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "person id"})
    counts = fields.Boolean(required=True, metadata={"description": "today"})
    ended_on = Day(required=True, allow_none=True)
    ended_by = fields.String(required=True, allow_none=True)
    ended_because = fields.String(required=True, allow_none=True)


class ListDelegations(Listing):
    """Delegations of ``organisation``, the last to end first, for holders of a post there or above."""

    organisation = identifier()


class DelegationPage(Page):
    items = fields.List(fields.Nested(Delegation), required=True)


class _Draft(Schema):
    """What a version is made of; what is left out is as in the version before."""

    kind = fields.String(load_default=None, validate=validate.OneOf(MESSAGE_KINDS))
    event = fields.String(
        load_default=None,
        validate=validate.Length(max=100),
        metadata={"description": "the type of the event whose fields are its variables"},
    )
    channel = fields.String(load_default=None, validate=validate.OneOf(MESSAGE_CHANNELS))
    variables = fields.List(
        fields.String(validate=_NAME), load_default=None, validate=validate.Length(max=12)
    )
    most_characters = fields.Integer(strict=True, load_default=None, validate=validate.Range(min=1, max=1000))
    signature = fields.Dict(keys=fields.String(), values=fields.String(), load_default=None)
    provider_templates = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        load_default=None,
        metadata={"description": "under which id a provider knows this text: aliyun, tencent"},
    )


class SaveTemplate(_Draft):
    """Save the next version of a template; it counts for new messages from then on, and never changes.

    Raises Forbidden, and ``Invalid("template.…")`` naming which variables the event has.
    """

    template = fields.String(required=True, validate=_TEMPLATE)
    texts = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata={"description": "zh and en"}
    )


class PreviewTemplate(_Draft):
    """What a version would say; with ``texts``, what the next one would. Nothing is kept or sent.

    With ``obligation`` it is filled with one that the caller may see and that is reminded of, else with
    ``values``. Raises Forbidden, NotFound, Invalid.
    """

    template = fields.String(required=True, validate=_TEMPLATE)
    version = fields.Integer(strict=True, load_default=None, validate=validate.Range(min=1))
    texts = fields.Dict(keys=fields.String(), values=fields.String(), load_default=None)
    obligation = identifier(required=False, load_default=None)
    values = fields.Dict(
        keys=fields.String(validate=_NAME),
        values=fields.String(validate=validate.Length(max=200)),
        load_default=None,
        validate=validate.Length(max=12),
    )


class SmsSize(Schema):
    """How long a text is as an SMS: 160 septets or 70 UCS-2 units, in parts 153 or 67 each."""

    encoding = fields.String(required=True, validate=validate.OneOf(("gsm7", "ucs2")))
    characters = fields.Integer(required=True)
    parts = fields.Integer(required=True)


class TemplateVersion(Schema):
    """One version of a template. ``longest`` is the size that each language's text can reach."""

    template = fields.String(required=True)
    version = fields.Integer(required=True)
    key = fields.String(required=True, metadata={"description": "how a message names it"})
    kind = fields.String(required=True, validate=validate.OneOf(MESSAGE_KINDS))
    event = fields.String(required=True, allow_none=True)
    channel = fields.String(required=True)
    variables = fields.List(fields.String(), required=True)
    most_characters = fields.Integer(required=True)
    texts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    signature = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)
    provider_templates = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    longest = fields.Dict(keys=fields.String(), values=fields.Nested(SmsSize), required=True)


class ListTemplates(Schema):
    """Every template in its newest version; with ``template`` every version of that one, newest first."""

    template = fields.String(load_default=None, validate=_TEMPLATE)


class TemplateVersions(Schema):
    items = fields.List(fields.Nested(TemplateVersion), required=True)


class PreviewedText(Schema):
    """A text as it would go out, and the values a provider would fill its own copy with."""

    text = fields.String(required=True)
    variables = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    size = fields.Nested(SmsSize, required=True)


class TemplatePreview(Schema):
    """What a template says in each language."""

    template = fields.String(required=True)
    version = fields.Integer(required=True)
    provider_templates = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    texts = fields.Dict(keys=fields.String(), values=fields.Nested(PreviewedText), required=True)


class SwitchSending(Schema):
    """Pause or resume one kind of messages; without ``kind`` everything. Raises Forbidden."""

    kind = fields.String(load_default=None, validate=validate.OneOf(MESSAGE_KINDS))
    reason = _reason()


class SendingSwitch(Schema):
    """How a switch stands. While it is paused messages are held; what is not wanted any more then is dropped
    with its reason."""

    switch = fields.String(required=True, validate=validate.OneOf(SWITCHES))
    paused = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, allow_none=True, metadata={"description": "person id"})
    at = Instant(required=True, allow_none=True)


class ListSwitches(Schema):
    """Every switch, for administrators."""


class SendingSwitches(Schema):
    items = fields.List(fields.Nested(SendingSwitch), required=True)
