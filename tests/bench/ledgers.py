"""The ledger of evidence on a store of its own: how fast it is rebuilt from, and what one event costs.

``python -m tests.bench.ledgers rebuild [EVENTS BRANCHES]`` compares the rate of a rebuild with that at which
the ledger can be read at all; ``… costs`` folds the same events on 12, 300 and 3 000 branches. No broker is
asked: what is told is taken as published.
"""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import random
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import click
import structlog

from deploy.local.store import Store as StoreProcess
from services.chassis import envelope
from services.chassis.contract import NewEvent
from services.chassis.envelope import Event, from_wire
from services.chassis.store import reading_all
from services.chassis.testing import settings_for_tests
from services.contracts.records_events import ActivityApproved, OrganisationChanged
from services.evaluation.application import Evaluation

NOWHERE = "amqp://guest:guest@127.0.0.1:1/none"
KINDS = ("theme_day", "branch_meeting", "party_lecture", "branch_committee")
POINTS = (12, 300, 3_000)
BATCH = 200
ROUNDS = 5


def prepared(mongo_uri: str, branches: int) -> Evaluation:
    """The application with so many branches enrolled."""
    prefix = f"ledger{uuid.uuid4().hex[:8]}"
    evaluation = Evaluation.for_test(settings_for_tests(NOWHERE, mongo_uri, prefix, "evaluation"))
    evaluation.projector.enrol([_sealed(evaluation, _organisation(each)) for each in range(branches)])
    return evaluation


def events(evaluation: Evaluation, count: int, branches: int, seed: int = 1921) -> list[Event]:
    """So many approved activities of a year, in no order."""
    chance, today = random.Random(seed), evaluation.clock.today()
    return [
        _sealed(
            evaluation,
            ActivityApproved.of(
                activity=f"activity-{seed}-{number}",
                organisation=f"branch-{chance.randrange(branches)}",
                kind=chance.choice(KINDS),
                held_on=(held_on := today - timedelta(days=chance.randrange(300))),
                entered_on=held_on + timedelta(days=1),
                late=chance.random() < 0.1,
                expected=12,
                present=chance.randrange(8, 13),
                excused=0,
                has_minutes=chance.random() < 0.95,
                decisions=1,
            ),
        )
        for number in range(count)
    ]


def fold(evaluation: Evaluation, given: list[Event], batch: int = 2_000) -> None:
    for first in range(0, len(given), batch):
        evaluation.projector.fold(given[first : first + batch])
        published(evaluation)


def published(evaluation: Evaluation) -> None:
    """As the relay leaves the standings once it has told what was pending."""
    evaluation.database["standings"].update_many({}, {"$unset": {"pending": "", "pending_since": ""}})


def rebuild(mongo_uri: str, count: int, branches: int) -> tuple[float, float]:
    """Events a second that the ledger is read at, and rebuilt from; the median of some rounds each."""
    evaluation = prepared(mongo_uri, branches)
    fold(evaluation, events(evaluation, count, branches))
    before = list(evaluation.database["standings"].find({}).sort("_id", 1))
    reads, rebuilds = [], []
    for _ in range(ROUNDS):
        with reading_all():
            reads.append(
                count / _timed(lambda: [dict(each) for each in evaluation.database["evidence"].find({})])
            )
        rebuilds.append(count / _timed(lambda: evaluation.rebuilding.run(_unheard, _unheard)))
    assert list(evaluation.database["standings"].find({}).sort("_id", 1)) == before, "not the same bytes"
    evaluation.stop()
    return median(reads), median(rebuilds)


def costs(mongo_uri: str) -> Iterator[tuple[int, float]]:
    """Milliseconds that one event costs in batches of ``BATCH``, by the number of branches."""
    for branches in POINTS:
        evaluation = prepared(mongo_uri, branches)
        fold(evaluation, events(evaluation, 40 * 12, 12))
        spent = []
        for number in range(ROUNDS):
            # The same twelve branches are touched each time: what grows is only what is not touched.
            given = events(evaluation, BATCH, 12, seed=number)
            spent.append(_timed(partial(evaluation.projector.fold, given)))
            published(evaluation)
        yield branches, median(spent) * 1000 / BATCH
        evaluation.stop()


def _unheard(done: int, total: int) -> None:
    """Nobody watches how far it is."""


def _timed(work: Callable[[], Any]) -> float:
    began = monotonic()
    work()
    return monotonic() - began


def _organisation(number: int) -> NewEvent:
    identity = f"branch-{number}"
    return OrganisationChanged.of(
        organisation=identity,
        code=identity,
        name=identity,
        kind="branch",
        parent="root",
        path=["root", identity],
        has_committee=True,
        has_leading_group=False,
        founded_on=date(2015, 1, 1),
        active=True,
    )


def _sealed(evaluation: Evaluation, event: NewEvent) -> Event:
    subject = event.data.get("activity") or event.data["organisation"]
    return from_wire(
        envelope.seal(event, subject=subject, sequence=1, clock=evaluation.clock, correlationid="bench")
    )


def main(which: str, count: int = 13_300, branches: int = 20) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder:
        store = StoreProcess(Path(folder))
        store.start()
        store.wait_ready()
        try:
            if which == "costs":
                for branches, milliseconds in costs(store.uri):
                    click.echo(f"{branches} branches: {milliseconds:.2f} ms an event")
            else:
                read, rebuilt = rebuild(store.uri, count, branches)
                click.echo(f"ledger {read:.0f}/s, rebuild {rebuilt:.0f}/s, ratio {rebuilt / read:.2f}")
        finally:
            store.stop()


if __name__ == "__main__":
    main(sys.argv[1], *(int(each) for each in sys.argv[2:]))
