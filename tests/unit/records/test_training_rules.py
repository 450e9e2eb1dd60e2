"""Hours of training as pure rules: what a credit is worth, what a year asks for, how far one is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.chassis.months import months_after
from services.chassis.policies import Ruling, effective, load_all
from services.records.training import model, targets

POLICIES = Path(__file__).parents[3] / "services" / "records" / "policies"
SHARED = Path(__file__).parents[3] / "services" / "contracts" / "policies"
PACKS = [*load_all(POLICIES, "training-*.yaml"), *load_all(SHARED, "training-*.yaml")]
RULES = effective(PACKS, date(2026, 1, 1))
TODAY = date(2026, 9, 10)
MEMBER: Mapping[str, Any] = {"political_status": "member", "joined_on": "2015-07-01"}
DAYS_OF_2026 = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def post(
    role: str = "secretary", kind: str = "branch", since: str = "2020-01-01", until: str | None = None
) -> Any:
    return {"role": role, "kind": kind, "since": since, "until": until}


def line(number: int, minutes: int, on: str = "2026-03-01", form: str = "lecture", **more: Any) -> Any:
    said = {"person": "p", "organisation": "b", "title": "培训", "form": form, "origin": "entered"}
    change = model.credit(
        f"c{number}",
        {**said, "on": date.fromisoformat(on), "minutes": minutes, "entered_by": "w", **more},
        RULES,
        today=date(2027, 12, 31),
    )
    return {"id": f"c{number}", **change.state}


def reversed_line(credit: Any) -> Any:
    change = model.reverse(f"r-{credit['id']}", credit["id"], credit, reason="重复", by="w", today=TODAY)
    return {**change.state, "id": f"r-{credit['id']}"}


def progress(
    lines: list[Any], day: date = TODAY, person: Any = MEMBER, posts: Any = (), year: int = 2026
) -> Any:
    return targets.progress(year, day, person, posts, lines, RULES)


# -- credits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "hours"),
    [
        ({"full_days": 1}, 8),
        ({"half_days": 1}, 4),
        ({"full_days": 2, "half_days": 1, "minutes": 60}, 21),
        ({"half_days": 2}, 8),
    ],
)
def test_a_whole_day_is_worth_eight_hours_and_half_a_day_four(length: dict[str, int], hours: int) -> None:
    assert model.worth(length, RULES) == hours * 60


LENGTHS = st.fixed_dictionaries(
    {}, optional={name: st.integers(0, 300) for name in ("minutes", "full_days", "half_days")}
)


@given(one=LENGTHS, other=LENGTHS)
def test_what_is_learned_in_two_parts_is_worth_as_much_as_in_one(
    one: dict[str, int], other: dict[str, int]
) -> None:
    both = {name: one.get(name, 0) + other.get(name, 0) for name in {*one, *other}}
    assert model.worth(both, RULES) == model.worth(one, RULES) + model.worth(other, RULES)


def test_a_credit_counts_in_the_calendar_year_of_its_day() -> None:
    assert line(1, 60, "2026-12-31")["year"] == 2026
    assert line(1, 60, "2027-01-01")["year"] == 2027


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({"on": date(2026, 9, 11), "minutes": 60}, "credit.in_future"),
        ({"on": TODAY}, "credit.nothing"),
        ({"on": TODAY, "minutes": 0, "half_days": 0}, "credit.nothing"),
    ],
)
def test_what_is_no_training_is_not_credited(given_: dict[str, Any], code: str) -> None:
    said = {"person": "p", "organisation": "b", "title": "t", "form": "class", "origin": "entered"}
    with pytest.raises(Invalid) as refused:
        model.credit("c", {**said, **given_}, RULES, today=TODAY)
    assert refused.value.code == code
    assert refused.value.params


def test_before_the_first_pack_nothing_says_what_a_day_is_worth() -> None:
    said = {"person": "p", "organisation": "b", "title": "t", "form": "class", "origin": "entered"}
    on = date(2018, 12, 31)
    with pytest.raises(Invalid, match=r"credit\.no_pack"):
        model.credit("c", {**said, "on": on, "full_days": 1}, effective(PACKS, on), today=TODAY)


@pytest.mark.parametrize(
    ("on", "pack"), [("2023-12-31", "training-national-2019"), ("2024-01-01", "training-national-2024")]
)
def test_a_credit_names_the_pack_in_force_on_its_day(on: str, pack: str) -> None:
    day = date.fromisoformat(on)
    said = {"person": "p", "organisation": "b", "title": "t", "form": "class", "origin": "entered"}
    state = model.credit("c", {**said, "on": day, "full_days": 1}, effective(PACKS, day), today=TODAY).state
    assert (state["pack"], state["minutes"]) == (pack, 480)
    assert state["article"]


@given(minutes=st.lists(st.integers(1, 5_000), min_size=1, max_size=8), data=st.data())
def test_a_reversal_takes_away_exactly_what_the_credit_gave(minutes: list[int], data: st.DataObject) -> None:
    credits_ = [line(number, each) for number, each in enumerate(minutes)]
    before = [dict(each) for each in credits_]
    wrong = data.draw(st.sets(st.sampled_from(range(len(credits_)))))
    lines = [*credits_, *(reversed_line(credits_[each]) for each in wrong)]
    kept = [each for number, each in enumerate(credits_) if number not in wrong]
    assert model.standing(lines) == model.standing(kept)
    assert sum(each["minutes"] for each in lines) == sum(each["minutes"] for each in kept)
    assert credits_ == before, "a credit is never edited"
    shuffled = data.draw(st.permutations(lines))
    assert progress(shuffled) == progress(kept)


def test_a_reversal_is_not_reversed() -> None:
    with pytest.raises(Conflict, match=r"credit\.is_reversal"):
        model.reverse("r", "c", reversed_line(line(1, 60)), reason="x", by="w", today=TODAY)


ATTENDANCE = [
    {"person": "a", "state": "present", "guest": False},
    {"person": "b", "state": "absent", "guest": False},
    {"person": "c", "state": "excused", "guest": False},
    {"person": "d", "state": "present", "guest": True},
]


@pytest.mark.parametrize(
    ("kind", "state", "worth"),
    [
        ("party_lecture", "approved", (120, ["a"])),
        ("heritage_visit", "approved", (240, ["a"])),
        ("party_lecture", "submitted", (0, [])),
        ("branch_committee", "approved", (0, [])),
    ],
)
def test_an_approved_activity_of_study_credits_who_was_there(kind: str, state: str, worth: Any) -> None:
    activity = {"kind": kind, "state": state, "attendance": ATTENDANCE}
    assert model.of_activity(activity, RULES) == worth


# -- targets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["member", "probationary"])
def test_a_member_owes_thirty_two_hours_a_year(status: str) -> None:
    owed = targets.target(2026, TODAY, {**MEMBER, "political_status": status}, (), RULES)
    assert owed is not None
    assert (owed.role, owed.minutes, owed.classes) == ("member", 32 * 60, 0)


@pytest.mark.parametrize("status", ["candidate", "activist", "applicant", "none"])
def test_who_is_no_member_owes_no_hours(status: str) -> None:
    assert targets.target(2026, TODAY, {**MEMBER, "political_status": status}, [post()], RULES) is None


@pytest.mark.parametrize(
    ("held", "role"),
    [
        (post("secretary"), "leading"),
        (post("discipline_commissioner"), "leading"),
        (post("secretary", "secondary"), "member"),
        (post("group_leader", "group"), "member"),
        (post(until="2026-09-09"), "member"),
        (post(until="2026-09-10"), "leading"),
        (post(since="2026-09-11"), "member"),
    ],
)
def test_whoever_leads_a_branch_that_day_owes_fifty_six_hours_and_a_class(held: Any, role: str) -> None:
    owed = targets.target(2026, TODAY, MEMBER, [held], RULES)
    assert owed is not None
    assert owed.role == role
    assert (owed.minutes, owed.classes) == ((56 * 60, 1) if role == "leading" else (32 * 60, 0))


def test_fifty_six_hours_without_a_class_do_not_reach_a_secretarys_target() -> None:
    hours = [line(1, 56 * 60)]
    assert not progress(hours, posts=[post()])["reached"]
    assert progress([line(1, 55 * 60), line(2, 60, form="class")], posts=[post()])["reached"]
    gone = line(2, 60, form="class")
    assert not progress([line(1, 56 * 60), gone, reversed_line(gone)], posts=[post()])["reached"]


@pytest.mark.parametrize(
    ("joined", "minutes"),
    [
        ("2025-12-31", 1920),
        ("2026-01-01", 1920),
        ("2026-07-02", 963),  # 183 of 365 days: 962.6, rounded up
        ("2026-12-31", 6),
        ("2027-01-01", None),
    ],
)
def test_who_joined_in_the_year_owes_the_part_that_was_left(joined: str, minutes: int | None) -> None:
    owed = targets.target(2026, date(2026, 12, 31), {**MEMBER, "joined_on": joined}, (), RULES)
    assert (owed.minutes if owed else None) == minutes


def test_every_verdict_names_its_pack_and_article() -> None:
    told = progress([], person={**MEMBER, "joined_on": "2026-02-01"}, posts=[post(since="2026-03-01")])
    rules = [*told["rules"], told["first_class"]["rule"]]
    assert [each["rule"] for each in rules] == [
        "leading_hours",
        "leading_classes",
        "part_year",
        "new_secretary_months",
    ]
    assert all(each["pack"] == "training-national-2024" and each["article"] for each in rules)
    assert all(each["verify"] for each in rules if each["confidence"] == "G")


# -- pace ------------------------------------------------------------------------------------------


@given(joined=st.dates(date(2025, 1, 1), date(2026, 12, 31)), day=DAYS_OF_2026, later=st.integers(0, 400))
def test_the_pace_never_falls_and_ends_at_the_target(joined: date, day: date, later: int) -> None:
    owed = targets.target(2026, day, {**MEMBER, "joined_on": joined.isoformat()}, (), RULES)
    assert owed is not None
    here = targets.expected(owed, 2026, day)
    assert 0 <= here <= targets.expected(owed, 2026, day + timedelta(days=later)) <= owed.minutes
    assert targets.expected(owed, 2026, date(2026, 12, 31)) == owed.minutes
    assert targets.expected(owed, 2026, joined - timedelta(days=1)) == 0 or joined.year < 2026


@pytest.mark.parametrize(
    ("day", "minutes"),
    [(date(2026, 1, 1), 5), (date(2026, 7, 2), 962), (date(2026, 12, 30), 1914), (date(2026, 12, 31), 1920)],
)
def test_the_pace_of_a_member_on_a_day(day: date, minutes: int) -> None:
    assert progress([], day)["expected"] == minutes
    assert progress([], day)["behind"] == minutes


def test_a_leap_year_is_as_long_as_it_is() -> None:
    told = targets.progress(2028, date(2028, 2, 29), MEMBER, (), [], RULES)
    assert told["expected"] == 1920 * 60 // 366


@given(minutes=st.lists(st.integers(1, 900), max_size=6), day=DAYS_OF_2026)
def test_only_what_was_learned_by_the_day_counts_there(minutes: list[int], day: date) -> None:
    lines = [line(n, each, f"2026-{2 * n + 1:02}-15") for n, each in enumerate(minutes)]
    told = progress(lines, day)
    assert told["credited"] == sum(each["minutes"] for each in lines if each["on"] <= day.isoformat())
    assert told["behind"] == max(0, told["expected"] - told["credited"])


def test_another_years_hours_do_not_count() -> None:
    assert progress([line(1, 600, "2025-12-31")])["credited"] == 0


# -- new secretaries -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-03-10", "2026-09-10"),
        ("2025-08-31", "2026-02-28"),
        ("2027-08-31", "2028-02-29"),
        ("2026-12-31", "2027-06-30"),
    ],
)
def test_a_new_secretary_has_six_months(since: str, due: str) -> None:
    assert months_after(date.fromisoformat(since), 6).isoformat() == due


@pytest.mark.parametrize(
    ("day", "done", "state"),
    [
        (date(2026, 9, 10), None, "open"),
        (date(2026, 9, 11), None, "overdue"),
        (date(2026, 12, 1), "2026-09-10", "done"),
        (date(2026, 12, 1), "2026-09-11", "done_late"),
        (date(2026, 9, 10), "2026-03-09", "open"),
    ],
)
def test_a_new_secretarys_first_class_is_due_after_six_months(
    day: date, done: str | None, state: str
) -> None:
    lines = [line(1, 480, done, form="class")] if done else []
    first = progress(lines, day, posts=[post(since="2026-03-10")])["first_class"]
    assert first["due_on"] == "2026-09-10"
    assert first["state"] == state


def test_who_was_secretary_before_is_not_new() -> None:
    terms = [post(since="2020-01-01", until="2023-01-01"), post(since="2026-03-10")]
    assert progress([], posts=terms)["first_class"] is None
    assert progress([], posts=[post(since="2026-03-10", until="2026-05-01")])["first_class"] is None


def test_a_class_of_the_year_before_counts_for_a_secretary_new_since_then() -> None:
    posts = [post(since="2025-11-01")]
    told = progress([line(1, 480, "2025-12-01", form="class")], date(2026, 2, 1), posts=posts)
    assert told["first_class"]["state"] == "done"
    assert told["classes"] == 0


# -- packs -----------------------------------------------------------------------------------------


def test_a_university_may_ask_for_more_hours_but_not_for_fewer() -> None:
    from services.chassis.policies import PackError, parse

    text = (
        "{{id: ours, title: t, issuer: i, level: university, effective_from: 2026-01-01, parameters: "
        "{{member_hours: {{value: {hours}, article: a, hardness: warn, confidence: C}}}}}}"
    )
    tighter: Mapping[str, Ruling] = effective([*PACKS, parse(text.format(hours=40))], TODAY)
    assert tighter["member_hours"].value == 40
    with pytest.raises(PackError, match="looser"):
        effective([*PACKS, parse(text.format(hours=24))], TODAY)
