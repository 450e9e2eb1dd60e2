"""The clock turns obligations once, however many replicas wake."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest

from services.chassis.envelope import Event, from_wire
from services.chassis.errors import Contended
from services.chassis.testing import Running, wait_for
from services.evaluation.application import Evaluation
from services.evaluation.service import EvaluationService
from tests.component.evaluation.surroundings import Campus, organisation


def test_a_new_organisation_owes_at_once_and_is_not_reproached_yet(
    campus: Campus, evaluation: Evaluation
) -> None:
    found = campus.obligations("secretary", organisation="branch")
    assert {(each["rule"], each["period"]) for each in found} == {
        ("branch_meeting", "2026-Q2"),
        ("branch_committee", "2026-06"),
        ("group_meeting", "2026-06"),
        ("party_lecture", "2026-Q2"),
        ("theme_day", "2026-06"),
        ("organisational_life_meeting", "2026"),
        ("democratic_appraisal", "2026"),
    }
    assert {each["state"] for each in found} <= {"open", "due_soon"}
    assert not campus.overheard.of("obligation.overdue")


def test_what_a_newcomer_lacks_is_said_when_nothing_more_comes(
    campus: Campus, evaluation: Evaluation
) -> None:
    campus.clock.advance(timedelta(seconds=60))
    wait_for(lambda: campus.obligations("secretary", state="overdue"))
    wait_for(lambda: campus.overheard.of("obligation.overdue"))
    assert wait_for(lambda: campus.obligations("secretary", state="missed"))
    # Half a year back, and nothing older.
    assert min(each["starts_on"] for each in campus.obligations("dean")) == "2025-12-01"


def test_while_others_are_told_of_a_newcomer_waits_and_not_for_ever(
    campus: Campus, evaluation: Evaluation
) -> None:
    now, later = campus.clock.now(), campus.clock.now() + timedelta(seconds=1)
    unsettled = evaluation.standings.unsettled
    assert unsettled(before=now, at_the_latest=now, limit=9) == []
    assert sorted(unsettled(before=later, at_the_latest=now, limit=9))[0] == "branch"
    assert sorted(unsettled(before=now, at_the_latest=later, limit=9))[0] == "branch"


def test_obligations_age_once_with_three_replicas(campus: Campus) -> None:
    with ExitStack() as stack:
        replicas = [
            stack.enter_context(Running(EvaluationService, campus.settings, campus.clock)) for _ in range(3)
        ]
        campus.settle_in()
        schedules = replicas[0].application.database["schedules"]
        wait_for(lambda: (schedules.find_one({"_id": "evaluation.obligations"}) or {}).get("last_done"))
        ticks = schedules.find_one({"_id": "evaluation.obligations"})["token"]

        campus.clock.advance(timedelta(days=15))  # 5 July: June is overdue, July is open

        wait_for(lambda: schedules.find_one({"_id": "evaluation.obligations"})["last_done"] == "2026-07-05")
        campus.clock.advance(timedelta(seconds=60))  # whoever was new when the day turned is settled by then
        wait_for(lambda: campus.obligations("secretary", state="overdue", rule="theme_day"))
        wait_for(lambda: replicas[0].application.database["bundles"].count_documents({}) == 0)
        assert schedules.find_one({"_id": "evaluation.obligations"})["token"] == ticks + 1
        turns = Counter((each["subject"], each["sequence"]) for each in campus.overheard.listen())
        assert set(turns.values()) == {1}
        opened = {
            each["id"]
            for each in campus.overheard.of("obligation.opened")
            if each["data"]["period"] == "2026-07"
        }
        assert len(opened) == 4  # two theme days, a committee, a group


def test_a_secondary_organisation_that_was_known_before_it_owed_owes_since_it_is_known(
    campus: Campus, evaluation: Evaluation
) -> None:
    wait_for(lambda: campus.obligations("dean", organisation="faculty", rule="joint_meeting"))
    meetings = campus.obligations("dean", organisation="faculty", rule="joint_meeting")
    standings, rows = evaluation.database["standings"], evaluation.database["obligations"]
    before = standings.find_one({"_id": "faculty"})
    entry = json.loads(before["enrolled"])
    del entry["faculty"][5]["secondary"]
    standings.update_one({"_id": "faculty"}, {"$set": {"enrolled": json.dumps(entry), "told": "{}"}})
    rows.delete_many({"organisation": "faculty"})

    for _ in range(2):
        import_module("services.evaluation.migrations.0001_secondary_organisations_owe").up(
            evaluation.database
        )
    evaluation.turn_the_day(campus.clock.today())

    after = standings.find_one({"_id": "faculty"})
    assert after["enrolled"] == before["enrolled"]
    found = campus.obligations("dean", organisation="faculty", rule="joint_meeting")
    assert {each["id"]: each["state"] for each in found} == {each["id"]: each["state"] for each in meetings}


def test_a_closed_organisation_owes_no_more(campus: Campus, evaluation: Evaluation) -> None:
    campus.tell(organisation("branch", active=False))

    wait_for(lambda: campus.obligations("dean", organisation="branch", state="exempted"))
    wait_for(lambda: len(campus.overheard.of("obligation.exempted")) == 6)
    assert {each["data"]["organisation"] for each in campus.overheard.of("obligation.exempted")} == {"branch"}
    campus.tell(organisation("branch", active=True))
    wait_for(lambda: len(campus.overheard.of("obligation.reopened")) == 6)


def test_what_begins_to_apply_today_is_not_owed_for_the_past(campus: Campus, evaluation: Evaluation) -> None:
    campus.tell(organisation("next-door", has_committee=True), organisation("branch", active=False))
    wait_for(lambda: len(campus.overheard.of("obligation.exempted")) == 6)

    campus.clock.advance(timedelta(days=15))  # 5 July
    wait_for(lambda: campus.obligations("neighbour", rule="branch_committee"))
    campus.tell(organisation("branch", active=True))
    wait_for(lambda: evaluation.standings.one("branch").standing.enrolled["branch"].sequence == 3)
    campus.clock.advance(timedelta(seconds=60))
    wait_for(lambda: campus.obligations("neighbour", state="missed"))

    assert [each["period"] for each in campus.obligations("neighbour", rule="branch_committee")] == [
        "2026-07"
    ]
    found = campus.obligations("secretary", organisation="branch")
    assert {each["state"] for each in found if each["organisation"] == "branch"} == {"exempted"}
    assert not campus.overheard.of("obligation.reopened")


def test_what_was_opened_keeps_its_rule_when_the_packs_change(campus: Campus, evaluation: Evaluation) -> None:
    before = {each["id"]: each for each in campus.obligations("secretary", organisation="branch")}
    book = evaluation.projector._rulebook()
    stricter = [replace(rule, needed=2, pack="later") for rule in book.rules_on(date(2026, 6, 1))]
    changed = replace(book, rules=[(date(2018, 10, 28), stricter)])
    evaluation.projector._rulebook = lambda: changed

    campus.clock.advance(timedelta(days=15))
    wait_for(lambda: campus.obligations("secretary", rule="theme_day", period="2026-07"))
    campus.clock.advance(timedelta(seconds=60))  # whoever was new when the day turned is settled by then

    wait_for(lambda: campus.obligations("secretary", rule="theme_day", state="overdue"))
    after = {each["id"]: each for each in campus.obligations("secretary", organisation="branch")}
    assert {after[id_]["needed"] for id_ in before} == {1}
    assert {after[id_]["pack"] for id_ in before} == {"frequency-national-2018"}
    opened = [each for each in after.values() if each["period"] == "2026-07"]
    assert {(each["needed"], each["pack"]) for each in opened} == {(2, "later")}


def test_a_group_that_moved_owes_at_its_new_branch(campus: Campus, evaluation: Evaluation) -> None:
    campus.tell(
        organisation("group", parent="next-door", path=["university", "faculty", "next-door", "group"])
    )
    wait_for(lambda: campus.overheard.of("obligation.exempted"))

    campus.clock.advance(timedelta(days=15))

    july = wait_for(lambda: campus.obligations("neighbour", rule="group_meeting", state="open"))
    assert [each["period"] for each in july] == ["2026-07"]


def test_a_group_is_of_one_branch_whoever_was_cut_off_or_overtaken(
    campus: Campus, evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    projector, units = evaluation.projector, evaluation.projector._units
    keep = units.keep
    campus.tell(organisation("third"))
    wait_for(lambda: units.placed(["third"]))

    def moved(branch: str, sequence: int) -> Event:
        told = organisation("group", parent=branch, path=["university", "faculty", branch, "group"])
        return from_wire(campus.sealed(told, sequence))

    def owes_at() -> list[str]:
        found = evaluation.standings.met(["branch", "next-door", "third"]).values()
        at = {each.standing.unit: each.standing.enrolled.get("group") for each in found}
        return [unit for unit, entry in at.items() if entry is not None and entry.organisation.active]

    def outrun_by(event: Event) -> None:
        """Another replica takes ``event`` in before the next that is enrolled is placed."""

        def first(*placed: Any) -> None:
            monkeypatch.setattr(units, "keep", keep)
            projector.enrol([event])
            keep(*placed)

        monkeypatch.setattr(units, "keep", first)

    def cut_off(*placed: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(units, "keep", cut_off)
    with pytest.raises(ConnectionError):
        projector.enrol([moved("third", 2)])
    monkeypatch.setattr(units, "keep", keep)
    projector.enrol([moved("next-door", 3)])
    projector.enrol([moved("third", 2)])
    assert owes_at() == ["next-door"]

    for ours, theirs in ((moved("third", 4), moved("branch", 5)), (moved("next-door", 7), moved("third", 6))):
        outrun_by(theirs)
        with pytest.raises(Contended):
            projector.enrol([ours])
        projector.enrol([ours])
        newest = max(ours, theirs, key=lambda each: each.sequence)
        assert owes_at() == [newest.data["parent"]]
        assert units.of(["group"])["group"][0] == newest.data["parent"]


def test_what_was_placed_before_sequences_were_kept_is_not_moved_back(
    campus: Campus, evaluation: Evaluation
) -> None:
    back = organisation("group", parent="next-door", path=["university", "faculty", "next-door", "group"])
    older = from_wire(campus.sealed(back, 2))
    evaluation.projector.enrol([from_wire(campus.sealed(organisation("group"), 3))])
    organisations = evaluation.database["organisations"]
    before = organisations.find_one({"_id": "group"})
    organisations.update_one({"_id": "group"}, {"$unset": {"sequence": ""}})

    for _ in range(2):
        import_module("services.evaluation.migrations.0002_where_organisations_are_by_which_event").up(
            evaluation.database
        )
    evaluation.projector.enrol([older])

    assert organisations.find_one({"_id": "group"}) == before
    assert "group" not in evaluation.standings.one("next-door").standing.enrolled
