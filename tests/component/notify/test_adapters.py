"""Every adapter against a process that speaks its protocol: what it sends, and what each fault means."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from services.chassis.context import Context, entered
from services.chassis.said import member_said
from services.notify.channels.breaker import Limits
from services.notify.channels.lines import Line
from services.notify.channels.model import (
    LACKS_TEMPLATE,
    Absent,
    Accepted,
    Answer,
    CannotTell,
    Channel,
    Found,
    Letter,
    NoAnswer,
    NotReceived,
    Refused,
)
from services.notify.channels.wide import AppriseChannel
from services.notify.contacts.store import Contact
from services.notify.messages import model
from services.notify.messages.addressing import Addressed
from services.notify.messages.documents import Stored
from services.notify.messages.model import Purpose, Verdict
from services.notify.messages.rounds import Allotment, Planned
from services.notify.messages.sender import MOST_PER_ROUND
from tests.mailing import purpose

from . import loud
from .abroad import LI, NOW, SECRET, ZHANG, Foreign, enquiry, letters
from .conftest import PHONES, Desk, furnish
from .foreign import MOST


@pytest.fixture
def with_aliyun(foreign: Foreign, open_desk: Callable[..., Desk], tmp_path: Path) -> Desk:
    """The small campus, with Aliyun for its SMS."""
    path = tmp_path / "providers.yaml"
    path.write_text(ALIYUN.format(port=foreign.port), encoding="utf-8")
    desk = open_desk(extra={"PROVIDERS_FILE": str(path), "ALIYUN": "a secret", "REPORTS": REPORTS})
    furnish(desk.application)
    return desk


def test_aliyun_sends_one_call_to_many_and_is_asked_by_number_and_reference(foreign: Foreign) -> None:
    way = foreign.way("aliyun")
    assert way.send("call-1", letters(ZHANG, LI)) == [Accepted("9006197469364984^0")] * 2
    assert [(each["address"], each["reference"]) for each in foreign.taken()] == [
        (ZHANG, "call-1"),
        (LI, "call-1"),
    ]
    assert way.find(enquiry(ZHANG)) == Found(None, "delivered")
    assert way.find(enquiry(ZHANG, "another-call")) == Absent()
    foreign.faults(body='{"Code": "OK"}')
    assert way.find(enquiry(ZHANG)) == CannotTell(), "no list is not an empty one"
    for code, meaning in (
        ("isv.MOBILE_NUMBER_ILLEGAL", Refused("refused")),
        ("isv.BUSINESS_LIMIT_CONTROL", NotReceived("provider_busy")),
        ("isv.AMOUNT_NOT_ENOUGH", NotReceived("provider_refuses_us")),
        ("isp.SYSTEM_ERROR", NoAnswer("provider_failed")),
    ):
        foreign.faults(code=code)
        assert way.send("call-2", letters(ZHANG)) == [meaning]


def test_tencent_answers_for_each_number_and_never_says_that_it_has_none(foreign: Foreign) -> None:
    way = foreign.way("tencent")
    assert way.send("call-1", letters(ZHANG, LI)) == [Accepted("s-0"), Accepted("s-1")]
    assert foreign.taken()[0]["text"] == "['九月', '9月30日']"
    assert way.find(enquiry(ZHANG)) == Found(None, "delivered")
    assert way.find(enquiry(ZHANG, "another-call")) == CannotTell()
    for code, meaning in (
        ("InvalidParameterValue.IncorrectPhoneNumber", Refused("refused")),
        ("LimitExceeded.PhoneNumberDailyLimit", NotReceived("provider_busy")),
        ("FailedOperation.InsufficientBalanceInSmsPackage", NotReceived("provider_refuses_us")),
    ):
        foreign.faults(code=code)
        assert way.send("call-2", letters(ZHANG)) == [meaning]


def test_wecom_and_dingtalk_fetch_a_token_and_go_to_many_at_once(foreign: Foreign) -> None:
    assert foreign.way("wecom").send("call-1", letters("zhang", "nobody")) == [
        Accepted("w-1"),
        Refused("refused"),
    ]
    way = foreign.way("dingtalk")
    assert way.send("call-1", letters("zhang", "li")) == [Accepted("256271667526")] * 2
    assert way.find(enquiry("li", provider_id="256271667526")) == Found("256271667526", "delivered")
    assert way.find(enquiry("li")) == CannotTell()
    assert [(each["provider"], each["address"]) for each in foreign.taken()] == [
        ("wecom", "zhang"),
        ("dingtalk", "zhang"),
        ("dingtalk", "li"),
    ]


def test_mail_is_taken_one_by_one_and_each_recipient_has_an_answer_of_its_own(foreign: Foreign) -> None:
    addresses = ("zhang@campus.example", "nobody@campus.example", "busy@campus.example", "not an address")
    addresses += ("zhang@校园.example",)  # no server has to know more than ASCII
    assert foreign.way("mail").send("call-1", [*letters(*addresses), *letters("li@campus.example")]) == [
        Accepted(None),
        Refused("refused"),
        NotReceived("provider_busy"),
        Refused("refused"),
        Refused("refused"),
        Accepted(None),
    ]
    assert [each["address"] for each in foreign.taken()] == ["zhang@campus.example", "li@campus.example"]
    assert "Message-ID: <m-" in foreign.taken()[0]["text"]


def test_what_a_mail_server_did_not_begin_with_or_refused_for_our_sake_is_not_lost(foreign: Foreign) -> None:
    addresses = ("full@campus.example", "zhang@campus.example", "li@campus.example")
    assert foreign.way("mail").send("call-1", letters(*addresses)) == [
        NotReceived("provider_busy"),
        *[NotReceived("provider_unreachable")] * 2,
    ]
    unknown = Foreign(foreign.port, foreign.smtp_port, sender="stranger@campus.example")
    assert unknown.way("mail").send("call-2", letters(*addresses)) == [NotReceived("provider_refuses_us")] * 3
    foreign.faults(closed=True)
    for user in ("party", None):
        closed = replace(foreign, user=user).way("mail")
        assert closed.send("call-3", letters(*addresses)) == [NotReceived("provider_unreachable")] * 3
    assert foreign.taken() == []


def test_whatever_apprise_knows_is_reached_by_its_address_and_its_log_tells_none(
    foreign: Foreign, caplog: pytest.LogCaptureFixture
) -> None:
    assert foreign.way("apprise").send("call-1", letters("room-1")) == [Accepted(None)]
    assert [(each["address"], each["text"]) for each in foreign.taken()] == [("/room-1", "请尽快召开")]
    foreign.faults(status=500)
    assert foreign.way("apprise").send("call-1", letters("room-1")) == [
        NoAnswer("provider_failed", over=True)
    ]
    unknown = AppriseChannel(url="no-such-service://{address}/secret", timeout=20)
    assert unknown.send("call-1", letters("room-1")) == [Refused("refused")]
    assert [each.getMessage() for each in caplog.records if each.name.startswith("apprise")] == []


def test_however_loud_the_logs_of_libraries_are_they_tell_no_address_no_text_and_no_secret(
    foreign: Foreign,
) -> None:
    """Heard of a process of its own, with the handlers of a service and those that SDKs make on import."""
    ended = subprocess.run(
        [sys.executable, "-m", loud.__name__, str(foreign.port), str(foreign.smtp_port)],
        env={**os.environ, "DEBUG": "sdk"},  # by which Aliyun's writes its requests down
        cwd=Path(__file__).parents[3],
        capture_output=True,
        timeout=300,
        check=True,
    )
    heard = (ended.stdout + ended.stderr).decode()
    taken = {each["provider"] for each in foreign.taken()}
    assert taken == {"campus", "aliyun", "tencent", "wecom", "dingtalk", "mail", "hook"}
    assert '"logger": "urllib3.connectionpool"' in heard, "they were heard"
    text = loud.TEXT[3:]
    told = [
        loud.NUMBER[1:],
        loud.NAME,
        SECRET,
        "token-of-today",
        "Authorization",
        text,
        *loud.VARIABLES.values(),
    ]
    told += [quote(text), json.dumps(text)[1:-1], repr(text.encode())[2:-1]]
    told += [base64.b64encode(each.encode()).decode() for each in (f"{loud.TEXT}\n", f"\0party\0{SECRET}")]
    assert [each for each in told if each in heard] == []


REPORTS = "a secret of the reports"
ALIYUN = """
providers:
  - {{name: aliyun, channel: sms, kind: aliyun, secret: ALIYUN, receipt_secret: REPORTS,
     set: {{key_id: id, signature: 某某大学, endpoint: "127.0.0.1:{port}", protocol: http}},
     templates: {{announcement.v1: SMS_1}}}}
"""


@pytest.mark.parametrize("kind", ["aliyun", "tencent"])
def test_a_provider_that_holds_the_texts_is_told_its_own_id_of_them_or_nothing_at_all(
    foreign: Foreign, kind: str
) -> None:
    way = foreign.way(kind)
    unknown = [replace(each, template="reminder-again.v9") for each in letters(ZHANG)]
    assert way.send("call-1", unknown) == [NotReceived(LACKS_TEMPLATE)]
    way.send("call-2", letters(LI))
    assert [(each["reference"], each["template"]) for each in foreign.taken()] == [("call-2", "SMS_1")]


@pytest.mark.parametrize(("kind", "most"), [*MOST.items(), ("mail", 20), ("campus", 1), ("apprise", 1)])
def test_a_call_to_many_is_as_large_as_the_provider_takes_and_no_larger(
    foreign: Foreign, kind: str, most: int
) -> None:
    line = Line(kind, Channel.SMS, foreign.way(kind), limits=Limits(), most_at_once=4)
    planned = []
    for number in range(2 * most + 1):
        about = replace(purpose("many", number, "branch", "p"), text="明天停电", template="reminder-again.v2")
        stored = Stored(about.message_id, 1, about, model.created(NOW, NOW, None), None)
        address = f"p{number}@campus.example" if kind == "mail" else f"139{number:08}"
        planned.append(Planned(line, stored, Addressed(opened=address)))
    calls = Allotment({line: (9, 9 * most)}).calls(planned)
    assert [len(call.planned) for call in calls] == [most, most, 1]
    for call in calls:
        answers = line.way.send(call.reference, [one.letter() for one in call.planned])
        assert {type(each) for each in answers} == {Accepted}
    assert len(foreign.taken()) == len(planned)
    if kind in MOST:
        beyond = line.way.send("call-4", [one.letter() for one in planned[: most + 1]])
        assert Accepted not in {type(each) for each in beyond}, "that is all that it takes at once"


def test_a_report_on_one_of_many_in_a_call_is_about_that_one_alone_also_before_the_answer(
    foreign: Foreign, with_aliyun: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = with_aliyun
    now, messages = desk.clock.now(), desk.application.messages
    made = [replace(purpose("call", 1, "branch", each), dedupe=each) for each in ("secretary", "dean")]
    messages.create_many([(each, model.created(now, now, None)) for each in made])
    receipts, sender = desk.application.receipts, desk.application.sender

    def report(call: str) -> int:
        outcomes = {"dean": False, "secretary": True, "neighbour": True}
        told = [
            {"out_id": call, "phone_number": PHONES[person], "success": success}
            for person, success in outcomes.items()
        ]
        return receipts.take("aliyun", REPORTS, None, json.dumps(told))

    (line,) = (each for each in sender.lines if each.name == "aliyun")
    send, before_the_answer = line.way.send, []

    def send_and_hear(call: str, to: Sequence[Letter]) -> list[Answer]:
        answers = send(call, to)
        before_the_answer.append(report(call))
        return answers

    monkeypatch.setattr(line.way, "send", send_and_hear)
    sender.run_once()
    took = foreign.taken()
    assert {each["address"] for each in took} == {PHONES["secretary"], PHONES["dean"]}
    (call,) = {each["reference"] for each in took}
    assert before_the_answer == [2]
    assert report(call) == 0, "a repeat"
    states = [str(messages.get(each.message_id).message.state) for each in made]
    assert states == ["delivered", "permanent_failure"]


def test_what_there_is_no_call_for_yet_is_not_looked_at_until_there_is_one(
    foreign: Foreign, with_aliyun: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each says something else, so that each is a call of its own."""
    sender, now = with_aliyun.application.sender, with_aliyun.clock.now()
    made = [purpose("own", number, "branch", "secretary") for number in range(12)]
    with_aliyun.application.messages.create_many(
        [(each, model.created(now, now - timedelta(seconds=12 - at), None)) for at, each in enumerate(made)]
    )
    looked_at: list[int] = []
    gate = sender._gate

    def noting(purposes: Sequence[Purpose], at: datetime) -> Sequence[Verdict]:
        looked_at.append(len(purposes))
        return gate(purposes, at)

    monkeypatch.setattr(sender, "_gate", noting)
    sender.run_once()
    calls = len(foreign.taken())
    assert looked_at == [calls]
    assert {each["reference"] for each in foreign.taken()} == {each.message_id for each in made[:calls]}
    sender.run_once()
    assert looked_at == [calls, len(made) - calls]
    assert sorted(each["reference"] for each in foreign.taken()) == sorted(each.message_id for each in made)


def test_an_announcement_to_many_goes_in_large_calls_each_begun_as_soon_as_it_is_claimed(
    foreign: Foreign, with_aliyun: Desk
) -> None:
    application, many = with_aliyun.application, [f"member-{number}" for number in range(MOST_PER_ROUND + 30)]
    application.authority.apply([member_said(person, "branch", True) for person in many])
    phones = {person: f"139{number:08}" for number, person in enumerate(many)}
    sealed = {person: application.vault.seal("phone", phone) for person, phone in phones.items()}
    application.contacts.put([Contact(person, sealed[person], active=True) for person in many])

    def told() -> dict[str, int]:
        return {each["state"]: each["count"] for each in application.announcing.view("dean", id)["messages"]}

    with entered(Context(actor="dean", idempotency_key="k1")):
        id = application.announcing.announce("dean", "faculty", "明天停电", ("sms",))["id"]  # noqa: A001 - the field's name
    application.jobs.run_one()
    assert told() == {"queued": len(many)}
    (made,), _ = application.messages.page([{}], None, 1)
    assert made.purpose.text == "【党建记实】明天停电"
    application.sender.run_once()
    assert told() == {"sent": MOST_PER_ROUND, "queued": 30}, "no claim waits for a call that is not begun"
    with entered(Context(actor="dean", idempotency_key="k2")):
        application.announcing.stop("dean", id)
    application.jobs.run_one()
    application.sender.run_once()
    assert told() == {"sent": MOST_PER_ROUND, "suppressed": 30}
    took = foreign.taken()
    assert len({each["address"] for each in took}) == len(took) == MOST_PER_ROUND
    assert len({each["reference"] for each in took}) == 1, "in one call"
