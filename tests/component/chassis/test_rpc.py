"""Calls: answered in time or refused by type, with only what the schemas declare."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from time import monotonic

import eventlet
import pytest
from amqp import Message
from marshmallow import Schema, fields

from services.chassis import broker as topology
from services.chassis import context, rpc_client
from services.chassis.application import Application
from services.chassis.container import ChassisContainer
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated, Unavailable
from services.chassis.rpc import rpc
from services.chassis.rpc_client import Internal, RpcClient
from services.chassis.session import issue
from services.chassis.settings import Settings
from services.chassis.testing import wait_for


class Ask(Schema):
    title = fields.String(required=True)
    held_on = fields.Date()


class Place(Schema):
    room = fields.String()


class Answer(Schema):
    title = fields.String()
    held_on = fields.Date()
    places = fields.List(fields.Nested(Place))
    actor = fields.String()
    key = fields.String()
    fingerprint = fields.String()
    traceparent = fields.String()


class Desk(Application):
    """The least an application can be; ``gate`` lets a test hold a call back."""

    migrates = False

    def compose(self) -> None:
        self.gate = eventlet.Event()
        self.calls: list[str] = []


class RecordsService:
    name = "records"
    desk = Desk()

    @rpc(request=Ask, response=Answer)
    def plan(self, request):
        assert isinstance(request.get("held_on", date.min), date)
        return {**request, "secret": "never leaves", "places": [{"room": "101", "secret": 1}]}

    @rpc(request=Schema, response=Answer)
    def tell(self, request):
        now = context.current()
        return {
            "actor": now.actor,
            "key": now.idempotency_key,
            "fingerprint": now.fingerprint,
            "traceparent": now.traceparent,
        }

    @rpc(request=Schema, response=Answer, anonymous=True)
    def tell_anonymously(self, request):
        return self.tell(request)

    @rpc(request=Schema, response=Answer, public=True)
    def tell_publicly(self, request):
        return self.tell(request)

    @rpc(request=Ask, public=True)
    def fail(self, request):
        raise {
            "forbidden": Forbidden("permission.denied"),
            "conflict": Conflict("version.stale", params={"version": 3}),
            "surprise": RuntimeError("张三 13812345678"),
        }[request["title"]]

    @rpc(request=Schema, public=True)
    def duplicate(self, request):
        for _ in range(2):
            self.desk.database["things"].insert_one({"_id": "one"})

    @rpc(request=Schema, public=True)
    def wait(self, request):
        self.desk.calls.append("begun")
        self.desk.gate.wait()
        self.desk.calls.append("done")
        return {}


@contextmanager
def _running(settings: Settings, **config) -> Iterator[ChassisContainer]:
    container = ChassisContainer(RecordsService, {"settings": settings, **config})
    container.start()
    try:
        yield container
    finally:
        container.application.gate.ready() or container.application.gate.send()
        container.stop()


@pytest.fixture
def container(settings) -> Iterator[ChassisContainer]:
    with _running(settings) as container:
        yield container


@pytest.fixture
def client(vhost) -> Iterator[RpcClient]:
    client = RpcClient(vhost)
    yield client
    client.close()


@pytest.fixture
def token(settings) -> str:
    return issue(settings.session_private_key, "person-1", timedelta(hours=1), settings.clock().now())


def test_a_call_is_answered_with_native_values_in_and_declared_fields_out(container, client, token):
    asked = {"title": "主题党日", "held_on": "2026-03-05"}
    answer = client.call("records.plan", asked, authorization=f"Bearer {token}")
    assert answer == {**asked, "places": [{"room": "101"}]}


@pytest.mark.parametrize(
    "asked", [{}, {"title": 5}, {"title": "x", "unknown": 1}, {"title": "x", "held_on": "no"}]
)
def test_a_request_that_breaks_its_schema_is_invalid_and_names_the_fields(container, client, token, asked):
    with pytest.raises(Invalid) as refused:
        client.call("records.plan", asked, authorization=token)
    assert refused.value.code == "request.invalid"
    assert refused.value.fields
    assert refused.value.text["zh"] != refused.value.text["en"]


def test_half_a_character_is_no_json_at_either_end(container, client, token, monkeypatch):
    for write in (rpc_client.encode, lambda asked: json.dumps(asked).encode()):
        monkeypatch.setattr(rpc_client, "encode", write)
        with pytest.raises(Invalid) as refused:
            client.call("records.plan", {"title": "\ud800"}, authorization=token)
        assert refused.value.code == "request.not_json"


def test_the_caller_is_who_the_token_says(container, client, token):
    answer = client.call(
        "records.tell", {}, authorization=token, idempotency_key="k1", traceparent="00-1-2-01"
    )
    assert (answer["actor"], answer["key"], answer["traceparent"]) == ("person-1", "k1", "00-1-2-01")
    again = client.call("records.tell", {}, authorization=token, idempotency_key="k1")
    assert again["fingerprint"] == answer["fingerprint"]


@pytest.mark.parametrize("authorization", [None, "", "Bearer x", "Bearer a.b.c"])
def test_without_a_genuine_session_nothing_is_answered(container, client, authorization):
    with pytest.raises(Unauthenticated):
        client.call("records.tell", {}, authorization=authorization)


def test_a_public_method_needs_no_session_but_refuses_a_forged_one(container, client):
    assert client.call("records.tell_publicly", {})["actor"] is None
    with pytest.raises(Unauthenticated):
        client.call("records.tell_publicly", {}, authorization="forged")


def test_an_anonymous_method_never_sees_who_calls(container, client, token):
    answer = client.call(
        "records.tell_anonymously", {}, authorization=token, traceparent="00-1-2-01", correlationid="c"
    )
    assert answer["actor"] is None
    assert answer["traceparent"] is None


def test_refusals_arrive_as_what_they_are(container, client):
    with pytest.raises(Forbidden) as forbidden:
        client.call("records.fail", {"title": "forbidden"})
    assert forbidden.value.code == "permission.denied"
    with pytest.raises(Conflict) as conflict:
        client.call("records.fail", {"title": "conflict"})
    assert conflict.value.params == {"version": 3}


def test_a_surprise_is_internal_and_its_text_stays_inside(container, client, capfd):
    with pytest.raises(Internal) as internal:
        client.call("records.fail", {"title": "surprise"})
    assert internal.value.code == "internal"
    assert "13812345678" not in str(vars(internal.value))
    shown = capfd.readouterr()
    assert "13812345678" not in shown.out + shown.err


def test_a_store_s_duplicate_key_is_a_conflict(container, client):
    with pytest.raises(Conflict):
        client.call("records.duplicate", {})


def test_an_unknown_method_is_not_found(container, client):
    with pytest.raises(NotFound):
        client.call("records.no_such", {})


def test_a_service_that_was_never_started_is_unavailable_at_once(client):
    started = monotonic()
    with pytest.raises(Unavailable):
        client.call("feedback.submit_opinion", {}, timeout=60)
    assert monotonic() - started < 20


def test_a_service_that_is_down_is_unavailable_after_the_timeout(settings, client):
    with _running(settings):
        pass
    started = monotonic()
    with pytest.raises(Unavailable):
        client.call("records.tell_publicly", {}, timeout=0.3)
    assert monotonic() - started < 4  # less than a caller waits who says nothing


def test_a_dead_broker_is_unavailable_within_the_timeout():
    client = RpcClient("amqp://jishi:x@127.0.0.1:9/none")
    started = monotonic()
    with pytest.raises(Unavailable):
        client.call("records.tell_publicly", {}, timeout=0.5)
    assert monotonic() - started < 4


def test_calls_waiting_on_a_lost_connection_are_unavailable_at_once_and_the_next_one_works(container, client):
    slow = eventlet.spawn(client.call, "records.wait", {}, timeout=60)
    wait_for(lambda: container.application.calls == ["begun"])
    started = monotonic()
    client._line.link.connection.transport.sock.shutdown(2)
    with pytest.raises(Unavailable):
        slow.wait()
    assert monotonic() - started < 20
    container.application.gate.send()
    assert client.call("records.tell_publicly", {})["actor"] is None


def test_a_call_whose_deadline_has_passed_is_not_begun(container, client, vhost):
    connection = topology.connect(vhost)
    channel = connection.channel()
    late = Message(
        json.dumps({"request": {}}),
        type="wait",
        application_headers={"x-deadline": int(time.time() * 1000) - 1},
    )
    channel.basic_publish(late, exchange="", routing_key="rpc.records")
    client.call("records.tell_publicly", {})
    wait_for(lambda: container.in_flight == 0)
    assert container.application.calls == []
    connection.close()


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[]", b"{}", b'{"request": 5}', b"[" * 100_000])
def test_a_damaged_call_is_refused_and_harms_nobody(container, client, vhost, body):
    connection = topology.connect(vhost)
    channel = connection.channel()
    channel.basic_publish(Message(body, type="plan"), exchange="", routing_key="rpc.records")
    channel.basic_publish(Message(body), exchange="", routing_key="rpc.records")
    assert client.call("records.tell_publicly", {})["actor"] is None
    wait_for(lambda: container.in_flight == 0)
    connection.close()


def test_many_calls_run_side_by_side_and_each_gets_its_own_answer(container, client, token):
    pool = eventlet.GreenPool()
    titles = [f"t{n}" for n in range(200)]
    answers = pool.imap(lambda t: client.call("records.plan", {"title": t}, authorization=token), titles)
    assert [answer["title"] for answer in answers] == titles


def test_stopping_answers_the_calls_that_were_begun(settings, client):
    with _running(settings) as container:
        call = eventlet.spawn(client.call, "records.wait", {}, timeout=60)
        wait_for(lambda: container.application.calls == ["begun"])
        stopping = eventlet.spawn(container.stop)
        eventlet.sleep(0.05)
        assert not call.dead
        container.application.gate.send()
        assert call.wait() == {}
        stopping.wait()
        assert container.application.calls == ["begun", "done"]


def test_a_service_survives_the_loss_of_its_connection(container, client):
    client.call("records.tell_publicly", {})
    server = next(each for each in container.subextensions if hasattr(each, "methods"))
    server._consumption._link.connection.transport.sock.shutdown(2)
    wait_for(lambda: not container.connected or server._consumption._link.alive)
    wait_for(lambda: container.connected)
    assert client.call("records.tell_publicly", {})["actor"] is None
