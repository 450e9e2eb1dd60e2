"""Citizens' identity numbers by GB 11643: seventeen digits and one that checks them. No I/O."""

from __future__ import annotations

import re
from datetime import date

from services.chassis.errors import Invalid

_FORM = re.compile(r"[1-9][0-9]{5}(?P<born>(?:18|19|20)[0-9]{6})[0-9]{3}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"  # by the weighted sum modulo 11


def check_digit(first: str) -> str:
    """The eighteenth character after the seventeen digits ``first``. Source: GB 11643, ISO 7064 MOD 11-2."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True)) % 11]


def checked(text: str) -> str:
    """``text`` with a large X, where it is a number that can have been given to somebody.

    Raises ``Invalid("id_number.invalid")``, which never holds a part of it: another length, no day of birth,
    or a wrong check digit.
    """
    number = text.upper()
    found = _FORM.fullmatch(number)
    if found is None or not _is_day(found["born"]) or check_digit(number[:17]) != number[17]:
        raise Invalid.at("id_number", "id_number.invalid", rule="GB 11643")
    return number


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
