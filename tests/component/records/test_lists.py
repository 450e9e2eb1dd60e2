"""Every list costs one query a page, by an index, however large the campus is.

What is asked stands in ``asks``, what there is in ``fill``.
"""

from __future__ import annotations

import inspect
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.local.store import Store
from services.chassis.bundles import BundledDocuments
from services.chassis.clock import FixedClock
from services.chassis.context import Context, entered
from services.chassis.documents import Documents
from services.chassis.rpc import Rpc
from services.chassis.said import grant_said, member_said
from services.chassis.testing import settings_for_tests
from services.records.application import Records
from services.records.development import model as development
from services.records.development.verdict import Facts
from services.records.directory import model as directory
from services.records.directory.naming import spelled
from services.records.plans import beginnings as planning
from services.records.service import RecordsService
from tests.component.records.asks import (
    ADMINISTRATOR,
    ASKS,
    BRANCH,
    DEAN,
    FACULTY,
    JOB,
    PAGE,
    ROOT,
    SECRETARY,
    STARTING,
)
from tests.store_calls import STORE_CALLS, Ask, Asked, stages

TODAY = date(2026, 9, 10)


def calls() -> dict[str, Rpc]:
    return {
        name: entrypoint
        for name, method in inspect.getmembers(RecordsService)
        for entrypoint in getattr(method, "nameko_entrypoints", ())
        if isinstance(entrypoint, Rpc)
    }


pytestmark = pytest.mark.usefixtures("remembered")

# -- what there is ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records(store: Store) -> Iterator[Records]:
    """A branch full of everything. Nothing is published, so that nothing but a list asks its database."""
    settings = settings_for_tests("amqp://nobody", store.uri, f"t{uuid.uuid4().hex[:12]}")
    application = Records.for_test(settings, FixedClock(datetime(2026, 9, 10, 4, 0, tzinfo=UTC)))
    _found(application, ROOT, "university_committee", None)
    _found(application, FACULTY, "secondary", ROOT)
    _found(application, BRANCH, "branch", FACULTY)
    for person, node in ((ADMINISTRATOR, ROOT), (DEAN, FACULTY), (SECRETARY, BRANCH)):
        role = "administrator" if node == ROOT else "secretary"
        since = date(2026, 1, 1)
        application.authority.apply(
            [grant_said(f"g-{person}", person=person, role=role, node=node, since=since)]
        )
        application.authority.apply([member_said(person, node)])
    with entered(STARTING):
        application.jobs.create("roster import", DEAN, {})
    fill(application, BRANCH, "p")
    fill(application, "p-o0", "q")  # and one more: what a page costs does not grow with the campus
    yield application
    application.database.client.close()


def fill(records: Records, branch: str, prefix: str, count: int = PAGE + 10) -> None:
    """More than a page of everything in ``branch``."""
    kept, office, board = records.directory, records.dues.office, records.plans.lists._board
    people = _people(records, branch, prefix, count)
    home = kept.organisations.get(branch)
    for number in range(count):
        _found(records, f"{prefix}-o{number}", "branch", FACULTY)
    programmes, first = records.programmes, f"{prefix}-programmes-0"
    held_on = {"organisation": branch, "held_on": "2023-12-01"}
    one = {"person": people[0], "organisation": home.id}
    asked = {**one, "state": "asked", "asked_on": "2026-09-01", "to_month": "2026-12"}
    role = "secretary" if branch == BRANCH else "organisation_commissioner"
    post = {**one, "role": role, "since": "2020-01-01", "until": "2020-12-31", "active": True}
    held = {**_planned(records, branch), "held_on": "2026-03-10", "state": "approved", "people": [SECRETARY]}
    bill = {**one, "month": "2026-09", "state": "due", "outstanding_fen": 0, "due_on": "2026-09-30"}
    credit = {**one, "on": "2026-03-09", "year": 2026, "minutes": 60, "form": "class", "reverses": None}
    report = {"author": SECRETARY, "organisation": branch, "state": "accepted", "late": False}
    source = {"rule": "arrears", "pack": "dues-national-2008", "article": "第十六条"}
    prompt = {**one, "state": "open", "prompted_on": "2026-09-01", "from_month": "2026-01", "source": source}
    contacts = {"person": people[0], "contacts": [SECRETARY]}
    for documents, state in (
        (kept.posts, post),
        (records.activities.documents, held),
        (office.bills, bill),
        (office.payments, {**one, "paid_on": "2026-09-01", "state": "received"}),
        (office.reliefs, asked),
        (office.deferrals, asked),
        (records.dues.prompts._documents, prompt),
        (office.expenditures, asked),
        (records.training.documents, credit),
        (records.thoughts.documents, {**report, "period": "2026-Q1", "handed_in_on": "2026-03-01"}),
        (records.thought_contacts.documents, contacts),
        (records.transfers.documents, {**asked, "concerns": [branch, "p-o1"], "due_on": "2026-09-05"}),
        (records.sanctions._documents, {**one, **_SANCTION}),
        (
            records.activity_templates.documents,
            {"title": "党课", "offered": [branch]},
        ),
        (
            records.openings.documents,
            {"organisation": branch, "open_until": "2026-09-30", "closed_on": None},
        ),
        (
            records.elections.documents,
            {**held_on, "due_on": "2026-12-01", "remind_on": "2026-06-01", "standing": "due_soon"},
        ),
        (programmes._programmes, {"organisation": branch, "from_year": 2026, "kind": "pioneer"}),
        (
            programmes._members,
            {"programme": first, "person": people[0], "mentor": None, "since": "2026-01-01"},
        ),
        (programmes._entries, {"programme": first, "person": None, "on": "2026-01-01"}),
        (board.plans, {"organisation": branch, "year": 2026, "state": "approved"}),
        (board.tasks, {**_task(branch), "template": f"{prefix}-{board.templates.name}-0"}),
        (board.templates, {"organisation": branch, "made_on": "2026-01-01"}),
    ):
        _many(documents, prefix, [state] * count)
    _fill_station(records, branch, prefix, people)
    edition = {"organisation": branch, "since": "2020-01-01", "until": "2020-12-31"}
    _many(records.history._documents, prefix, [{**edition, "edition": number} for number in range(count)])
    named = {"name": "编 1", "since": "2026-01-01", "until": "9999-12-31", **spelled("编 1")}
    once = [
        {**kept.organisations.get(branch).state, **named, "organisation": f"{prefix}-o{n}"}
        for n in range(count)
    ]
    _many(records.history._documents, f"{prefix}-once", once)
    statements = records.dues.statements
    lines = [{"reconciliation": f"{prefix}-r", "number": number} for number in range(count)]
    statements._reconciliations.create(f"{prefix}-r", {"organisation": branch, "reading": f"{prefix}-r"})
    _many(statements._results, prefix, lines)
    ending = {**post, "person": "somebody", "role": "publicity_commissioner", "until": "2026-10-01"}
    _many(kept.posts, f"{prefix}-ending", [ending] * count)
    opened = _opened(records, branch)
    _many(records.dossiers.documents, prefix, [{**opened, "person": each, "slot": each} for each in people])
    known = records.jobs.errors(JOB, limit=0)
    records.jobs._errors.add(JOB, len(known), [{"code": "cell.missing"}] * count)


def _fill_station(records: Records, branch: str, prefix: str, people: Sequence[str]) -> None:
    count = len(people)
    station, lectures = records.bulletins.documents, records.lectures.documents
    told = {"organisation": branch, "state": "published", "mandatory": True, "drafted_at": "2026-09-01"}
    marks = [f"{branch} all", f"must {branch} all", "everybody"]
    content = {"title": "公告", "published_at": "2026-09-01", "marks": marks}
    _many(station, prefix, [{**told, **content}] * count)
    expected = {"bulletin": f"{prefix}-bulletins-0", "state": "open", "read_by": "2026-09-30"}
    counted = [{**expected, "organisation": f"{prefix}-o{number}", "expected": []} for number in range(count)]
    counted.append({**expected, "organisation": branch, "expected": sorted(people)})
    _many(records.bulletin_reading.audiences, prefix, counted)
    called = {"organisation": branch, "called_at": "2026-09-01", "marks": [f"{branch} all"]}
    _many(records.campaigns.documents, prefix, [called] * count)
    lecture = {
        "author": SECRETARY,
        "state": "published",
        "handed_in_to": f"{prefix}-campaigns-0",
        "called_by": branch,
        "review_at": branch,
    }
    instants = dict.fromkeys(("drafted_at", "submitted_at", "published_at"), "2026-09-01")
    _many(lectures, prefix, [{**lecture, **instants}] * count)


def _many(documents: Documents, prefix: str, states: Sequence[Mapping[str, Any]]) -> None:
    named = "" if documents.name == "people" else f"{documents.name}-"
    made = [(f"{prefix}-{named}{number}", dict(state), ()) for number, state in enumerate(states)]
    # Many at once, whichever way the service writes them: there are no events to be told.
    many = BundledDocuments(
        documents._database,
        documents.name,
        source="records",
        clock=documents._clock,
        relay=documents._relay,
    )
    many.create_many(made)


def _found(records: Records, code: str, kind: str, parent: str | None) -> None:
    kept = records.directory
    above = (parent, kept.organisations.get(parent).state) if parent else None
    given = {"code": code, "name": f"{code} 支部", "kind": kind, "founded_on": date(2019, 1, 1)}
    change = directory.found_organisation(code, {**given, "parent": parent}, above, TODAY)
    kept.know_organisations([kept.organisations.create(code, change.state, change.events)])


_SANCTION = {"state": "running", "decided_on": "2026-03-01", "since": "2026-03-01"} | dict.fromkeys(
    ("until", "last"), "2027-02-28"
)
_MEMBER = {"name": "测试", "political_status": "member"}


def _people(records: Records, organisation: str, prefix: str, count: int) -> list[str]:
    """One is entered as people are; the others are as that one."""
    with entered(Context(actor=ADMINISTRATOR)):
        first = answer(
            records,
            "create_person",
            {
                "number": f"N{prefix}",
                "name": "测试",
                "political_status": "member",
                "organisation": organisation,
            },
        )
    state = records.directory.people.get(first["id"]).state
    more = [{**state, "number": f"{prefix}{number}"} for number in range(count)]
    _many(records.directory.people, prefix, more)
    return [f"{prefix}-{number}" for number in range(count)]


def _planned(records: Records, branch: str) -> dict[str, Any]:
    """An activity as it is planned."""
    given = {"organisation": branch, "kind": "theme_day", "title": "主题党日", "held_on": "2026-03-10"}
    with entered(Context(actor=ADMINISTRATOR)):
        planned = answer(records, "plan_activity", given)
    return records.activities.documents.get(planned["id"]).state


def _task(branch: str) -> Mapping[str, Any]:
    given = {
        "organisation": branch,
        "kind": "work",
        "title": "任务",
        "due_on": date(2026, 12, 31),
        "nodes": [],
    }
    return planning.enter("t", {**given, "responsible": SECRETARY}, by=SECRETARY, today=TODAY).state


def _opened(records: Records, branch: str) -> dict[str, Any]:
    """A dossier with its application."""
    given = {
        "person": "p-0",
        "born_on": date(2000, 1, 1),
        "on": TODAY,
        "materials": ["application_letter"],
        "political_status": "applicant",
    }
    book, facts = records.development.book(branch), Facts(records.development.calendar)
    return dict(development.open_dossier("d", given, branch, book, facts, by=SECRETARY, today=TODAY).state)


# -- asking ----------------------------------------------------------------------------------------


def answer(records: Records, method: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a call, without its way over the broker."""
    call = calls()[method]
    told: dict[str, Any] = getattr(RecordsService, method)(
        SimpleNamespace(records=records), call.request().load(dict(query))
    )
    return told


def asked(records: Records, method: str, ask: Ask) -> tuple[list[Asked], list[Asked]]:
    """The reads of one answer, and of the page that follows it; entries in the audit chain apart."""
    query = {**ask.query, **({"limit": PAGE} if ask.paged else {})}
    following: list[Asked] = []
    with entered(Context(actor=ask.actor)):
        answer(records, method, query)  # what a process knows for a moment is known
        with STORE_CALLS.heard(records.database) as heard:
            told = answer(records, method, query)
        if ask.paged:
            assert len(told["items"]) >= PAGE
            assert told["next"]
            with STORE_CALLS.heard(records.database) as following:
                assert answer(records, method, {**query, "cursor": told["next"]})["items"]
    first, second = ([each for each in some if each.collection != "audit"] for some in (heard, following))
    return first, second


EVERY = [(method, ask) for method, asks in ASKS.items() for ask in asks]


@pytest.mark.parametrize(
    ("method", "ask"), EVERY, ids=[f"{method} {dict(ask.query)}" for method, ask in EVERY]
)
def test_a_page_is_one_query_by_an_index_however_large_the_campus(
    records: Records, method: str, ask: Ask
) -> None:
    heard, following = asked(records, method, ask)
    assert Counter(each.collection for each in heard) == ask.allowed
    assert Counter(each.collection for each in following) <= ask.allowed_after
    assert {each.name for each in (*heard, *following)} <= {"find"}
    for each in (*heard, *following):
        plan = stages(records.database, each)
        assert ask.scans or ("IXSCAN" in plan and "COLLSCAN" not in plan), (each.command, plan)
