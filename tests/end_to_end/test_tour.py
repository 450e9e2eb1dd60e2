"""The main job, done by real processes through the public HTTP API: as told, then looked at closely."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import eventlet
import pytest
import requests
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from deploy.local.tour import Tour
from deploy.local.tour_people import Client
from services.chassis.testing import wait_for
from tests.end_to_end.conftest import ROOT

ADMINISTRATOR = "100001"


def test_the_tour_has_no_surprise(platform: Mapping[str, str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.local.tour"],
        cwd=ROOT,
        env={**os.environ, **platform},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "reminder, " in ended.stdout
    assert "no surprise" in ended.stdout


def test_every_answer_of_the_tour_is_as_published_and_its_events_are_seen_live(
    platform: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = platform["GATEWAY_URL"]
    published = Published(requests.get(f"{gateway}/openapi.json", timeout=10).json())
    monkeypatch.setattr(requests.Session, "request", published.watching(requests.Session.request))
    tour = Tour(gateway, platform["SMS_SANDBOX_URL"], ADMINISTRATOR)
    heard = Ear(gateway)
    tour.walk()
    assert published.broken == []
    assert published.checked > 30
    wait_for(lambda: "feedback.result.published.v1" in heard.types)
    assert {
        "records.organisation.changed.v1",
        "records.activity.approved.v1",
        "evaluation.obligation.overdue.v1",
        "evaluation.score.changed.v1",
        "notify.message.changed.v1",
        "feedback.opinion.received.v1",
    } <= heard.types
    assert not heard.sealed
    heard.close()


class Published:
    """Holds every answer against the published document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._paths = [
            (re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", path)), operations)
            for path, operations in sorted(document["paths"].items(), key=lambda each: each[0].count("{"))
        ]
        resource = Resource(contents=document, specification=DRAFT202012)
        self._registry = Registry().with_resource("urn:document", resource)
        self._problem = document["components"]["responses"]["Problem"]
        self.checked = 0
        self.broken: list[str] = []

    def watching(self, request: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
        def watched(session: requests.Session, method: str, url: str, **given: Any) -> requests.Response:
            response = request(session, method, url, **given)
            if "/api/" in url and not given.get("stream"):
                self._check(method, urlsplit(url).path, response)
            return response

        return watched

    def _check(self, method: str, path: str, response: requests.Response) -> None:
        operations = next(operations for pattern, operations in self._paths if pattern.fullmatch(path))
        answers = operations[method.lower()]["responses"]
        answer = answers.get(str(response.status_code), self._problem)
        content_type = response.headers["Content-Type"]
        schema = _absolute(answer["content"][content_type]["schema"])
        validator = Draft202012Validator(schema, registry=self._registry)
        self.checked += 1
        for error in validator.iter_errors(response.json()):
            if path.endswith("/opinions") and method == "POST" and response.json().get("receipt"):
                continue  # without a name only the receipt is told, of the two shapes of this answer
            self.broken.append(f"{method} {path} {error.json_path}: {error.message[:200]}")


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: "urn:document" + value if key == "$ref" else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(each) for each in schema] if isinstance(schema, list) else schema


class Ear:
    """The administrator's live stream: which types of events were told."""

    def __init__(self, gateway: str) -> None:
        self.types: set[str] = set()
        self.sealed = False
        client = Client(gateway, ADMINISTRATOR)
        self._stream = client._http.get(f"{gateway}/api/v1/live", stream=True, timeout=120)
        assert self._stream.status_code == 200
        self._thread = eventlet.spawn(self._listen)

    def _listen(self) -> None:
        for line in self._stream.iter_lines(chunk_size=1, decode_unicode=True):
            if line.startswith("event: "):
                self.types.add(line.removeprefix("event: "))
            elif line.startswith("data: "):
                self.sealed |= "phone_sealed" in json.loads(line.removeprefix("data: ")).get("data", {})

    def close(self) -> None:
        self._thread.kill()
        self._stream.close()
