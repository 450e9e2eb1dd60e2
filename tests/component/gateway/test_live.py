"""Events as they happen: to those whom they concern, without who acted; whoever missed some is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import eventlet
import pytest
import requests

from gateway import live
from gateway.visibility import Scope
from services.chassis import envelope
from services.chassis.clock import FixedClock
from services.chassis.contract import NewEvent
from services.chassis.publishing import ConfirmedPublisher, Outgoing
from services.chassis.testing import wait_for
from services.contracts.evaluation_events import ScoreChanged
from services.contracts.feedback_events import OpinionReceived
from services.contracts.records_events import OrganisationChanged, PersonChanged
from tests.component.gateway.conftest import Door
from tests.component.gateway.stand_ins import BRANCH, OTHER, PATHS, ROOT

CLOCK = FixedClock(datetime(2026, 3, 2, 4, tzinfo=UTC))


class Reader:
    """A client of the stream: what it was told, by name."""

    def __init__(self, response: requests.Response) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.comments = 0
        self.ended = False
        self._response = response
        self._thread = eventlet.spawn(self._read)

    def _read(self) -> None:
        name = ""
        try:
            for line in self._response.iter_lines(chunk_size=1, decode_unicode=True):
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.told.append((name, json.loads(line.removeprefix("data: "))))
                elif line.startswith(":"):
                    self.comments += 1
        finally:
            self.ended = True

    def names(self) -> list[str]:
        return [name for name, _ in self.told]

    def close(self) -> None:
        self._thread.kill()
        self._response.close()


@contextmanager
def reading(door: Door, person: str = "p-secretary", **options: Any) -> Iterator[Reader]:
    token = door.token(person, **options)
    response = requests.get(
        f"{door.url}/api/v1/live", headers={"Authorization": f"Bearer {token}"}, stream=True, timeout=60
    )
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    reader = Reader(response)
    try:
        wait_for(lambda: "hello" in reader.names())
        yield reader
    finally:
        reader.close()


@pytest.fixture
def publish(door: Door) -> Iterator[Any]:
    publisher = ConfirmedPublisher(door.server.settings.amqp_uri)
    wait_for(lambda: door.server.gateway.live.connected)

    def send(*events: NewEvent) -> None:
        outgoing = []
        for event in events:
            wire = envelope.seal(event, subject="s", sequence=1, clock=CLOCK, actor="p-someone")
            outgoing.append(
                Outgoing(
                    exchange=event.contract.exchange(),
                    routing_key=event.contract.routing_key(),
                    body=envelope.to_bytes(wire),
                    headers={},
                    message_id=wire["id"],
                    content_type=envelope.CONTENT_TYPE,
                )
            )
        publisher.publish(outgoing)

    yield send
    publisher.close()


def later(door: Door) -> FixedClock:
    """A clock by which every session of now is over."""
    return FixedClock(door.server.gateway.clock.now() + timedelta(days=1))


def score(organisation: str) -> NewEvent:
    return ScoreChanged.of(
        organisation=organisation, year=2026, points="88.50", band="good", policy="p", evidence=3
    )


def opinion(organisation: str, mode: str = "named") -> NewEvent:
    return OpinionReceived.of(opinion="op", organisation=organisation, category="service", mode=mode)


def organisation(identity: str, path: list[str]) -> NewEvent:
    return OrganisationChanged.of(
        organisation=identity,
        code="c",
        name="n",
        kind="branch",
        parent=path[-2] if len(path) > 1 else None,
        path=path,
        has_committee=True,
        has_leading_group=False,
        founded_on=date(2020, 1, 1),
        active=True,
        external_id=None,
    )


def test_an_event_reaches_those_whom_it_concerns_and_nobody_else(door: Door, publish: Any) -> None:
    with reading(door) as secretary, reading(door, "p-root") as above, reading(door, "p-other") as other:
        publish(score(BRANCH), score(OTHER))
        wait_for(lambda: above.names().count(ScoreChanged.type) == 2)
        wait_for(lambda: ScoreChanged.type in secretary.names() and ScoreChanged.type in other.names())
        assert [told["data"]["organisation"] for name, told in secretary.told[1:]] == [BRANCH]
        assert [told["data"]["organisation"] for name, told in other.told[1:]] == [OTHER]


def test_neither_who_acted_nor_what_is_sealed_is_shown(door: Door, publish: Any) -> None:
    person = PersonChanged.of(
        person="p-9", organisation=BRANCH, political_status="member", phone_sealed="v1.sealed", active=True
    )
    with reading(door) as secretary:
        publish(person)
        wait_for(lambda: PersonChanged.type in secretary.names())
        told = secretary.told[-1][1]
    assert "actor" not in told
    assert told["data"]["person"] == "p-9"
    assert "phone_sealed" not in told["data"]


def test_what_was_said_without_a_name_is_not_seen_to_arrive(door: Door, publish: Any) -> None:
    with reading(door) as secretary, reading(door, "p-member") as member:
        publish(opinion(BRANCH, "anonymous"), opinion(BRANCH), score(BRANCH))
        wait_for(lambda: ScoreChanged.type in secretary.names() and ScoreChanged.type in member.names())
    assert secretary.names().count(OpinionReceived.type) == 1
    assert OpinionReceived.type not in member.names()


def test_an_organisation_that_moves_here_is_seen_from_then_on(door: Door, publish: Any) -> None:
    with reading(door) as secretary:
        publish(score("o-new"), organisation("o-new", [*PATHS[BRANCH], "o-new"]), score("o-new"))
        wait_for(lambda: ScoreChanged.type in secretary.names())
        publish(organisation("o-new", [ROOT, OTHER, "o-new"]), score("o-new"), score(BRANCH))
        wait_for(lambda: secretary.names().count(ScoreChanged.type) == 2)
    scores = [told["data"]["organisation"] for name, told in secretary.told if name == ScoreChanged.type]
    assert scores == ["o-new", BRANCH]


def test_silence_is_filled_with_a_heartbeat_and_ends_with_the_session(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.2)
    with reading(door) as reader:
        wait_for(lambda: reader.comments > 0)
        monkeypatch.setattr(door.server.gateway, "clock", later(door))
        wait_for(lambda: reader.ended)
        assert reader.names()[-1] == "ended"


def test_a_busy_campus_keeps_no_stream_open_beyond_its_session(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.2)
    before, now = set(door.server.gateway.live._streams), door.server.gateway.clock
    with reading(door) as reader:
        (stream,) = door.server.gateway.live._streams - before

        def ended_amid_events() -> bool:
            stream.put(live._MISSED)  # never a moment without anything to tell
            if reader.comments and door.server.gateway.clock is now:
                monkeypatch.setattr(door.server.gateway, "clock", later(door))
            return reader.ended

        wait_for(ended_amid_events)
        assert reader.names()[-1] == "ended"


def test_whoever_lost_a_post_unnoticed_sees_no_more_after_the_next_heartbeat(
    door: Door, publish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.2)
    before = set(door.server.gateway.live._streams)
    with reading(door) as reader:
        (stream,) = door.server.gateway.live._streams - before
        stream._scope = Scope("p-secretary", BRANCH, (), frozenset({BRANCH, OTHER}))
        beats = reader.comments
        wait_for(lambda: reader.comments > beats + 1)
        publish(score(OTHER), score(BRANCH))
        wait_for(lambda: ScoreChanged.type in reader.names())
        assert [told["data"]["organisation"] for name, told in reader.told[1:]] == [BRANCH]


def test_one_person_follows_on_a_few_pages_and_takes_no_place_of_others(door: Door) -> None:
    with ExitStack() as pages:
        for _ in range(live.MOST_STREAMS_OF_ONE):
            pages.enter_context(reading(door, "p-many"))
        refused = door.ask("GET", "/api/v1/live", "p-many")
        assert refused.status_code == 429
        assert refused.json()["code"] == "streams.too_many"
        pages.enter_context(reading(door, "p-other"))


def test_a_reader_that_cannot_keep_up_is_told_that_it_missed_something(
    door: Door, publish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_WAITING", 5)
    before = set(door.server.gateway.live._streams)
    with reading(door) as reader:
        (stream,) = door.server.gateway.live._streams - before
        for _ in range(50):
            stream.put(live._MISSED)  # more than it holds, before it has its turn
        wait_for(lambda: "missed" in reader.names())
        publish(score(BRANCH))
        wait_for(lambda: ScoreChanged.type in reader.names())
        assert reader.names().count("missed") < 10
        assert len(stream._waiting) == 0


def test_a_reader_that_has_gone_leaves_nothing_behind(door: Door, publish: Any) -> None:
    before = set(door.server.gateway.live._streams)
    with reading(door):
        (stream,) = door.server.gateway.live._streams - before

    def forgotten() -> bool:
        publish(score(BRANCH))  # the server learns of a closed connection by writing to it
        return stream not in door.server.gateway.live._streams

    wait_for(forgotten)


def test_it_takes_a_session(door: Door) -> None:
    assert door.ask("GET", "/api/v1/live", person=None).status_code == 401
