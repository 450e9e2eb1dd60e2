"""``jishi``: tables for people, JSON for programs, one sentence and an exit code for what is wrong."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from time import monotonic
from typing import Any

import pytest
from amqp import Message
from click.testing import CliRunner

from deploy.local.layout import ROOT
from services.chassis import broker
from services.chassis.cli import main
from services.chassis.publishing import ConfirmedPublisher, Outgoing
from services.chassis.retries import ATTEMPTS, CONSUMER, LETTER, PARKED_AT, REASON
from services.chassis.settings import Settings
from services.chassis.store import connect
from services.chassis.testing import wait_for
from tests import grounds
from tests.component.chassis.cli_runs import Jishi

settings, new_ground = grounds.settings, grounds.new_ground

QUEUE = "records.campus"
BODY = json.dumps({"type": "campus.person.upserted.v1", "data": {"phone": "13812345678"}}).encode()


@pytest.fixture
def channel(all_declared: Any) -> Any:
    return all_declared


@pytest.fixture
def parked(channel: Any, settings: Settings) -> list[str]:
    """The ids of three messages that records could not apply."""
    publisher = ConfirmedPublisher(settings.amqp_uri, name="tests")
    letters = [f"letter-{number}" for number in range(3)]
    messages = [
        Outgoing(
            broker.DEAD_LETTERS,
            "records",
            BODY,
            {
                LETTER: letter,
                REASON: "contract_broken",
                CONSUMER: QUEUE,
                ATTEMPTS: 1,
                PARKED_AT: "2026-03-10T04:00:00.000Z",
            },
            f"event-{letter}",
            "application/cloudevents+json",
        )
        for letter in letters
    ]
    publisher.publish(messages, monotonic() + 10)
    publisher.close()
    return letters


def test_nothing_parked_is_said_so(jishi: Jishi, channel: Any) -> None:
    assert jishi("dead-letters", "list").stdout == "No message is parked.\n"
    assert json.loads(jishi("dead-letters", "list", "--json").stdout) == []


def test_parked_messages_are_listed_with_their_reason_and_without_their_data(
    jishi: Jishi, parked: list[str]
) -> None:
    table = jishi("dead-letters", "list")
    assert table.returncode == 0
    assert all(letter in table.stdout for letter in parked)
    assert "contract_broken" in table.stdout
    rows = json.loads(jishi("dead-letters", "list", "--service", "records", "--json").stdout)
    assert [row["id"] for row in rows] == parked
    assert rows[0]["type"] == "campus.person.upserted.v1"
    assert rows[0]["consumer"] == QUEUE
    assert "13812345678" not in table.stdout + json.dumps(rows)


def test_the_body_of_a_parked_message_is_shown_only_when_asked_for(jishi: Jishi, parked: list[str]) -> None:
    assert "13812345678" not in jishi("dead-letters", "show", parked[1]).stdout
    shown = json.loads(jishi("dead-letters", "show", parked[1], "--body", "--json").stdout)
    assert shown["body"] == BODY.decode()


def test_a_list_that_leaves_some_out_says_so(jishi: Jishi, parked: list[str]) -> None:
    said = jishi("dead-letters", "list", "--service", "records", "--most", "2", "--json")
    assert [row["id"] for row in json.loads(said.stdout)] == parked[:2]
    assert said.stderr == "records: the oldest 2 of 3; --most shows more.\n"


def test_a_replayed_message_is_back_at_its_consumer(jishi: Jishi, parked: list[str], channel: Any) -> None:
    assert jishi("dead-letters", "replay", parked[1]).stdout == "1 sent back.\n"
    wait_for(lambda: broker.depth(channel, QUEUE) == 1)
    wait_for(lambda: broker.depth(channel, "records.dead-letters") == 2)
    said = jishi("dead-letters", "replay", "--all", "--service", "records", "--json")
    assert json.loads(said.stdout) == {"replayed": 2}
    wait_for(lambda: broker.depth(channel, QUEUE) == 3)


def test_a_message_is_dropped_only_when_confirmed(jishi: Jishi, parked: list[str], channel: Any) -> None:
    assert jishi("dead-letters", "drop", parked[0]).returncode == 1
    wait_for(lambda: broker.depth(channel, "records.dead-letters") == 3)
    assert jishi("dead-letters", "drop", parked[0], "--yes").returncode == 0
    wait_for(lambda: broker.depth(channel, "records.dead-letters") == 2)


def test_an_unknown_letter_is_one_sentence(jishi: Jishi, parked: list[str]) -> None:
    said = jishi("dead-letters", "replay", "no-such-letter")
    assert (said.returncode, said.stderr) == (1, "No parked message has the id no-such-letter.\n")


def test_the_outbox_shows_what_is_accepted_and_not_published(jishi: Jishi, settings: Settings) -> None:
    assert jishi("outbox").stdout == "Every accepted event is published.\n"
    database = connect(settings.mongo_uri, settings.for_service("feedback").database_name)
    database["opinions"].create_index("pending_since", sparse=True)
    since = datetime.now(UTC) - timedelta(minutes=5)
    database["opinions"].insert_many([{"_id": "1", "pending_since": since}, {"_id": "2"}])
    database.client.close()
    [row] = json.loads(jishi("outbox", "--json").stdout)
    assert (row["service"], row["collection"], row["documents"]) == ("feedback", "opinions", 1)
    assert 300 <= row["oldest_seconds"] < 360


def test_an_anonymous_document_is_not_late_because_it_keeps_the_day_only(
    jishi: Jishi, settings: Settings
) -> None:
    database = connect(settings.mongo_uri, settings.for_service("feedback").database_name)
    database["opinions"].create_index("pending_since", sparse=True)
    clock = settings.clock()
    midnight = datetime.combine(clock.today(), time(), clock.zone)
    database["opinions"].insert_one({"_id": "1", "pending_since": midnight})
    database.client.close()
    [row] = json.loads(jishi("outbox", "--json").stdout)
    assert (row["documents"], row["oldest_seconds"]) == (1, 0)


def test_events_are_tailed_without_their_data(surroundings: dict[str, str], channel: Any) -> None:
    command = [sys.executable, "-m", "services.chassis.cli", "events", "tail"]
    tailing = subprocess.Popen(
        [*command, "--count", "1", "--seconds", "30", "--type", "campus.*"],
        env={**os.environ, **surroundings},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ended() -> bool:
        channel.basic_publish(Message(BODY), exchange="campus.events", routing_key="person.upserted")
        return tailing.poll() is not None

    wait_for(ended, 40, every=0.1)
    assert tailing.returncode == 0
    assert tailing.stdout is not None
    [line] = tailing.stdout.read().splitlines()
    assert "campus.person.upserted.v1" in line
    assert "13812345678" not in line


def test_migrations_are_applied_once(jishi: Jishi) -> None:
    assert jishi("migrate").returncode == 0
    assert jishi("migrate").stdout == "Nothing is outstanding.\n"


@pytest.mark.usefixtures("new_ground")
def test_what_no_queue_took_is_listed_sent_again_and_dropped(jishi: Jishi, channel: Any) -> None:
    channel.queue_delete(QUEUE)
    for number in range(2):
        channel.basic_publish(Message(BODY, message_id=f"e{number}"), "campus.events", "person.upserted")
    wait_for(lambda: broker.depth(channel, broker.UNROUTED) == 2)
    rows = json.loads(jishi("dead-letters", "list", "--unrouted", "--json").stdout)
    assert [row["id"] for row in rows] == ["e0", "e1"]
    wait_for(lambda: broker.depth(channel, broker.UNROUTED) == 2)
    assert jishi("dead-letters", "drop", "e0", "--unrouted", "--yes").returncode == 0
    broker.declare_consumer(channel, QUEUE, [("campus.events", "#")])
    wait_for(lambda: broker.depth(channel, broker.UNROUTED) == 1)
    assert jishi("dead-letters", "replay", "--all", "--unrouted").stdout == "1 sent back.\n"
    assert broker.depth(channel, QUEUE) == 1


@pytest.mark.parametrize("command", [["outbox"], ["dead-letters", "list"], ["events", "tail"], ["migrate"]])
def test_missing_settings_are_one_sentence(jishi: Jishi, command: list[str]) -> None:
    said = jishi(*command, AMQP_URI="", MONGO_URI="mysql://x")
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "AMQP_URI: is not set" in said.stderr
    assert "MONGO_URI: does not start with mongodb://" in said.stderr


def test_servers_that_do_not_answer_are_one_sentence(jishi: Jishi) -> None:
    nowhere = {"AMQP_URI": "amqp://a:b@127.0.0.1:1/", "MONGO_URI": "mongodb://127.0.0.1:1/"}
    letters, waiting = jishi("dead-letters", "list", **nowhere), jishi("outbox", **nowhere)
    assert (letters.returncode, waiting.returncode) == (1, 1)
    assert letters.stderr == "The message broker is not available now. Please try again later.\n"
    assert waiting.stderr == "The store does not answer (ServerSelectionTimeoutError).\n"


@pytest.mark.parametrize(
    "command",
    ["", "audit", "check", "migrate", "outbox", "events tail"]
    + [f"dead-letters {each}" for each in ("", "list", "show", "replay", "drop")],
)
def test_every_command_explains_itself(command: str) -> None:
    said = CliRunner().invoke(main, [*command.split(), "--help"])
    assert said.exit_code == 0
    assert "Usage:" in said.output
    assert not command or command.endswith(("letters", "letters ")) or "--json" in said.output
