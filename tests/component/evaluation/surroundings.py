"""A small campus around the evaluation service: records that tells, callers that ask, one who listens."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from services.chassis.clock import FixedClock
from services.chassis.contract import NewEvent
from services.chassis.envelope import CONTENT_TYPE, seal, to_bytes
from services.chassis.errors import Forbidden, NotFound
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.rpc_client import RpcClient
from services.chassis.session import issue
from services.chassis.settings import Settings
from services.chassis.testing import wait_for
from services.contracts.records_events import (
    ActivityApproved,
    OrganisationChanged,
    PersonChanged,
    PostChanged,
)
from services.evaluation.application import Evaluation

# university > faculty > branch > group, and another branch next door
TREE = {
    "university": ("university_committee", None),
    "faculty": ("secondary", "university"),
    "branch": ("branch", "faculty"),
    "next-door": ("branch", "faculty"),
    "group": ("group", "branch"),
}
POSTS = {
    "secretary": ("secretary", "branch"),
    "neighbour": ("secretary", "next-door"),
    "leader": ("group_leader", "group"),
    "dean": ("secretary", "faculty"),
}
MEMBERS = {"member": "branch", "grouped": "group", "stranger": "next-door", "clerk": "faculty"}


def organisation(name: str, /, **changes: Any) -> NewEvent:
    """What records tells of an organisation of the tree."""
    kind, parent = TREE.get(name, ("branch", "faculty"))
    path, above = [name], parent
    while above is not None:
        path, above = [above, *path], TREE[above][1]
    told = {
        "organisation": name,
        "code": name.upper(),
        "name": name,
        "kind": kind,
        "parent": parent,
        "path": path,
        "has_committee": name == "branch",
        "has_leading_group": False,
        "founded_on": date(2015, 7, 1),
        "active": True,
    }
    return OrganisationChanged.of(**{**told, **changes})


def approved(activity: str, held_on: date, kind: str = "theme_day", **changes: Any) -> NewEvent:
    """What records tells of an approved activity of the branch."""
    told = {
        "activity": activity,
        "organisation": "branch",
        "kind": kind,
        "held_on": held_on,
        "entered_on": held_on + timedelta(days=1),
        "late": False,
        "expected": 10,
        "present": 9,
        "excused": 1,
        "has_minutes": True,
        "decisions": 1,
    }
    return ActivityApproved.of(**{**told, **changes})


def rebuilt(evaluation: Evaluation) -> int:
    """How many documents were corrected by computing everything anew."""
    return evaluation.rebuilding.run(lambda done, total: None, lambda done, total: None)


@dataclass
class Overheard:
    """Everything that evaluation published, in its order; what a sweeper published again counts once."""

    channel: Any
    queue: Any
    events: dict[str, dict[str, Any]] = field(default_factory=dict)

    def listen(self) -> list[dict[str, Any]]:
        while (message := self.queue.get(no_ack=True)) is not None:
            event = json.loads(message.body)
            self.events.setdefault(event["id"], event)
        return list(self.events.values())

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.listen() if each["type"] == f"evaluation.{kind}.v1"]


@dataclass
class Campus:
    """The surroundings of evaluation: records that tells, callers that ask, and somebody who listens."""

    settings: Settings
    clock: FixedClock
    publisher: ConfirmedPublisher
    client: RpcClient
    overheard: Overheard
    sequences: dict[str, int] = field(default_factory=dict)

    def sealed(self, event: NewEvent, sequence: int | None = None) -> dict[str, Any]:
        subject = event.data.get("activity") or event.data.get("person") or event.data["organisation"]
        subject = event.data.get("post") or event.data.get("bill") or event.data.get("round", subject)
        self.sequences[subject] = sequence or self.sequences.get(subject, 0) + 1
        return seal(event, subject=subject, sequence=self.sequences[subject], clock=self.clock)

    def publish(self, *envelopes: dict[str, Any]) -> None:
        messages = []
        for each in envelopes:
            owner, key = each["type"].rsplit(".", 1)[0].split(".", 1)
            messages.append(
                Outgoing(
                    f"{owner}.events", key, to_bytes(each), message_id=each["id"], content_type=CONTENT_TYPE
                )
            )
        assert set(self.publisher.publish(messages)) == {Outcome.CONFIRMED}

    def tell(self, *events: NewEvent) -> None:
        self.publish(*(self.sealed(each) for each in events))

    def settle_in(self) -> None:
        """The tree, its posts and its members, known to the service."""
        self.tell(*(organisation(name) for name in TREE if name != "group"))
        self.tell(
            *(
                PostChanged.of(
                    post=f"post-{person}",
                    person=person,
                    organisation=node,
                    role=role,
                    since=date(2025, 9, 1),
                    until=None,
                    active=True,
                )
                for person, (role, node) in POSTS.items()
            ),
            *(
                PersonChanged.of(
                    person=person,
                    organisation=node,
                    political_status="member",
                    phone_sealed=None,
                    active=True,
                )
                for person, node in MEMBERS.items()
            ),
        )
        wait_for(lambda: self.score("dean", "branch") and self.score("dean", "next-door"))
        self.tell(organisation("group"))
        wait_for(lambda: self.obligations("dean", organisation="group"))

    def call(self, person: str | None, method: str, /, **request: Any) -> dict[str, Any]:
        token = None
        if person is not None:
            token = issue(
                str(self.settings.session_private_key), person, timedelta(hours=1), self.clock.now()
            )
        return self.client.call(
            f"evaluation.{method}", request, authorization=token and f"Bearer {token}", timeout=60
        )

    def score(self, person: str, organisation: str) -> dict[str, Any] | None:
        try:
            return self.call(person, "get_score", organisation=organisation)
        except (NotFound, Forbidden):
            return None

    def obligations(self, person: str, **request: Any) -> list[dict[str, Any]]:
        try:
            return self.call(person, "list_obligations", limit=100, **request)["items"]
        except (NotFound, Forbidden):  # of several replicas each learns by itself who may
            return []
