"""The main job, done by real processes through the public HTTP API: as told, then looked at closely."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import eventlet
import pytest
import requests

from deploy.local.tour import Tour
from deploy.local.tour_people import Client
from services.chassis.testing import wait_for
from tests.end_to_end.conftest import ROOT
from tests.published import Published

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
