"""What an earlier version wrote is found as what is written now."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import Schema

from deploy.local.store import Store
from services.chassis.clock import FixedClock
from services.chassis.context import Context, entered
from services.chassis.migrations import migrate
from services.chassis.testing import settings_for_tests
from services.contracts.records_rpc import activities, campaigns, plans
from services.records.application import Records
from services.records.bootstrap import establish

PACKAGE = "services.records.migrations"


CLOCK = FixedClock(datetime(2026, 9, 10, 4, 0, tzinfo=UTC))
_DROPPED = (("activities", [("held_on", -1), ("_id", -1)]), ("posts", [("role", 1), ("active", 1)]))


@contextmanager
def established(store: Store) -> Iterator[tuple[Records, str, str]]:
    """The records of a campus, its root, and the administrator who acts."""
    settings = settings_for_tests("amqp://nobody", store.uri, f"t{uuid.uuid4().hex[:12]}")
    records = Records.for_test(settings, CLOCK)
    root, administrator = establish(
        records, number="A001", name="管理员", organisation="某某大学党委", code="DW"
    )
    with entered(Context(actor=administrator)):
        yield records, root, administrator
    records.database.client.close()


def request(schema: type[Schema], **given: Any) -> dict[str, Any]:
    return dict(schema().load(given))


def test_names_and_secretaries_of_before_are_found_and_a_second_run_changes_nothing(store: Store) -> None:
    with established(store) as (records, root, administrator):
        branch = records.organisations.create(
            {
                "code": "B1",
                "name": "计算机支部",
                "kind": "branch",
                "parent": root,
                "founded_on": date(2019, 1, 1),
            }
        )["id"]
        given: dict[str, Any] = {"person": administrator, "role": "secretary", "organisation": branch}
        records.posts.give({**given, "since": date(2026, 1, 1)})

        database = records.database
        for name in ("organisations", "organisation_history"):
            database[name].update_many({}, {"$unset": {"grams": "", "spelling": ""}})
        database["posts"].update_many({}, {"$unset": {"seat": ""}})
        database["migrations"].delete_many({})
        page: dict[str, Any] = {"limit": 50, "cursor": None}

        def found(**more: Any) -> list[str]:
            return [each["name"] for each in records.organisations.listed({**page, **more})["items"]]

        def vacant() -> list[str]:
            return [each["code"] for each in records.terms.vacancies(dict(page))["items"]]

        assert (found(search="算机"), vacant()) == ([], ["B1"])
        assert len(migrate(database, PACKAGE, CLOCK)) == 4
        assert (found(search="算机"), vacant()) == (["计算机支部"], [])
        assert found(search="算机", on=date(2026, 9, 10)) == ["计算机支部"]
        assert migrate(database, PACKAGE, CLOCK) == []


def test_what_had_no_such_field_before_has_it_after_and_unasked_indexes_are_gone(store: Store) -> None:
    with established(store) as (records, root, administrator):
        talk = records.activities.plan(
            request(
                activities.PlanActivity,
                organisation=root,
                kind="integrity_education",
                title="廉政教育",
                held_on="2026-09-08",
            )
        )["id"]
        template = records.plans.templates.make(
            request(plans.MakePlanTemplate, organisation=root, title="换届", due_on="2026-12-01")
        )["id"]
        campaign = records.campaigns.call(
            request(
                campaigns.CallCampaign,
                organisation=root,
                title="微党课",
                theme="初心",
                audience={"organisations": [root]},
                submit_until="2026-10-01",
            )
        )["id"]
        database = records.database
        database["activities"].update_many({}, {"$pull": {"audience": "kept"}})
        database["plan_templates"].update_many({}, {"$unset": {"withdrawn_on": "", "withdrawn_because": ""}})
        database["campaigns"].update_many({}, {"$unset": {"closed": ""}})
        database["training_credits"].insert_one({"_id": "credit", "person": administrator})
        database["dues_reconciliations"].insert_one({"_id": "job", "organisation": root})
        for name, keys in _DROPPED:
            database[name].create_index(keys)
        database["migrations"].delete_many({})

        def listed() -> list[str]:
            return [
                each["id"]
                for each in records.activity_reading.listed(request(activities.ListActivities))["items"]
            ]

        assert listed() == []
        migrate(database, PACKAGE, CLOCK)
        assert listed() == [talk]
        kept = records.plans.templates.get(template)
        assert (kept["withdrawn_on"], kept["withdrawn_because"]) == (None, None)
        assert records.campaigns.get(campaign)["closed"] is None
        for name, field, value in (
            ("training_credits", "lecture", None),
            ("dues_reconciliations", "reading", "job"),
        ):
            [document] = database[name].find()
            assert document[field] == value
        for name, keys in _DROPPED:
            declared = [each["key"] for each in database[name].index_information().values()]
            assert keys not in [list(each) for each in declared]
        database["migrations"].delete_many({})
        assert len(migrate(database, PACKAGE, CLOCK)) == 4
        assert listed() == [talk]
