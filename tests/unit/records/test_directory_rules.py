"""Organisations, people and posts as pure rules."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.contracts.kinds import (
    ORGANISATION_KINDS,
    POLITICAL_STATUS_CODES,
    POLITICAL_STATUSES,
)
from services.records.directory import model as rules
from services.records.directory import persons
from services.records.directory.codes import IMPLIED, OTHERS, status_code
from services.records.directory.id_numbers import check_digit, checked
from services.records.directory.words import Stamp, hear

TODAY = date(2026, 9, 10)
PLACE = {"kind": "branch", "active": True, "path": ["r", "s", "b"]}


def organisation(kind: str, path: list[str], **more: Any) -> dict[str, Any]:
    return {
        "code": path[-1],
        "name": path[-1],
        "kind": kind,
        "parent": path[-2] if len(path) > 1 else None,
        "path": path,
        "has_committee": False,
        "has_leading_group": False,
        "founded_on": "2019-03-01",
        "external_id": None,
        "active": True,
        "since": "2019-03-01",
        "edition": 1,
        "successors": [],
        "dissolved_on": None,
        "committee_elected_on": None,
        "committee_due_on": None,
        **more,
    }


@pytest.mark.parametrize(("kind", "above"), list(product(ORGANISATION_KINDS, (None, *ORGANISATION_KINDS))))
def test_an_organisation_stands_only_where_its_kind_may(kind: str, above: str | None) -> None:
    given = {"code": "x", "name": "x", "kind": kind, "founded_on": date(2020, 1, 1)}
    parent = ("p", organisation(above, ["p"])) if above else None
    may = above in rules.PARENT_KINDS[kind] if above else not rules.PARENT_KINDS[kind]
    if not may:
        with pytest.raises(Invalid, match=r"organisation\.misplaced"):
            rules.found_organisation("x", given, parent, TODAY)
        return
    change = rules.found_organisation("x", given, parent, TODAY)
    assert change.state["path"] == (["p", "x"] if above else ["x"])
    change.events[0].contract.encode(change.events[0].data)


def test_a_founding_is_not_in_the_future_nor_below_who_is_gone() -> None:
    given = {"code": "x", "name": "x", "kind": "group", "founded_on": date(2026, 9, 11)}
    with pytest.raises(Invalid, match=r"organisation\.founded_in_future"):
        rules.found_organisation("x", given, ("b", organisation("branch", ["r", "b"])), TODAY)
    gone = organisation("branch", ["r", "b"], active=False)
    with pytest.raises(Invalid, match=r"organisation\.parent_inactive"):
        rules.found_organisation("x", {**given, "founded_on": TODAY}, ("b", gone), TODAY)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "＝1", "\t@x"])
def test_no_name_is_a_formula(name: str) -> None:
    parent = ("b", organisation("branch", ["r", "b"]))
    found = {"code": "x", "name": name, "kind": "group", "founded_on": TODAY}
    with pytest.raises(Invalid, match=r"organisation\.name_unfit"):
        rules.found_organisation("x", found, parent, TODAY)
    with pytest.raises(Invalid, match=r"organisation\.name_unfit"):
        rules.change_organisation("b", parent[1], {"name": name}, TODAY)
    entered = {"number": "1", "political_status": "member", "organisation": "b"}
    with pytest.raises(Invalid, match=r"person\.name_unfit"):
        persons.enter_person("p", {**entered, "name": name}, PLACE, TODAY)
    person = persons.enter_person("p", {**entered, "name": "甲"}, PLACE, TODAY).state
    with pytest.raises(Invalid, match=r"person\.name_unfit"):
        persons.change_person("p", person, {"name": name}, None, TODAY)


def test_a_change_that_changes_nothing_is_no_event() -> None:
    state = organisation("branch", ["r", "s", "b"])
    assert rules.change_organisation("b", state, {"name": "b", "founded_on": date(2019, 3, 1)}, TODAY) is None
    changed = rules.change_organisation("b", state, {"name": "新名"}, TODAY)
    assert changed is not None
    assert [each.data["name"] for each in changed.events] == ["新名"]


def test_a_subtree_follows_and_never_stands_below_itself() -> None:
    secondary = organisation("secondary", ["r", "s"])
    branch = organisation("branch", ["r", "s", "b"])
    group = organisation("group", ["r", "s", "b", "g"])
    elsewhere = ("t", organisation("secondary", ["r", "t"]))
    moved = rules.change_organisation("b", branch, {}, TODAY, parent=elsewhere)
    assert moved is not None
    followed = rules.follow("g", group, ("b", moved.state), TODAY)
    assert followed is not None
    assert followed.state["path"] == ["r", "t", "b", "g"]
    assert rules.follow("g", followed.state, ("b", moved.state), TODAY) is None
    for subject, state, parent in (("s", secondary, ("b", branch)), ("b", branch, ("g", group))):
        with pytest.raises(Invalid, match=r"organisation\.cycle"):
            rules.change_organisation(subject, state, {}, TODAY, parent=parent)
    root = organisation("university_committee", ["r"])
    with pytest.raises(Invalid, match=r"organisation\.root_stays"):
        rules.change_organisation("r", root, {}, TODAY, parent=("s", secondary))


def test_an_equal_number_sealed_anew_is_no_change() -> None:
    given = {"number": "1", "name": "甲", "political_status": "member", "organisation": "b"}
    phone = {"phone_sealed": "v1.a", "phone_fingerprint": "f"}
    state = persons.enter_person("p", {**given, **phone}, PLACE, TODAY).state
    assert persons.change_person("p", state, {**phone, "phone_sealed": "v1.b"}, None, TODAY) is None
    moved = persons.change_person("p", state, {"organisation": "c"}, PLACE, TODAY)
    assert moved is not None
    assert moved.events[0].data["phone_sealed"] == "v1.a"
    with pytest.raises(Invalid, match=r"organisation\.inactive"):
        persons.change_person("p", state, {"organisation": "c"}, {**PLACE, "active": False}, TODAY)


def test_a_person_is_told_with_the_mark_of_their_number_and_without_it_where_it_is_not_known() -> None:
    given = {"number": "1", "name": "甲", "political_status": "member", "organisation": "b"}
    entered = persons.enter_person("p", {**given, "number_fingerprint": "f"}, PLACE, TODAY)
    moved = persons.change_person("p", entered.state, {"organisation": "c"}, PLACE, TODAY)
    assert moved is not None
    assert [each.events[0].data["number_fingerprint"] for each in (entered, moved)] == ["f", "f"]
    of_before = {name: value for name, value in entered.state.items() if name != "number_fingerprint"}
    moved = persons.change_person("p", of_before, {"organisation": "c"}, PLACE, TODAY)
    assert moved is not None
    assert "number_fingerprint" not in moved.events[0].data


def number_of(region: str, born: date, serial: int) -> str:
    first = f"{region}{born:%Y%m%d}{serial:03}"
    return first + check_digit(first)


_NUMBERS = st.builds(
    number_of,
    st.integers(110000, 659999).map(str),
    st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    st.integers(0, 999),
)


@given(_NUMBERS, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_of_an_identity_number_is_noticed(number: str, at: int, by: int) -> None:
    assert checked(number.lower()) == number
    digit = "0123456789X".index(number[at])
    wrong = number[:at] + "0123456789X"[(digit + by) % (11 if at == 17 else 10)] + number[at + 1 :]
    with pytest.raises(Invalid, match=r"id_number\.invalid") as refused:
        checked(wrong)
    assert wrong not in str(refused.value.params)


@given(_NUMBERS, st.integers(0, 16))
def test_two_neighbouring_digits_of_an_identity_number_are_not_exchanged(number: str, at: int) -> None:
    exchanged = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    if exchanged != number:
        with pytest.raises(Invalid, match=r"id_number\.invalid"):
            checked(exchanged)


@given(st.sampled_from(POLITICAL_STATUSES), st.one_of(st.none(), st.sampled_from(POLITICAL_STATUS_CODES)))
def test_a_status_has_the_code_that_fits_it(status: str, code: str | None) -> None:
    entered = {
        "number": "1",
        "name": "甲",
        "political_status": status,
        "organisation": "b",
        "political_status_code": code,
    }
    fits = code is None or code == IMPLIED.get(status) or (status not in IMPLIED and code in OTHERS)
    if not fits:
        with pytest.raises(Invalid, match=r"person\.code_unfit") as refused:
            persons.enter_person("p", entered, PLACE, TODAY)
        assert refused.value.params["rule"] == "GB/T 4762"
        return
    state = persons.enter_person("p", entered, PLACE, TODAY).state
    assert status_code(state) == IMPLIED.get(status, code)
    raised = persons.change_person("p", state, {"political_status": "member"}, None, TODAY)
    assert status_code(raised.state if raised else state) == "01"


def test_who_leaves_gives_up_what_one_active_person_may_have() -> None:
    given = {"number": "1", "name": "甲", "political_status": "member", "organisation": "b"}
    sealed = {"id_number_sealed": "v1.a", "id_number_fingerprint": "f"}
    state = persons.enter_person("p", {**given, **sealed}, PLACE, TODAY).state
    assert state[persons.ID_NUMBER_SLOT] == "f"
    left = persons.change_person("p", state, {"active": False}, None, TODAY)
    assert left is not None
    assert persons.ID_NUMBER_SLOT not in left.state
    back = persons.change_person("p", left.state, {"active": True}, None, TODAY)
    assert back is not None
    assert back.state[persons.ID_NUMBER_SLOT] == "f"


_FIELDS = st.sampled_from(("name", "phone", "political_status", "organisation", "active"))
_WORDS = st.lists(
    st.tuples(
        st.dictionaries(_FIELDS, st.integers(0, 9), max_size=3),
        st.sampled_from(("/campus/hr", "/campus/students")),
        st.integers(0, 4),
        st.integers(0, 3),
    ),
    max_size=12,
)
Said = tuple[dict[str, int], str, Stamp]


def told(order: list[Said]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    words: dict[str, Any] = {}
    for fields, source, stamp in order:
        newer, words = hear(words, fields, source, stamp)
        state |= newer
    return state


@given(words=_WORDS, data=st.data())
def test_what_the_campus_says_has_one_result_in_any_order_and_number(
    words: list[tuple[dict[str, int], str, int, int]], data: st.DataObject
) -> None:
    said: list[Said] = [
        (fields, source, (sequence, f"2026-09-0{day + 1}", f"event {number}"))
        for number, (fields, source, sequence, day) in enumerate(words)
    ]
    repeated = [*said, *data.draw(st.lists(st.sampled_from(said), max_size=8) if said else st.just([]))]
    assert told(said) == told(data.draw(st.permutations(repeated)))


def test_a_later_word_of_another_system_counts_whatever_its_number() -> None:
    hr: Said = ({"name": 1}, "/campus/hr", (900, "2026-09-01", "a"))
    students: Said = ({"name": 2}, "/campus/students", (3, "2026-09-02", "b"))
    assert told([hr, students]) == told([students, hr]) == {"name": 2}
    unnumbered: Said = ({"name": 3}, "/campus/hr", (0, "2026-09-03", "c"))
    assert told([hr, students, unnumbered]) == told([unnumbered, students, hr]) == {"name": 3}


def test_within_one_system_its_numbers_count_and_not_its_clock() -> None:
    first: Said = ({"name": 1}, "/campus/hr", (1, "2026-09-05", "a"))
    second: Said = ({"name": 2}, "/campus/hr", (2, "2026-09-01", "b"))
    assert told([first, second]) == told([second, first]) == {"name": 2}


def test_a_word_repeated_changes_nothing_that_is_kept() -> None:
    said: list[Said] = [
        ({"name": 1, "phone": 1}, "/campus/hr", (1, "2026-09-05", "a")),
        ({"name": 2}, "/campus/students", (0, "2026-09-01", "b")),
    ]
    words: dict[str, Any] = {}
    for each in said:
        _, words = hear(words, *each)
    for each in said:
        assert hear(words, *each) == ({}, words)
