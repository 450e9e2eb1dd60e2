"""Requests and answers about tickets: the right to speak or to vote once, signed blind (RFC 9474)."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

MOST_TICKETS = 50
_BASE64URL = "base64url without padding"


def bytes_text(most: int, description: str) -> fields.String:
    """Bytes in base64url without padding."""
    return fields.String(
        required=True,
        validate=validate.Length(min=1, max=most),
        metadata={"description": f"{description}, in {_BASE64URL}"},
    )


class SpentTicket(Schema):
    """A ticket as it is handed in: whoever does so was entitled to one, and it does not tell who that is."""

    key = fields.String(required=True, validate=validate.Length(min=1, max=64))
    message = bytes_text(256, "the prepared message: 32 random bytes and the label of the key")
    signature = bytes_text(1024, "the unblinded signature")


class GetTicketKey(Schema):
    """Ask for the key of the running period."""


class TicketKey(Schema):
    """The key under which everybody draws in one period: RSABSSA-SHA384-PSS-Randomized."""

    key = fields.String(required=True)
    public_key = fields.String(
        required=True, metadata={"description": "SubjectPublicKeyInfo (DER) in base64, as WebCrypto's spki"}
    )
    label = fields.String(
        required=True, metadata={"description": "what each message says after its 32 random bytes"}
    )
    tickets = fields.Integer(required=True, metadata={"description": "how many each draws, all at once"})
    until = fields.Date(required=True, metadata={"description": "the last day on which they may be spent"})


class DrawTickets(Schema):
    """Draw one's tickets, once in a period. The same again for the same messages, and for no others."""

    blinded = fields.List(
        bytes_text(1024, "a blinded message"),
        required=True,
        validate=validate.Length(min=1, max=MOST_TICKETS),
    )


class DrawnTickets(TicketKey):
    """The blind signatures, in the order of the messages."""

    signatures = fields.List(fields.String(), required=True)
