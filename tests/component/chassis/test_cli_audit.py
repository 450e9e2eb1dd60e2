"""``jishi audit`` tells a whole chain from one that was changed or cut."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.chassis.audit import FIRST, Audit
from services.chassis.clock import FixedClock
from services.chassis.settings import Settings
from services.chassis.store import Store, connect
from tests import grounds
from tests.component.chassis.cli_runs import Jishi

settings = grounds.settings


@pytest.fixture
def feedback(settings: Settings) -> Iterator[Store]:
    database = connect(settings.mongo_uri, settings.for_service("feedback").database_name)
    yield database
    database.client.close()


@pytest.fixture
def chain(feedback: Store, clock: FixedClock) -> Audit:
    """A chain of five entries in the store of feedback."""
    audit = Audit(feedback, clock)
    for number in range(5):
        audit.append("opinion.read", "p1", "opinion", f"o{number}")
    return audit


def told(jishi: Jishi, *arguments: str) -> dict[str, Any]:
    said = jishi("audit", "--json", *arguments)
    rows = {row["service"]: row for row in json.loads(said.stdout)}
    assert said.returncode == (0 if all(row["state"] == "whole" for row in rows.values()) else 1)
    assert set(rows) == {"evaluation", "feedback", "notify", "records"}
    row: dict[str, Any] = rows["feedback"]
    return row


def test_a_whole_chain_is_told_with_its_length_and_its_end(jishi: Jishi, chain: Audit) -> None:
    seq, ended = chain.head()
    row = told(jishi)
    assert (row["state"], row["entries"], row["last"], row["hash"]) == ("whole", 5, seq, ended)
    assert row["first_broken"] is None


def test_a_chain_without_entries_is_whole(jishi: Jishi) -> None:
    row = told(jishi)
    assert (row["state"], row["entries"], row["hash"]) == ("whole", 0, FIRST)


def test_an_entry_that_was_changed_is_named(jishi: Jishi, chain: Audit, feedback: Store) -> None:
    feedback["audit"].update_one({"_id": 3}, {"$set": {"actor": "somebody else"}})
    row = told(jishi)
    assert (row["state"], row["first_broken"]) == ("broken", 3)


def test_a_chain_that_was_cut_is_told_by_the_end_that_was_noted(
    jishi: Jishi, chain: Audit, feedback: Store
) -> None:
    seq, ended = chain.head()
    noted = f"--noted=feedback:{seq}:{ended}"
    chain.append("opinion.read", "p1", "opinion", "later")
    assert told(jishi, noted)["state"] == "whole"
    feedback["audit"].delete_many({"_id": {"$gte": seq}})
    assert told(jishi)["state"] == "whole"
    assert told(jishi, noted)["detail"] == f"entry {seq} is not the one that was noted"


@pytest.mark.parametrize(
    "noted", ["feedback", "feedback:5", "nobody:5:" + "0" * 64, "feedback:x:" + "0" * 64]
)
def test_an_end_that_is_none_is_not_understood(jishi: Jishi, noted: str) -> None:
    said = jishi("audit", "--noted", noted)
    assert said.returncode == 2
    assert "SERVICE:LAST:HASH" in said.stderr
