"""A rebuild from the ledger gives what was there, and corrects what was wrong."""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from random import Random
from typing import Any

import bson
import eventlet
import pytest
from eventlet.green import subprocess

from services.chassis.envelope import from_wire
from services.chassis.said import GRANTS, MEMBERS, NODES
from services.chassis.store import connect
from services.chassis.testing import wait_for
from services.evaluation.application import Evaluation
from tests.component.evaluation.surroundings import TREE, Campus, approved, organisation, rebuilt
from tests.component.evaluation.test_evidence import RECORDS


def folded(campus: Campus, evaluation: Evaluation) -> dict[str, Any]:
    """The branch's standing after its records came in some order, with all it told published."""
    events = [from_wire(campus.sealed(each, 4)) for each in RECORDS]
    Random(3).shuffle(events)
    for event in events:
        evaluation.projector.fold([event])
    return quiet(evaluation)


def quiet(evaluation: Evaluation) -> dict[str, Any]:
    wait_for(lambda: evaluation.database["bundles"].count_documents({}) == 0)
    return dict(wait_for(lambda: evaluation.database["standings"].find_one({"_id": "branch"})))


def shown(evaluation: Evaluation) -> list[dict[str, Any]]:
    """The obligations as they are listed, apart from the version they were computed from."""
    return list(evaluation.database["obligations"].find({}, {"basis": 0}).sort("_id", 1))


def test_a_rebuild_of_what_is_right_gives_the_same_bytes(campus: Campus, evaluation: Evaluation) -> None:
    before = folded(campus, evaluation)
    rows = shown(evaluation)

    for _ in range(2):
        rebuilt(evaluation)

    assert bson.encode(quiet(evaluation)) == bson.encode(before)
    assert shown(evaluation) == rows


def test_a_rebuild_trusts_nothing_that_was_computed(campus: Campus, evaluation: Evaluation) -> None:
    before = folded(campus, evaluation)
    rows = {each["_id"]: each for each in evaluation.database["obligations"].find({})}
    invented = {**json.loads(before["evidence"]), "invented": json.loads(before["evidence"])["day-1"]}
    evaluation.database["standings"].update_one(
        {"_id": "branch"}, {"$set": {"evidence": json.dumps(invented), "scores": {}}}
    )
    evaluation.database["obligations"].delete_many({})

    rebuilt(evaluation)

    after = quiet(evaluation)
    for field in ("evidence", "told", "rules", "enrolled"):
        assert after[field] == before[field]
    assert after["scores"]["2026"][:4] == before["scores"]["2026"][:4]
    wanted = {"organisation": {"$in": ["branch", "group"]}}
    found = {each["_id"]: each for each in evaluation.database["obligations"].find(wanted)}
    assert {id_: each["state"] for id_, each in found.items()} == {
        id_: rows[id_]["state"] for id_ in json.loads(before["told"])
    }


def test_what_is_lost_beside_the_ledgers_comes_back_once_the_directory_is_told_anew(
    campus: Campus, evaluation: Evaluation
) -> None:
    folded(campus, evaluation)

    def known() -> tuple[Any, ...]:
        score = campus.score("dean", "branch") or {}
        found = campus.obligations("dean", organisation="branch")
        owed = {each["id"]: (each["state"], each["evidence"]) for each in found}
        return tuple(score.get(name) for name in ("points", "band", "evidence")), owed

    wait_for(lambda: campus.score("dean", "branch") and campus.obligations("dean", organisation="branch"))
    before = known()
    for lost in ("standings", "organisations", "obligations", "sheets", "personal_obligations"):
        evaluation.database[lost].delete_many({})
    for lost in (NODES, GRANTS, MEMBERS):
        evaluation.database[lost].delete_many({})

    campus.settle_in()
    rebuilt(evaluation)
    assert known() == before
    mine = wait_for(lambda: campus.call("dean", "list_personal_obligations", person="member")["items"])
    assert {each["rule"] for each in mine} == {"talk", "training_hours"}

    # Whoever knows it already takes nothing from it.
    campus.tell(*(organisation(name) for name in TREE))
    told = campus.sequences["branch"]
    wait_for(lambda: evaluation.standings.one("branch").standing.enrolled["branch"].sequence == told)
    assert known() == before


def test_what_a_group_did_before_it_moved_stays_where_it_counts(
    campus: Campus, evaluation: Evaluation
) -> None:
    wait_for(lambda: evaluation.projector._units.placed(["group"]))
    record = approved("ours", RECORDS[0].data["held_on"], "group_meeting", organisation="group")
    evaluation.projector.fold([from_wire(campus.sealed(record, 4))])
    campus.tell(
        organisation("group", parent="next-door", path=["university", "faculty", "next-door", "group"])
    )
    wait_for(lambda: campus.overheard.of("obligation.exempted"))
    wait_for(lambda: evaluation.projector._units.of(["group"])["group"][0] == "next-door")
    # Amended later it replaces what it was, and a redelivery is no news to the branch that came after.
    amended = approved("ours", RECORDS[0].data["held_on"], "group_meeting", organisation="group", present=5)
    for sequence, event in ((6, amended), (4, record)):
        evaluation.projector.fold([from_wire(campus.sealed(event, sequence))])
    for _ in range(2):
        assert campus.score("dean", "branch")["evidence"] == 1
        assert campus.score("dean", "next-door")["evidence"] == 0
        rebuilt(evaluation)
    assert {each.present for each in evaluation.projector._ledger.of("branch")} == {9, 5}
    assert evaluation.projector._ledger.of("next-door") == []


def test_a_rebuild_beside_a_replica_that_folds_loses_nothing(campus: Campus, evaluation: Evaluation) -> None:
    other = Evaluation.for_test(campus.settings, campus.clock)
    folding = [
        eventlet.spawn(evaluation.projector.fold, [from_wire(campus.sealed(each, 4))]) for each in RECORDS
    ]
    rebuilding = [eventlet.spawn(rebuilt, other) for _ in range(3)]
    for thread in (*folding, *rebuilding):
        thread.wait()
    assert campus.score("secretary", "branch")["evidence"] == len(RECORDS)
    other.stop()


def test_a_branch_and_its_group_come_together_and_an_older_word_moves_nothing_back(
    campus: Campus, evaluation: Evaluation
) -> None:
    new = organisation("new", path=["university", "faculty", "new"])
    below = {"kind": "group", "parent": "new", "path": ["university", "faculty", "new", "team"]}
    told = [
        from_wire(campus.sealed(each, 2))
        for each in (organisation("team", **below), organisation("other"), new)
    ]
    evaluation.know(told)
    assert evaluation.projector._units.of(["team", "new"]) == {"team": ["new"], "new": ["new"]}

    elsewhere = {"kind": "group", "parent": "other", "path": ["university", "faculty", "other", "team"]}
    evaluation.know([from_wire(campus.sealed(organisation("team", **elsewhere), 4))])
    # Some of its way was done before, and nothing else: what was told again goes it to its end.
    evaluation.database["organisations"].update_one({"_id": "team"}, {"$set": {"unit": "new", "sequence": 2}})
    evaluation.know([from_wire(campus.sealed(organisation("team", **elsewhere), 4))])
    evaluation.know([from_wire(campus.sealed(organisation("team", **below), 3))])
    assert evaluation.projector._units.of(["team"]) == {"team": ["other", "new"]}


def test_a_standing_and_the_rows_that_show_it_are_written_together(
    campus: Campus, evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, rows = quiet(evaluation), shown(evaluation)

    def cut_short(*_: object, **__: object) -> bool:
        raise RuntimeError("the process ends between the two")

    with monkeypatch.context() as broken:
        broken.setattr(evaluation.projector.turning.rows, "write", cut_short)
        with pytest.raises(RuntimeError):
            evaluation.projector.fold([from_wire(campus.sealed(RECORDS[0], 4))])

    assert (quiet(evaluation), shown(evaluation)) == (before, rows)
    evaluation.projector.fold([from_wire(campus.sealed(RECORDS[0], 4))])
    assert quiet(evaluation)["version"] == before["version"] + 1
    assert shown(evaluation) != rows


def test_nothing_is_written_of_a_turn_before_its_evidence_is_in_the_ledger(
    campus: Campus, evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, ledger = quiet(evaluation), evaluation.projector._ledger
    reached, cut_short = eventlet.Event(), eventlet.Event()

    def slow(*_: object, **__: object) -> None:
        reached.send()
        cut_short.wait()

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "add", slow)
        folding = eventlet.spawn(evaluation.projector.fold, [from_wire(campus.sealed(RECORDS[0], 4))])
        reached.wait()
        turned = []
        broken.setattr(evaluation.projector._standings, "write", turned.append)
        eventlet.sleep()
        cut_short.send_exception(RuntimeError("the process ends while it enters"))
        with pytest.raises(RuntimeError):
            folding.wait()
    assert turned == []
    assert quiet(evaluation) == before


def test_a_row_that_is_there_although_it_was_never_told_is_written_over(
    campus: Campus, evaluation: Evaluation
) -> None:
    before = folded(campus, evaluation)
    rows = shown(evaluation)
    evaluation.database["standings"].update_one(
        {"_id": "branch"}, {"$set": {"told": "{}", "rules": "[]", "evidence": "{}"}}
    )
    rebuilt(evaluation)
    assert quiet(evaluation)["evidence"] == before["evidence"]
    assert {each["_id"]: each["state"] for each in shown(evaluation)} == {
        each["_id"]: each["state"] for each in rows
    }


def test_a_turn_outlasts_another_that_is_in_the_middle_of_the_same_unit(
    campus: Campus, evaluation: Evaluation
) -> None:
    quiet(evaluation)
    rival = connect(campus.settings.mongo_uri, campus.settings.for_service("evaluation").database_name)
    with rival.client.start_session() as own:
        own.start_transaction()
        rival["standings"].update_one({"_id": "branch"}, {"$set": {"rival": 1}}, session=own)
        folding = eventlet.spawn(evaluation.projector.fold, [from_wire(campus.sealed(RECORDS[0], 4))])
        began = time.monotonic()
        wait_for(lambda: time.monotonic() > began + 0.8)  # longer than one transaction is tried again
        own.abort_transaction()
    folding.wait()
    assert campus.score("secretary", "branch")["evidence"] == 1
    rival.client.close()


def seen(campus: Campus) -> list[Any]:
    """What readers are shown of standings and sheets."""
    scores = campus.call("dean", "list_scores")["items"]
    told = [(each["organisation"], each["points"], each["evidence"]) for each in scores]
    owed = [*campus.obligations("dean"), *campus.call("dean", "list_personal_obligations")["items"]]
    return [*told, *sorted((each["id"], each["state"]) for each in owed)]


def test_whoever_reads_during_a_rebuild_sees_all_of_the_old_or_all_of_the_new(
    campus: Campus, evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded(campus, evaluation)
    wait_for(lambda: len(campus.call("dean", "list_personal_obligations")["items"]) == 2 * 4)
    right, database = seen(campus), evaluation.database
    for unit in ("branch", "next-door"):
        database["standings"].update_one({"_id": unit}, {"$set": {"evidence": "{}", "scores.2026.0": 1}})
        database["standings"].update_one({"_id": unit}, {"$inc": {"version": 1}})
    database["obligations"].update_many({}, {"$set": {"state": "missed"}})
    database["personal_obligations"].update_many({}, {"$set": {"state": "missed"}})
    wrong, during, heard = seen(campus), [], []
    assert not set(wrong) & set(right)
    write = evaluation.duties.turning.rows.write

    def looked_at(*rows: Any, **said: Any) -> bool:
        written = write(*rows, **said)
        during.append(seen(campus))
        if len(during) == 1:
            raise RuntimeError("the process ends in the middle of the switch")
        return written

    def told(done: int, total: int) -> None:
        heard.append((done, total))
        if during:  # and somebody folds between what was computed and the switch
            more = approved("more", RECORDS[0].data["held_on"], "study_session")
            evaluation.projector.fold([from_wire(campus.sealed(more))])

    with monkeypatch.context() as watched:
        watched.setattr(evaluation.duties.turning.rows, "write", looked_at)
        with pytest.raises(RuntimeError):
            evaluation.rebuilding.run(lambda done, total: None, told)
        assert seen(campus) == wrong
        assert evaluation.rebuilding.run(lambda done, total: None, told) > 4
    assert heard == [(heard[0][1], heard[0][1])] * 2
    assert {str(each) for each in during[:1]} == {str(wrong)}
    assert campus.score("dean", "branch")["evidence"] == len(RECORDS) + 1
    others = [each for each in seen(campus) if each[0] != "branch"]
    assert others == [each for each in right if each[0] != "branch"]
    assert rebuilt(evaluation) == 0


def test_the_command_rebuilds_every_standing_and_can_be_repeated(
    campus: Campus, evaluation: Evaluation
) -> None:
    before = folded(campus, evaluation)
    evaluation.database["standings"].update_one({"_id": "branch"}, {"$set": {"evidence": "{}"}})
    settings = campus.settings
    environment = {
        **os.environ,
        "JISHI_PROFILE": settings.profile,
        "AMQP_URI": settings.amqp_uri,
        "MONGO_URI": settings.mongo_uri,
        "DATABASE_PREFIX": settings.database_prefix,
        "SESSION_PUBLIC_KEY": str(settings.session_public_key),
        "FIELD_KEY": base64.b64encode(settings.field_key or b"").decode(),
    }
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-m", "services.chassis.cli", "evaluation", "rebuild"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=150,
        )
        assert ran.returncode == 0, ran.stderr
        assert "4/4 standings\n" in ran.stdout
        assert "sheets\n" in ran.stdout
        rebuilt = evaluation.database["standings"].find_one({"_id": "branch"})
        assert rebuilt["evidence"] == before["evidence"]
