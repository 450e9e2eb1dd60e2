"""A sample campus made from a seed: same seed, size and day, same campus. Nobody in it exists."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from faker import Faker

Row = Mapping[str, str | int]
ROOT_CODE = "DW"
_SUBJECTS = (
    "石油工程", "化学化工", "材料科学与工程", "计算机与人工智能", "机械与轨道交通", "安全科学与工程",
    "微电子与控制工程", "环境科学与工程", "制药与生命科学", "数学与统计", "商", "土木工程",
    "艺术与设计", "外国语", "马克思主义", "体育", "城市与建筑", "能源", "法", "电气工程",
    "地球科学", "信息工程", "物理", "食品", "医学与健康",
)  # fmt: skip
_COLLECTIVES = ("教工", "博士生", "硕士生", "本科生")
_TITLES = {
    "支部党员大会": "讨论支部工作与发展党员",
    "支部委员会": "研究支部本月工作",
    "党小组会": "学习与交流思想",
    "党课": "专题党课",
    "主题党日": "主题党日活动",
}
_ON_TIME, _LATE = 5, 12  # days between an activity and its entry


@dataclass(frozen=True)
class Size:
    """How large a campus is. ``people`` counts all of them; ``days`` of history reach back from the last."""

    secondaries: int
    branches: int
    people: int
    days: int


SIZES = {"small": Size(3, 12, 200, 180), "campus": Size(25, 300, 5000, 365)}


@dataclass(frozen=True)
class Identity:
    """Somebody to sign in as. ``key`` is what a program asks for, ``role`` what a person reads."""

    key: str
    number: str
    name: str
    role: str


@dataclass
class Campus:
    """The rows of the three sheets that a user would import, and whom to sign in as."""

    organisations: list[Row] = field(default_factory=list)
    people: list[Row] = field(default_factory=list)
    activities: list[Row] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)


@dataclass(frozen=True)
class _Branch:
    code: str
    name: str
    secondary: str
    groups: tuple[tuple[str, str], ...]
    members: int
    committee: bool
    first: bool  # of its secondary organisation
    owing: bool  # did not hold its theme days of late


def generate(size: Size, last_day: date, *, seed: int = 1921, university: str = "校党委") -> Campus:
    """A campus whose history ends the day before ``last_day``.

    It begins with the quarter in which the history of ``size`` begins, when its branches were founded. Every
    fourth branch, beginning with the third, owes its theme days since the month before last.
    """
    return _Generator(size, last_day, seed).run(university)


class _Generator:
    def __init__(self, size: Size, last_day: date, seed: int) -> None:
        self._size = size
        self._last_day = last_day
        self._random = random.Random(seed)
        self._names = Faker("zh_CN")
        self._names.seed_instance(seed)
        self._campus = Campus()
        begin = last_day - timedelta(days=size.days)
        self._begin = date(begin.year, (begin.month - 1) // 3 * 3 + 1, 1)
        self._people = 0

    def run(self, university: str) -> Campus:
        self._organisation(ROOT_CODE, university, "校党委", "", date(1978, 1, 1))
        branches = [each for number in range(self._size.secondaries) for each in self._secondary(number)]
        for branch in branches:
            self._staff(branch)
        for branch in branches:
            self._campus.activities.extend(self._history(branch))
        return self._campus

    # -- organisations --------------------------------------------------------------------------

    def _secondary(self, number: int) -> Iterator[_Branch]:
        subject = _SUBJECTS[number % len(_SUBJECTS)]
        code = f"{ROOT_CODE}{number + 1:02d}"
        self._organisation(code, f"{subject}学院党委", "二级党组织", ROOT_CODE, date(1984, 9, 1))
        each, more = divmod(self._size.branches, self._size.secondaries)
        for position in range(each + (number < more)):
            yield self._branch(number, code, subject, position)

    def _branch(self, number: int, secondary: str, subject: str, position: int) -> _Branch:
        collective = _COLLECTIVES[position % len(_COLLECTIVES)]
        again = position // len(_COLLECTIVES)
        name = f"{subject}学院{collective}{f'第{again + 1}' if again else ''}党支部"
        code = f"{secondary}{position + 1:02d}"
        mean = self._size.people // self._size.branches
        members = max(4, mean + self._random.randint(-5, 5))
        committee = members >= 7  # so many full members elect a committee
        self._organisation(code, name, "党支部", secondary, self._begin, committee=committee)
        groups = []
        for letter in "AB" if members >= mean + 2 else "":
            groups.append((f"{code}{letter}", f"{name}{'一二'['AB'.index(letter)]}组"))
            self._organisation(*groups[-1], "党小组", code, self._begin)
        return _Branch(
            code, name, secondary, tuple(groups), members, committee, position == 0, position % 4 == 2
        )

    def _organisation(
        self, code: str, name: str, kind: str, parent: str, founded: date, *, committee: bool = False
    ) -> None:
        self._campus.organisations.append(
            {
                "组织代码": code,
                "组织名称": name,
                "组织类别": kind,
                "上级组织代码": parent,
                "成立日期": founded.isoformat(),
                "设支委会": "是" if committee else "否",
                "设领导班子": "是" if kind in ("校党委", "二级党组织") else "否",
            }
        )

    # -- people ---------------------------------------------------------------------------------

    def _staff(self, branch: _Branch) -> None:
        if branch.first:
            secondary = branch.secondary
            self._person(branch, "书记", secondary, key=f"secretary of {secondary}", role="学院党委书记")
            self._person(branch, "组织员", secondary)
        self._person(branch, "书记", key=f"secretary of {branch.code}", role=f"{branch.name}书记")
        if branch.committee:
            self._person(branch, "副书记")
            self._person(branch, "组织委员、宣传委员")
            self._person(branch, "纪检委员")
        for code, _ in branch.groups:
            self._person(branch, "党小组组长", code, group=code)
        missing = branch.members - (1 + 3 * branch.committee + len(branch.groups))
        for position in range(max(0, missing)):
            key = f"member of {branch.code}" if position == 0 else ""
            group = branch.groups[position % len(branch.groups)][0] if branch.groups else ""
            status = "正式党员" if position < 3 else self._status(branch)
            self._person(branch, "", group=group, status=status, key=key, role=f"{branch.name}党员")

    def _status(self, branch: _Branch) -> str:
        if branch.name.find("教工") >= 0:
            return "正式党员"
        return self._random.choices(
            ("正式党员", "预备党员", "发展对象", "入党积极分子"), weights=(60, 20, 8, 12)
        )[0]

    def _person(
        self,
        branch: _Branch,
        roles: str,
        post_at: str = "",
        *,
        group: str = "",
        status: str = "正式党员",
        key: str = "",
        role: str = "",
    ) -> None:
        self._people += 1
        teacher = "教工" in branch.name
        number = f"{200000 + self._people}" if teacher else f"2024{self._people:06d}"
        name = self._names.name()
        joined = self._last_day - timedelta(days=self._random.randint(400, 6000))
        self._campus.people.append(
            {
                "姓名": name,
                "学号/工号": number,
                "性别": self._random.choice(("男", "女")),
                "政治面貌": status,
                "所在党支部": branch.code,
                "所在党小组": group,
                # No operator gives out 160: nobody's telephone rings if these leave the machine.
                "手机号": f"160{self._random.randint(0, 99999999):08d}",
                "入党日期": joined.isoformat() if status in ("正式党员", "预备党员") else "",
                "职务": roles,
                "任职组织": (post_at or branch.code) if roles else "",
                "任职日期": self._begin.isoformat() if roles else "",
            }
        )
        if key:
            self._campus.identities.append(Identity(key, number, name, role))

    # -- what was held --------------------------------------------------------------------------

    def _history(self, branch: _Branch) -> Iterator[Row]:
        months = list(_months(self._begin, self._last_day))
        for position, month in enumerate(months):
            if not (branch.owing and position >= len(months) - 3):
                yield from self._held(branch.code, "主题党日", month, branch.members)
            if branch.committee:
                yield from self._held(branch.code, "支部委员会", month, 4)
            for code, _ in branch.groups:
                yield from self._held(code, "党小组会", month, max(3, branch.members // 2))
            if month.month % 3 == 2:  # the middle of the quarter: it is over, or there is time left
                yield from self._held(branch.code, "支部党员大会", month, branch.members)
                yield from self._held(branch.code, "党课", month, branch.members)

    def _held(self, code: str, kind: str, month: date, expected: int) -> Iterator[Row]:
        held = month + timedelta(days=self._random.randint(2, 20))
        entered = held + timedelta(
            days=self._random.randint(0, _ON_TIME) if self._random.random() < 0.93 else _LATE
        )
        absent = min(expected - 1, self._random.choice((0, 0, 0, 1, 1, 2)))
        excused = self._random.randint(0, absent)
        if entered >= self._last_day:
            return
        yield {
            "组织代码": code,
            "类型": kind,
            "召开日期": held.isoformat(),
            "录入日期": entered.isoformat(),
            "应到": expected,
            "实到": expected - absent,
            "请假": excused,
            "有记录": "是" if self._random.random() < 0.97 else "否",
            "议题": f"{_TITLES[kind]}（{held.year}年{held.month}月）",
        }


def _months(begin: date, end: date) -> Iterator[date]:
    month = begin
    while month < end:
        yield month
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
