"""The entry of what was held long ago is opened by the level above, with a reason, and closed again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.chassis.clock import FixedClock
from services.chassis.errors import Forbidden, Invalid, NotFound
from tests.component.records.surroundings import Campus, Faculty

MARCH = {"held_from": "2026-03-01", "held_until": "2026-03-31", "open_until": "2026-09-11"}
LAST_SECOND = datetime(2026, 9, 11, 15, 59, 59, tzinfo=UTC)  # of that day on campus


def opened(campus: Campus, person: str, organisation: str, **more: Any) -> dict[str, Any]:
    given = {**MARCH, "organisation": organisation, "reason": "支部书记交接", **more}
    return campus.call(person, "open_entry_window", **given)


def filed(
    campus: Campus, faculty: Faculty, held_on: str, by: str | None = None, key: str | None = None
) -> dict[str, Any]:
    listed = (faculty.secretary, faculty.member, faculty.groupie)
    return campus.call(
        by or faculty.secretary,
        "file_activity",
        key,
        organisation=faculty.branch,
        kind="theme_day",
        title="主题党日",
        held_on=held_on,
        attendance=[{"person": each, "state": "present"} for each in listed],
        minutes="记录",
    )


def test_the_entry_is_opened_by_the_level_above_alone(campus: Campus, faculty: Faculty) -> None:
    for person in (faculty.member, faculty.secretary, faculty.next_door):
        with pytest.raises(Forbidden):
            opened(campus, person, faculty.branch)
    with pytest.raises(Invalid) as refused:
        opened(campus, faculty.dean, faculty.branch, reason=" 急 ")
    assert set(refused.value.fields) == {"reason"}
    with pytest.raises(Invalid, match=r"entry_window\.too_long"):
        opened(campus, faculty.dean, faculty.branch, open_until="2026-10-12")

    window = opened(campus, faculty.dean, faculty.branch)
    assert (window["open"], window["opened_by"], window["opened_on"]) == (True, faculty.dean, "2026-09-10")

    for person in (faculty.dean, faculty.secretary):
        for query in ({"organisation": faculty.branch}, {"within": faculty.branch}, {}):
            assert campus.call(person, "list_entry_windows", **query)["items"] == [window]
    assert campus.call(faculty.next_door, "list_entry_windows")["items"] == []
    for person in (faculty.member, faculty.next_door):
        with pytest.raises(Forbidden):
            campus.call(person, "list_entry_windows", organisation=faculty.branch)
        with pytest.raises(NotFound, match=r"entry_windows\.not_found"):
            campus.call(person, "close_entry_window", window=window["id"], reason="无关人员")
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "close_entry_window", window=window["id"], reason="自行关闭")

    # Whoever comes to write for the branch as well opens and closes no more.
    campus.post(faculty.dean, "organisation_commissioner", faculty.branch)
    with pytest.raises(Forbidden, match=r"entry_window\.own_organisation"):
        opened(campus, faculty.dean, faculty.branch)


def test_under_an_opening_it_is_entered_late_with_its_reason_until_the_window_is_over(
    campus: Campus, faculty: Faculty, clock: FixedClock
) -> None:
    with pytest.raises(Invalid, match=r"activity\.entry_closed") as refused:
        filed(campus, faculty, "2026-03-05")
    assert refused.value.params["latest"] == "2026-06-03"
    plan = {"organisation": faculty.branch, "kind": "theme_day", "title": "题", "held_on": "2026-03-06"}
    waiting = campus.call(faculty.secretary, "plan_activity", **plan)["id"]
    window = opened(campus, faculty.dean, faculty.branch)["id"]
    opened(campus, campus.administrator, faculty.neighbour)  # is none of this branch

    entry = filed(campus, faculty, "2026-03-05", key="once")
    under = {"window": window, "reason": "支部书记交接"}
    assert (entry["late"], entry["opened_by"]) == (True, under)
    for person, shown in ((faculty.secretary, under), (faculty.dean, under), (faculty.member, None)):
        assert campus.call(person, "get_activity", activity=entry["id"])["opened_by"] == shown
    with pytest.raises(Invalid, match=r"activity\.entry_closed"):
        filed(campus, faculty, "2026-04-01")
    # Nobody enters under what they opened themselves.
    mine = opened(campus, campus.administrator, faculty.branch, held_until="2026-04-30")["id"]
    with pytest.raises(Invalid, match=r"activity\.entry_closed"):
        filed(campus, faculty, "2026-04-01", by=campus.administrator)

    # The last day of an opening ends at midnight on campus.
    record = {"attendance": [{"person": faculty.member, "state": "present"}], "others": "absent"}
    clock.advance(LAST_SECOND - clock.now())
    assert filed(campus, faculty, "2026-04-01")["opened_by"]["window"] == mine
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Invalid, match=r"activity\.entry_closed"):
        campus.call(faculty.secretary, "record_activity", activity=waiting, **record)

    again = opened(campus, faculty.dean, faculty.branch, open_until="2026-10-12")
    done = {"window": again["id"], "reason": "已全部录完"}
    for _ in range(2):  # what is closed already is closed, and on record once
        closed = campus.call(faculty.dean, "close_entry_window", **done)
        assert (closed["open"], closed["closed_on"]) == (False, "2026-09-12")
    with pytest.raises(Invalid, match=r"activity\.entry_closed"):
        campus.call(faculty.secretary, "record_activity", activity=waiting, **record)

    assert filed(campus, faculty, "2026-03-05", key="once") == entry  # the same command, sent again

    # What was entered and returned is recorded anew whatever is open.
    campus.call(faculty.dean, "review_activity", activity=entry["id"], verdict="return", comment="请补充")
    anew = campus.call(
        faculty.secretary, "record_activity", activity=entry["id"], **record, minutes="补充后的记录"
    )
    assert (anew["state"], anew["opened_by"]) == ("recorded", under)

    audited = campus.call(
        campus.administrator, "read_audit", object_kind="organisation", object=faculty.branch
    )["items"]
    kept = [(each["action"], each["reason"]) for each in audited if "entry_window" in each["action"]]
    assert kept == [
        ("entry_window.closed", "已全部录完"),
        *[("entry_window.opened", "支部书记交接")] * 3,
    ]
    told = campus.events("records.entry_window.changed.v1")
    assert len(told) == 5
    assert "交接" not in str(told)
    assert told[-1]["data"] == {
        **{name: again[name] for name in ("organisation", "held_from", "held_until", "open_until")},
        "window": again["id"],
        "closed_on": "2026-09-12",
    }
