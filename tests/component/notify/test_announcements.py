"""An announcement: one job to all who belong there, into their inboxes, stopped where somebody says so."""

from __future__ import annotations

import pytest

from services.chassis.context import Context, entered
from services.chassis.errors import Forbidden, NotFound
from services.chassis.said import member_said
from services.notify.contacts.store import Contact

from .conftest import Desk

MEMBERS = [f"member-{number}" for number in range(5)]


@pytest.fixture
def peopled(desk: Desk) -> Desk:
    for person in MEMBERS:
        desk.application.authority.apply([member_said(person, "branch", True)])
        desk.application.contacts.put([Contact(person, None, active=True)])
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


def test_an_announcement_whose_command_died_behind_its_job_is_made_all_the_same(
    peopled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcing = peopled.application.announcing

    class Died(Exception):
        pass

    def die(*_: object, **__: object) -> None:
        raise Died

    with entered(Context(actor="member-2")):
        refused = {"announcement": False}
        peopled.application.preferences.set(
            {"channels": None, "language": None, "kinds": refused, "expected_version": None}
        )
    command = Context(actor="dean", idempotency_key="k1", fingerprint="f")
    with monkeypatch.context() as crash, entered(command):
        crash.setattr(announcing._documents, "create", die)
        with pytest.raises(Died):
            announcing.announce("dean", "faculty", "明天停电", ("inbox",))
    peopled.application.jobs.run_one()  # as a worker of another replica may, also before any crash
    peopled.application.sender.run_once()
    with entered(command):
        told = announcing.announce("dean", "faculty", "明天停电", ("inbox",))
    assert (told["state"], told["done"], told["total"]) == ("handed_over", 5, 5)
    assert told["messages"] == [
        {"state": "delivered", "count": 4},
        {"state": "suppressed", "count": 1},  # who refused announcements
    ]
