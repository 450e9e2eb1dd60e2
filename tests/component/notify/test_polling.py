"""Providers that report nothing: each is asked, over its own protocol, until it tells or will never tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.notify.messages import model
from tests.mailing import purpose

from .abroad import Foreign
from .conftest import PHONES, Desk, furnish

AT = "127.0.0.1:{port}"
ACCOUNT = {"key_id": "id", "signature": "某某大学", "endpoint": AT, "protocol": "http"}
TEXTS = {"announcement.v1": "SMS_1"}
# None has a ``receipt_secret``.
PROVIDERS: dict[str, dict[str, Any]] = {
    "campus": {"kind": "http", "shape": "campus", "url": f"http://{AT}/sms"},
    "aliyun": {"kind": "aliyun", "set": ACCOUNT, "secret": "SECRET", "templates": TEXTS},
    "tencent": {
        "kind": "tencent",
        "set": {**ACCOUNT, "application": "1400006666"},
        "secret": "SECRET",
        "templates": TEXTS,
    },
}


@pytest.fixture
def desk_of(foreign: Foreign, open_desk: Callable[..., Desk], tmp_path: Path) -> Callable[[str], Desk]:
    """A campus whose only way to a phone is the provider of that name."""

    def desk_of(kind: str) -> Desk:
        path = tmp_path / "providers.yaml"
        file = yaml.safe_dump({"providers": [{"name": "only", "channel": "sms", **PROVIDERS[kind]}]})
        path.write_text(file.replace("{port}", str(foreign.port)), encoding="utf-8")
        desk = open_desk(extra={"PROVIDERS_FILE": str(path), "SECRET": "a secret"})
        furnish(desk.application)
        return desk

    return desk_of


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_provider_without_reports_is_asked_until_it_tells_or_will_never_tell(
    foreign: Foreign, desk_of: Callable[[str], Desk], kind: str
) -> None:
    desk = desk_of(kind)
    sender, messages, now = desk.application.sender, desk.application.messages, desk.clock.now()
    made = {each: replace(purpose("poll", 1, "branch", each), dedupe=each) for each in PHONES}
    messages.create_many([(each, model.created(now, now, None)) for each in made.values()])
    sender.run_once()
    took = [each["address"].removeprefix("+86") for each in foreign.taken()]
    assert sorted(took) == sorted(PHONES.values())

    def states() -> list[tuple[str, str | None]]:
        found = [messages.get(each.message_id).message for each in made.values()]
        return [(str(each.state), each.reason) for each in found]

    def ask_again(**outcomes: str) -> None:
        """The time of the next question, to which the provider answers that."""
        foreign.faults(outcomes={PHONES[person]: said for person, said in outcomes.items()})
        waiting = [messages.get(each.message_id).message.act_at for each in made.values()]
        desk.clock.instant = max(each for each in waiting if each is not None)
        sender.run_once()

    assert list(made) == ["rector", "dean", "secretary", "neighbour"]
    assert states() == [("sent", None)] * 4
    ask_again(rector="delivered", dean="failed", secretary="underway", neighbour="broken")
    told = [("delivered", None), ("permanent_failure", "undeliverable")]
    assert states() == [*told, ("sent", None), ("sent", None)], "a 500 is no answer"

    (line,) = (each for each in sender.lines if each.name == "only")
    patient = line.way
    line.way = foreign.way(kind, timeout=2.0)
    ask_again(secretary="silent", neighbour="silent")
    line.way = patient
    assert states() == [*told, ("sent", None), ("sent", None)], "a question that times out is asked again"

    ask_again(secretary="delivered", neighbour="underway")
    assert states() == [*told, ("delivered", None), ("sent", None)]
    ask_again(neighbour="broken")
    assert states() == [*told, ("delivered", None), ("sent", "never_reported")]
    assert messages.get(made["neighbour"].message_id).message.act_at is None
    asked = foreign.asked()
    assert {each: asked.count(PHONES[each]) for each in PHONES} == {
        "rector": 1,
        "dean": 1,
        "secretary": 3,
        "neighbour": 4,
    }
    assert len(foreign.taken()) == len(PHONES), "and nothing was sent again"
