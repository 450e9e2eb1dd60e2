"""The running service: events through the real broker, calls with sessions, receipts from outside."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import eventlet
import kombu
import pytest

from services.chassis.clock import FixedClock
from services.chassis.contract import NewEvent
from services.chassis.envelope import seal, to_bytes
from services.chassis.errors import Forbidden, Invalid, NotFound, Unauthenticated
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.rpc_client import RpcClient
from services.chassis.session import issue
from services.chassis.settings import Settings
from services.chassis.testing import Running, wait_for
from services.contracts.notify_events import MessageChanged
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged
from services.notify.application import Notify
from services.notify.service import NotifyService
from tests.grounds import Ground, Laid

from .conftest import HEADS, PHONES, TREE, Provider, fulfilled, overdue

FOUNDED = date(2020, 1, 1)
KINDS = {"university": "university_committee", "faculty": "secondary"}


@dataclass
class Campus:
    """The service in this process, what it is told, and calls to it in somebody's name."""

    settings: Settings
    clock: FixedClock
    application: Notify
    client: RpcClient
    publisher: ConfirmedPublisher
    provider: Provider
    container: Any

    def publish(self, *bodies: bytes, exchange: str, routing_key: str) -> None:
        outgoing = [Outgoing(exchange, routing_key, body) for body in bodies]
        assert set(self.publisher.publish(outgoing)) == {Outcome.CONFIRMED}

    def tell(self, new: NewEvent, subject: str, sequence: int = 1, times: int = 1) -> None:
        body = to_bytes(seal(new, subject=subject, sequence=sequence, clock=self.clock))
        contract = new.contract
        self.publish(*[body] * times, exchange=contract.exchange(), routing_key=contract.routing_key())

    def call(self, person: str | None, method: str, key: str | None = None, **request: Any) -> dict[str, Any]:
        token = None
        if person is not None:
            assert self.settings.session_private_key
            token = issue(self.settings.session_private_key, person, timedelta(hours=1), self.clock.now())
        authorization = f"Bearer {token}" if token else None
        return self.client.call(
            f"notify.{method}", request, authorization=authorization, idempotency_key=key, timeout=60
        )

    def receipt(
        self, reference: str, status: str = "delivered", token: str | None = None, key: str | None = None
    ) -> dict[str, Any]:
        told = token if token is not None else self.settings.sms_receipt_token
        return self.call(None, "accept_receipt", key, token=told, reference=reference, status=status)

    def known(self, organisation: str = "branch") -> bool:
        return self.application.names.get(organisation) is not None

    def remind(self, obligation: str = "obligation-1", organisation: str = "branch", times: int = 1) -> str:
        """An overdue obligation, and the id of the first reminder once it has gone out."""
        self.tell(overdue(obligation, organisation), obligation, times=times)
        wait_for(lambda: self.application.watches.get(obligation)[0])
        self.clock.advance(timedelta(seconds=11))
        (item,) = wait_for(lambda: self.sent(obligation))
        return str(item["message"])

    def sent(self, obligation: str) -> list[dict[str, Any]]:
        listed = self.call("rector", "list_messages", obligation=obligation)["items"]
        return [each for each in listed if each["state"] == "sent"]


@pytest.fixture
def running(
    ground: Ground, provider: Provider, clock: FixedClock, beginnings: dict[datetime, Laid]
) -> Running:
    return ground.running(NotifyService, clock, beginnings.get(clock.now()), sms_url=provider.url)


@pytest.fixture
def campus(
    ground: Ground,
    running: Running,
    provider: Provider,
    clock: FixedClock,
    beginnings: dict[datetime, Laid],
) -> Iterator[Campus]:
    settings = running.settings
    client, publisher = RpcClient(settings.amqp_uri), ConfirmedPublisher(settings.amqp_uri, name="tests")
    found = Campus(settings, clock, running.application, client, publisher, provider, running.container)
    if clock.now() not in beginnings:
        _found(found)
        beginnings[clock.now()] = ground.kept(running)
    yield found
    client.close()
    publisher.close()


def _found(campus: Campus) -> None:
    """The small campus, as records would tell of it."""
    for node, parent in TREE.items():
        campus.tell(_organisation(node, parent), node)
    for node, person in HEADS.items():
        sealed = campus.application.vault.seal("phone", PHONES[person])
        campus.tell(person_changed(person, node, sealed), person)
        campus.tell(_post(person, node), f"post-{person}")
    campus.tell(person_changed("member", "branch", None), "member")
    wait_for(lambda: all(campus.application.contacts.get(person) for person in [*PHONES, "member"]))
    wait_for(lambda: all(campus.application.authority.holders(node, ["secretary"]) for node in HEADS))
    wait_for(lambda: all(campus.known(node) and campus.application.authority.node(node) for node in TREE))


def _organisation(node: str, parent: str | None) -> NewEvent:
    return OrganisationChanged.of(
        organisation=node,
        code=node,
        name=f"{node}党支部",
        kind=KINDS.get(node, "branch"),
        parent=parent,
        path=[node],
        has_committee=True,
        has_leading_group=False,
        founded_on=FOUNDED,
        active=True,
    )


def person_changed(person: str, node: str, sealed: str | None, number: str | None = None) -> NewEvent:
    """``number``: the fingerprint of their campus number, where it is told."""
    more = {"number_fingerprint": number} if number else {}
    return PersonChanged.of(
        person=person, organisation=node, political_status="member", phone_sealed=sealed, active=True, **more
    )


def _post(person: str, node: str) -> NewEvent:
    return PostChanged.of(
        post=f"post-{person}",
        person=person,
        organisation=node,
        role="secretary",
        since=FOUNDED,
        until=None,
        active=True,
    )


def test_an_event_delivered_a_hundred_times_reminds_once(campus: Campus) -> None:
    first = campus.remind(times=100)
    campus.tell(overdue(), "obligation-1", times=20)
    second = campus.remind("obligation-2")
    assert [each["reference"] for each in campus.provider.taken()] == [first, second]
    assert len(campus.call("rector", "list_messages")["items"]) == 2


def test_events_in_any_order_end_in_the_newest(campus: Campus) -> None:
    told = [(overdue(f"o-{n}"), f"o-{n}", 1) for n in range(20)]
    told += [(fulfilled(f"o-{n}"), f"o-{n}", 2) for n in range(20)]
    told += told
    random.Random(4).shuffle(told)
    for new, subject, sequence in told:
        campus.tell(new, subject, sequence)
    watches = campus.application.watches
    wait_for(lambda: all((w := watches.get(f"o-{n}")[0]) and w.stopped for n in range(20)))
    campus.clock.advance(timedelta(days=1))
    campus.remind("another")
    assert len(campus.provider.taken()) == 1


def test_a_receipt_makes_it_delivered_and_a_repeat_changes_nothing(campus: Campus) -> None:
    message = campus.remind()
    assert campus.receipt(message) == {"message": message, "state": "delivered", "applied": True}
    for status in ("delivered", "failed", "delivered"):
        assert campus.receipt(message, status) == {
            "message": message,
            "state": "delivered",
            "applied": False,
        }
    decisions = campus.call("secretary", "get_message", message=message)["decisions"]
    assert [each["state"] for each in decisions] == ["created", "queued", "sending", "sent", "delivered"]


def test_a_receipt_that_comes_again_with_its_idempotency_key_changes_nothing(campus: Campus) -> None:
    message = campus.remind()
    applied = [campus.receipt(message, key="key-of-the-provider") for _ in range(3)]
    assert [each["state"] for each in applied] == ["delivered"] * 3
    assert [each["applied"] for each in applied] == [True, False, False]
    decisions = campus.call("secretary", "get_message", message=message)["decisions"]
    assert [each["state"] for each in decisions].count("delivered") == 1


def test_a_forged_receipt_is_refused(campus: Campus) -> None:
    message = campus.remind()
    for token in ("", "a token of another", "a token of the tests ", "é" * 10):
        with pytest.raises(Unauthenticated, match=r"receipt\.token_wrong"):
            campus.receipt(message, "failed", token=token)
    with pytest.raises(NotFound, match=r"messages\.not_found"):
        campus.receipt("nothing-like-it")
    with pytest.raises(Invalid):
        campus.receipt(message, "arrived, I promise")
    assert campus.call("secretary", "get_message", message=message)["state"] == "sent"


def test_readers_see_what_went_out_with_the_number_masked(campus: Campus) -> None:
    message = campus.remind()
    seen = campus.call("dean", "get_message", message=message)
    assert seen["phone"] == "139****0003"
    assert seen["recipient"] == "secretary"
    assert "branch党支部" in seen["text"]
    assert PHONES["secretary"] not in str(seen)


def test_a_message_is_read_by_whom_it_is_for_posts_there_or_above_and_whoever_sees_what_is_owed(
    campus: Campus,
) -> None:
    message = campus.remind()
    for person in ("secretary", "dean", "rector"):
        assert campus.call(person, "get_message", message=message)["message"] == message
        assert [each["message"] for each in campus.call(person, "list_messages")["items"]] == [message]
    for person in ("member", "neighbour"):
        with pytest.raises(Forbidden, match=r"permission\.denied"):
            campus.call(person, "list_messages", organisation="branch")
        assert campus.call(person, "list_messages")["items"] == []
    with pytest.raises(NotFound, match=r"messages\.not_found"):
        campus.call("neighbour", "get_message", message=message)
    assert campus.call("neighbour", "list_messages", obligation="obligation-1")["items"] == []
    # Who may see what their branch owes may see that it was reminded of, and no number.
    seen = campus.call("member", "list_messages", obligation="obligation-1")["items"]
    assert [each["message"] for each in seen] == [message]
    assert campus.call("member", "get_message", message=message)["phone"] == "139****0003"
    for method, request in (("list_messages", {}), ("get_message", {"message": message})):
        with pytest.raises(Unauthenticated, match=r"session\.required"):
            campus.call(None, method, **request)


def test_a_withdrawn_post_reads_nothing_any_more(campus: Campus) -> None:
    message = campus.remind()
    told = dict(_post("dean", "faculty").data, active=False)
    campus.tell(PostChanged.of(**told), "post-dean", sequence=2)
    wait_for(lambda: not campus.application.authority.may("dean", ["secretary"], "branch"))
    with pytest.raises(NotFound):
        campus.call("dean", "get_message", message=message)


def test_lists_come_in_pages_newest_first_without_gaps_or_repeats(campus: Campus) -> None:
    reminded = [campus.remind(f"obligation-{number}") for number in range(5)]
    pages, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = campus.call("dean", "list_messages", limit=2, organisation="faculty", **more)
        pages.append([each["message"] for each in page["items"]])
        cursor = page["next"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [message for page in pages for message in page] == list(reversed(reminded))
    with pytest.raises(Invalid):
        campus.call("dean", "list_messages", cursor="e30=")


def test_a_new_number_is_used_from_then_on(campus: Campus) -> None:
    sealed = campus.application.vault.seal("phone", "13700000009")
    campus.tell(person_changed("secretary", "branch", sealed), "secretary", sequence=2)
    old = campus.application.vault.seal("phone", "13700000001")
    campus.tell(person_changed("secretary", "branch", old), "secretary", sequence=1)
    wait_for(lambda: campus.application.contacts.get("secretary").phone_sealed == sealed)
    campus.remind()
    assert [each["mobile"] for each in campus.provider.taken()] == ["13700000009"]


@contextlib.contextmanager
def overhearing(campus: Campus, *exchanges: str) -> Iterator[list[dict[str, Any]]]:
    """What is published there from now on; what a sweeper publishes again counts once."""
    found: dict[str, dict[str, Any]] = {}
    events: list[dict[str, Any]] = []

    def note(message: kombu.Message) -> None:
        event = json.loads(message.body)
        if found.setdefault(event["id"], event) is event:
            events.append(event)

    with kombu.Connection(campus.settings.amqp_uri) as connection:
        channel = connection.channel()
        queue = kombu.Queue("ear-of-the-tests", exclusive=True, durable=False)(channel)
        queue.declare()
        for exchange in exchanges:
            queue.bind_to(exchange, "#")
        with kombu.Consumer(channel, [queue], on_message=note, no_ack=True):
            listening = eventlet.spawn(_drain, connection)
            yield events
            listening.kill()


@pytest.fixture
def heard(campus: Campus) -> Iterator[list[dict[str, Any]]]:
    """What notify publishes."""
    with overhearing(campus, "notify.events") as events:
        yield events


def _drain(connection: kombu.Connection) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.2)


def test_every_change_of_a_message_is_told_without_number_or_text(
    campus: Campus, heard: list[dict[str, Any]]
) -> None:
    message = campus.remind()
    campus.receipt(message)
    bodies = wait_for(lambda: len(heard) >= 5 and heard)
    states = ["created", "queued", "sending", "sent", "delivered"]
    assert [each["data"]["state"] for each in bodies] == states
    assert [each["sequence"] for each in bodies] == [1, 2, 3, 4, 5]
    assert {each["type"] for each in bodies} == {MessageChanged.type}
    said = str(bodies)
    assert not any(secret in said for secret in ("139", "党支部", "主题党日"))
