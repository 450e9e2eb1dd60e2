"""``jishi check`` calls wrong what is wrong, and nothing else."""

import json
from typing import Any

import pytest
from amqp import Message

from services.chassis import broker
from services.chassis.cli_frame import database
from services.chassis.settings import Settings
from services.chassis.testing import wait_for
from tests import grounds
from tests.component.chassis.cli_runs import Jishi

settings, new_ground = grounds.settings, grounds.new_ground

QUEUE = "records.campus"
# Published for whoever follows live: no service reads it.
SCORE = json.dumps({"type": "evaluation.score.changed.v1", "id": "s", "data": {}}).encode()


def found(jishi: Jishi, what: str) -> dict[str, Any]:
    [finding] = [row for row in json.loads(jishi("check", "--json").stdout) if row["what"] == what]
    return finding


@pytest.mark.usefixtures("new_ground")
def test_a_sound_installation_passes_the_check_and_what_is_from_before_a_rule_is_to_be_looked_at(
    jishi: Jishi, all_declared: Any, settings: Settings
) -> None:
    assert found(jishi, "store of records")["state"] == "look"  # what is outstanding is told
    assert jishi("migrate").returncode == 0
    said = jishi("check", "--json")
    assert said.returncode == 0
    findings = {row["what"]: row["state"] for row in json.loads(said.stdout)}
    assert findings["policies"] == "right"
    assert findings["store of records"] == "right"

    assert json.loads(jishi("records", "posts", "--json").stdout) == []
    with database(settings, "records") as opened:
        opened["organisations"].insert_one({"_id": "b", "path": ["u", "b"]})
        opened["people"].insert_many(
            [{"_id": each, "name": "甲", "political_status": each} for each in ("member", "probationary")]
        )
        for person, role in (("member", "secretary"), ("probationary", "deputy_secretary")):
            post = {"person": person, "organisation": "b", "role": role, "until": None, "active": True}
            opened["posts"].insert_many(
                [{"_id": person, **post}, {"_id": f"{person} was", **post, "until": "2020-01-01"}]
            )
    finding = found(jishi, "records posts")
    assert (finding["state"], finding["detail"].split()[0]) == ("look", "1")
    assert "jishi records posts" in finding["detail"]
    [unfit] = json.loads(jishi("records", "posts", "--json").stdout)
    assert (unfit["post"], unfit["accepted"], unfit["pack"]) == ("probationary", "member", "posts-national")
    assert "甲" not in str(unfit)


@pytest.mark.usefixtures("new_ground")
def test_the_check_finds_missing_policies(
    jishi: Jishi, all_declared: Any, settings: Settings, request: pytest.FixtureRequest
) -> None:
    management = request.getfixturevalue("broker").management
    vhost = settings.amqp_uri.rpartition("/")[2]
    for policy in management.policies(vhost):
        management.delete_policy(vhost, policy["name"])
    said = jishi("check", "--json")
    assert said.returncode == 1
    [finding] = [row for row in json.loads(said.stdout) if row["what"] == "policies"]
    assert finding["state"] == "wrong"
    assert "deploy/rabbitmq/policies.json" in finding["detail"]


@pytest.mark.usefixtures("new_ground")
def test_the_check_finds_a_reader_s_queue_missing(jishi: Jishi, all_declared: Any) -> None:
    all_declared.queue_delete(QUEUE)
    said = jishi("check", "--json")
    assert said.returncode == 1
    assert [row["what"] for row in json.loads(said.stdout) if row["state"] == "wrong"] == [f"queue {QUEUE}"]


@pytest.mark.usefixtures("new_ground")
def test_the_check_finds_a_service_that_never_ran(jishi: Jishi) -> None:
    said = jishi("check", "--json")
    assert said.returncode == 1
    wrong = {row["what"] for row in json.loads(said.stdout) if row["state"] == "wrong"}
    assert "queue records.dead-letters" in wrong


def test_events_that_no_service_reads_are_no_cause_for_concern(jishi: Jishi, all_declared: Any) -> None:
    for _ in range(3):
        all_declared.basic_publish(Message(SCORE), "evaluation.events", "score.changed")
    wait_for(lambda: broker.depth(all_declared, broker.UNROUTED) == 3)
    finding = found(jishi, "queue jishi.unrouted")
    assert (finding["state"], finding["detail"]) == (
        "right",
        "3 messages, all of kinds that no service reads",
    )
    wait_for(lambda: broker.depth(all_declared, broker.UNROUTED) == 3)
    rows = json.loads(jishi("dead-letters", "list", "--unrouted", "--json").stdout)
    assert {row["reason"] for row in rows} == {"unread"}


@pytest.mark.parametrize(
    ("body", "exchange", "key"),
    [
        (b"no event", "evaluation.events", "score.changed"),
        (SCORE, "records.events", "score.changed"),
        (SCORE, "jishi.return", "evaluation.gone"),
        (SCORE.replace(b"v1", b"v9"), "evaluation.events", "score.changed"),
        (SCORE.replace(b"evaluation.score", b"records.activity"), "records.events", "activity.changed"),
    ],
    ids=["garbage", "elsewhere", "its queue is gone", "unknown version", "unknown type"],
)
def test_anything_else_that_no_queue_took_is_to_be_looked_at(
    jishi: Jishi, all_declared: Any, body: bytes, exchange: str, key: str
) -> None:
    all_declared.basic_publish(Message(SCORE), "evaluation.events", "score.changed")
    all_declared.basic_publish(Message(body, message_id="odd"), exchange, key)
    wait_for(lambda: broker.depth(all_declared, broker.UNROUTED) == 2)
    finding = found(jishi, "queue jishi.unrouted")
    assert finding["state"] == "look"
    assert finding["detail"].startswith("2 messages, 1 of them not expected")


@pytest.mark.usefixtures("new_ground")
def test_an_event_that_a_service_was_owed_is_to_be_looked_at(jishi: Jishi, all_declared: Any) -> None:
    all_declared.queue_delete(QUEUE)
    owed = json.dumps({"type": "campus.person.upserted.v1"}).encode()
    all_declared.basic_publish(Message(owed), "campus.events", "person.upserted")
    wait_for(lambda: broker.depth(all_declared, broker.UNROUTED) == 1)
    assert found(jishi, "queue jishi.unrouted")["state"] == "look"
