"""Receipt codes: how somebody without a name finds their opinion again. Codes are never kept."""

from __future__ import annotations

import hashlib
import re

from services.chassis.identity import derived_id
from services.feedback.tickets.model import Ticket

# Crockford's: no letter that is mistaken for a digit when it is copied by hand.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 25
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BETWEEN = re.compile(r"[\s\-‐-―－]+")  # every dash that a phone's keyboard offers


def code_of(ticket: Ticket) -> str:
    """The code that a ticket leads to: 125 bits as five groups of five, ``7F3KQ-…``.

    Whoever holds the ticket is shown the same receipt again, though neither is stored. The 256 random bits
    of the ticket's message are what makes it a secret, so that a plain hash is enough.
    """
    number = int.from_bytes(hashlib.sha256(b"receipt\x1f" + ticket.message).digest())
    letters = "".join(_LETTERS[(number >> 5 * place) & 31] for place in range(_LENGTH))
    return "-".join(letters[start : start + 5] for start in range(0, _LENGTH, 5))


def opinion_of(code: str) -> str:
    """The id of the opinion that ``code`` is the receipt of: a hash, and all that is kept of the code.

    However the code was typed (case, dashes, blanks, O for 0, I or L for 1). A plain hash is enough: 125
    bits that cannot be guessed need no slow one, and an id made this way says nothing of the time.
    """
    letters = _BETWEEN.sub("", code).upper().translate(_MISREAD)
    return opinion_of_digest(hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest())


def opinion_of_digest(digest: str) -> str:
    """The same, by the hexadecimal SHA-256 of the code's letters: of a code that was made elsewhere."""
    return derived_id("opinion", digest)
