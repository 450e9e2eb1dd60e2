"""How long it takes until a score counts what happened: from the command, and from the event.

The reader does as a web client does: it is told by the live stream, then reads the score. Sixty that ask
again and again instead are a load of their own, larger than the one that is measured.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from statistics import quantiles
from time import monotonic
from zoneinfo import ZoneInfo

import click
import eventlet

from services.chassis import envelope
from services.chassis.clock import Clock, SystemClock
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.contracts.records_events import ActivityApproved
from tests.bench.figure import Figure
from tests.bench.ground import BRANCHES, Ground
from tests.bench.load import Line, request
from tests.bench.news import News

RATE, EVENT_RATE = 30, 50  # a second


def approve_to_score(stands: Ground, seconds: float) -> Figure:
    """(d) From the 201 of an approval to the score that counts it, at a steady rate of commands."""
    per_branch = max(int(RATE * seconds) // BRANCHES, 1)
    click.echo(f"  (d): preparing {per_branch * BRANCHES} records")
    submitted = _submitted(stands, per_branch)
    token, lines = stands.token(stands.head), [Line(stands.port) for _ in range(BRANCHES)]

    def approve(number: int, turn: int) -> None:
        path = f"/api/v1/activities/{submitted[number][turn]}/review"
        lines[number].json(request("POST", path, {"verdict": "approve", "comment": None}, token), 201)

    return _seen(f"(d) 201 to score at {RATE}/s", stands, RATE, per_branch, approve)


def event_to_score(stands: Ground, seconds: float) -> Figure:
    """(k) From the event of an approval, confirmed by the broker, to the score that counts it."""
    clock, publisher = (
        SystemClock(ZoneInfo("Asia/Shanghai")),
        ConfirmedPublisher(stands.addresses["AMQP_URI"]),
    )

    def publish(number: int, turn: int) -> None:
        (outcome,) = publisher.publish([_approval(stands.branches[number], clock)])
        assert outcome is Outcome.CONFIRMED

    per_branch = max(int(EVENT_RATE * seconds) // BRANCHES, 1)
    figure = _seen(f"(k) event to score at {EVENT_RATE}/s", stands, EVENT_RATE, per_branch, publish)
    publisher.close()
    return figure


def _seen(what: str, stands: Ground, rate: int, per_branch: int, tell: Callable[[int, int], None]) -> Figure:
    """Each branch in its turn is told of ``per_branch`` records at ``rate``; how long each took to count."""
    token, news = stands.token(stands.head), News(stands.port, stands.token(stands.head))
    lines = [Line(stands.port) for _ in range(BRANCHES)]
    waited: list[float] = []

    def counted(number: int) -> int:
        path = f"/api/v1/scores/{stands.branches[number]}"
        return int(lines[number].json(request("GET", path, token=token), 200)["evidence"])

    before = [counted(number) for number in range(BRANCHES)]

    def branch_by_branch(number: int) -> None:
        for turn in range(per_branch):
            eventlet.sleep(max(0.0, began + (turn * BRANCHES + number) / rate - monotonic()))
            tell(number, turn)
            told_at = monotonic()
            wanted = before[number] + turn + 1
            news.wait_for(stands.branches[number], wanted)
            assert counted(number) >= wanted
            waited.append(monotonic() - told_at)

    began = monotonic()
    for thread in [eventlet.spawn(branch_by_branch, number) for number in range(BRANCHES)]:
        thread.wait()
    news.close()
    cuts = quantiles(waited, n=100, method="inclusive")
    told = f"p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"
    return Figure(what, "–", told, "–", "p95 < 1 s", cuts[94] < 1.0)


def _approval(branch: str, clock: Clock) -> Outgoing:
    """The event of an activity of today that was approved, as records would tell of it."""
    today, activity = clock.today(), str(uuid.uuid4())
    told = ActivityApproved.of(
        activity=activity,
        organisation=branch,
        kind="study_session",
        held_on=today,
        entered_on=today,
        late=False,
        expected=12,
        present=11,
        excused=0,
        has_minutes=True,
        decisions=1,
    )
    wire = envelope.seal(told, subject=activity, sequence=1, clock=clock, correlationid=activity)
    return Outgoing(
        ActivityApproved.exchange(),
        ActivityApproved.routing_key(),
        envelope.to_bytes(wire),
        message_id=wire["id"],
        content_type=envelope.CONTENT_TYPE,
    )


def _submitted(stands: Ground, per_branch: int) -> list[list[str]]:
    """Records that wait for their review, by branch."""
    token, today = stands.token(stands.cast.administrator), stands.cast.today()
    minutes = {"minutes": "记录", "decisions": [{"text": "一项决定"}]}
    submitted: list[list[str]] = [[] for _ in stands.branches]

    def prepare(number: int) -> None:
        line = Line(stands.port)
        listed = [{"person": person["id"], "state": "present"} for person in stands.members[number]]
        record = {"attendance": listed, **minutes}
        for _ in range(per_branch):
            body = {"organisation": stands.branches[number], "kind": "theme_day", "title": "主题党日"}
            made = line.json(request("POST", "/api/v1/activities", body | {"held_on": today}, token), 201)
            path = f"/api/v1/activities/{made['id']}"
            line.json(request("PUT", f"{path}/record", record, token), 200)
            line.json(request("POST", f"{path}/submit", {}, token), 200)
            submitted[number].append(made["id"])
        line.close()

    pool = eventlet.GreenPool(8)
    for number in range(BRANCHES):
        pool.spawn_n(prepare, number)
    pool.waitall()
    assert all(len(each) == per_branch for each in submitted)
    return submitted
