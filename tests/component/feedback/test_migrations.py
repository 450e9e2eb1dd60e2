"""What an earlier version kept is counted, and found, as what is written today."""

from __future__ import annotations

from importlib import import_module

from services.chassis.migrations import found
from services.chassis.testing import wait_for

PACKAGE = "services.feedback.migrations"
BELOW, FIELD = (f"{PACKAGE}.{each.number:04}_{each.name}" for each in found(PACKAGE)[:2])


def test_trends_and_lists_of_before_are_those_of_today_and_a_second_run_changes_nothing(box):
    database, trends = box.application.database, box.application.trends
    box.know("a-1")
    said = box.say(activity="a-1")["id"]
    measure = box.answer(said)["id"]
    wait_for(lambda: database["trend_entries"].count_documents({}) == 1)
    path = ["university", "faculty", "branch"]
    for number in range(6):
        entry = {"_id": f"o{number}", "path": path, "on": "2026-01-12", "category": "service", "topics": []}
        database["trend_entries"].insert_one(entry)
        trends._count(entry, {"category:service": 1})

    def kept():
        return [
            sorted(database[name].find(), key=lambda each: each["_id"])
            for name in ("trend_cells", "opinions", "measures")
        ]

    today = kept()
    database["trend_cells"].update_many({}, {"$unset": {"below": "", "up": ""}})
    database["opinions"].update_one({"_id": said}, {"$set": {"found_by": ["branch", "branch:adopted"]}})
    database["measures"].update_one({"_id": measure}, {"$set": {"found_by": ["branch", "branch:planned"]}})
    database["opinions"].create_index([("speaker", 1), ("received_on", -1), ("_id", -1)], sparse=True)
    for _ in range(2):
        for name in (BELOW, FIELD):
            import_module(name).up(database)
        assert [[each["_id"] for each in some] for some in kept()] == [
            [each["_id"] for each in some] for some in today
        ]
        assert kept()[1:] == today[1:]
        assert [{**each, "counts": dict(each["counts"])} for each in kept()[0]] == today[0]
    assert not any("speaker" in name for name in database["opinions"].index_information())
    rows = box.call("secretary", "get_trends", organisation="branch")["rows"]
    assert [row["total"] for row in rows] == [6], "the month of the one that was said goes on"
