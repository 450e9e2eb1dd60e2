"""What people write is plain text, in whichever service it comes in."""

from __future__ import annotations

import re

from marshmallow import ValidationError

_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# A tag of HTML; not ``a < b``, nor 《…》 or <中文>.
_MARKUP = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>|<!(?:--|doctype)", re.IGNORECASE)


def readable(text: str) -> None:
    """Refuse what is no plain text: blanks alone, HTML, control characters, halves of a character.

    Raises ``ValidationError`` with ``text.blank``, ``text.unfit_characters`` or ``text.markup``.
    """
    if not text.strip():
        raise ValidationError("text.blank")
    if _UNFIT.search(text):
        raise ValidationError("text.unfit_characters")
    if _MARKUP.search(text):
        raise ValidationError("text.markup")
