"""One row of a spreadsheet as values, or every reason why not. Cells are texts; blank cells are left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

from services.chassis.errors import Invalid
from services.contracts.kinds import POLITICAL_STATUS_CODES
from services.records.directory.codes import IMPLIED, SEX_CODES
from services.records.directory.id_numbers import checked
from services.records.roster import words
from services.records.roster.cells import BLANK, narrow, unmarked
from services.records.roster.columns import ACTIVITY, ORGANISATION, PERSON

Problem = tuple[str | None, str]  # field (None: the row), code

_STATUS_OF = {word: status for status, said in words.STATUSES.items() for word in said}
_CODE_OF = {word: code for code, said in words.CODES.items() for word in (*said, code)}
_STATUS_OF_CODE = {code: status for status, code in IMPLIED.items()}
_MASKABLE = frozenset({"phone", "id_number"})
_MASKED = re.compile(r"\+?[0-9]*\*{2,}[0-9X]*", re.ASCII)
_DATE = re.compile(r"\A(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[ T]0{1,2}:00(?::00)?)?\Z")
_DATE_RUN = re.compile(r"\A(\d{4})(\d{2})(\d{2})\Z")
_ROLE_BREAK = re.compile(r"[、,;/和\s]+")


class CellWrong(Exception):
    """A cell is not what its column asks for; holds the code and never the value."""


def parse(kind: str, cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """The values of a row of ``kind`` and everything that is wrong with it, in the order of the fields.

    Values are JSON: dates are ISO texts. What a cell leaves blank, or masked, is not among the values: it
    stays as it is.
    """
    values, problems = values_of(_READERS[kind], _NEVER_BLANK[kind], cells)
    if kind == PERSON:
        problems.extend(_codes_told(values))
    return values, problems


def values_of(
    readers: Mapping[str, Callable[[str], Any]], never_blank: Collection[str], cells: Mapping[str, str]
) -> tuple[dict[str, Any], list[Problem]]:
    """As ``parse``, by a reader for each field."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for field, read in readers.items():
        cell = narrow(cells.get(field, ""))
        if cell.lower() in BLANK:
            if field in never_blank:
                problems.append((field, "cell.missing"))
            continue
        text = unmarked(cell)
        if field in _MASKABLE and _MASKED.fullmatch(text):
            continue
        try:
            read_as = read(text)
            values |= read_as if isinstance(read_as, dict) else {field: read_as}
        except CellWrong as wrong:
            problems.append((field, str(wrong)))
    return values, problems


def _codes_told(values: dict[str, Any]) -> list[Problem]:
    """Take over what the columns of codes say, where the words leave it open; words and codes must agree."""
    if values.get("political_status_code") in _STATUS_OF_CODE:
        values.setdefault("political_status", _STATUS_OF_CODE[values["political_status_code"]])
    coded = values.pop("sex_code", None)
    if coded is not None and values.setdefault("sex", coded) != coded:
        return [("sex_code", "sex.contradicted")]
    return []


def key_of(kind: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What two rows of one file may not share; None while a part of it is missing."""
    parts = tuple(values.get(field, "" if field == "title" else None) for field in _KEYS[kind])
    return None if None in parts else parts


def one_of(known: Mapping[Any, tuple[str, ...]], code: str) -> Callable[[str], Any]:
    """A reader of words, in small letters; raises ``CellWrong(code)`` for any other."""
    by_word = {word: value for value, synonyms in known.items() for word in synonyms}

    def read(text: str) -> Any:
        try:
            return by_word[text.lower()]
        except KeyError:
            raise CellWrong(code) from None

    return read


def _text(most: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > most:
            raise CellWrong("cell.too_long")
        if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in text):
            raise CellWrong("cell.unfit_characters")
        return text

    return read


def pattern(expression: str, code: str) -> Callable[[str], str]:
    """A reader of texts of one form."""
    compiled = re.compile(expression)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise CellWrong(code)
        return text

    return read


def read_phone(text: str) -> str:
    """Digits, perhaps after a plus; blanks and hyphens between them are cut."""
    phone = text.replace(" ", "").replace("-", "")
    if not re.fullmatch(r"\+?[0-9]{6,15}", phone, re.ASCII):
        raise CellWrong("phone.invalid")
    return phone


def read_id_number(text: str) -> str:
    """An identity number with a large X; blanks in it are cut."""
    try:
        return checked(text.replace(" ", ""))
    except Invalid as wrong:
        raise CellWrong(wrong.code) from None


def read_status(text: str) -> dict[str, str]:
    """A political status by its word or its GB/T 4762 code, and which of 03 to 13 where that is said."""
    word = text.lower()
    if word in _CODE_OF:
        return {"political_status": "none", "political_status_code": _CODE_OF[word]}
    if word not in _STATUS_OF:
        raise CellWrong("political_status.unknown")
    return {"political_status": _STATUS_OF[word]}


def read_status_code(text: str) -> dict[str, str]:
    """A GB/T 4762 code, with or without its leading zero; 01 and 02 say the status as well."""
    code = text.zfill(2)
    if code not in POLITICAL_STATUS_CODES:
        raise CellWrong("political_status.unknown")
    return {"political_status_code": code}


def read_date(text: str) -> str:
    """A day as ISO text: 2021-07-01, 2021/7/1, 2021.7.1, 2021年7月1日 or 20210701."""
    found = _DATE.match(text) or _DATE_RUN.match(text)
    if found is None:
        raise CellWrong("date.invalid")
    try:
        day = date(*map(int, found.groups()))
    except ValueError:
        raise CellWrong("date.invalid") from None
    if day.year < 1900:
        raise CellWrong("date.invalid")
    return day.isoformat()


def _roles(text: str) -> list[str]:
    read = one_of(words.ROLES, "role.unknown")
    return list(dict.fromkeys(read(word) for word in _ROLE_BREAK.split(text) if word))


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII):
        raise CellWrong("count.invalid")
    return int(text)


NUMBER = pattern(r"[A-Za-z0-9]{2,20}", "number.invalid")
_CODE = pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", "code.invalid")
_REFERENCE = _text(80)
_READERS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    ORGANISATION: {
        "code": _CODE,
        "name": _text(80),
        "kind": one_of(words.ORGANISATION_KINDS, "organisation.kind_unknown"),
        "parent": _REFERENCE,
        "founded_on": read_date,
        "has_committee": one_of(words.FLAGS, "flag.invalid"),
        "has_leading_group": one_of(words.FLAGS, "flag.invalid"),
        "external_id": _text(60),
    },
    PERSON: {
        "number": NUMBER,
        "name": _text(60),
        "sex": one_of(words.SEXES, "sex.unknown"),
        "sex_code": one_of({sex: (code,) for sex, code in SEX_CODES.items()}, "sex.unknown"),
        "political_status": read_status,
        "political_status_code": read_status_code,
        "organisation": _REFERENCE,
        "group": _REFERENCE,
        "phone": read_phone,
        "id_number": read_id_number,
        "joined_on": read_date,
        "roles": _roles,
        "post_organisation": _REFERENCE,
        "post_since": read_date,
        "external_id": _text(60),
    },
    ACTIVITY: {
        "organisation": _REFERENCE,
        "kind": one_of(words.ACTIVITIES, "activity.kind_unknown"),
        "held_on": read_date,
        "entered_on": read_date,
        "expected": _count,
        "present": _count,
        "excused": _count,
        "has_minutes": one_of(words.FLAGS, "flag.invalid"),
        "title": _text(120),
    },
}
_NEVER_BLANK: Mapping[str, frozenset[str]] = {
    ORGANISATION: frozenset({"code", "name", "kind"}),
    PERSON: frozenset({"number", "name"}),
    ACTIVITY: frozenset({"organisation", "kind", "held_on", "expected", "present"}),
}
_KEYS: Mapping[str, tuple[str, ...]] = {
    ORGANISATION: ("code",),
    PERSON: ("number",),
    ACTIVITY: ("organisation", "kind", "held_on", "title"),
}
