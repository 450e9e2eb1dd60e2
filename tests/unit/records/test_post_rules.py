"""Posts: where there are which, who may hold them and how long, and one secretary for an organisation."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import effective, load_all
from services.contracts.kinds import ORGANISATION_KINDS, POLITICAL_STATUSES, ROLES
from services.records.posts import model as rules

FOLDER = Path(__file__).parents[3] / "services" / "records" / "policies"
TODAY = date(2026, 9, 10)
RULINGS = effective(load_all(FOLDER, "posts-*.yaml"), TODAY)
MEMBER = {"active": True, "political_status": "member"}
PLACE = {"kind": "branch", "active": True, "has_committee": False}
_DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(("role", "kind"), list(product(ROLES, ORGANISATION_KINDS)))
def test_a_role_is_given_only_where_there_is_such_a_post(role: str, kind: str) -> None:
    given = {"person": "p", "organisation": "o", "role": role, "since": TODAY}
    where = {**PLACE, "kind": kind}
    if kind in rules.ROLE_KINDS[role]:
        assert rules.give_post("x", given, MEMBER, where, RULINGS, TODAY).state["active"]
    else:
        with pytest.raises(Invalid, match=r"post\.role_unfit"):
            rules.give_post("x", given, MEMBER, where, RULINGS, TODAY)


@given(
    since=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    until=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    today=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_a_withdrawn_post_ends_today_and_gives_its_place_free(
    since: date, until: date | None, today: date
) -> None:
    given = {"person": "p", "organisation": "b", "role": "secretary", "since": since, "until": until}
    if until is not None and (until < since or until < today):
        with pytest.raises(Invalid):
            rules.give_post("x", given, MEMBER, PLACE, RULINGS, today)
        return
    post = rules.give_post("x", given, MEMBER, PLACE, RULINGS, today).state
    assert not rules.renew_slot(post, today)
    withdrawn = rules.withdraw_post("x", post, today)
    assert withdrawn is not None
    assert "slot" not in withdrawn.state
    assert withdrawn.state["until"] >= withdrawn.state["since"]
    assert until is None or withdrawn.state["until"] <= until.isoformat()
    assert rules.withdraw_post("x", withdrawn.state, today) is None
    withdrawn.events[0].contract.encode(withdrawn.events[0].data)


def test_a_post_says_from_when_it_is_a_seat_on_a_committee() -> None:
    given = {"person": "p", "organisation": "o", "role": "secretary", "since": date(2026, 3, 1)}
    seated, later = {**PLACE, "has_committee": True}, date(2026, 9, 12)

    def since(change: Change | None) -> date | None:
        assert change is not None
        change.events[0].contract.encode(change.events[0].data)
        told: date | None = change.events[0].data["committee_since"]
        return told

    post = rules.give_post("x", given, MEMBER, PLACE, RULINGS, TODAY)
    assert since(post) is None
    assert since(rules.give_post("x", given, MEMBER, seated, RULINGS, TODAY)) == date(2026, 3, 1)
    assert rules.seat_on_committee("x", post.state, PLACE, later) is None
    came = rules.seat_on_committee("x", post.state, seated, later)
    assert since(came) == later
    assert came is not None
    assert rules.seat_on_committee("x", came.state, seated, TODAY + timedelta(days=9)) is None
    assert since(rules.seat_on_committee("x", came.state, PLACE, later)) is None
    # Of one from before it was kept nothing is told, until somebody says how it is.
    older = {name: value for name, value in post.state.items() if name != "committee_since"}
    withdrawn = rules.withdraw_post("x", older, TODAY)
    assert withdrawn is not None
    assert "committee_since" not in withdrawn.events[0].data
    assert since(rules.seat_on_committee("x", older, seated, later)) == date(2026, 3, 1)


@given(
    term=st.none() | st.dates(date(2026, 8, 1), date(2026, 10, 1)),
    until=st.none() | st.dates(date(2026, 8, 1), date(2026, 12, 1)),
)
def test_a_post_is_prolonged_while_it_is_held(term: date | None, until: date | None) -> None:
    given = {
        "person": "p",
        "organisation": "b",
        "role": "secretary",
        "since": date(2026, 8, 1),
        "until": term,
    }
    post = rules.give_post("x", given, MEMBER, PLACE, RULINGS, date(2026, 8, 1)).state
    if term is not None and term < TODAY:
        assert not rules.holds(post, TODAY)
        with pytest.raises(Conflict, match=r"post\.ended"):
            rules.prolong_post("x", post, until, TODAY)
    elif until is not None and until < TODAY:
        with pytest.raises(Invalid, match=r"post\.until_unfit"):
            rules.prolong_post("x", post, until, TODAY)
    else:
        prolonged = rules.prolong_post("x", post, until, TODAY)
        assert (prolonged is None) == (until == term)
        if prolonged is not None:
            assert rules.holds(prolonged.state, until or TODAY)
            prolonged.events[0].contract.encode(prolonged.events[0].data)


COMMITTEE = {role for role in ROLES if role in ("secretary", "deputy_secretary") or "commissioner" in role}


@pytest.mark.parametrize(("role", "status"), list(product(ROLES, POLITICAL_STATUSES)))
def test_a_post_of_a_committee_asks_for_a_full_member_and_one_of_the_platform_for_none(
    role: str, status: str
) -> None:
    where = {**PLACE, "kind": next(iter(rules.ROLE_KINDS[role]))}
    person = {"active": True, "political_status": status}
    appointed = {"person": "p", "organisation": "o", "role": role, "since": TODAY}
    open_to = {"member"} if role in COMMITTEE | {"organiser"} else set(POLITICAL_STATUSES)
    if role == "group_leader":
        open_to = {"member", "probationary"}
    assert rules.fits(role, status, RULINGS) is (status in open_to)
    if status in open_to:
        assert rules.give_post("x", appointed, person, where, RULINGS, TODAY).state["active"]
        return
    with pytest.raises(Invalid, match=r"post\.status_unfit") as refused:
        rules.give_post("x", appointed, person, where, RULINGS, TODAY)
    params = refused.value.params
    assert params["pack"] == "posts-national"
    assert all(params[name] for name in ("rule", "article"))
    assert set(params["accepted"].split(", ")) == open_to


def _term(since: date, until: date | None, *, active: bool = True) -> dict[str, Any]:
    last = until.isoformat() if until else None
    return {"since": since.isoformat(), "until": last, "active": active, "seat": "b"}


@given(_DAYS, st.none() | _DAYS, _DAYS, st.none() | _DAYS, st.booleans())
def test_two_secretaries_are_never_in_office_on_the_same_day(
    since: date, until: date | None, begins: date, ends: date | None, active: bool
) -> None:
    if (until is not None and until < since) or (ends is not None and ends < begins):
        return
    held, given_ = _term(since, until, active=active), _term(begins, ends)
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(731)]
    both = active and any(
        since <= day and (until is None or day <= until) and begins <= day and (ends is None or day <= ends)
        for day in days
    )
    ruling = RULINGS[rules.SECRETARIES]
    if not both:
        rules.require_seat(given_, [held], ruling)
        return
    with pytest.raises(Conflict, match=r"post\.seat_taken") as refused:
        rules.require_seat(given_, [held], ruling)
    accepted = refused.value.params["accepted"]
    assert (accepted == "–") is (until is None)
    if until is not None:  # what is said to be free is
        rules.require_seat(_term(date.fromisoformat(accepted[:10]), None), [held], ruling)


@pytest.mark.parametrize(
    ("role", "kind", "high"),
    [
        ("secretary", "branch", True),
        ("deputy_secretary", "branch", True),
        ("publicity_commissioner", "branch", False),
        ("publicity_commissioner", "secondary", True),
        ("group_leader", "group", False),
        ("administrator", "university_committee", False),
    ],
)
def test_a_post_is_as_high_by_where_it_is_and_then_by_what_it_is(role: str, kind: str, high: bool) -> None:
    former = [{"role": "deputy_secretary", "kind": "branch"}, {"role": "administrator", "kind": "secondary"}]
    assert rules.as_high(role, kind, former) is high
    assert not rules.as_high(role, kind, [])
