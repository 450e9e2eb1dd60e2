"""The main job, done by real processes through the public HTTP API: as told, then looked at closely."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

import eventlet
import pytest
import requests
from eventlet.green import subprocess

from deploy.local.tour import Tour
from deploy.local.tour_people import Client
from services.chassis.testing import wait_for
from tests.end_to_end.conftest import ROOT
from tests.published import Published

ADMINISTRATOR = "100001"

pytestmark = pytest.mark.timeout(900)


def test_the_tour_has_no_surprise_is_as_published_and_is_heard_live(
    platform: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two walk at the same time, each with organisations of its own: one as told, one looked at closely."""
    as_told = subprocess.Popen(
        [sys.executable, "-m", "deploy.local.tour"],
        cwd=ROOT,
        env={**os.environ, **platform},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        gateway = platform["GATEWAY_URL"]
        published = Published(requests.get(f"{gateway}/openapi.json", timeout=60).json())
        monkeypatch.setattr(requests.Session, "request", published.watching(requests.Session.request))
        heard = Ear(gateway)
        Tour(gateway, platform["SMS_SANDBOX_URL"], ADMINISTRATOR).walk()
        told, _ = as_told.communicate(timeout=600)
    finally:
        as_told.kill()
    assert as_told.returncode == 0, told
    assert "reminder, " in told
    assert "no surprise" in told
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
        self._stream = client._http.get(f"{gateway}/api/v1/live", stream=True, timeout=600)
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
