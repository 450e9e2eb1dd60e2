"""What is queued is asked once more before it goes: whether it is paused, or refused, by then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from services.chassis.context import Context, entered
from services.chassis.said import grant_said
from services.notify.messages import model
from tests.mailing import purpose

from .conftest import Desk, overdue


def test_what_is_paused_or_refused_between_queueing_and_sending_does_not_go(desk: Desk) -> None:
    application, clock = desk.application, desk.clock
    post = {"person": "registrar", "role": "administrator", "node": "university"}
    application.authority.apply([grant_said("post-registrar", **post, since=date(2025, 9, 1))])

    def as_(person: str, call: Any, **request: Any) -> None:
        with entered(Context(actor=person)):
            call(request)

    def choose(**kinds: bool) -> None:
        asked = {"channels": None, "language": None, "kinds": kinds, "expected_version": None}
        as_("secretary", application.preferences.set, **asked)

    def switch(call: Any, kind: str | None) -> None:
        as_("registrar", call, kind=kind, reason="短信服务商割接")

    def look(**passes: float) -> dict[str, tuple[str, str | None]]:
        clock.advance(timedelta(**passes))
        application.sender.run_once()
        found, _ = application.messages.page([{}], None, 100)
        return {each.purpose.kind: (str(each.message.state), each.message.reason) for each in found}

    choose(campus=True)
    desk.tell(overdue())
    clock.advance(timedelta(seconds=11))
    application.remind()
    queued = model.created(clock.now(), clock.now(), None)
    for kind in ("campus", "announcement"):
        made = replace(purpose(kind, 1, "branch", "secretary"), kind=kind)
        application.messages.create(made, queued)
    switch(application.switches.pause, "obligation")
    choose(campus=False, announcement=False)
    paused = {"obligation": ("queued", "paused")}
    refused = dict.fromkeys(("campus", "announcement"), ("suppressed", "declined"))
    assert look() == paused | refused
    switch(application.switches.pause, None)
    switch(application.switches.resume, "obligation")
    assert look(minutes=6) == paused | refused, "one switch pauses everything"
    assert desk.provider.taken() == []
    switch(application.switches.resume, None)
    assert look(minutes=6) == {"obligation": ("sent", None)} | refused
    (sent,) = desk.provider.taken()
    (stored,) = (each for each in application.messages.page([{}], None, 9)[0] if each.purpose.watch)
    assert sent["reference"] == stored.id
    told = [(str(each.state), each.reason) for each in stored.message.decisions]
    assert told == [
        ("created", None),
        ("queued", None),
        ("queued", "paused"),
        ("sending", None),
        ("sent", None),
    ]
