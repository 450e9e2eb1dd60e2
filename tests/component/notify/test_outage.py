"""Every provider is down for an hour, and one for good: nothing is lost, and nothing goes out twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.notify.messages import model
from tests.mailing import purpose

from .abroad import Foreign
from .conftest import PHONES, Desk, furnish

ACCOUNT = {"key_id": "id", "signature": "某某大学"}
SET: dict[str, dict[str, Any]] = {
    "aliyun": {"channel": "sms", "kind": "aliyun", "priority": 1, "secret": "SECRET", "set": ACCOUNT},
    "tencent": {
        "channel": "sms",
        "kind": "tencent",
        "priority": 2,
        "secret": "SECRET",
        "set": {**ACCOUNT, "application": "1"},
    },
    "wecom": {"channel": "wecom", "kind": "http", "shape": "wecom", "url": "http://127.0.0.1:1"},
    "dingtalk": {"channel": "dingtalk", "kind": "http", "shape": "dingtalk", "url": "http://127.0.0.1:1"},
    "mail": {"channel": "email", "kind": "smtp", "set": {"host": "127.0.0.1", "sender": "p@campus.example"}},
}
ADDRESSES = {"email": "zhang@campus.example", "wecom": "zhang", "dingtalk": "zhang"}
REACHED = {
    "tencent": f"+86{PHONES['secretary']}",
    "mail": ADDRESSES["email"],
    "wecom": ADDRESSES["wecom"],
    "dingtalk": ADDRESSES["dingtalk"],
}


@pytest.fixture
def desk(open_desk: Callable[..., Desk], tmp_path: Path) -> Desk:
    """A campus whose secretary is reached every way."""
    path = tmp_path / "providers.yaml"
    path.write_text(yaml.safe_dump({"providers": [{"name": name, **SET[name]} for name in SET]}), "utf-8")
    desk = open_desk(extra={"PROVIDERS_FILE": str(path), "SECRET": "a secret"})
    furnish(desk.application)
    seal = desk.application.vault.seal
    own = {channel: {"sealed": seal("address", each), "since": None} for channel, each in ADDRESSES.items()}
    book = {"addresses": own, "codes": {}, "asked": {"on": None, "times": 0}}
    desk.application.database["addresses"].insert_one(
        {"_id": "secretary", "version": 1, "sequence": 0, **book}
    )
    return desk


def test_all_that_was_down_for_an_hour_gets_what_it_missed_once_and_another_has_what_one_still_lacks(
    foreign: Foreign, desk: Desk
) -> None:
    application = desk.application
    lines = {line.name: line for line in application.sender.lines if line.name in SET}
    assert set(lines) == set(SET)
    now, made = desk.clock.now(), []
    for channel in ("sms", *ADDRESSES):
        ways = {"channel": channel, "channels": (channel,), "template": "reminder-again.v2"}
        made.append(replace(purpose(channel, 1, "branch", "secretary"), **ways))
    application.messages.create_many([(each, model.created(now, now, None)) for each in made])

    def turn() -> set[str]:
        desk.clock.advance(timedelta(minutes=20))
        application.sender.run_once()
        return {str(application.messages.get(each.message_id).message.state) for each in made}

    for name, line in lines.items():
        line.way = foreign.way(name, port=1)
    for _ in range(3):
        assert turn() <= {"queued", "temporary_failure"}
    assert foreign.taken() == []
    for name in REACHED:
        lines[name].way = foreign.way(name)
    for _ in range(3):
        ended = turn()
    assert ended <= {"sent", "delivered"}
    assert {each["provider"]: each["address"] for each in foreign.taken()} == REACHED
    assert len(foreign.taken()) == len(made), "each once"
