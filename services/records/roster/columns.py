"""Which sheet holds what, and which column means what: headers as campuses write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ORGANISATION = "organisation"
PERSON = "person"
ACTIVITY = "activity"
KINDS = (ORGANISATION, PERSON, ACTIVITY)  # of a roster, in the order in which they are taken over
DUES_BASE = "dues_base"
STATEMENT = "statement"
_NUMBER = ("学号/工号", "学号", "工号", "学工号", "学(工)号", "工号/学号", "人员编号", "number")

# The first synonym is the label that error messages and our own files use.
COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    ORGANISATION: {
        "code": ("组织代码", "组织编码", "组织编号", "党组织代码", "党组织编码", "代码", "code"),
        "name": ("组织名称", "名称", "党组织名称", "党组织全称", "name"),
        "kind": ("组织类别", "类别", "组织类型", "党组织类别", "kind"),
        "parent": ("上级组织代码", "上级组织", "上级党组织", "上级党组织代码", "上级组织编码", "parent"),
        "founded_on": ("成立日期", "成立时间", "建立日期", "founded_on"),
        "has_committee": ("设支委会", "是否设支委会", "支委会", "has_committee"),
        "has_leading_group": ("设领导班子", "是否设领导班子", "领导班子", "has_leading_group"),
        "external_id": ("外部编号", "全国系统编号", "external_id"),
    },
    PERSON: {
        "name": ("姓名", "名字", "name"),
        "number": _NUMBER,
        "sex": ("性别", "sex"),
        "sex_code": ("性别代码", "sex_code"),
        "political_status": ("政治面貌", "党员类型", "人员类别", "political_status"),
        "political_status_code": ("政治面貌代码", "political_status_code"),
        "organisation": (
            "所在党支部",
            "所在支部",
            "党支部",
            "所属党支部",
            "所在党组织",
            "所属党组织",
            "所在组织代码",
            "organisation",
        ),
        "group": ("所在党小组", "党小组", "所属党小组", "group"),
        "phone": ("手机号", "手机号码", "手机", "联系电话", "联系方式", "电话", "phone"),
        "id_number": ("身份证号", "身份证号码", "公民身份号码", "居民身份证号", "id_number"),
        "joined_on": ("入党日期", "入党时间", "加入党组织日期", "加入党组织时间", "joined_on"),
        "roles": ("职务", "党内职务", "担任职务", "roles"),
        "post_organisation": ("任职组织", "任职党组织", "任职组织代码", "post_organisation"),
        "post_since": ("任职日期", "任职时间", "post_since"),
        "external_id": ("外部编号", "全国系统编号", "external_id"),
    },
    ACTIVITY: {
        "organisation": ("组织代码", "党组织代码", "组织名称", "党组织", "所在党支部", "organisation"),
        "kind": ("类型", "组织生活类型", "活动类型", "kind"),
        "held_on": ("召开日期", "召开时间", "活动日期", "开展日期", "held_on"),
        "entered_on": ("录入日期", "录入时间", "entered_on"),
        "expected": ("应到", "应到人数", "expected"),
        "present": ("实到", "实到人数", "present"),
        "excused": ("请假", "请假人数", "excused"),
        "has_minutes": ("有记录", "会议记录", "是否有记录", "has_minutes"),
        "title": ("议题", "主题", "会议主题", "标题", "title"),
    },
    DUES_BASE: {
        "number": _NUMBER,
        "kind": ("缴费类别", "党费类别", "人员类别", "类别", "kind"),
        "base_fen": ("月缴费基数", "缴费基数", "党费基数", "党费计算基数", "税后月收入", "月养老金", "base"),
        "amount_fen": ("月缴金额", "月缴党费", "定额", "amount"),
        "from_month": ("起始月份", "执行月份", "起始年月", "from_month"),
    },
    STATEMENT: {
        "reference": ("流水号", "交易流水号", "订单号", "凭证号", "reference"),
        "number": _NUMBER,
        "amount_fen": ("金额", "缴费金额", "交易金额", "实缴金额", "amount"),
        "paid_on": ("缴费日期", "交易日期", "缴费时间", "交易时间", "paid_on"),
    },
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    ORGANISATION: ("code", "name", "kind"),
    PERSON: ("name", "number"),
    ACTIVITY: ("organisation", "kind", "held_on", "expected", "present"),
    DUES_BASE: ("number",),
    STATEMENT: ("reference", "number", "amount_fen", "paid_on"),
}
# A title, a note and an empty line may stand above the headers.
HEADER_WITHIN = 10


@dataclass(frozen=True)
class Header:
    """A recognised header: its line (as a spreadsheet counts), and per field the position and the label."""

    kind: str
    row: int
    positions: Mapping[str, int]
    labels: Mapping[str, str]
    twice: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """The fields without which no row of this kind can be taken over."""
        return [field for field in REQUIRED[self.kind] if field not in self.positions]


def label(kind: str, field: str) -> str:
    """What people call a field."""
    return COLUMNS[kind][field][0]


_COLUMN_OF_RULE = {"role": "roles", "person": "roles", "until": "post_since", "since": "post_since"}


def column_of(kind: str, field: str | None, labels: Mapping[str, str]) -> str | None:
    """The column in which a field stands, by the file's own header; None where no column is to blame."""
    column = _COLUMN_OF_RULE.get(field or "", field or "")
    return labels.get(column, label(kind, column)) if column in COLUMNS[kind] else None


def folded(text: str) -> str:
    """A header as it is compared: without blanks, marks of a required column and differences of width."""
    narrow = unicodedata.normalize("NFKC", text)
    return "".join(narrow.split()).strip("*:").lower()


_FIELDS = {
    kind: {folded(word): field for field, words in fields.items() for word in words}
    for kind, fields in COLUMNS.items()
}


def find_header(rows: Sequence[Sequence[str]], kinds: Sequence[str] = KINDS) -> Header | None:
    """The best header of one of ``kinds`` within the first lines; None where no line looks like one.

    A line is a header of the kind whose required columns it names most of; at least two columns of a kind
    must be named, one of them required.
    """
    found = [
        header
        for number, cells in enumerate(rows[:HEADER_WITHIN], 1)
        for kind in kinds
        if (header := _header(kind, number, cells)) is not None
    ]
    if not found:
        return None
    return max(found, key=lambda each: (-len(each.missing), len(each.positions), -each.row))


def _header(kind: str, number: int, cells: Sequence[str]) -> Header | None:
    positions: dict[str, int] = {}
    labels: dict[str, str] = {}
    twice = []
    for position, cell in enumerate(cells):
        field = _FIELDS[kind].get(folded(cell))
        if field is None:
            continue
        if field in positions:
            twice.append(cell.strip())
            continue
        positions[field] = position
        labels[field] = cell.strip()
    if len(positions) < 2 or not any(field in positions for field in REQUIRED[kind]):
        return None
    return Header(kind, number, positions, labels, tuple(twice))
