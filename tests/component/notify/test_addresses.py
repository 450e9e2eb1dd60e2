"""Own addresses: entered by a code that reaches them, used, removed; mail and WeCom by their protocols."""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.chassis.context import Context, entered
from services.chassis.errors import Conflict, Forbidden, Invalid, Refusal, Unauthenticated, Unavailable
from services.contracts.notify_events import AddressesChanged
from services.notify.contacts.store import Contact
from services.notify.messages import model
from services.notify.messages.model import Purpose

from .abroad import Foreign
from .conftest import Desk, furnish, overdue

MAIL, OTHER_MAIL = "zhang.san@campus.example", "li.si@campus.example"
FILE = """
providers:
  - {{name: post, channel: email, kind: smtp, set: {{host: 127.0.0.1, port: "{smtp}", security: none,
     sender: party@campus.example}}}}
  - {{name: work, channel: wecom, kind: http, url: "http://127.0.0.1:{http}", shape: wecom, secret: WECOM,
     set: {{corpid: ww1, agentid: "7"}}}}
"""


@dataclass
class Person:
    """Somebody who enters their addresses."""

    desk: Desk
    foreign: Foreign
    name: str | None

    def call(self, method: str, key: str | None = None, **request: Any) -> dict[str, Any]:
        fingerprint = hashlib.sha256(str(request).encode()).hexdigest() if key else None
        book = self.desk.application.address_book
        with entered(Context(actor=self.name, idempotency_key=key, fingerprint=fingerprint)):
            return getattr(book, method)(request) if request else getattr(book, method)()

    def ask(self, address: str, channel: str = "email", key: str | None = None) -> dict[str, Any]:
        return self.call("ask_code", key, channel=channel, address=address)

    def show(self, address: str, code: str, channel: str = "email", key: str | None = None) -> dict[str, Any]:
        return self.call("set", key, channel=channel, address=address, code=code)

    def code_sent(self) -> str:
        """The code in what a provider took last."""
        last = self.foreign.taken()[-1]
        text = last["text"]
        if last["provider"] == "mail":
            text = email.message_from_string(text, policy=email.policy.default).get_content()
        (code,) = re.findall(r"\d{6}", text)
        return str(code)

    def told_by(self, channel: str, step: str) -> tuple[str, str | None]:
        """What became of a message to them this way."""
        messages, now = self.desk.application.messages, self.desk.clock.now()
        purpose = Purpose(
            channel=channel,
            channels=(channel,),
            kind="announcement",
            template="reminder-again.v2",
            step=step,
            organisation="branch",
            obligation=None,
            round=0,
            recipient=self.name,
            text="请尽快召开",
            dedupe=f"{channel} {step}",
        )
        messages.create(purpose, model.created(now, now, None))
        self.desk.application.sender.run_once()
        message = messages.get(purpose.message_id).message
        return str(message.state), message.reason


@pytest.fixture
def person(open_desk: Callable[..., Desk], foreign: Foreign, tmp_path: Path) -> Callable[..., Person]:
    path = tmp_path / "providers.yaml"
    path.write_text(FILE.format(smtp=foreign.smtp_port, http=foreign.port), encoding="utf-8")
    desk = open_desk(extra={"PROVIDERS_FILE": str(path), "WECOM": "a secret of the tests"})
    furnish(desk.application)
    desk.application.contacts.put([Contact("member", None, active=True), Contact("gone", None, active=False)])
    return lambda name="member": Person(desk, foreign, name)


def refused(kind: type[Refusal], code: str, call: Callable[[], object]) -> Refusal:
    with pytest.raises(kind) as found:
        call()
    assert found.value.code == code
    assert MAIL not in f"{found.value!r} {found.value.params} {found.value.fields}"
    return found.value


def test_an_address_is_entered_by_the_code_that_reaches_it_and_messages_go_there_until_it_is_removed(
    person: Callable[..., Person],
) -> None:
    member, dean = person(), person("dean")
    assert member.call("get") == {"version": 0, "items": [], "channels": ["email", "wecom"]}
    assert member.told_by("email", "before") == ("suppressed", "no_contact")
    assert member.ask(MAIL, key="k1")["sent"]
    code = member.code_sent()
    # A repeat sends nothing: of a command that died before its answer nobody knows more than that.
    assert not member.ask(MAIL, key="k1")["sent"]
    assert len(member.foreign.taken()) == 1
    wrong = f"{(int(code) + 1) % 10**6:06}"
    refused(Invalid, "address.code_wrong", lambda: member.show(MAIL, wrong, key="k2"))
    refused(Invalid, "address.code_wrong", lambda: member.show(MAIL, wrong, key="k2"))
    refused(Invalid, "address.code_wrong", lambda: member.show(OTHER_MAIL, code))
    refused(Conflict, "address.no_code", lambda: dean.show(MAIL, code))
    assert member.call("get")["items"] == []
    kept = member.show(MAIL, code, key="k3")
    assert member.show(MAIL, code, key="k3") == kept, "a repeat is the same"
    assert [(each["channel"], each["address"]) for each in kept["items"]] == [("email", "z***")]
    assert dean.call("get")["items"] == [], "nobody sees another's"
    assert member.told_by("email", "first") == ("sent", "never_reported")
    assert member.foreign.taken()[-1]["address"] == MAIL
    assert member.ask("zhangsan", "wecom")["sent"]
    member.show("zhangsan", member.code_sent(), "wecom")
    assert member.told_by("wecom", "first") == ("sent", "never_reported")
    # What is at rest and what is told: no address, no code.
    database = member.desk.application.database
    at_rest = str(list(database["addresses"].find())) + str(list(database["messages"].find()))
    assert not any(said in at_rest for said in (MAIL, "zhangsan", code))
    told = database["addresses"].find_one({"_id": "member"})["pending"]
    assert [(each["type"], each["data"]["channels"]) for each in told] == [
        (AddressesChanged.type, ["email"]),
        (AddressesChanged.type, ["email", "wecom"]),
    ]
    left = member.call("remove", channel="email")
    assert [each["channel"] for each in left["items"]] == ["wecom"]
    assert member.told_by("email", "after") == ("suppressed", "no_contact")
    assert member.call("remove", channel="email")["version"] == left["version"]
    # Of who leaves nothing is kept after the night, address or code; of who stays it is.
    assert dean.ask(OTHER_MAIL)["sent"]
    application, contacts = member.desk.application, member.desk.application.contacts
    application.forget(member.desk.clock.today())
    assert [each["channel"] for each in member.call("get")["items"]] == ["wecom"]
    contacts.put([Contact("member", None, active=False), Contact("dean", None, active=False)])
    assert application.address_book.forget_who_left() == 2
    assert application.address_book.forget_who_left() == 0
    books = {each["_id"]: each for each in database["addresses"].find()}
    assert all(not each["addresses"] and not each["codes"] for each in books.values())
    assert books["member"]["pending"][-1]["data"]["channels"] == []
    assert "pending" not in books["dean"], "nobody was told of a code"


def test_a_reminder_goes_the_way_that_its_recipient_chose_to_the_address_that_they_entered(
    person: Callable[..., Person],
) -> None:
    secretary = person("secretary")
    secretary.ask(MAIL)
    secretary.show(MAIL, secretary.code_sent())
    with entered(Context(actor="secretary")):
        chosen = {"channels": ["email"], "language": "en", "kinds": None, "expected_version": None}
        secretary.desk.application.preferences.set(chosen)
    secretary.desk.tell(overdue())
    for _ in range(2):
        secretary.desk.turn(seconds=11)
    assert secretary.desk.kept() == [("first", "sent", "never_reported")]
    assert secretary.foreign.taken()[-1]["address"] == MAIL
    text = secretary.desk.only_message().purpose.text
    assert "no approved record exists" in text, "in the language that they chose"


def test_a_code_that_cannot_go_out_is_refused_with_what_would_be_accepted(
    person: Callable[..., Person],
) -> None:
    member = person()
    refused(Invalid, "address.unfit", lambda: member.ask("@all", "wecom"))
    none = refused(Conflict, "address.no_provider", lambda: member.ask("zhangsan", "dingtalk"))
    assert none.params == {"accepted": "email, wecom"}
    refused(Unauthenticated, "session.required", lambda: person(None).ask(MAIL))
    refused(Forbidden, "permission.denied", lambda: person("gone").ask(MAIL))
    refused(Invalid, "address.refused", lambda: member.ask("nobody@campus.example"))
    refused(Unavailable, "address.not_sent", lambda: member.ask("busy@campus.example"))
    member.foreign.faults(lose=True)
    assert not member.ask("zhangsan", "wecom")["sent"], "it may be on its way: the code is kept"
    member.show("zhangsan", member.code_sent(), "wecom")
    member.foreign.faults()
    for _ in range(2):
        member.ask(MAIL)
    many = refused(Conflict, "address.too_many_codes", lambda: member.ask(MAIL))
    assert (many.params["most"], many.params["pack"]) == (5, "reminding-default")
    assert person("dean").ask(OTHER_MAIL)["sent"], "a limit of each person's own"
