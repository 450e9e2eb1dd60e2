"""Probation within the Party: from when to when it counts, prolonged once, closed by a decision."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.policies import effective, load_all
from services.records.sanctions import model as rules

FOLDER = Path(__file__).parents[3] / "services" / "records" / "policies"
TODAY = date(2026, 9, 10)
RULINGS = effective(load_all(FOLDER, "discipline-*.yaml"), TODAY)
MEMBER = {"active": True, "political_status": "member", "organisation": "group"}
PATH = ("root", "college")
POSTS = ({"post": "x", "role": "secretary", "kind": "branch", "since": "2024-01-01"},)
GIVEN = {"person": "p", "years": 1, "decided_on": date(2025, 3, 1), "decided_by": "college", "since": None}


def imposed(person: dict[str, Any] = MEMBER, *, by: str = "above", **changes: Any) -> dict[str, Any]:
    change = rules.impose("s", {**GIVEN, **changes}, person, PATH, RULINGS, posts=POSTS, by=by, today=TODAY)
    return dict(change.state)


def prolonged(
    before: dict[str, Any], on: date = TODAY, *, posts: tuple[dict[str, str], ...] = (), today: date = TODAY
) -> dict[str, Any]:
    decision = {"decided_on": on}
    return dict(rules.prolong("s", before, decision, RULINGS, posts=posts, by="above", today=today).state)


def closed(before: dict[str, Any], outcome: str, on: date, comment: str | None = None) -> dict[str, Any]:
    decision = {"outcome": outcome, "on": on, "comment": comment}
    return dict(rules.close("s", before, decision, RULINGS, by="above", today=TODAY).state)


@given(st.dates(date(2023, 1, 1), date(2026, 9, 10)), st.sampled_from([1, 2]), st.integers(-3, 800))
def test_it_counts_from_its_first_to_its_last_day_whatever_was_decided_of_it(
    since: date, years: int, offset: int
) -> None:
    state = imposed(decided_on=since, years=years)
    last = date.fromisoformat(state["last"])
    assert (last + timedelta(days=1) - since).days in (365 * years, 365 * years + 1)
    day = since + timedelta(days=offset)
    assert rules.lasts(state, day) is (since <= day <= last)


def test_a_leap_day_is_no_day_more() -> None:
    assert imposed(decided_on=date(2024, 2, 29))["last"] == "2025-02-27"
    assert imposed(decided_on=date(2024, 2, 29), years=2)["last"] == "2026-02-27"
    assert imposed(decided_on=date(2025, 3, 1), since=date(2025, 3, 5))["last"] == "2026-03-04"


@pytest.mark.parametrize(
    ("changes", "code", "accepted"),
    [
        ({"years": 3}, "sanction.years_unfit", "1, 2"),
        ({"decided_by": "branch"}, "sanction.decided_by_unfit", "root, college"),
        ({"decided_on": date(2026, 9, 11)}, "sanction.in_future", "… 2026-09-10"),
        ({"since": date(2025, 2, 28)}, "sanction.before_decision", "2025-03-01 …"),
        ({"person_is": {**MEMBER, "political_status": "probationary"}}, "sanction.person_unfit", "member"),
        ({"person_is": {**MEMBER, "active": False}}, "sanction.person_unfit", "member"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_accepted(
    changes: dict[str, Any], code: str, accepted: str
) -> None:
    person = changes.pop("person_is", MEMBER)
    with pytest.raises(Invalid) as refused:
        imposed(person, **changes)
    assert (refused.value.code, refused.value.params["accepted"]) == (code, accepted)
    if code in ("sanction.years_unfit", "sanction.decided_by_unfit"):
        assert refused.value.params["pack"] == "discipline-national"
        assert "第" in refused.value.params["article"] or "条例" in refused.value.params["article"]


def test_one_year_is_prolonged_once_and_two_never() -> None:
    state = prolonged(imposed())
    assert (state["until"], state["last"], state["prolonged"]["before"]) == (
        "2027-02-28",
        "2027-02-28",
        "2026-02-28",
    )
    with pytest.raises(Conflict, match=r"sanction\.prolonged"):
        prolonged(state)
    with pytest.raises(Invalid, match=r"sanction\.too_long") as refused:
        prolonged(imposed(years=2))
    assert refused.value.params["article"] == "中国共产党章程第四十一条"


def test_what_is_prolonged_after_its_year_was_over_ends_the_posts_that_were_taken_since() -> None:
    leader = {"post": "y", "role": "group_leader", "kind": "group", "since": "2026-03-01"}
    secretary, led = ({"role": each["role"], "kind": each["kind"]} for each in (*POSTS, leader))
    lasting = prolonged(imposed(), posts=(leader, *POSTS))
    assert lasting["posts"] == [secretary, led]
    # Where the second year is over as well when it is entered: those that could not be held on its days.
    later = {**leader, "role": "deputy_secretary", "since": "2027-03-01"}
    over = prolonged(imposed(), posts=(leader, later), today=date(2027, 3, 1))
    assert over["posts"] == [secretary, led]


@given(
    st.dates(date(2022, 1, 1), TODAY),
    st.sampled_from([1, 2]),
    st.lists(st.dates(date(2021, 1, 1)), max_size=4),
)
def test_what_is_entered_when_it_is_over_ends_what_could_not_be_held_and_nothing_begun_since(
    decided_on: date, years: int, begun: list[date]
) -> None:
    state = imposed(decided_on=decided_on, years=years)
    held = [{**POSTS[0], "post": str(at), "since": day.isoformat()} for at, day in enumerate(begun)]
    ended = {each["post"] for each in rules.ending(state, held, TODAY)}
    last = date.fromisoformat(state["last"])
    if rules.lasts(state, TODAY):
        assert ended == {each["post"] for each in held}
    else:
        assert ended == {str(at) for at, day in enumerate(begun) if day <= last}


def test_rights_come_back_after_the_end_and_a_revoked_one_did_not_count() -> None:
    state = imposed()
    with pytest.raises(Invalid, match=r"sanction\.too_early") as refused:
        closed(state, "restored", date(2026, 2, 28))
    assert refused.value.params["accepted"] == "2026-03-01 …"
    restored = closed(state, "restored", date(2026, 3, 20))
    assert rules.lasts(restored, date(2026, 2, 28))
    assert not rules.lasts(restored, date(2026, 3, 1))
    with pytest.raises(Invalid, match=r"sanction\.comment_missing"):
        closed(state, "revoked", date(2025, 3, 1))
    revoked = closed(state, "revoked", date(2025, 3, 1), "复查撤销")
    assert not any(rules.lasts(revoked, date(2025, 2, 27) + timedelta(days=n)) for n in range(400))
    assert not rules.lasts(closed(state, "expelled", date(2025, 6, 1)), date(2025, 6, 1))
    assert "slot" in state
    assert "slot" not in revoked
    with pytest.raises(Conflict, match=r"sanction\.closed"):
        closed(restored, "restored", date(2026, 3, 20))


def test_nobody_decides_on_their_own() -> None:
    state = imposed()
    decision = {"outcome": "restored", "on": TODAY, "decided_on": TODAY}
    with pytest.raises(Forbidden, match=r"sanction\.own"):
        imposed(by="p")
    with pytest.raises(Forbidden, match=r"sanction\.own"):
        rules.prolong("s", state, decision, RULINGS, posts=(), by="p", today=TODAY)
    with pytest.raises(Forbidden, match=r"sanction\.own"):
        rules.close("s", state, decision, RULINGS, by="p", today=TODAY)


def test_the_event_names_neither_the_person_nor_their_branch() -> None:
    change = rules.impose("s", GIVEN, MEMBER, PATH, RULINGS, posts=POSTS, by="above", today=TODAY)
    [event] = change.events
    assert event.data == {"sanction": "s", "organisation": "college", "state": "running"}


def test_a_post_as_high_is_barred_for_two_years_after_the_rights_are_back() -> None:
    state, ruling = imposed(), RULINGS[rules.POSTS_BARRED]
    assert state["posts"] == [{"role": "secretary", "kind": "branch"}]
    assert rules.barred_until(state, ruling) == date(2028, 3, 1)
    restored = closed(state, "restored", date(2026, 9, 1))
    assert rules.barred_until(restored, ruling) == date(2028, 9, 1)
    assert rules.barred_until(closed(state, "revoked", date(2026, 9, 1), "x"), ruling) is None
    assert rules.barred_until(restored, None) is None
