"""Events between the campus's other systems and the platform: in, and what was refused."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import POLITICAL_STATUSES, TRAINING_FORMS
from services.contracts.money import MOST_FEN
from services.contracts.plain_text import readable


class PersonUpserted(EventContract):
    """The HR or student system entered or changed a person. Fields left out stay as they are."""

    type = "campus.person.upserted.v1"

    number = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z0-9]{2,20}\Z"))
    name = fields.String(validate=validate.Length(min=1, max=60))
    phone = fields.String(allow_none=True, validate=validate.Regexp(r"\A\+?[0-9]{6,15}\Z"))
    political_status = fields.String(validate=validate.OneOf(POLITICAL_STATUSES))
    organisation_code = fields.String(validate=validate.Length(min=1, max=40))
    active = fields.Boolean()


class _Reference(EventContract):
    """What a training system calls one completion of one person; its own, and never used twice."""

    reference = fields.String(required=True, validate=validate.Length(min=1, max=80))


class TrainingCompleted(_Reference):
    """A training system says that a person completed something; ``minutes`` and days add up.

    The same reference says the same again, or is refused as ``credit.differs``: withdraw what was wrong and
    report it anew under another reference.
    """

    type = "campus.training.completed.v1"

    number = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z0-9]{2,20}\Z"))
    on = fields.Date(required=True, metadata={"description": "the day, or the last day, of the training"})
    title = fields.String(required=True, validate=validate.Length(min=1, max=120))
    form = fields.String(
        required=True, validate=validate.OneOf([form for form in TRAINING_FORMS if form != "activity"])
    )
    minutes = fields.Integer(
        strict=True,
        validate=validate.Range(min=0, max=60_000),
        metadata={"description": "minutes of credit; 60 are an hour of credit"},
    )
    full_days = fields.Integer(strict=True, validate=validate.Range(min=0, max=100))
    half_days = fields.Integer(strict=True, validate=validate.Range(min=0, max=100))


class TrainingWithdrawn(_Reference):
    """The same system withdraws what it reported under ``reference``: the credit is reversed."""

    type = "campus.training.withdrawn.v1"


class DuesPaymentMade(EventContract):
    """The payment system received dues. ``payment`` is its own number of it: told twice is once."""

    type = "campus.dues_payment.made.v1"

    payment = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z0-9._-]{1,60}\Z"))
    number = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z0-9]{2,20}\Z"))
    amount_fen = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=MOST_FEN))
    paid_on = fields.Date(required=True, metadata={"description": "campus date; not later than today"})


class DuesPaymentUndone(EventContract):
    """The payment system gave a payment back wholly: what it settled is owed again."""

    type = "campus.dues_payment.undone.v1"

    payment = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z0-9._-]{1,60}\Z"))


class OpinionFiled(EventContract):
    """A chat bot or a counter files what somebody said. The platform is told no name: it stays anonymous.

    ``reference`` is the sender's own and never used twice. A sender that gave its speaker a receipt code
    tells the digest alone, by which the speaker follows the opinion without the platform knowing the code:
    the lower-case hexadecimal SHA-256 of the 25 letters of ``0123456789ABCDEFGHJKMNPQRSTVWXYZ``, drawn at
    random, without dashes. What tells who spoke does not belong into ``text``.
    """

    type = "campus.opinion.filed.v1"

    reference = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z0-9._-]{1,80}\Z"))
    channel = fields.String(required=True, validate=validate.OneOf(("wechat", "qq", "counter")))
    organisation = fields.String(
        required=True,
        validate=validate.Length(min=1, max=64),
        metadata={"description": "the id of the organisation concerned"},
    )
    category = fields.String(required=True, validate=validate.Length(min=1, max=40))
    about_head = fields.Boolean(load_default=False)
    activity = fields.String(validate=validate.Length(min=1, max=64))
    task = fields.String(validate=validate.Length(min=1, max=64))
    text = fields.String(required=True, validate=[validate.Length(min=1, max=2_000), readable])
    receipt_digest = fields.String(validate=validate.Regexp(r"\A[0-9a-f]{64}\Z"))


class MessageRequested(EventContract):
    """Another system asks for a message to a person, by a template that it may use.

    The recipient is one of: the person with that campus ``number``, the ``person`` with that id, or whoever
    answers for ``organisation`` today.
    ``reference`` is the sender's own and never used twice: asked again it is the same message. How it ended
    is told by ``notify.message.delivered.v1``, ``…failed.v1`` or ``…suppressed.v1`` with the same reference.
    """

    type = "campus.message.requested.v1"

    reference = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z0-9._-]{1,80}\Z"))
    template = fields.String(
        required=True,
        validate=validate.Regexp(r"\A[a-z][a-z0-9-]{0,59}\Z"),
        metadata={"description": "a template's id; its newest version counts"},
    )
    number = fields.String(validate=validate.Regexp(r"\A[A-Za-z0-9]{2,20}\Z"))
    person = fields.String(validate=validate.Length(min=1, max=64))
    organisation = fields.String(validate=validate.Length(min=1, max=64))
    variables = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"\A[a-z][a-z0-9_]{0,29}\Z")),
        values=fields.String(validate=[validate.Length(min=1, max=40), readable]),
        required=True,
        validate=validate.Length(max=12),
        metadata={
            "description": "exactly those of the template: one line of text each, no address of a page"
        },
    )
    not_before = fields.AwareDateTime(
        format="iso", metadata={"description": "at the latest 30 days ahead; else as soon as may be"}
    )
    urgent = fields.Boolean(load_default=False, metadata={"description": "before others of that day"})


class EventRejected(EventContract):
    """An event from outside was refused and is parked; its sender finds the reason here.

    A sender knows its own by ``event_source`` and ``event``; where what it sent was no event, by the
    ``message_id`` that it gave the message.
    """

    type = "campus.event.rejected.v1"
    answers_on = "campus.rejections"

    event = fields.String(required=True, allow_none=True, metadata={"description": "the refused event's id"})
    event_type = fields.String(required=True, allow_none=True)
    event_source = fields.String(metadata={"description": "the refused event's source, if it had one"})
    message_id = fields.String(metadata={"description": "AMQP's message_id of the refused, if it had one"})
    reason = fields.String(
        required=True, metadata={"description": "a code: not_json, contract_broken, unknown_organisation …"}
    )
    detail = fields.String(
        required=True, metadata={"description": "names of fields and rules, never a value"}
    )
