"""The live stream, read as a web client reads it: how many records each branch's score counts by now."""

from __future__ import annotations

import json
from typing import Any

import eventlet
import requests
from eventlet.event import Event as Signal

_SCORE = b"event: evaluation.score.changed.v1"
_PATIENCE_SECONDS = 60


class News:
    """One open stream of scores; a branch's waiter is woken by what is told of it."""

    def __init__(self, port: int, token: str) -> None:
        self._counted: dict[str, int] = {}
        self._waiting: dict[str, Signal] = {}
        self._stream = requests.get(
            f"http://127.0.0.1:{port}/api/v1/live",
            headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"},
            stream=True,
            timeout=_PATIENCE_SECONDS,
        )
        self._stream.raise_for_status()
        self._reader = eventlet.spawn(self._read)

    def wait_for(self, branch: str, records: int) -> None:
        """Until the score of ``branch`` was told to count ``records``; ``eventlet.Timeout`` in the end."""
        with eventlet.Timeout(_PATIENCE_SECONDS):
            while self._counted.get(branch, 0) < records:
                self._waiting[branch] = Signal()
                self._waiting[branch].wait()

    def close(self) -> None:
        """Hang up."""
        self._reader.kill()
        self._stream.close()

    def _read(self) -> None:
        scored = False
        for line in self._stream.iter_lines(chunk_size=None):
            if line.startswith(b"event: "):
                scored = line == _SCORE
            elif scored and line.startswith(b"data: "):
                self._told(json.loads(line[6:]))

    def _told(self, score: dict[str, Any]) -> None:
        data = score.get("data", score)
        self._counted[data["organisation"]] = data["evidence"]
        if (signal := self._waiting.pop(data["organisation"], None)) is not None:
            signal.send(None)
