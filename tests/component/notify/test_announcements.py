"""An announcement: one job to all who belong there, into their inboxes, stopped where somebody says so."""

from __future__ import annotations

import pytest

from services.chassis.context import Context, entered
from services.chassis.errors import Forbidden, NotFound
from services.notify.contacts.store import Contact

from .conftest import Desk

MEMBERS = [f"member-{number}" for number in range(5)]


@pytest.fixture
def peopled(desk: Desk) -> Desk:
    for person in MEMBERS:
        desk.application.authority.apply_member(person, "branch", True)
        desk.application.contacts.put(Contact(person, None, active=True))
    return desk


def test_everybody_below_is_told_once_and_what_is_stopped_goes_no_further(peopled: Desk) -> None:
    announcing, jobs = peopled.application.announcing, peopled.application.jobs
    with pytest.raises(Forbidden):
        announcing.announce("neighbour", "branch", "明天停电", ("inbox",))
    with entered(Context(actor="dean", idempotency_key="k1", fingerprint="f")):
        first = announcing.announce("dean", "faculty", "明天停电", ("inbox",))
        assert announcing.announce("dean", "faculty", "明天停电", ("inbox",))["id"] == first["id"]
    jobs.run_one()
    peopled.application.sender.run_once()
    told = announcing.view("dean", first["id"])
    assert (told["state"], told["done"], told["total"]) == ("handed_over", 5, 5)
    assert told["messages"] == [{"state": "delivered", "count": 5}]
    with pytest.raises(NotFound):
        announcing.view("neighbour", first["id"])
    with entered(Context(actor="dean", idempotency_key="k2", fingerprint="f")):
        second = announcing.announce("dean", "faculty", "后天停电", ("inbox",))
    jobs.run_one()
    with entered(Context(actor="dean", idempotency_key="k3", fingerprint="f")):
        assert announcing.stop("dean", second["id"])["state"] == "stopped"
    jobs.run_one()
    peopled.application.sender.run_once()
    assert announcing.view("dean", second["id"])["messages"] == [{"state": "suppressed", "count": 5}]
    items, _ = peopled.application.inbox_entries.page("member-1", False, None, 10)
    assert [each["text"] for each in items] == ["明天停电"]
