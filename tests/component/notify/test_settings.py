"""The running service: what people choose, what administrators set, what other systems ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import eventlet
import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.grants import denied
from services.chassis.testing import wait_for
from services.contracts.campus_events import EventRejected, MessageRequested
from services.contracts.kinds import ROLES
from services.contracts.records_events import PostChanged

from . import test_service as service
from .conftest import PHONES, overdue
from .test_service import FOUNDED, Campus

running, campus = service.running, service.campus
VARIABLES = {"system": "图书馆", "matter": "归还图书", "until": "9月30日"}


@pytest.fixture
def registrar(campus: Campus) -> str:
    """An administrator of the whole campus."""
    post = {"post": "post-registrar", "person": "registrar", "organisation": "university"}
    told = PostChanged.of(**post, role="administrator", since=FOUNDED, until=None, active=True)
    campus.tell(told, "post-registrar")
    wait_for(lambda: campus.application.authority.grants("registrar"))
    return "registrar"


@pytest.fixture
def told(campus: Campus) -> Iterator[list[dict[str, Any]]]:
    """What notify tells everybody, and what it answers to other systems."""
    with service.overhearing(campus, "notify.events", "campus.rejections") as events:
        yield events


def of_type(told: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each for each in told if each["type"] == f"{kind}.v1"]


def ask(campus: Campus, reference: str, **changes: Any) -> None:
    given = {"template": "campus-notice", "person": "secretary", "variables": VARIABLES, **changes}
    given = {name: value for name, value in given.items() if value is not None}
    campus.tell(MessageRequested.of(reference=reference, **given), reference)


def taken(campus: Campus, count: int) -> list[dict[str, str]]:
    """What the provider has, once it has so many: the timer that releases messages turns meanwhile."""
    campus.clock.advance(timedelta(seconds=3))
    found = campus.provider.taken()
    return found if len(found) == count else []


def test_another_system_asks_by_event_and_is_told_how_it_ended(
    campus: Campus, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(campus, "no-consent")
    (suppressed,) = wait_for(lambda: of_type(told, "notify.message.suppressed"))
    assert suppressed["data"]["reason"] == "no_consent"
    campus.call("secretary", "set_preferences", kinds={"campus": True})
    ask(campus, "first")
    ask(campus, "first")
    (sent,) = wait_for(lambda: taken(campus, 1))
    assert sent["content"] == "【党建记实】图书馆提醒您：请于9月30日前办理归还图书。"
    campus.receipt(sent["reference"])
    (delivered,) = wait_for(lambda: of_type(told, "notify.message.delivered"))
    assert delivered["data"]["reference"] == "first"
    assert delivered["data"]["message"] == sent["reference"]
    # It is between the person and the library: no post opens it.
    message = sent["reference"]
    assert campus.call("secretary", "get_message", message=message)["kind"] == "campus"
    assert message in [each["message"] for each in campus.call("secretary", "list_messages")["items"]]
    for wanted in ({}, {"organisation": "branch"}):
        assert campus.call("dean", "list_messages", **wanted)["items"] == []
    with pytest.raises(NotFound, match=r"messages\.not_found"):
        campus.call("dean", "get_message", message=message)
    changed = of_type(told, "notify.message.changed")
    assert {each["data"].get("restricted") for each in changed} == {True}
    assert PHONES["secretary"] not in str(told)
    assert "归还" not in str(told)
    # Whoever answers for an organisation, and what breaks a rule: refused by name and parked.
    ask(campus, "to-whoever", person=None, organisation="branch")
    ask(campus, "wrong-template", template="reminder-overdue")
    ask(campus, "wrong-variables", variables={"system": "图书馆"})
    ask(campus, "first", variables={**VARIABLES, "matter": "另一件事"})
    ask(campus, "first", person="dean")  # the same words to somebody else are lost to nobody's knowledge
    rejected = wait_for(lambda: len(found := of_type(told, EventRejected.type[:-3])) >= 4 and found)
    reasons = {each["data"]["reason"]: each["data"]["detail"] for each in rejected}
    assert reasons == {
        "template_not_allowed": "template",
        "variables_differ": "variables: system, matter, until",
        "request_differs": "reference",
    }
    wait_for(lambda: taken(campus, 2))
    # By a campus number, which the platform tells nobody: notify knows a fingerprint of it.
    number, fingerprint = "2021001234", campus.application.vault.fingerprint("number", "2021001234")
    seal = campus.application.contacts.get("secretary").phone_sealed
    campus.tell(service.person_changed("secretary", "branch", seal, fingerprint), "secretary", sequence=2)
    wait_for(lambda: campus.application.contacts.numbered(fingerprint))
    ask(campus, "by-number", person=None, number=number)
    third = wait_for(lambda: taken(campus, 3))[-1]
    campus.receipt(third["reference"], "failed")
    (failed,) = wait_for(lambda: of_type(told, "notify.message.failed"))
    assert (failed["data"]["reference"], failed["data"]["reason"]) == ("by-number", "undeliverable")
    assert {each["mobile"] for each in campus.provider.taken()} == {PHONES["secretary"]}
    # Of a number that nobody has the sender hears in the end, by the reference of the event that asked.
    (intake,) = [
        each for each in campus.container.entrypoints if getattr(each, "queue", "") == "notify.campus"
    ]
    monkeypatch.setattr(intake, "ladder", replace(intake.ladder, scale=0.0001))
    ask(campus, "of-nobody", person=None, number="2021009999")

    def answers() -> list[dict[str, Any]]:
        rejected = [each["data"] for each in of_type(told, EventRejected.type[:-3])]
        return [each for each in rejected if each["reason"] == "retries_exhausted"]

    (unknown,) = wait_for(answers)
    assert (unknown["event_type"], unknown["detail"]) == (MessageRequested.type, "unknown_person")
    assert number not in str(told)
    assert "2021009999" not in str(told)


def test_what_is_mandatory_cannot_be_refused_and_a_choice_is_ones_own(campus: Campus) -> None:
    with pytest.raises(Invalid, match=r"preferences\.mandatory") as refused:
        campus.call("secretary", "set_preferences", kinds={"obligation": False})
    assert refused.value.params["pack"] == "reminding-default"
    assert campus.call("secretary", "get_preferences")["version"] == 0
    with pytest.raises(Conflict, match=r"version\.stale"):
        campus.call("rector", "set_preferences", language="en", expected_version=3)
    chosen = campus.call("secretary", "set_preferences", language="en", channels=["email", "sms"])
    again = campus.call(
        "secretary", "set_preferences", kinds={"campus": True}, expected_version=chosen["version"]
    )
    assert (again["language"], again["channels"]) == ("en", ["email", "sms"])
    with pytest.raises(Conflict, match=r"version\.stale"):
        campus.call("secretary", "set_preferences", language="zh", expected_version=chosen["version"])
    kinds = {each["kind"]: each for each in campus.call("secretary", "get_preferences")["kinds"]}
    assert (kinds["campus"]["agreed"], kinds["obligation"]["consent"]) == (True, "mandatory")
    assert campus.call("dean", "get_preferences")["language"] is None


def test_a_head_delegates_for_some_days_and_the_level_above_may_end_it(campus: Campus) -> None:
    today = campus.clock.today()
    days = {"since": today.isoformat(), "until": (today + timedelta(days=3)).isoformat()}
    asked = {"organisation": "branch", "to": "member", **days, "reason": "外出学习"}
    made = campus.call("secretary", "delegate_reminders", "key-1", **asked)
    assert campus.call("secretary", "delegate_reminders", "key-1", **asked) == made
    assert (made["person"], made["counts"]) == ("secretary", True)
    with pytest.raises(Conflict, match="overlaps"):
        campus.call("secretary", "delegate_reminders", **asked)
    with pytest.raises(Invalid, match="to_unfit"):
        campus.call("secretary", "delegate_reminders", **{**asked, "to": "neighbour"})
    for person in ("member", "neighbour"):
        with pytest.raises(Forbidden):
            campus.call(person, "delegate_reminders", **asked)
        with pytest.raises(Forbidden) as refused:
            campus.call(person, "list_delegations", organisation="branch")
        # A neighbour's own role opens nothing here, and a member has none: whose it would be is told alike.
        assert refused.value.params == denied(ROLES, "here_or_above").params
    with pytest.raises(NotFound):
        campus.call("neighbour", "end_delegation", delegation=made["delegation"], reason="不应知道")
    ended = campus.call("dean", "end_delegation", delegation=made["delegation"], reason="已经返校")
    assert (ended["counts"], ended["ended_by"]) == (False, "dean")
    listed = campus.call("dean", "list_delegations", organisation="branch")["items"]
    assert [each["delegation"] for each in listed] == [made["delegation"]]

    def at_the_same_time() -> str:
        try:
            return str(campus.call("secretary", "delegate_reminders", **asked)["counts"])
        except Conflict as refused:
            return refused.code

    both = [eventlet.spawn(at_the_same_time) for _ in range(2)]
    assert sorted(each.wait() for each in both) == ["True", "delegation.overlaps"]


def test_a_template_is_checked_when_saved_counts_from_then_on_and_never_changes(
    campus: Campus, registrar: str
) -> None:
    texts = {"zh": "{organisation}的{rule}未完成。", "en": "{organisation} owes {rule}."}
    draft = {"template": "reminder-overdue", "variables": ["organisation", "rule"], "texts": texts}
    for person in ("rector", "member"):
        with pytest.raises(Forbidden):
            campus.call(person, "save_template", **draft)
    with pytest.raises(Invalid, match=r"template\.invalid") as refused:
        campus.call(registrar, "save_template", **{**draft, "variables": ["organisation", "phone"]})
    assert refused.value.params["accepted"] == "organisation, rule, period, due_on"
    with pytest.raises(Invalid, match="kind_fixed"):
        campus.call(registrar, "save_template", **{**draft, "kind": "opinion"})
    saved = campus.call(registrar, "save_template", "key-1", **draft, provider_templates={"aliyun": "SMS_1"})
    assert (
        campus.call(registrar, "save_template", "key-1", **draft, provider_templates={"aliyun": "SMS_1"})
        == saved
    )
    assert (saved["key"], saved["longest"]["zh"]["encoding"]) == ("reminder-overdue.v3", "ucs2")
    # A provider that holds the texts itself knows it by that id, unless the operator's file says another.
    assert campus.application._template_id("aliyun", saved["key"]) == "SMS_1"
    message = campus.remind()
    kept = campus.call("secretary", "get_message", message=message)
    assert (kept["template"], kept["text"]) == (
        "reminder-overdue.v3",
        "【党建记实】branch党支部的主题党日未完成。",
    )
    shown = campus.call(registrar, "preview_template", template="reminder-again", obligation="obligation-1")
    assert shown["texts"]["zh"]["text"].startswith("【党建记实】branch党支部2026年9月的主题党日（应于")
    assert shown["texts"]["zh"]["size"] == {"encoding": "ucs2", "characters": 72, "parts": 2}
    drafted = campus.call(
        registrar,
        "preview_template",
        **{**draft, "texts": {**texts, "zh": "请看{organisation}{rule}。"}},
        obligation="obligation-1",
    )
    assert (drafted["version"], drafted["texts"]["zh"]["text"]) == (
        4,
        "【党建记实】请看branch党支部主题党日。",
    )
    with pytest.raises(NotFound, match=r"obligation\.not_found"):
        campus.call(registrar, "preview_template", template="reminder-again", obligation="another")
    versions = campus.call(registrar, "list_templates", template="reminder-overdue")["items"]
    assert [each["version"] for each in versions] == [3, 2, 1]


def test_one_switch_holds_a_kind_and_one_everything_and_both_are_on_record(
    campus: Campus, registrar: str
) -> None:
    with pytest.raises(Forbidden):
        campus.call("rector", "pause_sending", reason="试一试看")
    paused = campus.call(registrar, "pause_sending", kind="obligation", reason="短信服务商割接")
    assert (paused["switch"], paused["paused"], paused["by"]) == ("obligation", True, registrar)
    campus.tell(overdue(), "obligation-1")
    wait_for(lambda: campus.application.watches.get("obligation-1")[0])
    campus.clock.advance(timedelta(seconds=11))

    def held() -> Any:
        listed = campus.call("rector", "list_messages", obligation="obligation-1")["items"]
        return [each for each in listed if each["reason"] == "paused"]

    (waiting,) = wait_for(held)
    assert (waiting["state"], waiting["phone"]) == ("created", None)
    assert datetime.fromisoformat(waiting["due_at"]) > campus.clock.now()
    campus.call(registrar, "pause_sending", reason="同时暂停全部")
    campus.call(registrar, "resume_sending", kind="obligation", reason="割接完成")
    switches = {each["switch"]: each["paused"] for each in campus.call(registrar, "list_switches")["items"]}
    assert (switches["everything"], switches["obligation"]) == (True, False)
    campus.call(registrar, "resume_sending", reason="全部恢复")
    campus.clock.advance(timedelta(minutes=6))
    wait_for(lambda: campus.sent("obligation-1"))
    actions = [(each.action, each.object_id) for each in campus.application.audit.read("sending")]
    assert sorted(actions) == [
        ("sending.paused", "everything"),
        ("sending.paused", "obligation"),
        ("sending.resumed", "everything"),
        ("sending.resumed", "obligation"),
    ]


def test_the_store_finds_delegations_templates_and_campus_numbers_by_an_index(campus: Campus) -> None:
    database = campus.application.database
    for collection, wanted in (
        ("delegations", {"organisation": "branch", "until": {"$gte": date(2026, 9, 1).isoformat()}}),
        ("templates", {"template": "campus-notice"}),
        ("contacts", {"number_fingerprint": "x"}),
    ):
        plan = str(database[collection].find(wanted).explain()["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in plan, (collection, wanted)
