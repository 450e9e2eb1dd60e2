"""An announcement: one job to all who belong there, into their inboxes, stopped where somebody says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import eventlet
import pytest

from services.chassis.context import Context, entered
from services.chassis.errors import Conflict, Contended, Forbidden, NotFound
from services.chassis.job_attempts import MOST_ATTEMPTS
from services.chassis.said import member_said
from services.notify.announcements import announcing as announcing_module
from services.notify.announcements.model import begun, purpose
from services.notify.contacts.store import Contact
from services.notify.messages import model
from services.notify.messages import tallies as tallies_module
from tests.store_calls import STORE_CALLS

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
    with STORE_CALLS.heard(peopled.application.database) as heard:
        told = announcing.view("dean", first["id"])
    assert (told["state"], told["done"], told["total"]) == ("handed_over", 5, 5)
    assert told["messages"] == [{"state": "delivered", "count": 5}]
    asked = [each.collection for each in heard]
    assert ("messages" in asked, asked.count("tallies")) == (False, 1), "a look reads none of its messages"
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


def test_an_announcement_whose_job_fails_ends_with_its_reason_and_is_resumed_for_the_rest(
    peopled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcing, messages = peopled.application.announcing, peopled.application.messages
    create_many = messages.create_many

    def fails_for_the_last(given: Any) -> int:
        if any(purpose.recipient == MEMBERS[-1] for purpose, _ in given):
            raise ValueError(MEMBERS[-1])
        return create_many(given)

    def work() -> None:
        for _ in range(2 * MOST_ATTEMPTS):
            peopled.application.jobs.run_one()
            peopled.clock.advance(timedelta(minutes=2))
        peopled.application.sender.run_once()

    monkeypatch.setattr(announcing_module, "AT_ONCE", 2)
    with entered(Context(actor="dean", idempotency_key="k1")):
        made = announcing.announce("dean", "faculty", "明天停电", ("inbox",))["id"]
    with monkeypatch.context() as broken:
        broken.setattr(messages, "create_many", fails_for_the_last)
        work()
        with entered(Context(actor="dean", idempotency_key="too early")):
            assert announcing.resume("dean", made)["state"] == "running"
        work()
        with entered(Context(actor="dean", idempotency_key="too early")):
            assert announcing.resume("dean", made)["state"] == "failed", "its job will not run again"
    told = announcing.view("dean", made)
    assert (told["state"], told["reason"], told["done"], told["total"]) == ("failed", "jobs.internal", 4, 5)
    assert told["messages"] == [{"state": "delivered", "count": 4}]
    with pytest.raises(NotFound):
        announcing.resume("neighbour", made)
    with entered(Context(actor="dean", idempotency_key="k2")):
        first = announcing.resume("dean", made)
        assert (first["state"], first["reason"]) == ("running", None)
        assert announcing.resume("dean", made)["job"] == first["job"]
    work()
    told = announcing.view("dean", made)
    assert (told["state"], told["reason"], told["done"], told["total"]) == ("handed_over", None, 5, 5)
    assert told["messages"] == [{"state": "delivered", "count": 5}]
    with entered(Context(actor="dean", idempotency_key="k3")), pytest.raises(Conflict, match="not_failed"):
        announcing.resume("dean", made)


def test_what_is_kept_of_states_is_what_counting_gives_whatever_is_run_again_or_summed_up(
    peopled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, now = peopled.application, peopled.clock.now()
    messages, documents = application.messages, application.messages._documents
    tallies = messages._tallies
    said = begun("faculty", "明天停电", ("inbox",))
    made = [purpose("a", said, f"member-{number}") for number in range(9)]
    others = purpose("b", said, "member-1")

    def counted() -> Counter[str]:
        return Counter(str(each["state"]) for each in documents.collection.find({"watch": "a"}))

    def lost_once() -> Callable[..., None]:
        put, lost = documents._bundles.put, []

        def losing(events: Any) -> None:
            if not lost:
                lost.append(True)
                raise Contended("store.contended")
            put(events)

        return losing

    assert messages.states_of("a") == Counter()
    for _ in range(2):  # a job that is taken up again makes what is there
        with monkeypatch.context() as races:
            races.setattr(documents._bundles, "put", lost_once())
            messages.create_many([(each, model.created(now, now, None)) for each in (*made, others)])
        assert messages.states_of("a") == counted() == {"queued": 9}
    ids = [each.message_id for each in made]
    for some in (ids[:4], ids[2:6]):  # what is suppressed stays so
        with monkeypatch.context() as races:
            races.setattr(documents._bundles, "put", lost_once())
            messages.change_many(dict.fromkeys(some, lambda m: model.suppress(m, "paused", now)))
    application.sender.run_once()
    assert messages.states_of("a") == counted() == {"suppressed": 6, "delivered": 3}
    monkeypatch.setattr(tallies_module, "MOST_ROWS", 2)
    rows, read, came = application.database["tallies"], tallies._read, []

    def with_one_that_comes(about: str) -> Any:
        found = read(about)
        came.append(rows.insert_one({"about": about, "counts": {"sent": 1}}).inserted_id)
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(tallies, "_read", with_one_that_comes)
        messages.states_of("a")
    assert len(came) == 2, "while it looked, and while it summed up"
    assert messages.states_of("a") == counted() | Counter(sent=2)
    rows.insert_one({"about": "a", "counts": {"sent": -2}})
    looks = [eventlet.spawn(messages.states_of, "a") for _ in range(4)]
    assert all(look.wait() == counted() for look in looks)
    assert messages.states_of("a") == counted()
    assert application.database["tallies"].count_documents({"about": "a"}) <= 2
    assert messages.states_of("b") == {"delivered": 1}
    application.database["tallies"].drop()
    migration = import_module("services.notify.migrations.0003_messages_are_counted_as_they_change")
    for _ in range(2):
        migration.up(application.database)
        assert messages.states_of("a") == counted()
    with pytest.raises(RuntimeError):
        messages.change(ids[0], lambda m: model.suppress(m, "paused", now))
    assert tallies.of("nothing") == Counter()
