"""What records says of organisations, members and posts decides here, soon after it was said."""

from __future__ import annotations

from datetime import date

import pytest

from services.chassis.envelope import seal, to_bytes
from services.chassis.errors import NotFound
from services.chassis.publishing import Outcome, Outgoing
from services.chassis.testing import wait_for
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged


@pytest.fixture
def records(box):
    """Publishes an event as records would."""

    def publish(new, subject: str, sequence: int = 1) -> None:
        envelope = seal(new, subject=subject, sequence=sequence, clock=box.clock)
        message = Outgoing(
            exchange="records.events",
            routing_key=new.contract.routing_key(),
            body=to_bytes(envelope),
            message_id=envelope["id"],
        )
        assert box.application.publisher.publish([message]) == [Outcome.CONFIRMED]

    return publish


def organisation(name: str, parent: str | None):
    return OrganisationChanged.of(
        organisation=name,
        code=name,
        name=name,
        kind="branch",
        parent=parent,
        path=["university", "faculty", name],
        has_committee=False,
        has_leading_group=False,
        founded_on=date(2020, 1, 1),
        active=True,
    )


def post(active: bool = True):
    return PostChanged.of(
        post="post-1",
        person="newcomer",
        organisation="new-branch",
        role="secretary",
        since=date(2026, 1, 1),
        until=None,
        active=active,
    )


def test_a_new_branch_its_member_and_its_secretary_are_known_from_events(box, records):
    records(organisation("new-branch", "faculty"), "new-branch")
    records(
        PersonChanged.of(
            person="owner",
            organisation="new-branch",
            political_status="member",
            phone_sealed=None,
            active=True,
        ),
        "owner",
    )
    records(post(), "post-1")
    wait_for(lambda: box.application.authority.grants("newcomer"))
    wait_for(lambda: box.application.authority.belongs("owner"))
    said = box.say(organisation="new-branch")
    planned = box.answer(said["id"], person="newcomer", organisation="new-branch", owner="owner")
    assert planned["state"] == "planned"


def test_a_withdrawn_post_is_withdrawn_here_and_an_older_event_does_not_bring_it_back(box, records):
    records(organisation("new-branch", "faculty"), "new-branch")
    records(post(), "post-1", sequence=1)
    wait_for(lambda: box.application.authority.grants("newcomer"))
    said = box.say(organisation="new-branch")
    records(post(active=False), "post-1", sequence=2)
    wait_for(lambda: not box.application.authority.grants("newcomer"))
    records(post(), "post-1", sequence=1)
    records(organisation("another", "faculty"), "another")  # behind it in the same queue
    wait_for(lambda: box.application.authority.node("another"))
    with pytest.raises(NotFound):
        box.call("newcomer", "get_opinion", opinion=said["id"])
