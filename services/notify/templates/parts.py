"""How long a text is as an SMS: its alphabet, and into how many parts it falls. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# 3GPP TS 23.038, 6.2.1: the default alphabet, and what its extension table adds at two septets each.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
GSM7, UCS2 = "gsm7", "ucs2"
# Room of a text that fits one SMS, and of each part of one that does not: 140 bytes, less 6 to join them.
_ROOM = {GSM7: (160, 153), UCS2: (70, 67)}


@dataclass(frozen=True)
class Size:
    """``characters`` are units of the alphabet: septets, or halves of UTF-16."""

    encoding: str
    characters: int
    parts: int


def size_of(text: str) -> Size:
    """The size of ``text`` as an SMS: one character beyond GSM-7 makes all of it UCS-2.

    A character that takes two units is never cut in two, so that a part may stay one short. Nothing is one
    part. Source: 3GPP TS 23.038 and 23.040.
    """
    encoding = GSM7 if all(each in _BASIC or each in _EXTENDED for each in text) else UCS2
    units = [_units(each, encoding) for each in text]
    whole, part = _ROOM[encoding]
    total = sum(units)
    return Size(encoding, total, 1 if total <= whole else _parts(units, part))


def _units(character: str, encoding: str) -> int:
    if encoding == GSM7:
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def _parts(units: Iterable[int], room: int) -> int:
    parts, used = 1, 0
    for each in units:
        if used + each > room:
            parts, used = parts + 1, 0
        used += each
    return parts
