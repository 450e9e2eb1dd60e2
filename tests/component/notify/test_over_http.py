"""Reports, inboxes, announcements and own addresses as clients of the gateway meet them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.server import Server
from services.chassis.testing import wait_for
from tests.component.gateway.conftest import Door

from . import test_service as service
from . import test_settings as settings
from .test_service import Campus

running, campus, registrar = service.running, service.campus, settings.registrar


@pytest.fixture
def door(campus: Campus) -> Iterator[Door]:
    """A gateway before the running service, at the same time of day."""
    wanted = replace(campus.settings, http_port=0, rate_per_second=10_000.0, rate_burst=10_000)
    server = Server(wanted.for_service("gateway"))
    server.gateway.clock = campus.clock
    server.begin()
    yield Door(server)
    server.drain()


def told(door: Door, method: str, path: str, person: str | None, **options: Any) -> tuple[int, Any]:
    """The status, and the code of a refusal or else what was answered."""
    response = door.ask(method, f"/api/v1{path}", person, **options)
    body = response.json()
    return response.status_code, body["code"] if response.status_code >= 400 else body


def test_only_who_shows_the_providers_secret_reports_and_a_repeat_is_answered_alike(
    campus: Campus, door: Door
) -> None:
    first, second = campus.remind("obligation-1"), campus.remind("obligation-2")
    secret = campus.settings.sms_receipt_token
    report = {"reference": first, "status": "delivered"}
    one = "/sms/receipts"
    shown, other = {"X-Receipt-Token": secret}, {"X-Receipt-Token": "another"}
    # A session opens nothing here: the provider has none, and whoever has one is not the provider.
    for person in (None, "rector"):
        for headers in ({}, other):
            refused = told(door, "POST", one, person, json=report, headers=headers)
            assert refused == (401, "receipt.token_wrong")
    assert told(door, "POST", one, None, json={**report, "reference": "none"}, headers=shown)[0] == 404
    assert told(door, "POST", one, None, json={**report, "status": "read"}, headers=shown)[0] == 422
    answers = [told(door, "POST", one, None, json=report, headers=shown) for _ in range(2)]
    assert [(status, body["state"], body["applied"]) for status, body in answers] == [
        (200, "delivered", True),
        (200, "delivered", False),
    ]
    # The provider's own form, by each of the ways in which it may show its secret.
    own, body = "/receipts/campus", json.dumps([{"reference": second, "status": "failed"}]).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    wrong = (401, "receipt.token_wrong")
    assert told(door, "POST", own, None, data=body) == wrong
    assert told(door, "POST", "/receipts/nobody", None, data=body, headers=shown) == wrong
    assert told(door, "POST", f"{own}?token=another", None, data=body) == wrong
    forged = {"X-Receipt-Signature": signature}
    assert told(door, "POST", own, None, data=body + b" ", headers=forged) == wrong
    assert told(door, "POST", own, None, data=b"{", headers=shown) == (422, "receipt.unreadable")
    assert told(door, "POST", own, None, data=b"\xff", headers=shown) == (422, "request.invalid")
    assert campus.call("rector", "get_message", message=second)["state"] == "sent"
    applied = [
        told(door, "POST", own, None, data=body, headers=forged)[1]["applied"],
        told(door, "POST", f"{own}?token={secret}", None, data=body)[1]["applied"],
        told(door, "POST", own, None, data=body, headers=shown)[1]["applied"],
    ]
    assert applied == [1, 0, 0]


def test_an_announcement_is_made_followed_read_and_stopped_by_whom_it_concerns_alone(
    campus: Campus, door: Door, registrar: str
) -> None:
    said = {"organisation": "branch", "text": "明天停电"}
    assert told(door, "POST", "/announcements", None, json=said) == (401, "session.required")
    for person in ("member", "neighbour"):  # one who belongs there, the secretary of another branch
        assert told(door, "POST", "/announcements", person, json=said) == (403, "permission.denied")
    begun = door.ask("POST", "/api/v1/announcements", "secretary", json=said)
    assert begun.status_code == 202
    place = begun.headers["Location"].removeprefix("/api/v1")

    def delivered() -> dict[str, Any] | None:
        campus.clock.advance(timedelta(seconds=3))
        body = told(door, "GET", place, "dean")[1]
        return body if body["messages"] == [{"state": "delivered", "count": 2}] else None

    seen = wait_for(delivered)  # by whoever is above, too
    assert (seen["state"], seen["done"], seen["total"]) == ("handed_over", 2, 2)
    for path, method in ((place, "GET"), (f"{place}/stop", "POST")):
        assert told(door, method, path, None) == (401, "session.required")
        for person in ("member", "neighbour"):
            assert told(door, method, path, person) == (404, "announcements.not_found")

    # Each recipient has it in an inbox of their own, until they have read it.
    assert told(door, "GET", "/me/inbox", None) == (401, "session.required")
    [entry] = told(door, "GET", "/me/inbox?unread=true", "member")[1]["items"]
    assert (entry["text"], entry["read_at"]) == ("明天停电", None)
    read = f"/me/inbox/{entry['message']}/read"
    assert told(door, "POST", read, None) == (401, "session.required")
    for person in ("secretary", "rector"):  # another recipient of the same, and the head of everything
        assert told(door, "POST", read, person) == (404, "messages.not_found")
    first = told(door, "POST", read, "member")[1]["read_at"]
    assert first is not None
    campus.clock.advance(timedelta(minutes=1))
    assert told(door, "POST", read, "member")[1]["read_at"] == first, "the first time counts"
    assert told(door, "GET", "/me/inbox?unread=true", "member")[1] == {"items": [], "next": None}
    assert len(told(door, "GET", "/me/inbox", "member")[1]["items"]) == 1
    assert len(told(door, "GET", "/me/inbox?unread=true", "secretary")[1]["items"]) == 1

    # What is stopped before it went out goes nowhere.
    paused = {"kind": "announcement", "reason": "先停一停"}
    assert told(door, "POST", "/sending/pause", "secretary", json=paused) == (403, "permission.denied")
    assert told(door, "POST", "/sending/pause", registrar, json=paused)[0] == 200
    place = door.ask("POST", "/api/v1/announcements", "secretary", json=said).headers["Location"]
    place = place.removeprefix("/api/v1")
    wait_for(lambda: told(door, "GET", place, "secretary")[1]["state"] == "handed_over")
    assert told(door, "POST", f"{place}/stop", "dean")[1]["state"] == "stopped"

    def taken_back() -> bool:
        campus.clock.advance(timedelta(minutes=1))
        messages = told(door, "GET", place, "secretary")[1]["messages"]
        return bool(messages == [{"state": "suppressed", "count": 2}])

    wait_for(taken_back)
    assert told(door, "GET", "/me/inbox?unread=true", "member")[1]["items"] == []


def test_own_addresses_are_asked_for_by_oneself_alone_and_refusals_name_what_is_accepted(
    campus: Campus, door: Door
) -> None:
    mine = "/me/addresses"
    for method, path, body in (
        ("GET", mine, None),
        ("POST", f"{mine}/email/code", {"address": "a@campus.example"}),
        ("PUT", f"{mine}/email", {"address": "a@campus.example", "code": "123456"}),
        ("DELETE", f"{mine}/email", None),
    ):
        assert told(door, method, path, None, json=body) == (401, "session.required")
    assert told(door, "GET", mine, "member")[1] == {"version": 0, "items": [], "channels": []}
    asked = {"address": "a@campus.example"}
    assert told(door, "POST", f"{mine}/email/code", "member", json=asked) == (409, "address.no_provider")
    # A number is no address to enter: it comes from records. Nor has an inbox one.
    for channel in ("sms", "inbox", "carrier-pigeon"):
        assert told(door, "POST", f"{mine}/{channel}/code", "member", json=asked)[0] == 422
    given = {**asked, "code": "123456"}
    assert told(door, "PUT", f"{mine}/email", "member", json=given) == (409, "address.no_code")
    assert told(door, "PUT", f"{mine}/email", "member", json={**given, "code": "12345x"})[0] == 422
    assert told(door, "DELETE", f"{mine}/email", "member")[0] == 200
