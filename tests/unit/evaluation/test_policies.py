"""A scoring policy is refused with the line and the field of everything that is wrong with it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.policies import PackError
from services.evaluation.indicators.model import MEMBER, ORGANISATION, SECRETARY, InForce
from services.evaluation.indicators.reading import MOST_BYTES, load_policies, parse
from services.evaluation.indicators.shown import policy_shown
from tests.unit.evaluation.policies import FOLDER, REGISTRY

NAMES = ("scoring-branch-v1", "scoring-secretary-v1", "scoring-member-v1")
TEXTS = {name: (FOLDER / f"{name}.yaml").read_text(encoding="utf-8") for name in NAMES}
BRANCH = TEXTS["scoring-branch-v1"]


def refused(text: str) -> list[str]:
    with pytest.raises(PackError) as wrong:
        parse(text, REGISTRY, "p.yaml")
    return list(wrong.value.problems)


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def changed(before: str, after: str, text: str = BRANCH) -> str:
    assert before in text
    return text.replace(before, after, 1)


@pytest.mark.parametrize("name", NAMES)
def test_the_samples_are_complete_and_labelled(name: str) -> None:
    policy = parse(TEXTS[name], REGISTRY)
    assert (policy.id, policy.sample, policy.confidence) == (name, True, "S")
    assert sum(each.weight for each in policy.indicators) == 10_000
    assert policy.caps
    assert policy.vetoes


def test_a_policy_tells_what_reviewers_grade_and_how_much_of_the_grade_it_is() -> None:
    shown = policy_shown(parse(TEXTS["scoring-secretary-v1"], REGISTRY))
    graded = {each["indicator"]: each["criteria"] for each in shown["indicators"] if each["criteria"]}
    assert set(graded) == {"review"}
    assert [(each["criterion"], each["percent"]) for each in graded["review"]] == [
        ("duty", 40),
        ("results", 40),
        ("conduct", 20),
    ]
    assert graded["review"][0]["title"] == {
        "zh": "履行第一责任人职责",
        "en": "Carries the first responsibility",
    }


def test_the_samples_stand_beside_each_other() -> None:
    inforce = InForce(load_policies(FOLDER, REGISTRY))
    found = {
        (subject, kind): (policy := inforce.policy_of(subject, kind, 2026)) and policy.id
        for subject, kind in (
            (ORGANISATION, "branch"),
            (ORGANISATION, "group"),
            (SECRETARY, "secondary"),
            (MEMBER, "branch"),
        )
    }
    assert found == {
        (ORGANISATION, "branch"): "scoring-branch-v1",
        (ORGANISATION, "group"): None,
        (SECRETARY, "secondary"): "scoring-secretary-v1",
        (MEMBER, "branch"): "scoring-member-v1",
    }


def test_caps_are_counted_in_whole_numbers() -> None:
    stars, members = parse(BRANCH, REGISTRY).caps[0], parse(TEXTS["scoring-member-v1"], REGISTRY).caps[0]
    assert [stars.most(rated) for rated in (0, 3, 4, 10, 300)] == [0, 0, 1, 3, 90]
    assert [members.most(rated) for rated in (2, 3, 5, 6)] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("before", "after", "at", "says"),
    [
        (
            "    weight: 60\n",
            "    weight: 61\n",
            "indicators:",
            "indicators: the weights add up to 101, not to 100",
        ),
        ("        weight: 15\n", "        weight: 16\n", "    indicators:", "add up to 61, not to 60"),
        (
            "        weight: 15\n",
            "        weight: 1.5\n",
            "weight: 1.5",
            "indicators[0].indicators[0].weight: is not a whole",
        ),
        ("        weight: 15\n", "        weight: true\n", "weight: true", "is not a whole number"),
        (
            "    each: 0.5\n",
            "    each: 0.555\n",
            "each: 0.555",
            "deductions[0].each: has more than two decimals",
        ),
        ("    each: 0.5\n", "    each: -1\n", "each: -1", "is not an amount of points"),
        (
            "missing_part: renormalise",
            "missing_part: forget",
            "missing_part: forget",
            "missing_part: Must be one of",
        ),
        ("method: attendance", "method: eval", "method: eval", "indicators[1].method: Must be one of"),
        (
            "measure: timeliness.all",
            "measure: attendance.talk",
            "method: timeliness",
            "attendance.talk is not measured by timeliness",
        ),
        (
            "measure: timeliness.all",
            "measure: sentiment.all",
            "measure: sentiment",
            "sentiment.all is not known",
        ),
        (
            "measure: timeliness.all",
            "measure: timeliness.naps",
            "measure: timeliness.naps",
            "naps is none of",
        ),
        ("target_percent: 80", "target_percent: 0", "target_percent: 0", "target_percent:"),
        ("target_percent: 80", "full_at: 8", "full_at: 8", "full_at: does not go with attendance"),
        ("    at_most: 5\n", "", "id: minutes", "at_most: is missing: deduction needs it"),
        ("least: 0}", "least: 10}", "one_star", "the lowest band does not begin at 0"),
        ("least: 90}", "least: 75}", "bands:", "bands: do not come best first"),
        (
            "keeps_below: three_star",
            "keeps_below: one_star",
            "keeps_below: one_star",
            "is no band with another below it",
        ),
        ("caps:\n  - {band: five_star", "caps:\n  - {band: six_star", "six_star", "caps[0].band: is no band"),
        ("share: 30", "share: 100", "share: 100", "share: is not less than of_every"),
        ("id: attendance", "id: timeliness", "id: timeliness\n", "timeliness is the id of another as well"),
        ("kinds: [branch]", "kinds: [party]", "kinds: [party]", "kinds[0]: Must be one of"),
        ("effective_from: 2018-10-28", "effective_from: soon", "effective_from", "is not a date such as"),
        ("subject: organisation", "subject: member", "", "are not measured of a member"),
        ("weights: percent", "weights: percent\nformula: a + b", "formula", "formula: is not known"),
        (
            "weights: percent",
            "weights: percent\nweights: percent",
            "weights: percent\nweights",
            "given twice",
        ),
        (
            "title: {zh: 出勤, en: Attendance}",
            "title: {zh: 出勤}",
            "title: {zh: 出勤}",
            "title.en: is missing",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_field(before: str, after: str, at: str, says: str) -> None:
    text = changed(before, after)
    problems = refused(text)
    assert any(says in each for each in problems), problems
    assert all(each.startswith("p.yaml:") for each in problems)
    if at and "\n" not in at:
        assert any(f"p.yaml:{line_of(text, at)}: " in each for each in problems), problems


def test_who_takes_part_without_a_grade_is_said_of_members_alone_and_leaves_somebody() -> None:
    member = TEXTS["scoring-member-v1"]
    assert parse(member, REGISTRY).grades("member")
    assert not any(parse(member, REGISTRY).grades(each) for each in ("probationary", "activist", None))
    at = f"p.yaml:{line_of(member, 'ungraded:')}: ungraded"
    (said,) = refused(changed("[probationary]", "[probationary, member]", member))
    assert said == f"{at}: leaves nobody who would be graded"
    (said,) = refused(changed("[probationary]", "[none]", member))
    assert said.startswith(at)
    (said,) = refused(changed("weights: percent\n", "weights: percent\nungraded: [probationary]\n"))
    assert said.endswith("ungraded: belongs to a policy of member alone")


@pytest.mark.parametrize(
    ("measure", "title", "reason"),
    [
        ("records.likes", "点赞", "点赞"),
        ("records.all", "朋友圈转发数", "转发"),
        ("records.all", "ＬＩＫＥＳ", "点赞"),
        ("timeliness.time_online", "活跃", "在线时长"),
        ("findings.online_vote", "网络投票", "网络投票"),
        ("findings.selfie_photos", "现场", "拍照"),
        ("findings.gps", "到场", "位置"),
        ("findings.ranking", "党员积分排名", "排名"),
        ("findings.streak", "连续签到", "打卡"),
    ],
)
def test_what_may_not_be_scored_is_refused_with_the_reason_and_the_document(
    measure: str, title: str, reason: str
) -> None:
    text = changed("measure: records.heritage_visit", f"measure: {measure}")
    text = changed("{zh: 红色之旅, en: Heritage visits}", f"{{zh: {title}, en: Some}}", text)
    said = next(each for each in refused(text) if "may not be scored" in each)
    assert "国办函〔2026〕12号" in said
    assert reason in said
    assert "bonuses[0]" in said


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("{id: results,", "{id: forwards,", "转发"),
        ("{zh: 工作成效, en: Results}", "{zh: 点赞数, en: Results}", "点赞"),
        ("{zh: 工作成效, en: Results}", "{zh: 工作成效, en: Time online}", "在线时长"),
    ],
)
def test_what_reviewers_grade_is_nothing_that_may_not_be_scored(before: str, after: str, reason: str) -> None:
    text = changed(before, after, TEXTS["scoring-secretary-v1"])
    said = next(each for each in refused(text) if "may not be scored" in each)
    assert said.startswith(f"p.yaml:{line_of(text, after)}: ")
    assert ".criteria[1]: " in said
    assert reason in said


def test_a_deduction_among_the_weighed_is_refused() -> None:
    text = changed(
        "    method: timeliness\n    measure: timeliness.all",
        "    method: deduction\n    measure: records.all.late\n    each: 1\n    at_most: 2",
    )
    text = changed("    weight: 20\n    method: deduction", "    method: deduction", text)
    assert any("does not belong here" in each for each in refused(text))


def test_what_is_too_long_or_too_deep_is_refused() -> None:
    assert "longer" in refused("a: " + "x" * MOST_BYTES)[0]
    deep = "indicators: " + "[{indicators: " * 300 + "[]" + "}]" * 300
    assert refused(deep)


@given(st.text(max_size=200))
def test_no_text_is_read_as_a_policy_by_accident(text: str) -> None:
    with pytest.raises(PackError):
        parse(text, REGISTRY)


@given(st.integers(0, len(BRANCH) - 1), st.sampled_from(list("x:{}[]-\n 0\"'&*!%")))
def test_a_damaged_policy_is_read_or_refused_and_nothing_else(at: int, by: str) -> None:
    text = BRANCH[:at] + by + BRANCH[at + 1 :]
    problems: tuple[str, ...] = ()
    weights = 10_000
    try:
        weights = sum(each.weight for each in parse(text, REGISTRY).indicators)
    except PackError as wrong:
        problems = wrong.problems
    assert weights == 10_000
    assert all(each.startswith("policy:") for each in problems)


def test_a_policy_of_the_first_day_governs_the_year() -> None:
    first = parse(
        BRANCH.replace("effective_from: 2018-10-28", "effective_from: 2018-10-28\neffective_to: 2026-06-30"),
        REGISTRY,
    )
    second = parse(
        BRANCH.replace("id: scoring-branch-v1", "id: later").replace("2018-10-28", "2026-07-01"), REGISTRY
    )
    found = InForce((first, second))
    years = {year: found.policy_of(ORGANISATION, "branch", year) for year in (2017, 2018, 2026, 2027)}
    assert {year: each and each.id for year, each in years.items()} == {
        2017: None,
        2018: "scoring-branch-v1",
        2026: "scoring-branch-v1",
        2027: "later",
    }
    assert first.covers(date(2026, 6, 30))
    assert not first.covers(date(2026, 7, 1))
