"""``python -m deploy.local.tour``: the main job, told through the public HTTP API of a running platform."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

import click
import requests

from deploy.local.tour_people import Cast, Client, Surprise, expected
from deploy.local.tour_tickets import handed_in, new_ticket, to_base64

SCORE_SECONDS = 10.0  # a second is usual; this machine may be busy with something else
SETTLE_SECONDS = 45.0
SMS_SECONDS = 90.0
USUAL_SECONDS = 20.0
RELEASE_SECONDS = 60.0  # what is said without a name is released in batches
_GAP_DAYS = (3, 4)  # between the end of one make-up window and the end of the next grace
T = TypeVar("T")


class Tour:
    """One walk through the platform, with a branch of its own: it can be walked any number of times."""

    def __init__(self, gateway: str, sandbox: str, administrator: str) -> None:
        self._gateway = gateway
        self._sandbox = sandbox
        self._steps = 0
        self.cast = Cast(gateway, administrator)

    def walk(self) -> None:
        """Every step in order; raises ``Surprise`` at the first thing that is not as it should be."""
        branch = self.found_a_branch()
        owed = self.see_what_is_owed(branch)
        reminder = self.be_reminded(owed) if owed else None
        activity = self.record_an_activity(branch, owed)
        self.be_refused(branch, activity)
        self.approve_and_see_the_score(branch, activity)
        if owed and reminder:
            self.see_it_fulfilled(owed, reminder)
        receipt, opinions = self.say_something(branch)
        self.answer_with_a_measure(branch, opinions, receipt)
        self.say(f"The tour is done: {self._steps} steps, no surprise.")

    # -- organisation work ----------------------------------------------------------------------

    def found_a_branch(self) -> str:
        self.step("The administrator founds a branch, enters its people and gives it a secretary.")
        college, self.above = self.cast.level_above()
        branch = self.cast.branch(college["id"])
        self.say(f"{college['name']} → {branch['name']}, founded on {branch['founded_on']}")
        self.people = [self.cast.person(branch["id"], number) for number in range(4)]
        self.secretary, self.member = (self.cast.signed_in(person) for person in self.people[:2])
        self.cast.make_secretary(self.people[0]["id"], branch["id"])
        shown = self.wait("the post is known", lambda: self.secretary.get("/me")["posts"])
        phone = self.cast.administrator.get(f"/people/{self.people[0]['id']}")["phone"]
        self.say(f"{self.people[0]['name']} is {shown[0]['role']}; the phone number is shown as {phone}")
        identity: str = branch["id"]
        return identity

    def see_what_is_owed(self, branch: str) -> dict[str, Any] | None:
        self.step("The secretary asks: what do we owe?")

        def duties() -> Any:
            # What a new branch lacks is said only once its history had time to arrive.
            found = self.secretary.get("/me/duties")
            return found if found["counts"]["overdue"] else None

        try:
            found = self.wait("something is overdue", duties, SETTLE_SECONDS)
        except Surprise:
            found = self.secretary.get("/me/duties")
            expected(date.fromisoformat(found["today"]).day in _GAP_DAYS, "nothing is overdue")
        overdue: list[dict[str, Any]] = [each for each in found["items"] if each["state"] == "overdue"]
        for each in found["items"]:
            self.say(
                f"{each['title']['zh']} {each['period']}: {each['state']}, due on {each['due_on']} "
                f"({each['pack']} {each['article']})"
            )
        if not overdue:
            self.say("On this day of the month nothing is overdue: the reminder is left out.")
            return None
        return overdue[0]

    def be_reminded(self, owed: dict[str, Any]) -> dict[str, Any]:
        self.step("What is overdue is reminded by SMS to the head of the branch.")

        def sent() -> Any:
            page = self.secretary.get(f"/messages?obligation={owed['id']}")
            return next((each for each in page["items"] if each["state"] in ("sent", "delivered")), None)

        message: dict[str, Any] = self.wait("the SMS was sent", sent, SMS_SECONDS)
        self.say(f"{message['step']} reminder, {message['state']} to {message['phone']}: {message['text']}")
        received = self._received(self.people[0]["phone"])
        expected(message["text"] in received, "the SMS provider has not received this text")
        self.say(f"the SMS provider received {len(received)} message(s) for this number")
        return message

    def record_an_activity(self, branch: str, owed: dict[str, Any] | None) -> str:
        self.step("The secretary records what was held but never entered, and hands it in.")
        today = date.fromisoformat(self.cast.today())
        held = today
        if owed:  # within its period, and not so long ago that the entry is closed
            middle = date.fromisoformat(owed["starts_on"]) + timedelta(days=14)
            held = max(middle, today - timedelta(days=60))
        planned = self.secretary.send(
            "POST",
            "/activities",
            {
                "organisation": branch,
                "kind": owed["rule"] if owed else "theme_day",
                "title": "重温入党誓词",
                "held_on": held.isoformat(),
            },
            status=201,
        )
        identity: str = planned["id"]
        attendance = [{"person": person["id"], "state": "present"} for person in self.people[:3]]
        attendance.append({"person": self.people[3]["id"], "state": "excused", "reason": "出差"})
        recorded = self.secretary.send(
            "PUT",
            f"/activities/{identity}/record",
            {
                "attendance": attendance,
                "minutes": "集体重温入党誓词，学习支部工作条例。",
                "decisions": [{"text": "每月第一周开展主题党日"}],
                "details": {"speaker": self.people[0]["name"]} if planned["kind"] == "party_lecture" else {},
            },
        )
        self.say(
            f"{recorded['title']}: {recorded['present']} of {recorded['expected']} present, "
            f"{recorded['excused']} excused; held on {recorded['held_on']}, entered on "
            f"{recorded['entered_on']}{', for ever a late entry 补录' if recorded['late'] else ''}"
        )
        submitted = self.secretary.send("POST", f"/activities/{identity}/submit", {})
        self.say(f"state: {submitted['state']}, version {submitted['version']}")
        return identity

    def be_refused(self, branch: str, activity: str) -> None:
        self.step("Whoever may not, is refused.")
        review = f"/activities/{activity}/review"
        plan = {"organisation": branch, "kind": "theme_day", "title": "x", "held_on": self.cast.today()}
        anybody = Client(self._gateway)
        for who, client, method, path, body, status in (
            ("the secretary approves their own record", self.secretary, "POST", review, _APPROVE, 403),
            ("a member plans for the branch", self.member, "POST", "/activities", plan, 403),
            ("nobody in particular asks for the score", anybody, "GET", f"/scores/{branch}", None, 401),
            ("a field that is not there", self.secretary, "POST", "/activities", {**plan, "hurry": 1}, 422),
        ):  # fmt: skip
            problem = client.send(method, path, body, status=status)
            self.say(f"{who}: {status} {problem['code']}")

    def approve_and_see_the_score(self, branch: str, activity: str) -> None:
        self.step("The level above approves; the score follows.")
        before = self.secretary.get(f"/scores/{branch}")
        self.above.send("POST", f"/activities/{activity}/review", _APPROVE, status=201)
        began = time.monotonic()

        def changed() -> Any:
            score = self.secretary.get(f"/scores/{branch}")
            return score if score["evidence"] > before["evidence"] else None

        after = self.wait("the score changed", changed, SCORE_SECONDS)
        self.say(
            f"score {before['points']} → {after['points']} ({after['band']}), "
            f"visible {(time.monotonic() - began) * 1000:.0f} ms after the approval"
        )
        explanation = self.secretary.get(f"/scores/{branch}/explanation")
        self.say(explanation["summary"]["zh"])
        for line in explanation["lines"]:
            if activity in line["records"]:
                self.say(f"  {line['points']:>6} of {line['most']}: {line['text']['zh']}")
        total = sum(round(float(line["points"]) * 100) for line in explanation["lines"])
        expected(total == round(float(after["points"]) * 100), "the lines do not add up to the score")

    def see_it_fulfilled(self, owed: dict[str, Any], reminder: dict[str, Any]) -> None:
        self.step("What was owed is fulfilled, and the reminders stop.")

        def fulfilled() -> Any:
            found = self.secretary.get(f"/obligations/{owed['id']}/explanation")
            return found if found["obligation"]["state"].startswith("fulfilled") else None

        found = self.wait("the obligation is fulfilled", fulfilled)
        self.say(f"{found['obligation']['state']}: {' '.join(each['zh'] for each in found['reasons'])}")
        self.say(f"source: {found['source']['title']} {found['source']['article']}")

        def settled() -> Any:
            page = self.secretary.get(f"/messages?obligation={owed['id']}")["items"]
            waiting = [each for each in page if each["state"] in ("created", "queued")]
            return page if page and not waiting else None

        messages = self.wait("no reminder waits any more", settled)
        sent = [each for each in messages if each["state"] in ("sent", "delivered")]
        expected([each["message"] for each in sent] == [reminder["message"]], "another reminder was sent")
        self.say("no reminder waits; the one that was sent stays on record")

    # -- serving people -------------------------------------------------------------------------

    def say_something(self, branch: str) -> tuple[str, list[str]]:
        self.step("A member speaks by name, and somebody without a name.")
        spoken = {"organisation": branch, "category": "service"}
        named = self.member.send(
            "POST", "/opinions", {**spoken, "mode": "named", "text": "活动室晚上能开放吗？"}, status=201
        )
        self.say(f"by name: opinion {named['id']}, {named['state']}")
        ticket = self.draw_a_ticket()
        unnamed = {**spoken, "mode": "anonymous", "ticket": ticket, "text": "希望会议不要占用午休。"}
        receipt = Client(self._gateway).send("POST", "/opinions", unnamed, status=201)
        expected(set(receipt) == {"receipt", "organisation", "received_on"}, "a receipt tells too much")
        self.say(f"without a name: receipt {receipt['receipt']}, shown this once")

        def arrived() -> Any:
            items = self.secretary.get("/opinions")["items"]
            return items if {"named", "anonymous"} <= {each["mode"] for each in items} else None

        items = self.wait("both opinions arrived", arrived, RELEASE_SECONDS)
        for each in items:
            author = self.secretary.get(f"/opinions/{each['id']}")["author"]
            self.say(f"the secretary reads: {each['excerpt']} ({'by name' if author else 'no name'})")
        code: str = receipt["receipt"]
        return code, [each["id"] for each in items]

    def draw_a_ticket(self) -> dict[str, str]:
        """One of the member's tickets of this period: drawn by name, signed blind, to be spent without."""
        told = Client(self._gateway).get("/public/ticket-key")
        tickets = [new_ticket(told["public_key"], told["label"]) for _ in range(told["tickets"])]
        asked = {"blinded": [to_base64(each.blinded) for each in tickets]}
        drawn = self.member.send("POST", "/tickets", asked, status=201)
        expected(drawn["key"] == told["key"], "the key that signed is not the one that everybody is shown")
        self.say(f"the member draws {told['tickets']} tickets, signed blind under key {told['key'][:8]}…")
        return handed_in(told["key"], told["public_key"], tickets[0], drawn["signatures"][0])

    def answer_with_a_measure(self, branch: str, opinions: list[str], receipt: str) -> None:
        self.step("What was said becomes a measure with an owner and a date, and its result is public.")
        due = date.fromisoformat(self.cast.today()) + timedelta(days=14)
        measure = self.secretary.send(
            "POST",
            "/measures",
            {
                "opinions": opinions,
                "organisation": branch,
                "title": "延长活动室开放时间，会议不占午休",
                "owner": self.people[1]["id"],
                "due_on": due.isoformat(),
            },
            status=201,
        )
        self.say(f"measure {measure['title']}, due on {measure['due_on']}")
        result = {"text": "活动室开放到 22:00，会议改在 14:30 之后。"}
        self.member.send("POST", f"/measures/{measure['id']}/result", result, status=201)
        self.secretary.send("POST", f"/measures/{measure['id']}/review", {"accepted": True})
        anybody = Client(self._gateway)
        public = anybody.get(f"/public/measures?organisation={branch}")["items"]
        expected([each["measure"] for each in public] == [measure["id"]], "the result is not public")
        self.say(f"everybody reads: {public[0]['result']}")
        answer = self.wait("the receipt tells the answer", lambda: _answer(anybody, receipt))
        self.say(f"the receipt {receipt} tells: {answer['result']}")
        mine = self.member.get(f"/opinions?mine=true&organisation={branch}")["items"]
        self.say(f"the member's own opinion is {mine[0]['state']}")

    # -- on the way -----------------------------------------------------------------------------

    def step(self, text: str) -> None:
        self._steps += 1
        click.echo(f"\n{self._steps}. {text}")

    def say(self, text: str) -> None:
        click.echo(f"   {text}")

    def wait(self, what: str, look: Callable[[], T], seconds: float = USUAL_SECONDS) -> T:
        """What ``look`` gives once it gives something; ``Surprise`` after ``seconds``."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            expected(time.monotonic() < deadline, f"not within {seconds:g} s: {what}")
            time.sleep(0.05 if seconds <= SCORE_SECONDS else 0.3)
        return found

    def _received(self, phone: str) -> Sequence[str]:
        found = requests.get(f"{self._sandbox}/messages?mobile={phone}", timeout=10).json()["items"]
        return [each["content"] for each in found]


_APPROVE = {"verdict": "approve", "comment": "记录完整。"}


def _answer(anybody: Client, receipt: str) -> dict[str, Any]:
    """The published answer that a receipt tells; empty before there is one."""
    progress = anybody.get(f"/opinions/receipts/{receipt}")
    return progress["answer"] if progress["state"] == "answered" else {}


@click.command(help=__doc__)
@click.option("--gateway", envvar="GATEWAY_URL", default="http://127.0.0.1:7300", show_default=True)
@click.option("--sandbox", envvar="SMS_SANDBOX_URL", default="http://127.0.0.1:7303", show_default=True)
@click.option("--administrator", envvar="ADMINISTRATOR", default="100001", show_default=True)
def main(gateway: str, sandbox: str, administrator: str) -> None:
    os.environ.setdefault("NO_PROXY", "*")  # both are addresses of this machine
    try:
        Tour(gateway, sandbox, administrator).walk()
    except Surprise as surprise:
        click.echo(f"A surprise: {surprise}", err=True)
        sys.exit(1)
    except requests.RequestException as failure:
        click.echo(
            f"{gateway} does not answer ({type(failure).__name__}): is the platform running?", err=True
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
