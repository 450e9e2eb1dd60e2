"""Every list costs one query a page, by an index, however large the campus is.

What is asked stands in ``asks``, what there is in ``fill``.
"""

from __future__ import annotations

import inspect
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.local.store import Store
from services.chassis.bundles import BundledDocuments
from services.chassis.clock import FixedClock
from services.chassis.context import Context, entered
from services.chassis.documents import Documents
from services.chassis.envelope import Event, from_wire, seal
from services.chassis.left_open import SESSIONS
from services.chassis.rpc import Rpc
from services.chassis.said import grant_said, member_said, node_said
from services.chassis.testing import settings_for_tests
from services.contracts.records_events import ActivityApproved, OrganisationChanged
from services.evaluation.anomalies import model as anomalies
from services.evaluation.application import Evaluation
from services.evaluation.obligations.store import READ_AT_ONCE
from services.evaluation.service import EvaluationService
from tests.component.evaluation.asks import (
    ADMINISTRATOR,
    ASKS,
    BRANCH,
    DEAN,
    FACULTY,
    MEMBER,
    PAGE,
    ROOT,
    SECRETARY,
    YEAR,
)
from tests.store_calls import STORE_CALLS, Ask, Asked, stages

TODAY = date(YEAR, 9, 10)
LIMITS = SimpleNamespace(talk_days=14, pack="anomalies-default")
EVERY = [(method, ask) for method, asks in ASKS.items() for ask in asks]

pytestmark = pytest.mark.usefixtures("remembered")


def calls() -> dict[str, Rpc]:
    return {
        name: entrypoint
        for name, method in inspect.getmembers(EvaluationService)
        for entrypoint in getattr(method, "nameko_entrypoints", ())
        if isinstance(entrypoint, Rpc)
    }


# -- what there is ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evaluation(store: Store) -> Iterator[Evaluation]:
    """A faculty full of everything. Nothing is published, so that nothing but a list asks its database."""
    settings = settings_for_tests("amqp://nobody", store.uri, f"t{uuid.uuid4().hex[:12]}", "evaluation")
    application = Evaluation.for_test(settings, FixedClock(datetime(YEAR, 9, 10, 4, 0, tzinfo=UTC)))
    for person, role, node in (
        (ADMINISTRATOR, "administrator", ROOT),
        (DEAN, "secretary", FACULTY),
        (SECRETARY, "secretary", BRANCH),
    ):
        application.authority.apply(
            [grant_said(f"g-{person}", person=person, role=role, node=node, since=date(YEAR, 1, 1))]
        )
        application.authority.apply([member_said(person, node)])
    application.know([_founded(application, ROOT, "university_committee", [ROOT])])
    application.know([_founded(application, FACULTY, "secondary", [ROOT, FACULTY])])
    application.know([_founded(application, BRANCH, "branch", [ROOT, FACULTY, BRANCH])])
    fill(application, "p")
    yield application
    application.database.client.close()


def fill(evaluation: Evaluation, prefix: str, count: int = PAGE + 10) -> None:
    """More than a page of everything: of scores and duties, as many branches like ``BRANCH``."""
    kept = evaluation.database
    standing, rows = kept["standings"].find_one({"_id": BRANCH}), list(kept["obligations"].find())
    rows = [each for each in rows if each["organisation"] == BRANCH and each["state"] == "open"]
    branches = [f"{prefix}-{number}" for number in range(count)]
    path = [ROOT, FACULTY]
    evaluation.authority.apply(
        [node_said(each, parent=FACULTY, path=[*path, each], kind="branch") for each in branches]
    )
    kept["standings"].insert_many({**standing, "_id": each} for each in branches)
    kept["obligations"].insert_many(
        {**row, "_id": f"{each}-{row['_id']}", "organisation": each} for each in branches for row in rows
    )
    kept["personal_obligations"].insert_many(
        {**rows[0], "_id": each, "person": MEMBER, "rule": "dues"} for each in branches
    )
    found = anomalies.Found("silent", prefix, {"days": 60})
    documents = evaluation.documents
    about: dict[str, Any] = {"organisation": BRANCH, "asked": SECRETARY, "asked_at": BRANCH}
    about |= {"today": TODAY, "person": None}
    raised = anomalies.raised(found, LIMITS, subject=prefix, **about).state
    exempted = {"organisation": BRANCH, "state": "asked", "last_on": "2026-12-31"}
    assessed = {"organisation": BRANCH, "year": YEAR, "subject": BRANCH, "by": DEAN, "on": "2026-09-01"}
    assessed |= dict.fromkeys(("subject_kind", "indicator", "policy", "comment"), "")
    rated = dict.fromkeys(
        ("digest", "closed_on", "published_on", "appeals_until", "answered_on", "filed_on", "answer_until")
    )
    rated |= {"organisation": BRANCH, "subject": BRANCH, "year": YEAR, "state": "published", "rating": "r-0"}
    rated |= {"subject_kind": "organisation", "kind": "branch", "policy": "", "rated": 0, "by": DEAN}
    rated |= {"points": 1, "band": "five", "earned": "five", "corrections": [], "decision": None}
    rated |= {"capped": False, "tied": False, "evidence_digest": "", "text": "", "answer": None}
    for name, short, state in (
        ("anomalies", "a", raised),
        ("exemptions", "e", exempted),
        ("assessments", "s", {**assessed, "grades": {}, "withdrawn": False}),
        ("ratings", "r", rated),
        ("rating_entries", "n", {**rated, "public_in": YEAR}),
        ("appeals", "l", rated),
    ):
        _many(documents(name), short if prefix == "p" else f"{prefix}-{short}", state, count)
    if prefix == "p":
        documents("policy_drafts").create("d", {})
    kept["policy_trials"].insert_many(
        {"_id": f"d:{each}", "draft": "d", "size": 1, "subject": each, "organisation": each, "points": 1}
        | {"band": "five", "points_then": 2, "band_then": "five"}
        for each in branches
    )


def _many(documents: Documents, prefix: str, state: Mapping[str, Any], count: int) -> None:
    # Many at once, whichever way the service writes them: there are no events to be told.
    many = BundledDocuments(
        documents._database,
        documents.name,
        source="evaluation",
        clock=documents._clock,
        relay=documents._relay,
    )
    many.create_many([(f"{prefix}-{number}", dict(state), ()) for number in range(count)])


def _founded(evaluation: Evaluation, name: str, kind: str, path: list[str]) -> Event:
    told = OrganisationChanged.of(
        organisation=name,
        code=name,
        name=name,
        kind=kind,
        parent=path[-2] if path[1:] else None,
        path=path,
        has_committee=False,
        has_leading_group=False,
        founded_on=date(2019, 1, 1),
        active=True,
    )
    return from_wire(seal(told, subject=name, sequence=1, clock=evaluation.clock, correlationid="t"))


def _approved(evaluation: Evaluation, at: str) -> Event:
    told = ActivityApproved.of(
        activity=str(uuid.uuid4()),
        organisation=at,
        kind="study_session",
        held_on=TODAY,
        entered_on=TODAY,
        late=False,
        expected=9,
        present=8,
        excused=1,
        has_minutes=True,
        decisions=1,
    )
    subject = told.data["activity"]
    return from_wire(seal(told, subject=subject, sequence=1, clock=evaluation.clock, correlationid="t"))


# -- asking ----------------------------------------------------------------------------------------


def answer(evaluation: Evaluation, method: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a call, without its way over the broker."""
    told: dict[str, Any] = getattr(EvaluationService, method)(
        SimpleNamespace(evaluation=evaluation), calls()[method].request().load(dict(query))
    )
    return told


def asked(evaluation: Evaluation, method: str, ask: Ask) -> tuple[list[Asked], list[Asked]]:
    """The reads of one answer, and of the page that follows it; entries in the audit chain apart."""
    following: list[Asked] = []
    query = {**ask.query, **({"limit": PAGE} if ask.paged else {})}
    with entered(Context(actor=ask.actor)):
        answer(evaluation, method, query)  # what a process knows for a moment is known
        with STORE_CALLS.heard(evaluation.database) as heard:
            told = answer(evaluation, method, query)
        if ask.paged:
            assert len(told["items"]) >= PAGE
            assert told["next"]
            with STORE_CALLS.heard(evaluation.database) as following:
                assert answer(evaluation, method, {**query, "cursor": told["next"]})["items"]
    first, second = ([each for each in some if each.collection != "audit"] for some in (heard, following))
    return first, second


@pytest.mark.parametrize(
    ("method", "ask"), EVERY, ids=[f"{method} {ask.actor} {dict(ask.query)}" for method, ask in EVERY]
)
def test_a_page_is_one_query_by_an_index(evaluation: Evaluation, method: str, ask: Ask) -> None:
    heard, following = asked(evaluation, method, ask)
    assert Counter(each.collection for each in heard) == ask.allowed
    assert Counter(each.collection for each in following) <= ask.allowed_after
    assert {each.name for each in (*heard, *following)} <= {"find"}
    for each in (*heard, *following):
        plan = stages(evaluation.database, each)
        assert ask.scans or ("IXSCAN" in plan and "COLLSCAN" not in plan), (each.command, plan)


@pytest.mark.parametrize("method", ["list_obligations", "list_personal_obligations"])
def test_what_a_campus_owes_is_paged_through_by_an_index(evaluation: Evaluation, method: str) -> None:
    with entered(Context(actor=ADMINISTRATOR)):
        first = answer(evaluation, method, {"limit": PAGE})
        with STORE_CALLS.heard(evaluation.database) as heard:
            second = answer(evaluation, method, {"limit": PAGE, "cursor": first["next"]})
    shown = [(each["organisation"], each["id"]) for each in (*first["items"], *second["items"])]
    assert len(set(shown)) == len(shown) > PAGE
    assert [organisation for organisation, _ in shown] == sorted(organisation for organisation, _ in shown)
    rows = [each for each in heard if each.collection.endswith("obligations")]
    assert rows
    for each in rows:
        assert "IXSCAN" in stages(evaluation.database, each), each.command


def test_a_rebuild_reads_rows_by_an_index_and_some_at_a_time(evaluation: Evaluation) -> None:
    with STORE_CALLS.heard(evaluation.database) as heard:
        for source in (evaluation.projector, evaluation.duties):
            list(source.all_anew(lambda done, total: None))
    rows = [each for each in heard if each.collection.endswith("obligations")]
    assert len(rows) > 1
    for each in rows:
        assert "IXSCAN" in stages(evaluation.database, each), each.command
        ((_, owners),) = each.command["filter"].items()
        assert len(owners["$in"]) <= READ_AT_ONCE


def test_an_event_costs_no_more_in_a_larger_campus(evaluation: Evaluation) -> None:
    def folded() -> Counter[tuple[str, str]]:
        """What the store is asked for two events of one batch, of another branch each."""
        told = [_approved(evaluation, BRANCH), _approved(evaluation, FACULTY)]
        with STORE_CALLS.heard(evaluation.database, writes=True) as heard:
            evaluation.projector.fold(told)
        # Asked every few seconds, and written once for each session of the driver, whatever there is.
        besides = {"scoring_policies", SESSIONS}
        return Counter((each.name, each.collection) for each in heard if each.collection not in besides)

    few = folded()
    assert few[("insert", "evidence")] == few[("update", "standings")] == 1
    fill(evaluation, "q")
    assert folded() == few


def test_a_larger_campus_costs_no_more(evaluation: Evaluation) -> None:
    fill(evaluation, "r")
    for method, ask in EVERY:
        heard, following = asked(evaluation, method, ask)
        assert Counter(each.collection for each in heard) == ask.allowed, (method, ask.query)
        assert Counter(each.collection for each in following) <= ask.allowed_after, (method, ask.query)
