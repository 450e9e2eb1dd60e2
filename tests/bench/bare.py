"""The floors: the least that nameko, kombu and pymongo do for the same work, without any promise.

``python -m tests.bench.bare front|back`` runs one of two plain nameko services; neither knows who asks,
checks anything, nor says what happened.
"""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import json
import os
import sys
from typing import Any

from nameko.containers import ServiceContainer
from nameko.rpc import RpcProxy, rpc
from nameko.web.handlers import http
from pymongo import MongoClient

# An answer of the size of a score's.
SCORE = {
    "organisation": "69154a92-1f01-5db5-a6a2-428319b15712",
    "year": 2026,
    "version": 5,
    "points": "95.36",
    "band": "excellent",
    "policy": "scoring-branch-v1",
    "evidence": 38,
    "as_of": "2026-11-23",
    "indicators": [
        {
            "indicator": f"frequency.{number}",
            "title": {"zh": "主题党日", "en": "Theme day"},
            "points": "13.00",
            "most": "13.00",
        }
        for number in range(8)
    ],
}
WORKERS = 32


class BareFront:
    name = "bare_front"
    back = RpcProxy("bare_back")

    @http("POST", "/activities")
    def plan(self, request: Any) -> Any:
        made = self.back.insert(json.loads(request.get_data()))
        return 201, {"Content-Type": "application/json"}, json.dumps(made)

    @http("GET", "/scores/<string:organisation>")
    def score(self, request: Any, organisation: str) -> Any:
        return 200, {"Content-Type": "application/json"}, json.dumps(self.back.read(organisation))


class BareBack:
    name = "bare_back"

    @rpc
    def insert(self, activity: dict[str, Any]) -> dict[str, Any]:
        return {**activity, "_id": str(_collection().insert_one(dict(activity)).inserted_id)}

    @rpc
    def read(self, organisation: str) -> dict[str, Any]:
        return {**SCORE, "organisation": organisation}


_clients: dict[str, Any] = {}


def _collection() -> Any:
    if "client" not in _clients:
        _clients["client"] = MongoClient(os.environ["MONGO_URI"], w="majority")
    return _clients["client"]["bare"]["activities"]


def main(which: str) -> None:
    config = {"AMQP_URI": os.environ["AMQP_URI"], "max_workers": WORKERS}
    if which == "front":
        config["WEB_SERVER_ADDRESS"] = f"127.0.0.1:{os.environ['BARE_PORT']}"
    container = ServiceContainer(BareFront if which == "front" else BareBack, config)
    container.start()
    container.wait()


if __name__ == "__main__":
    main(sys.argv[1])
