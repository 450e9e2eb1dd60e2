"""The ledger of evidence: how fast it is rebuilt from, what one event costs, and what one day.

``make bench`` measures this beside the rest. On a store of its own, at any size,
``python -m tests.bench.ledgers rebuild [EVENTS BRANCHES]`` compares the rate of a rebuild with that at which
the ledger can be read at all, and says what memory it took; ``… costs`` folds the same events on 12, 300 and
3 000 branches, and turns a day of each. No broker is asked: what is told is taken as published.
"""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import random
import resource
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any, TypeVar

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
from services.evaluation.projection.turning import AT_ONCE

One = TypeVar("One")

NOWHERE = "amqp://guest:guest@127.0.0.1:1/none"
KINDS = ("theme_day", "branch_meeting", "party_lecture", "branch_committee")
POINTS = FEW, SOME, MANY = 12, 300, 3_000
EACH = 4  # records of a branch that nothing touches
YEARLY = 665  # events of a branch in a campus-year of 200 000
BATCH = 200
TOGETHER = 500
ROUNDS = 5


class Ledgers:
    """The application with so many branches, ``each`` with so many approved activities of a year."""

    def __init__(self, mongo_uri: str, branches: int, each: int) -> None:
        prefix = f"ledger{uuid.uuid4().hex[:8]}"
        self.evaluation = Evaluation.for_test(settings_for_tests(NOWHERE, mongo_uri, prefix, "evaluation"))
        self.events = branches * each
        self._branches = branches
        self._day = self.evaluation.clock.today()
        self._seed = 1921
        for some in _by(AT_ONCE, range(branches)):
            self.evaluation.projector.enrol([_sealed(self.evaluation, _organisation(one)) for one in some])
            self._published()
        # Some branches at a time, so that each standing is written once and not by every batch.
        for some in _by(max(TOGETHER // each, 1), range(branches)):
            for given in _by(TOGETHER, [told for one in some for told in self._drawn(each, (one,))]):
                self.evaluation.projector.fold(given)
                self._published()

    def read(self) -> float:
        """Entries a second: the ledger read from end to end, and nothing made of it."""
        with reading_all():
            entries = self.evaluation.database["evidence"]
            return self.events / _timed(lambda: [dict(each) for each in entries.find({})])

    def rebuilt(self) -> float:
        """Entries a second that a rebuild goes through; what was right has the same bytes after it."""
        before = self._standings()
        took = _timed(lambda: self.evaluation.rebuilding.run(_unheard, _unheard))
        assert self._standings() == before, "not the same bytes"
        return self.events / took

    def folded(self) -> float:
        """Events a second, in one batch on the same twelve branches: what grows is what is not touched."""
        self._seed += 1
        given = self._drawn(BATCH, range(FEW))
        took = _timed(lambda: self.evaluation.projector.fold(given))
        self._published()
        return BATCH / took

    def turned(self) -> float:
        """Branches a second that the next day is turned for."""
        self._day += timedelta(days=1)
        took = _timed(lambda: self.evaluation.projector.turn_the_day(self._day))
        self._published()
        return self._branches / took

    def close(self) -> None:
        self.evaluation.stop()

    def _standings(self) -> list[Any]:
        return list(self.evaluation.database["standings"].find({}).sort("_id", 1))

    def _published(self) -> None:
        """As the relay leaves the standings once it has told what was pending."""
        pending = {"pending_since": {"$exists": True}}
        self.evaluation.database["standings"].update_many(
            pending, {"$unset": {"pending": "", "pending_since": ""}}
        )

    def _drawn(self, count: int, branches: Sequence[int]) -> list[Event]:
        """So many approved activities of a year, in no order."""
        chance, today = random.Random(f"{self._seed} {branches}"), self.evaluation.clock.today()
        return [
            _sealed(
                self.evaluation,
                ActivityApproved.of(
                    activity=f"activity-{self._seed}-{branches[0]}-{number}",
                    organisation=f"branch-{chance.choice(branches)}",
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


class Sizes:
    """The same year of a branch on few branches and on many; each is made when it is first asked for."""

    def __init__(self, mongo_uri: str) -> None:
        self._mongo_uri = mongo_uri
        self._made: dict[int, Ledgers] = {}

    def of(self, branches: int) -> Ledgers:
        if branches not in self._made:
            self._made[branches] = Ledgers(self._mongo_uri, branches, EACH)
        return self._made[branches]

    def close(self) -> None:
        for each in self._made.values():
            each.close()


def rebuild(mongo_uri: str, events: int, branches: int) -> Iterator[str]:
    """The rates of a reading and of a rebuild, round by round, and the memory of this process."""
    began = monotonic()
    ledgers = Ledgers(mongo_uri, branches, events // branches)
    folded, empty = monotonic() - began, _megabytes()
    yield f"{ledgers.events} events, {branches} branches: folded in {folded:.0f} s, {empty:.0f} MB"
    shares = []
    for _ in range(ROUNDS):
        read, rebuilt = ledgers.read(), ledgers.rebuilt()
        shares.append(rebuilt / read)
        yield f"ledger {read:.0f}/s, rebuild {rebuilt:.0f}/s, ratio {shares[-1]:.2f}, {_megabytes():.0f} MB"
    ledgers.close()
    yield f"ratio {median(shares):.2f}"


def costs(mongo_uri: str) -> Iterator[str]:
    """What one event costs, and one branch when the day is turned, by the number of branches."""
    with closing(Sizes(mongo_uri)) as sizes:
        for branches in POINTS:
            ledgers = sizes.of(branches)
            events, days = ([each() for _ in range(ROUNDS)] for each in (ledgers.folded, ledgers.turned))
            yield (
                f"{branches} branches: {1000 / median(events):.2f} ms an event, "
                f"{1000 / median(days):.2f} ms a branch when the day is turned"
            )


def _megabytes() -> float:
    """The most that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _by(many: int, some: Sequence[One]) -> Iterator[Sequence[One]]:
    for first in range(0, len(some), many):
        yield some[first : first + many]


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


def main(which: str, events: int = SOME * YEARLY, branches: int = SOME) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder:
        store = StoreProcess(Path(folder))
        store.start()
        store.wait_ready()
        try:
            told = costs(store.uri) if which == "costs" else rebuild(store.uri, events, branches)
            for line in told:
                click.echo(line)
        finally:
            store.stop()


if __name__ == "__main__":
    main(sys.argv[1], *(int(each) for each in sys.argv[2:]))
