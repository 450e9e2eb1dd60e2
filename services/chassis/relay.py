"""The relay: publishes what documents hold pending, in order per subject, and clears what was confirmed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from eventlet import Timeout, spawn
from eventlet.event import Event as Signal
from eventlet.greenthread import GreenThread
from prometheus_client import Counter, Gauge
from pymongo.errors import PyMongoError

from services.chassis import outbox
from services.chassis.clock import Clock
from services.chassis.errors import Unavailable, origin
from services.chassis.lanes import Lane, lanes_of
from services.chassis.leases import Leases
from services.chassis.outbox import Key, Woken
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.store import Record, Records, refusal_of

MOST_AT_ONCE = 200  # documents in one bunch
A_BUNDLE_IS_AS = 50  # documents: so many events are at least to be expected in it
MOST_REMEMBERED = 20_000  # woken documents; beyond that the sweeper finds them
PUBLISH_SECONDS = 10.0
SWEEP_EVERY = 5.0
SWEEP_OLDER = timedelta(seconds=10)
SWEEP_MOST = 500
REST_SECONDS = 60.0  # how long a document rests whose event no exchange took
LONGEST_PAUSE = 5.0

PUBLISHED = Counter("jishi_events_published_total", "Events confirmed by the broker")
RETURNED = Counter("jishi_events_returned_total", "Events without a route; they stay pending")
OLDEST = Gauge("jishi_outbox_oldest_seconds", "Age of the oldest event that the sweeper found pending")

_log = structlog.get_logger(__name__)


class Relay:
    """Publishes pending events at least once, and those of one subject in order.

    One greenthread takes woken documents in bunches. What it misses (a crash, a full memory) the sweeper
    finds in the store. While the broker is away it keeps only ids, and backs off. Replicas may publish
    the same event twice, never out of order within one pass, and never lose one. An event that cannot leave
    holds back what comes after it of its subject, and nothing else.
    """

    def __init__(
        self,
        publisher: ConfirmedPublisher,
        clock: Clock,
        *,
        leases: Leases | None = None,
        enabled: bool = True,
        sweep_every: float = SWEEP_EVERY,
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._leases = leases
        self._enabled = enabled
        self._sweep_every = sweep_every
        self._watched: dict[str, Records] = {}
        self._woken: dict[Key, Woken] = {}
        self._resting: dict[Key, float] = {}
        self._halted: dict[str, float] = {}  # subjects of which an event could not leave: later ones wait
        self._leaving: set[Key] = set()
        self._noticed: dict[Key, datetime] = {}
        self._signal = Signal()
        self._threads: list[GreenThread] = []
        self._stopping = False
        self._holder = f"relay-{id(self):x}-{time.monotonic_ns():x}"

    # -- the writers' side ---------------------------------------------------------------------

    def watch(self, collection: Records) -> None:
        """Sweep ``collection`` too."""
        self._watched[collection.name] = collection

    def wake(
        self,
        collection: Records,
        id: str,  # noqa: A002 - the field's name
        envelopes: Sequence[Record] | None = None,
    ) -> None:
        """Say that a document has pending events; returns at once and never fails.

        ``envelopes``, where given, are all that was pending after a write: the document is not read.
        """
        if not self._enabled:
            return
        key = (collection.name, id)
        if key in self._woken:
            self._woken[key] = Woken(collection, id)  # twice: read it, so that order is kept
        elif len(self._woken) < MOST_REMEMBERED:
            self._woken[key] = Woken(collection, id, envelopes)
        self._rouse()

    @property
    def backlog(self) -> int:
        """Woken documents not yet published by this process."""
        return len(self._woken.keys() | self._leaving)

    # -- life ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to publish, and to sweep. Does nothing where the relay is switched off."""
        if self._enabled and not self._threads:
            self._stopping = False
            self._threads = [spawn(self._publish_woken), spawn(self._sweep_regularly)]

    def stop(self, seconds: float = 5.0) -> None:
        """Publish what was woken, as far as ``seconds`` allow; the rest is left to the next sweep."""
        self._stopping = True
        self._rouse()
        with Timeout(seconds, False):
            for thread in self._threads:
                thread.wait()
        self.kill()

    def kill(self) -> None:
        """Stop at once."""
        self._stopping = True
        for thread in self._threads:
            thread.kill()
        self._threads = []

    # -- publishing ----------------------------------------------------------------------------

    def publish_bunch(self) -> int:
        """Publish one bunch of woken documents; the number of documents cleared.

        Raises ``Unavailable`` or the store's error when broker or store are away: the documents stay woken.
        After any other failure they are published one by one, and the one that caused it rests.
        """
        bunch = self._next_bunch()
        self._leaving = {each.key for each in bunch}
        try:
            try:
                return self._publish(bunch)
            except Exception as failure:
                if _is_away(failure):
                    raise
                _log.error("relay.one_by_one", kind=type(failure).__name__, origin=origin(failure))
            return sum(self._publish_alone(each) for each in bunch)
        except BaseException:
            # By the next attempt it may be published, by us or by another replica: it is read then. In front:
            # of what was woken meanwhile a bundle may tell more of the same subjects.
            again = {each.key: Woken(each.collection, each.id) for each in bunch}
            self._woken = again | self._woken
            raise
        finally:
            self._leaving = set()

    def _next_bunch(self) -> list[Woken]:
        bunch: list[Woken] = []
        room = MOST_AT_ONCE
        while self._woken and room > 0:
            bunch.append(self._woken.pop(next(iter(self._woken))))
            room -= A_BUNDLE_IS_AS if bunch[-1].is_bundle else 1
        return bunch

    def _publish_alone(self, document: Woken) -> int:
        alone = outbox.read([Woken(document.collection, document.id)])
        try:
            return self._publish(alone)
        except Exception as failure:
            if _is_away(failure):
                raise
            self._rest(alone[0], "document cannot be published", origin=origin(failure))
            return 0

    def _publish(self, bunch: Sequence[Woken]) -> int:
        documents = outbox.read(bunch)
        confirmed: list[list[str]] = [[] for _ in documents]
        lanes = self._open(lanes_of(documents), documents)
        failed = False
        # Round by round: the second event of a subject leaves after its first was confirmed.
        while lanes:
            going_on = []
            messages = [lane.events[0].message for lane in lanes if lane.events[0].message is not None]
            for lane, message, outcome in zip(lanes, messages, self._sent(messages), strict=True):
                event_id = str(message.message_id)
                if outcome is Outcome.CONFIRMED:
                    confirmed[lane.events.pop(0).at].append(event_id)
                    going_on.append(lane)
                elif outcome is Outcome.RETURNED:
                    RETURNED.inc()
                    self._halt(lane, documents, "event has no route", event_id=event_id)
                elif outcome is None:
                    self._halt(lane, documents, "event cannot be sent", event_id=event_id)
                else:
                    failed = True
            lanes = self._open(going_on, documents)
        cleared = outbox.clear(documents, confirmed)
        PUBLISHED.inc(sum(map(len, confirmed)))
        if failed:
            raise Unavailable("broker.unavailable")
        return cleared

    def _sent(self, messages: Sequence[Outgoing]) -> list[Outcome | None]:
        """What became of each; None of one that cannot be sent, which must not stop others."""
        try:
            return [*self._publisher.publish(messages, time.monotonic() + PUBLISH_SECONDS)]
        except Exception as failure:
            if _is_away(failure):
                raise
            _log.error("relay.one_by_one", kind=type(failure).__name__, origin=origin(failure))
            if len(messages) == 1:
                return [None]
        return [outcome for each in messages for outcome in self._sent([each])]

    def _open(self, lanes: Sequence[Lane], documents: Sequence[Woken]) -> list[Lane]:
        """Those whose next event may leave; what is behind one that cannot waits with it."""
        opened = []
        for lane in lanes:
            if not lane.events:
                continue
            until = self._halted.get(lane.subject, 0.0)
            if until > time.monotonic():
                self._resting |= {documents[each.at].key: until for each in lane.events}
            elif lane.events[0].message is None:
                self._halt(lane, documents, "pending event is broken", origin=list(lane.events[0].origin))
            else:
                opened.append(lane)
        return opened

    def _halt(self, lane: Lane, documents: Sequence[Woken], event: str, **fields: object) -> None:
        """What is left in the lane waits, also what comes later; others of the same documents go on."""
        until = self._halted[lane.subject] = time.monotonic() + REST_SECONDS
        self._rest(documents[lane.events[0].at], event, **fields)
        self._resting |= {documents[each.at].key: until for each in lane.events}

    def _rest(self, document: Woken, event: str, **fields: object) -> None:
        """It stays pending, and for a while does not hold up the sweeper."""
        self._resting[document.key] = time.monotonic() + REST_SECONDS
        if outbox.is_anonymous(document):
            fields.pop("event_id", None)  # a line has its instant: no id may be beside it
        else:
            fields["document"] = document.id
        _log.error(event, collection=document.collection.name, **fields)

    # -- sweeping ------------------------------------------------------------------------------

    def sweep(self) -> int:
        """Wake what has been pending for longer than ``SWEEP_OLDER``, oldest first; how many.

        A stamp that tells only the day does not say whether that is so: such a document is left to its
        writer until it has been met for that long. What is on its way from here is let be.
        """
        now = time.monotonic()
        self._resting = {key: until for key, until in self._resting.items() if until > now}
        self._halted = {subject: until for subject, until in self._halted.items() if until > now}
        before = self._clock.now() - SWEEP_OLDER
        noticed, self._noticed = self._noticed, {}
        found, oldest = 0, 0.0
        for name, collection in self._watched.items():
            resting = sum(1 for each, _ in self._resting if each == name)
            overdue = (
                outbox.lasting(collection)
                .find({"pending_since": {"$lt": before}}, {"pending_since": 1})
                .sort("pending_since", 1)
                .limit(SWEEP_MOST + resting + len(noticed))
            )
            for document in overdue:
                key, since = (name, document["_id"]), document["pending_since"]
                oldest = max(oldest, outbox.pending_for(since, self._clock.now(), self._clock.zone))
                if outbox.is_day(since, self._clock.zone):
                    self._noticed[key] = since = noticed.get(key, self._clock.now())
                at_work = key in self._resting or key in self._woken or key in self._leaving
                if since < before and not at_work:
                    self.wake(collection, document["_id"])
                    found += 1
        OLDEST.set(oldest)
        return found

    # -- the two greenthreads ------------------------------------------------------------------

    def _publish_woken(self) -> None:
        pause = 0.1
        while True:
            if not self._woken:
                if self._stopping:
                    return
                self._signal = Signal()
                self._signal.wait()
                continue
            try:
                self.publish_bunch()
                pause = 0.1
            except (Unavailable, PyMongoError) as failure:  # broker or store are away
                _log.warning("relay waits", kind=type(failure).__name__, documents=len(self._woken))
                if self._stopping:
                    return
                self._pause(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception as failure:
                # A surprise in one bunch must not end the relay; the sweeper brings the bunch back.
                _log.error("relay failed", kind=type(failure).__name__, origin=origin(failure))
                self._pause(LONGEST_PAUSE)

    def _sweep_regularly(self) -> None:
        while not self._stopping:
            try:
                if self._may_sweep():
                    while self.sweep() >= SWEEP_MOST and not self._stopping:
                        self._drained(self._sweep_every)
            except (Unavailable, PyMongoError) as failure:
                _log.warning("sweeper waits", kind=type(failure).__name__)
            except Exception as failure:
                _log.error("sweeper failed", kind=type(failure).__name__, origin=origin(failure))
            self._pause(self._sweep_every)

    def _may_sweep(self) -> bool:
        """One replica sweeps at a time: a backlog is not published once per replica."""
        if self._leases is None:
            return True
        ttl = timedelta(seconds=max(self._sweep_every * 3, 15.0))
        return self._leases.acquire("relay.sweeper", self._holder, ttl) is not None

    def _drained(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._woken and not self._stopping and time.monotonic() < deadline:
            time.sleep(0.05)

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < deadline:
            time.sleep(min(0.1, seconds))

    def _rouse(self) -> None:
        if not self._signal.ready():
            self._signal.send()


def _is_away(failure: Exception) -> bool:
    """Whether broker or store did not answer, which is no fault of a document."""
    if isinstance(failure, PyMongoError):
        return isinstance(refusal_of(failure), Unavailable)
    return isinstance(failure, Unavailable)
