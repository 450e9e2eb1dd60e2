"""The relay: everything pending is published, in order per subject, and cleared; nothing is lost."""

import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import eventlet
import pytest
from kombu import Connection, Exchange, Queue

from deploy.local.broker import Broker
from deploy.local.store import Store as StoreServer
from services.chassis import outbox
from services.chassis import relay as relay_module
from services.chassis.clock import FixedClock, SystemClock
from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Documents
from services.chassis.envelope import seal
from services.chassis.errors import Unavailable
from services.chassis.leases import Leases
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.relay import SWEEP_OLDER, Relay
from services.chassis.store import Store, connect
from services.chassis.testing import wait_for
from services.contracts.records_events import ActivityPlanned


def planned(subject: str) -> NewEvent:
    return ActivityPlanned.of(activity=subject, organisation="o1", kind="theme_day", held_on=date(2026, 3, 9))


def counted(state: dict) -> Change:
    return Change({**state, "count": state["count"] + 1}, [planned("x")])


class Wiretap:
    """A queue bound to every event of records, and what arrived in it."""

    def __init__(self, amqp_uri: str) -> None:
        self._connection = Connection(amqp_uri)
        exchange = Exchange("records.events", "topic", durable=True)
        queue = Queue("wiretap", exchange, routing_key="#", durable=True)
        self._queue = queue(self._connection.channel())
        self._queue.declare()

    def taken(self) -> list[dict[str, Any]]:
        """All that has arrived since the last call."""
        found = []
        while (message := self._queue.get(no_ack=True)) is not None:
            found.append(json.loads(message.body))
        return found

    def close(self) -> None:
        self._connection.release()


class Unlucky(ConfirmedPublisher):
    """A real publisher whose line can be cut: ``down`` before it sends, ``lost`` after."""

    down = False
    lost = 0
    sent: list[Outgoing]

    def publish(self, messages: Any, deadline: float | None = None) -> list[Outcome]:
        if self.down:
            raise Unavailable("broker.unavailable")
        self.sent = [*getattr(self, "sent", []), *messages]
        outcomes = super().publish(messages, deadline)
        if self.lost:
            self.lost -= 1
            return [Outcome.FAILED for _ in outcomes]  # they arrived; the confirmations did not
        return outcomes


@pytest.fixture
def wiretap(vhost: str) -> Iterator[Wiretap]:
    wiretap = Wiretap(vhost)
    yield wiretap
    wiretap.close()


@pytest.fixture
def publisher(vhost: str) -> Iterator[Unlucky]:
    publisher = Unlucky(vhost)
    yield publisher
    publisher.close()


@pytest.fixture
def relay(publisher: Unlucky, clock: FixedClock) -> Iterator[Relay]:
    relay = Relay(publisher, clock, sweep_every=0.1)
    yield relay
    relay.stop(1)


@pytest.fixture
def documents(database: Store, clock: FixedClock, relay: Relay) -> Documents:
    return documents_of(database, clock, relay)


def documents_of(database: Store, clock: FixedClock, relay: Relay) -> Documents:
    documents = Documents(database, "things", source="records", clock=clock, relay=relay)
    documents.declare()
    return documents


def pending(documents: Documents) -> int:
    return documents.collection.count_documents({"pending_since": {"$exists": True}})


def test_a_write_is_published_and_cleared(documents: Documents, relay: Relay, wiretap: Wiretap) -> None:
    relay.start()
    documents.create("a1", {"count": 0}, [planned("a1")])
    wait_for(lambda: pending(documents) == 0)
    (event,) = wiretap.taken()
    assert (event["subject"], event["sequence"], event["type"]) == ("a1", 1, ActivityPlanned.type)
    assert "pending" not in (documents.collection.find_one({"_id": "a1"}) or {})


def test_events_of_one_document_leave_in_order(documents: Documents, relay: Relay, wiretap: Wiretap) -> None:
    relay.start()
    documents.create("a1", {"count": 0}, [planned("a1")] * 3)
    for _ in range(10):
        documents.change("a1", counted)
    wait_for(lambda: pending(documents) == 0)
    assert [event["sequence"] for event in wiretap.taken()] == list(range(1, 14))


def test_subjects_of_one_document_do_not_wait_for_each_other(
    documents: Documents, relay: Relay, publisher: Unlucky, wiretap: Wiretap, clock: FixedClock
) -> None:
    documents.create("a1", {"count": 0})
    pending_list = [
        seal(planned(subject), subject=subject, sequence=sequence, clock=clock)
        for subject, sequence in (("one", 1), ("one", 2), ("other", 1), ("one", 3))
    ]
    documents.collection.update_one(
        {"_id": "a1"}, {"$set": {"pending": pending_list, "pending_since": clock.now()}}
    )
    rounds: list[int] = []
    publish = publisher.publish

    def counting(messages: Any, deadline: float | None = None) -> list[Outcome]:
        rounds.append(len(messages))
        return publish(messages, deadline)

    publisher.publish = counting  # type: ignore[method-assign]
    relay.wake(documents.collection, "a1")
    assert relay.publish_bunch() == 1
    assert rounds == [2, 1, 1]
    told = [(event["subject"], event["sequence"]) for event in wiretap.taken()]
    assert [sequence for subject, sequence in told if subject == "one"] == [1, 2, 3]
    assert told.count(("other", 1)) == 1


def test_an_event_appended_while_another_is_on_its_way_is_kept(
    documents: Documents, relay: Relay, publisher: Unlucky, wiretap: Wiretap
) -> None:
    documents.create("a1", {"count": 0}, [planned("a1")])
    publish = publisher.publish

    def slowly(messages: Any, deadline: float | None = None) -> list[Outcome]:
        outcomes = publish(messages, deadline)
        publisher.publish = publish  # type: ignore[method-assign]
        documents.change("a1", counted)
        return outcomes

    publisher.publish = slowly  # type: ignore[method-assign]
    relay.publish_bunch()
    kept = documents.collection.find_one({"_id": "a1"}) or {}
    assert [event["sequence"] for event in kept["pending"]] == [2]
    assert "pending_since" in kept
    relay.publish_bunch()
    assert pending(documents) == 0
    assert [event["sequence"] for event in wiretap.taken()] == [1, 2]


def test_while_the_broker_is_away_writes_go_on_and_nothing_is_lost(
    documents: Documents, relay: Relay, publisher: Unlucky, wiretap: Wiretap
) -> None:
    relay.start()
    publisher.down = True
    for number in range(20):
        documents.create(f"a{number}", {"count": 0}, [planned(f"a{number}")])
        documents.change(f"a{number}", counted)
    assert pending(documents) == 20
    publisher.down = False
    wait_for(lambda: pending(documents) == 0)
    arrived = wiretap.taken()
    assert len(arrived) == 40
    for number in range(20):
        assert [each["sequence"] for each in arrived if each["subject"] == f"a{number}"] == [1, 2]


def test_a_publisher_that_is_down_does_not_slow_a_write(
    store: StoreServer, database_name: str, clock: FixedClock
) -> None:
    database = connect(store.uri, database_name)
    relay = Relay(ConfirmedPublisher("amqp://127.0.0.1:1//"), clock)
    documents = documents_of(database, clock, relay)
    relay.start()
    began = time.monotonic()
    for number in range(20):
        documents.create(f"a{number}", {"count": 0}, [planned("x")])
    assert time.monotonic() - began < 15
    relay.stop(1)
    assert pending(documents) == 20
    database.client.close()


def test_after_a_lost_confirmation_it_is_published_again(
    documents: Documents, relay: Relay, publisher: Unlucky, wiretap: Wiretap
) -> None:
    publisher.lost = 1
    documents.create("a1", {"count": 0}, [planned("a1"), planned("a1")])
    with pytest.raises(Unavailable):
        relay.publish_bunch()
    assert pending(documents) == 1
    relay.publish_bunch()
    assert pending(documents) == 0
    assert [event["sequence"] for event in wiretap.taken()] == [1, 1, 2]


def test_the_sweeper_finds_what_a_crash_left(
    documents: Documents,
    relay: Relay,
    clock: FixedClock,
    publisher: Unlucky,
    database: Store,
    wiretap: Wiretap,
) -> None:
    documents.create("a1", {"count": 0}, [planned("a1")])
    successor = Relay(publisher, clock, sweep_every=0.1)
    documents_of(database, clock, successor)
    assert successor.sweep() == 0  # too young: its writer is about to publish it
    clock.advance(SWEEP_OLDER + timedelta(seconds=1))
    successor.start()
    wait_for(lambda: pending(documents) == 0)
    assert len(wiretap.taken()) == 1
    successor.stop(1)


def test_the_sweeper_reads_by_its_sparse_index(documents: Documents, clock: FixedClock) -> None:
    for number in range(50):
        documents.create(f"a{number}", {"count": 0}, [planned("x")] if number % 10 == 0 else [])
    overdue = documents.collection.find({"pending_since": {"$lt": clock.now()}}, {"pending_since": 1})
    plan = str(overdue.sort("pending_since", 1).limit(10).explain()["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan


def test_one_replica_sweeps_at_a_time(database: Store, clock: FixedClock, publisher: Unlucky) -> None:
    replicas = [Relay(publisher, clock, leases=Leases(database, clock)) for _ in range(3)]
    assert [replica._may_sweep() for replica in replicas] == [True, False, False]
    clock.advance(timedelta(minutes=1))
    assert replicas[2]._may_sweep()


def test_a_document_whose_last_events_two_replicas_cleared_is_pending_no_more(
    documents: Documents, relay: Relay, clock: FixedClock
) -> None:
    documents.create("a1", {"count": 0})
    documents.collection.update_one({"_id": "a1"}, {"$set": {"pending": [], "pending_since": clock.now()}})
    relay.wake(documents.collection, "a1")
    relay.publish_bunch()
    assert pending(documents) == 0


def test_an_event_without_a_route_stays_pending_and_holds_nobody_up(
    broker: Broker, documents: Documents, relay: Relay, clock: FixedClock, wiretap: Wiretap, vhost: str
) -> None:
    broker.management.create_vhost("bare")  # no policies: no alternate exchange takes what has no route
    publisher = Unlucky(broker.amqp_uri("bare"))
    bare = Relay(publisher, clock)
    bare.watch(documents.collection)
    documents.create("a1", {"count": 0}, [planned("a1")])
    clock.advance(SWEEP_OLDER + timedelta(seconds=1))
    try:
        assert bare.sweep() == 1
        assert bare.publish_bunch() == 0
        assert pending(documents) == 1
        assert bare.sweep() == 0  # it rests
    finally:
        publisher.close()
        broker.management.delete_vhost("bare")


def test_a_broken_pending_event_holds_nobody_up(documents: Documents, relay: Relay, wiretap: Wiretap) -> None:
    documents.create("a1", {"count": 0}, [planned("a1")])
    documents.create("a2", {"count": 0}, [planned("a2")])
    documents.collection.update_one({"_id": "a1"}, {"$unset": {"pending.0.type": ""}})
    relay.wake(documents.collection, "a1")  # woken again, it is read from the store
    assert relay.publish_bunch() == 1
    assert [event["subject"] for event in wiretap.taken()] == ["a2"]
    assert pending(documents) == 1


def test_an_event_that_cannot_be_sent_rests_alone(
    documents: Documents, relay: Relay, wiretap: Wiretap, clock: FixedClock
) -> None:
    for number in range(5):
        documents.create(f"a{number}", {"count": 0}, [planned(f"a{number}")])
    documents.collection.update_one({"_id": "a2"}, {"$set": {"pending.0.id": "x" * 300}})
    relay.wake(documents.collection, "a2")  # woken again, it is read from the store
    assert relay.publish_bunch() == 4
    assert {event["subject"] for event in wiretap.taken()} == {"a0", "a1", "a3", "a4"}
    assert pending(documents) == 1
    clock.advance(SWEEP_OLDER + timedelta(seconds=1))
    assert (relay.backlog, relay.sweep()) == (0, 0)


def test_the_age_of_what_is_anonymous_is_told_by_days(
    database: Store, documents: Documents, publisher: Unlucky, clock: FixedClock
) -> None:
    documents.create("a1", {"count": 0}, [planned("a1")], anonymous=True)
    clock.advance(SWEEP_OLDER + timedelta(seconds=1))
    other = Relay(publisher, clock)
    other.watch(documents.collection)
    assert other.sweep() == 0
    assert relay_module.OLDEST._value.get() == 0
    clock.advance(SWEEP_OLDER + timedelta(seconds=1))
    assert other.sweep() == 1  # met for so long, it was left behind
    clock.advance(timedelta(days=2))
    assert other.sweep() == 0  # woken
    assert timedelta(days=1).total_seconds() < relay_module.OLDEST._value.get() < 2 * 86400


def test_only_what_no_failover_takes_back_is_published(documents: Documents) -> None:
    assert outbox.lasting(documents.collection).read_concern.level == "majority"


def test_switched_off_it_publishes_nothing_and_remembers_nothing(
    database: Store, clock: FixedClock, publisher: Unlucky
) -> None:
    relay = Relay(publisher, clock, enabled=False)
    documents = documents_of(database, clock, relay)
    relay.start()
    documents.create("a1", {"count": 0}, [planned("a1")])
    assert (relay.backlog, pending(documents)) == (0, 1)


def test_stopping_publishes_what_was_woken(documents: Documents, relay: Relay, wiretap: Wiretap) -> None:
    relay.start()
    for number in range(30):
        documents.create(f"a{number}", {"count": 0}, [planned("x")])
    relay.stop()
    assert pending(documents) == 0
    assert len(wiretap.taken()) == 30


def test_many_writers_at_once_leave_nothing_pending(
    store: StoreServer, database_name: str, vhost: str, wiretap: Wiretap
) -> None:
    database = connect(store.uri, database_name)
    clock = SystemClock(ZoneInfo("Asia/Shanghai"))
    publisher = ConfirmedPublisher(vhost)
    relay = Relay(publisher, clock)
    documents = documents_of(database, clock, relay)
    relay.start()
    pool = eventlet.GreenPool(8)
    for number in range(200):
        pool.spawn(documents.create, f"a{number}", {"count": 0}, [planned("x")])
    pool.waitall()
    wait_for(lambda: pending(documents) == 0, 60)
    assert {each["subject"] for each in wiretap.taken()} == {f"a{number}" for number in range(200)}
    relay.stop()
    publisher.close()
    database.client.close()
