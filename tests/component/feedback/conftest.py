"""A small campus around the feedback service, which runs in this process on the real broker and store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from deploy.local.tour_tickets import handed_in, new_ticket
from services.chassis.clock import FixedClock
from services.chassis.rpc_client import RpcClient
from services.chassis.said import grant_said, member_said, node_said
from services.chassis.session import issue
from services.chassis.settings import Settings
from services.chassis.testing import Running, wait_for
from services.feedback.application import Feedback
from services.feedback.service import FeedbackService
from services.feedback.tickets import issuing
from services.feedback.tickets.signing import SigningKey
from tests import grounds

settings, database_prefix, vhost = grounds.settings, grounds.database_prefix, grounds.vhost

# university > faculty > branch, next door
TREE = {"university": None, "faculty": "university", "branch": "faculty", "next-door": "faculty"}
POSTS = {
    "secretary": ("secretary", "branch"),
    "neighbour": ("secretary", "next-door"),
    "dean": ("secretary", "faculty"),
    "both": ("deputy_secretary", "faculty"),
    "inspector": ("inspector", "university"),
    "disciplinarian": ("discipline_commissioner", "university"),
    "publicist": ("publicity_commissioner", "branch"),
}
MEMBERS = {
    "member": "branch",
    "secretary": "branch",
    "publicist": "branch",
    "both": "branch",
    "neighbour": "next-door",
    "dean": "faculty",
    "inspector": "university",
    "disciplinarian": "university",
}


@dataclass
class Box:
    """The running service, and calls to it in somebody's name."""

    settings: Settings
    clock: FixedClock
    client: RpcClient
    application: Feedback

    def token(self, person: str) -> str:
        assert self.settings.session_private_key
        return issue(self.settings.session_private_key, person, timedelta(hours=1), self.clock.now())

    def call(self, person: str | None, method: str, key: str | None = None, **request: Any) -> dict[str, Any]:
        """``feedback.<method>`` as ``person``, or without a session."""
        return self.client.call(
            f"feedback.{method}",
            request,
            authorization=f"Bearer {self.token(person)}" if person else None,
            idempotency_key=key,
            correlationid=f"correlation-of-{person}",
            traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            timeout=60,
        )

    def say(self, person: str | None = "member", key: str | None = None, **changes: Any) -> dict[str, Any]:
        """An opinion about the branch's chairs; without a person an anonymous one."""
        wanted = {"organisation": "branch", "category": "service", "text": "There are too few chairs."}
        if person is None and "ticket" not in changes:
            wanted["ticket"] = self.ticket()
        method = "submit_opinion" if person else "submit_anonymous_opinion"
        return self.call(person, method, key=key, **(wanted | changes))

    def ticket(self) -> dict[str, str]:
        """A genuine ticket to speak, of nobody in particular."""
        told = self.application.tickets_to_speak.key()
        ticket = new_ticket(told["public_key"], told["label"])
        key = self.application.ticket_keys.find(told["key"])
        (signature,) = self.application.ticket_keys.sign(key, [ticket.blinded])
        return handed_in(told["key"], told["public_key"], ticket, signature)

    def release(self) -> None:
        """What the timer does: whoever answers learns of the anonymous opinions that wait."""
        self.application.releasing.release()

    def only_opinion(self) -> str:
        """The id of the one opinion there is: an anonymous author is never told it."""
        (found,) = self.application.opinions.find()
        return found.id

    def answer(self, *opinions: str, person: str = "secretary", key: str | None = None, **changes: Any):
        """A measure of the branch that answers ``opinions``."""
        wanted = {
            "opinions": list(opinions),
            "organisation": "branch",
            "title": "More chairs",
            "owner": "publicist",
            "due_on": (self.clock.today() + timedelta(days=30)).isoformat(),
        }
        return self.call(person, "plan_measure", key=key, **(wanted | changes))

    def publish(
        self,
        measure: str,
        text: str = "Twenty chairs came.",
        by: str = "publicist",
        reviewer: str = "secretary",
    ) -> dict[str, Any]:
        """Its owner hands in what came of a measure, somebody else makes it public."""
        self.call(by, "hand_in_result", measure=measure, text=text)
        return self.call(reviewer, "review_result", measure=measure, accepted=True)

    def know(self, *activities: str) -> None:
        """What records tells of activities."""
        collection = self.application.database["subjects"]
        collection.insert_many([{"_id": f"activity {each}", "kind": "activity"} for each in activities])


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 10, 2, 33, 44, 567000, tzinfo=UTC))


@pytest.fixture(scope="session")
def key_text() -> str:
    return SigningKey.new().text()


@pytest.fixture
def running(
    ground: grounds.Ground, clock: FixedClock, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> Running:
    """The service, which the tests of this folder share."""
    # One key for all tests: a process that makes a new one takes a second of each.
    monkeypatch.setattr(issuing, "offload", lambda function, number, **_: [key_text] * number)
    return ground.running(FeedbackService, clock)


@pytest.fixture
def box(running: Running, clock: FixedClock) -> Iterator[Box]:
    authority = running.application.authority
    since = date(2025, 9, 1)
    authority.apply(
        [
            *(node_said(node, parent=parent) for node, parent in TREE.items()),
            *(
                grant_said(f"post-{person}", person=person, role=role, node=node, since=since)
                for person, (role, node) in POSTS.items()
            ),
            grant_said("post-both-2", person="both", role="group_leader", node="branch", since=since),
            *(member_said(person, node) for person, node in MEMBERS.items()),
        ]
    )
    # The clock stands still, so after the first tick nothing is released but by a test.
    schedules = running.application.database["schedules"]
    wait_for(lambda: schedules.find_one({"_id": "feedback.releasing", "last_done": {"$ne": ""}}))
    client = RpcClient(running.settings.amqp_uri)
    yield Box(running.settings, clock, client, running.application)
    client.close()
