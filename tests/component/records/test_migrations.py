"""What an earlier version wrote is found as what is written now."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from deploy.local.store import Store
from services.chassis.clock import FixedClock
from services.chassis.context import Context, entered
from services.chassis.migrations import migrate
from services.chassis.testing import settings_for_tests
from services.records.application import Records
from services.records.bootstrap import establish

PACKAGE = "services.records.migrations"


def test_names_and_secretaries_of_before_are_found_and_a_second_run_changes_nothing(store: Store) -> None:
    settings = settings_for_tests("amqp://nobody", store.uri, f"t{uuid.uuid4().hex[:12]}")
    clock = FixedClock(datetime(2026, 9, 10, 4, 0, tzinfo=UTC))
    records = Records.for_test(settings, clock)
    root, administrator = establish(
        records, number="A001", name="管理员", organisation="某某大学党委", code="DW"
    )
    with entered(Context(actor=administrator)):
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
        assert len(migrate(database, PACKAGE, clock)) == 2
        assert (found(search="算机"), vacant()) == (["计算机支部"], [])
        assert found(search="算机", on=date(2026, 9, 10)) == ["计算机支部"]
        assert migrate(database, PACKAGE, clock) == []
    records.database.client.close()
