"""Dues of a whole campus: bills in bunches, a crash in between, and how often the store is asked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import eventlet
import pymongo.monitoring
import pytest

from services.chassis.clock import FixedClock
from services.chassis.context import Context, entered
from services.chassis.identity import derived_id
from services.chassis.said import grant_said
from services.chassis.settings import Settings
from services.chassis.testing import wait_for
from services.records.application import Records
from services.records.directory import model as directory
from services.records.directory import persons
from services.records.dues import billing, ledger
from services.records.dues import model as rules
from services.records.dues.bases import base_id

BRANCHES = int(os.environ.get("DUES_BRANCHES", "8"))
PEOPLE = int(os.environ.get("DUES_PEOPLE", "160"))  # a campus has 5 000

pytestmark = pytest.mark.usefixtures("remembered")


class Asked(pymongo.monitoring.CommandListener):
    """What the store is asked while somebody counts."""

    def __init__(self) -> None:
        self.commands: list[str] | None = None

    def started(self, event: pymongo.monitoring.CommandStartedEvent) -> None:
        if self.commands is not None and event.command_name in ("find", "aggregate", "getMore"):
            self.commands.append(event.command_name)

    def succeeded(self, event: pymongo.monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: pymongo.monitoring.CommandFailedEvent) -> None:
        pass


ASKED = Asked()
pymongo.monitoring.register(ASKED)


@pytest.fixture
def records(settings: Settings) -> Iterator[Records]:
    """Branches full of members with bases, written as an import writes them."""
    application = Records.for_test(settings, FixedClock(datetime(2026, 9, 10, 4, 0, tzinfo=UTC)))
    today, kept = date(2026, 9, 10), application.directory
    root = _organisation(application, "DW", "university_committee", None)
    faculty = _organisation(application, "S1", "secondary", root)
    branches = [_organisation(application, f"B{n}", "branch", faculty) for n in range(BRANCHES)]
    people, bases = [], []
    pack = application.dues.office.pack(today, [])
    for number in range(PEOPLE):
        person, home = f"p{number:05}", branches[number % BRANCHES]
        given = {
            "number": f"S{number:05}",
            "name": "测试",
            "political_status": "member",
            "organisation": home,
        }
        entered_as = persons.enter_person(person, given, kept.organisations.get(home).state, today)
        people.append((person, entered_as.state, entered_as.events))
        sealed = application.dues.bases._sealed(person, 300_000 + number * 100)
        asked = {"person": person, "year": 2026, "kind": "salaried", "from_month": None, "amount_fen": None}
        change = rules.set_base({**asked, **sealed}, None, pack, billed=None)
        assert change is not None
        bases.append((base_id(person, 2026), change.state, ()))
    for start in range(0, PEOPLE, 500):
        kept.people.create_many(people[start : start + 500])
        application.dues.office.bases.create_many(bases[start : start + 500])
    yield application
    ASKED.commands = None
    application.database.client.close()


def _organisation(application: Records, code: str, kind: str, parent: str | None) -> str:
    kept = application.directory
    above = (parent, kept.organisations.get(parent).state) if parent else None
    given = {"code": code, "name": code, "kind": kind, "founded_on": date(2019, 1, 1), "parent": parent}
    change = directory.found_organisation(derived_id("o", code), given, above, date(2026, 9, 10))
    made = kept.organisations.create(derived_id("o", code), change.state, change.events)
    kept.know_organisations([made])
    return made.id


def queued(records: Records) -> str:
    params = {"organisation": derived_id("o", "DW"), "month": "2026-09", "today": "2026-09-10"}
    with entered(Context(actor="somebody")):
        return records.jobs.create("dues billing", "somebody", params)


def counted(records: Records) -> tuple[int, int]:
    """Bills and entries, after every book was found to balance and to be what its entries sum to."""
    books = records.dues.office.books
    for number in range(BRANCHES):
        branch = derived_id("o", f"B{number}")
        accounts = books.accounts(branch, 2026)
        assert accounts == books.recounted(branch, 2026)
        assert ledger.sums_to_zero(accounts)
    found = records.database
    return found["dues_bills"].count_documents({}), found["dues_entries"].count_documents({})


def test_a_job_that_is_cut_off_is_resumed_and_bills_everybody_once(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing, "BUNCH", PEOPLE // 4)
    job = queued(records)
    worker = eventlet.spawn(records.jobs.run_one)
    wait_for(lambda: records.database["dues_bills"].count_documents({}) > 0, 60)
    worker.kill()

    def taken_over() -> bool:
        # Each time anew: a checkpoint that was on its way when the worker was killed renews the lease.
        lapsed = {"$set": {"lease_until": datetime(2000, 1, 1, tzinfo=UTC)}}
        records.database["jobs"].update_one({"_id": job}, lapsed)
        return records.jobs.run_one()

    started = time.monotonic()
    wait_for(taken_over, 120)
    print(f"{PEOPLE} bills, the rest after the cut in {time.monotonic() - started:.1f} s")
    done = records.jobs.view(job)
    assert (done.state, done.done, done.total) == ("done", PEOPLE, PEOPLE)
    assert done.result is not None
    assert done.result["created"] + done.result["unchanged"] == PEOPLE
    assert counted(records) == (PEOPLE, PEOPLE)
    queued(records)
    records.jobs.run_one()
    assert counted(records) == (PEOPLE, PEOPLE)


def test_payments_of_one_branch_at_the_same_time_leave_its_books_in_balance(records: Records) -> None:
    queued(records)
    wait_for(records.jobs.run_one, 120)
    paying = [person.id for person in records.directory.people.find({}, limit=24)]
    head = records.directory.people.get(paying[0])

    def pay(person: str) -> int:
        given = {
            "amount_fen": 1_000,
            "paid_on": date(2026, 9, 10),
            "entered_by": "campus",
            "reference": person,
        }
        found = records.directory.people.get(person)
        records.dues.payments._received(f"pay {person}", found, given, may_be_ahead=True)
        return 1

    pool = eventlet.GreenPool(6)
    assert sum(pool.imap(pay, paying)) == len(paying)
    counted(records)
    cash = sum(records.dues.office.books.cash(derived_id("o", f"B{n}")) for n in range(BRANCHES))
    assert cash == 1_000 * len(paying)
    assert head.state["active"]


def test_a_page_of_bills_and_the_arrears_of_a_branch_are_one_query_each_by_index(records: Records) -> None:
    queued(records)
    wait_for(records.jobs.run_one, 120)
    branch = derived_id("o", "B0")
    records.authority.apply(
        [
            grant_said(
                "g",
                person="p00000",
                role="secretary",
                node=branch,
                since="2026-01-01",
                until=None,
                active=True,
                sequence=1,
            )
        ]
    )
    lists: list[tuple[Any, dict[str, Any]]] = [
        (records.dues.billing.listed, {"organisation": branch}),
        (records.dues.billing.listed, {"organisation": branch, "state": "due"}),
        (records.dues.billing.listed, {"organisation": branch, "month": "2026-09"}),
        (records.dues.billing.listed, {"person": "p00000"}),
        (records.dues.payments.listed, {"organisation": branch}),
        (records.dues.payments.listed, {"person": "p00000", "state": "received"}),
        (records.dues.reliefs.listed, {"organisation": branch, "state": "asked"}),
        (records.dues.prompts.listed, {"organisation": branch, "state": "open"}),
        (records.dues.deferrals.listed, {"organisation": branch, "state": "asked"}),
        (records.dues.spending.listed, {"organisation": branch}),
    ]
    with entered(Context(actor="p00000")):
        records.dues.billing.listed({"organisation": branch, "limit": 1, "cursor": None})  # posts are cached
        for ask, given in lists:
            ASKED.commands = []
            answer = ask({**given, "limit": 50, "cursor": None})
            # One for the page, and one to see that the organisation or person is there.
            assert len(ASKED.commands) <= 2, (given, ASKED.commands)
            assert len(answer["items"]) <= 50
        ASKED.commands = []
        records.dues.billing.arrears(branch)
        assert len(ASKED.commands) <= 2


QUESTIONS: list[tuple[str, dict[str, Any], list[tuple[str, int]]]] = [
    ("dues_bills", {"organisation": "x"}, [("month", -1), ("_id", -1)]),
    ("dues_bills", {"organisation": "x", "state": "due"}, [("month", -1), ("_id", -1)]),
    ("dues_bills", {"organisation": "x", "state": "due", "month": {"$lt": "2026-09"}}, [("month", -1)]),
    ("dues_bills", {"person": "x", "state": "due"}, [("month", 1), ("_id", 1)]),
    ("dues_bills", {"person": "x", "month": {"$gte": "2026-01", "$lt": "2027-01"}}, [("month", -1)]),
    ("dues_payments", {"organisation": "x", "state": "received"}, [("paid_on", -1), ("_id", -1)]),
    ("dues_payments", {"person": "x"}, [("paid_on", -1), ("_id", -1)]),
    ("dues_payments", {"ahead_of": "x"}, [("_id", 1)]),
    ("dues_reliefs", {"organisation": "x", "state": "asked"}, [("asked_on", -1), ("_id", -1)]),
    ("dues_reliefs", {"state": "approved", "to_month": {"$gte": "2026-09"}}, [("to_month", 1)]),
    ("dues_bases", {"year": 2026}, []),
    ("dues_prompts", {"organisation": "x"}, [("prompted_on", -1), ("_id", -1)]),
    ("dues_prompts", {"organisation": "x", "state": "open"}, [("prompted_on", -1), ("_id", -1)]),
    ("dues_deferrals", {"organisation": "x", "state": "asked"}, [("asked_on", -1), ("_id", -1)]),
    ("dues_deferrals", {"state": "approved", "to_month": {"$gte": "2026-09"}}, [("to_month", 1)]),
    ("dues_bills", {"organisation": "x", "state": "due", "month": {"$gte": "a", "$lte": "b"}}, []),
    ("dues_expenditures", {"organisation": "x"}, [("asked_on", -1), ("_id", -1)]),
    ("dues_standings", {"organisation": "x", "year": 2026}, []),
    ("dues_entries", {"organisation": "x", "year": 2026}, []),
]


def test_every_question_of_dues_has_its_index(settings: Settings, subtests: pytest.Subtests) -> None:
    application = Records.for_test(settings, FixedClock(datetime(2026, 9, 10, 4, 0, tzinfo=UTC)))
    for collection, wanted, sort in QUESTIONS:
        with subtests.test(collection, wanted=wanted):
            found = application.database[collection].find(wanted)
            plan = str((found.sort(sort) if sort else found).explain()["queryPlanner"]["winningPlan"])
            assert "IXSCAN" in plan
            assert "COLLSCAN" not in plan
    application.database.client.close()
