"""One row of a spreadsheet as values, or every reason why not. Cells are texts; blank cells are left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.records.roster.columns import ACTIVITY, ORGANISATION, PERSON

Problem = tuple[str | None, str]  # field (None: the row), code

_BLANK = frozenset({"", "无", "-", "—", "/", "n/a"})
_ORGANISATION_KINDS = {
    "university_committee": ("校党委", "学校党委", "党委", "university_committee"),
    "secondary": ("二级党组织", "院系党委", "二级党委", "党总支", "学院党委", "分党委", "secondary"),
    "branch": ("党支部", "支部", "branch"),
    "group": ("党小组", "小组", "group"),
}
_STATUSES = {
    "member": ("正式党员", "中共党员", "党员", "01", "1", "member"),
    "probationary": ("预备党员", "中共预备党员", "02", "2", "probationary"),
    "candidate": ("发展对象", "candidate"),
    "activist": ("入党积极分子", "积极分子", "activist"),
    "applicant": ("入党申请人", "申请人", "申请入党人", "applicant"),
    "none": ("群众", "共青团员", "团员", "无党派人士", "民主党派", "03", "12", "13", "none"),
}
_ROLES = {
    "secretary": ("书记", "党支部书记", "支部书记", "党委书记", "党总支书记", "secretary"),
    "deputy_secretary": ("副书记", "党支部副书记", "支部副书记", "党委副书记", "deputy_secretary"),
    "organisation_commissioner": ("组织委员", "organisation_commissioner"),
    "publicity_commissioner": ("宣传委员", "publicity_commissioner"),
    "discipline_commissioner": ("纪检委员", "纪律检查委员", "discipline_commissioner"),
    "group_leader": ("党小组组长", "党小组长", "小组长", "group_leader"),
    "organiser": ("组织员", "专职组织员", "organiser"),
    "administrator": ("组织部", "组织部管理员", "管理员", "administrator"),
    "inspector": ("督查", "督查员", "inspector"),
}
_ACTIVITIES = {
    "branch_meeting": ("支部党员大会", "党员大会", "branch_meeting"),
    "branch_committee": ("支部委员会", "支委会", "支部委员会会议", "branch_committee"),
    "group_meeting": ("党小组会", "党小组会议", "group_meeting"),
    "party_lecture": ("党课", "party_lecture"),
    "theme_day": ("主题党日", "主题党日活动", "theme_day"),
    "organisational_life_meeting": ("组织生活会", "organisational_life_meeting"),
    "democratic_appraisal": ("民主评议党员", "民主评议", "democratic_appraisal"),
    "democratic_life_meeting": ("民主生活会", "democratic_life_meeting"),
    "joint_meeting": ("党政联席会", "党政联席会议", "joint_meeting"),
    "study_session": ("学习研讨", "理论学习", "study_session"),
    "heritage_visit": ("红色之旅", "heritage_visit"),
    "integrity_education": ("廉政教育", "integrity_education"),
    "talk": ("谈心谈话", "talk"),
}
_SEXES = {
    "male": ("男", "1", "male", "m"),
    "female": ("女", "2", "female", "f"),
    "unknown": ("未知", "0", "9"),
}
_FLAGS = {
    True: ("是", "有", "√", "y", "yes", "true", "1"),
    False: ("否", "没有", "×", "n", "no", "false", "0"),
}
_DATE = re.compile(r"^(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[ T]0{1,2}:00(?::00)?)?$")
_DATE_RUN = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff·])\s+(?=[\u3400-\u9fff·])")
_ROLE_BREAK = re.compile(r"[、,;/和\s]+")


class CellWrong(Exception):
    """A cell is not what its column asks for; holds the code and never the value."""


def parse(kind: str, cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """The values of a row of ``kind`` and everything that is wrong with it, in the order of the fields.

    Values are JSON: dates are ISO texts. What a cell leaves blank is not among the values: it stays as it is.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for field, read in _READERS[kind].items():
        text = narrow(cells.get(field, ""))
        if text.lower() in _BLANK:
            if field in _NEVER_BLANK[kind]:
                problems.append((field, "cell.missing"))
            continue
        try:
            values[field] = read(text)
        except CellWrong as wrong:
            problems.append((field, str(wrong)))
    return values, problems


def key_of(kind: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What two rows of one file may not share; None while a part of it is missing."""
    parts = tuple(values.get(field, "" if field == "title" else None) for field in _KEYS[kind])
    return None if None in parts else parts


def narrow(text: str) -> str:
    """A cell without outer blanks and differences of width; blanks that only align Chinese names are cut."""
    return _BETWEEN_HAN.sub("", " ".join(unicodedata.normalize("NFKC", text).split()))


def _one_of(words: Mapping[Any, tuple[str, ...]], code: str) -> Callable[[str], Any]:
    by_word = {word: value for value, synonyms in words.items() for word in synonyms}

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


def _pattern(expression: str, code: str) -> Callable[[str], str]:
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
    read = _one_of(_ROLES, "role.unknown")
    return list(dict.fromkeys(read(word) for word in _ROLE_BREAK.split(text) if word))


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII):
        raise CellWrong("count.invalid")
    return int(text)


_CODE = _pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", "code.invalid")
_REFERENCE = _text(80)
_READERS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    ORGANISATION: {
        "code": _CODE,
        "name": _text(80),
        "kind": _one_of(_ORGANISATION_KINDS, "organisation.kind_unknown"),
        "parent": _REFERENCE,
        "founded_on": read_date,
        "has_committee": _one_of(_FLAGS, "flag.invalid"),
        "has_leading_group": _one_of(_FLAGS, "flag.invalid"),
        "external_id": _text(60),
    },
    PERSON: {
        "number": _pattern(r"[A-Za-z0-9]{2,20}", "number.invalid"),
        "name": _text(60),
        "sex": _one_of(_SEXES, "sex.unknown"),
        "political_status": _one_of(_STATUSES, "political_status.unknown"),
        "organisation": _REFERENCE,
        "group": _REFERENCE,
        "phone": read_phone,
        "joined_on": read_date,
        "roles": _roles,
        "post_organisation": _REFERENCE,
        "post_since": read_date,
        "external_id": _text(60),
    },
    ACTIVITY: {
        "organisation": _REFERENCE,
        "kind": _one_of(_ACTIVITIES, "activity.kind_unknown"),
        "held_on": read_date,
        "entered_on": read_date,
        "expected": _count,
        "present": _count,
        "excused": _count,
        "has_minutes": _one_of(_FLAGS, "flag.invalid"),
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
