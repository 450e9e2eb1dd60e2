"""``make bench``: how fast the platform is, as ratios to bare floors measured in the same run.

Every ratio is the median of rounds in which the floor and the platform take turns, so that a machine that is
busy with something else is busy for both.
"""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import os
import platform as machine
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from time import monotonic
from typing import Any

import click
import eventlet
from rich.console import Console
from rich.table import Table

from deploy.local.layout import ROOT
from services.chassis.testing import wait_for
from tests.bench.bare import SCORE
from tests.bench.ground import BRANCHES, Ground, ground
from tests.bench.load import Line, request, throughput
from tests.bench.news import News
from tests.bench.sending import bare_posts, messages_sent
from tests.bench.tickets import tickets

RATE = 30
BALLOTS = 5_000
MOST_SPOKEN = 600  # a second: more than one machine takes


@dataclass(frozen=True)
class Figure:
    """One line of the report."""

    what: str
    floor: str
    measured: str
    ratio: str
    aim: str
    reached: bool


def ratio(
    what: str, unit: str, aim: float, rounds: int, floor: Callable[[], float], ours: Callable[[], float]
) -> Figure:
    """Floor and platform in turns; the median of the ratios against ``aim``."""
    floors, measured = [], []
    for number in range(rounds):
        floors.append(floor())
        measured.append(ours())
        click.echo(
            f"  {what}: round {number + 1}: floor {floors[-1]:.0f}, platform {measured[-1]:.0f} {unit}"
        )
    found = median(mine / bare for mine, bare in zip(measured, floors, strict=True))
    told = [f"{median(each):.0f} {unit}" for each in (floors, measured)]
    return Figure(what, told[0], told[1], f"{found:.2f}", f"≥ {aim}", found >= aim)


def start_of_everything(stands: Ground) -> Figure:
    """From nothing to every process ready, installed already."""
    seconds = stands.ready_after
    return Figure("start to ready", "–", f"{seconds:.1f} s", "–", "< 30 s", seconds < 30)


def post_an_activity(stands: Ground, rounds: int, seconds: float) -> Figure:
    """(a) POST of an activity against a bare nameko HTTP → RPC → one insert."""
    today = stands.cast.today()
    body = {"organisation": stands.branches[0], "kind": "theme_day", "title": "主题党日", "held_on": today}
    stored = body | {
        "version": 1,
        "state": "planned",
        "place": None,
        "attendance": [],
        "decisions": [],
        "attachments": [],
    }
    floor = request("POST", "/activities", stored)
    ours = request("POST", "/api/v1/activities", body, stands.token(stands.secretary))
    return ratio(
        "(a) POST an activity",
        "/s",
        0.6,
        rounds,
        lambda: throughput(stands.bare_port, lambda: floor, 201, seconds=seconds),
        lambda: throughput(stands.port, lambda: ours, 201, seconds=seconds),
    )


def fold_a_backlog(stands: Ground, rounds: int, events: int) -> Figure:
    """(b) Batch projection against a raw drain with insert_many and bulk_write."""

    def folded(which: str) -> float:
        broker = stands.platform.broker
        assert broker is not None
        name = f"bench-{uuid.uuid4().hex[:8]}"
        broker.management.create_vhost(name)
        broker.apply_policies(name)
        given = (which, broker.amqp_uri(name), stands.addresses["MONGO_URI"], str(events))
        ended = subprocess.run(
            [sys.executable, "-m", "tests.bench.folding", *given],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        broker.management.delete_vhost(name)
        return float(ended.stdout.split()[-1])

    return ratio(
        "(b) fold approved activities", "events/s", 0.7, rounds, lambda: folded("raw"), lambda: folded("ours")
    )


def read_a_score(stands: Ground, rounds: int, seconds: float) -> Figure:
    """(c) Read of a score against a bare nameko HTTP → RPC call that answers a constant."""
    floor = request("GET", f"/scores/{SCORE['organisation']}")
    ours = request("GET", f"/api/v1/scores/{stands.branches[0]}", token=stands.token(stands.secretary))
    return ratio(
        "(c) read a score",
        "/s",
        1.0,
        rounds,
        lambda: throughput(stands.bare_port, lambda: floor, 200, seconds=seconds),
        lambda: throughput(stands.port, lambda: ours, 200, seconds=seconds),
    )


def see_a_score_change(stands: Ground, seconds: float) -> Figure:
    """(d) From the 201 of an approval to the score that counts it, at a steady rate of commands.

    The reader does as a web client does: it is told by the live stream, then reads the score. Sixty that
    ask again and again instead are a load of their own, larger than the one that is measured.
    """
    per_branch = max(int(RATE * seconds) // BRANCHES, 1)
    click.echo(f"  (d): preparing {per_branch * BRANCHES} records")
    submitted = _submitted(stands, per_branch)
    token = stands.token(stands.head)
    waited: list[float] = []
    lines = [Line(stands.port) for _ in range(BRANCHES)]
    news = News(stands.port, token)

    def follow(number: int, after: float, turn: int, activity: str) -> None:
        eventlet.sleep(max(0.0, began + after - monotonic()))
        line, branch = lines[number], stands.branches[number]
        body = {"verdict": "approve", "comment": None}
        line.json(request("POST", f"/api/v1/activities/{activity}/review", body, token), 201)
        approved = monotonic()
        news.wait_for(branch, turn + 1)
        score = line.json(request("GET", f"/api/v1/scores/{branch}", token=token), 200)
        assert score["evidence"] >= turn + 1
        waited.append(monotonic() - approved)

    def branch_by_branch(number: int) -> None:
        for turn, activity in enumerate(submitted[number]):
            follow(number, (turn * BRANCHES + number) / RATE, turn, activity)

    began = monotonic()
    for thread in [eventlet.spawn(branch_by_branch, number) for number in range(BRANCHES)]:
        thread.wait()
    news.close()
    cuts = quantiles(waited, n=100, method="inclusive")
    told = f"p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"
    return Figure(f"(d) 201 to score at {RATE}/s", "–", told, "–", "p95 < 1 s", cuts[94] < 1.0)


def speak_without_a_name(stands: Ground, rounds: int, seconds: float) -> Figure:
    """(e) POST of an anonymous opinion with its ticket against a bare nameko HTTP → RPC → one insert.

    The requests are made before each round, so that making a ticket is nobody's time but the client's.
    """
    said = {"organisation": stands.branches[0], "category": "service", "text": "活动室晚上能开放吗？" * 8}
    stored = said | {"state": "received", "released": False, "received_on": stands.cast.today()}
    floor = request("POST", "/activities", stored)
    new = tickets(stands)

    def spoken() -> float:
        ready = [
            request("POST", "/api/v1/opinions", said | {"mode": "anonymous", "ticket": next(new)})
            for _ in range(int(MOST_SPOKEN * seconds))
        ]
        return throughput(stands.port, ready.pop, 201, seconds=seconds)

    return ratio(
        "(e) speak without a name",
        "/s",
        0.5,
        rounds,
        lambda: throughput(stands.bare_port, lambda: floor, 201, seconds=seconds),
        spoken,
    )


def close_a_round(stands: Ground) -> Figure:
    """(f) From the command that closes a round of 5 000 ballots to its result.

    The ballots are written straight into the store, as so many calls would have written them.
    """
    head, college = stands.head, stands.head.get("/me")["posts"][0]["organisation"]
    called = {
        "kind": "satisfaction",
        "organisation": college,
        "title": "满意度测评",
        "closes_on": stands.cast.today(),
    }
    path = f"/ballot-rounds/{head.send('POST', '/ballot-rounds', called, status=201)['id']}"
    head.send("POST", f"{path}/open", {})
    wait_for(lambda: head.get(path)["state"] == "open", 60)
    kept = stands.database("feedback")
    papers = [each["_id"] for each in kept["ballot_papers"].find({"round": path.rpartition("/")[2]})]
    for first in range(0, BALLOTS, 250):
        kept["ballots"].insert_many(
            {
                "_id": uuid.uuid4().hex,
                "round": path.rpartition("/")[2],
                "paper": papers[number % len(papers)],
                "chosen": [number % 4, number % 3, number % 2],
            }
            for number in range(first, first + 250)
        )
    began = monotonic()
    head.send("POST", f"{path}/close", {})
    wait_for(lambda: head.get(path)["state"] == "closed", 60)
    seconds = monotonic() - began
    return Figure(f"(f) close {BALLOTS} ballots", "–", f"{seconds:.1f} s", "–", "< 5 s", seconds < 5)


def send_messages(stands: Ground, rounds: int, count: int) -> Figure:
    """(g) Messages through the SMS sandbox against bare posts to it with as many in flight."""
    return ratio(
        "(g) send a message",
        "/s",
        0.6,
        rounds,
        lambda: bare_posts(stands, count),
        lambda: messages_sent(stands, count),
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


def report(figures: list[Figure]) -> None:
    """The table, and on which machine it was measured."""
    table = Table("", "floor", "platform", "ratio", "aim", "")
    for each in figures:
        table.add_row(
            each.what, each.floor, each.measured, each.ratio, each.aim, "yes" if each.reached else "NO"
        )
    Console(width=120).print(table)
    click.echo(
        f"{_processor()}, {os.cpu_count()} cores, Python {machine.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return machine.processor() or machine.machine()


@click.command(help=__doc__)
@click.option("--only", default="abcdefg", show_default=True, help="Which figures, by letter.")
@click.option("--rounds", default=9, show_default=True, help="Of (a) and (c); (b) and (e) take a third.")
@click.option("--seconds", default=2.0, show_default=True, help="How long each round of (a) and (c) takes.")
@click.option("--events", default=6_000, show_default=True, help="How many events (b) folds.")
@click.option("--strict", is_flag=True, help="End with 1 where an aim was missed.")
def main(only: str, rounds: int, seconds: float, events: int, strict: bool) -> None:
    measured: dict[str, Callable[[Ground], Any]] = {
        "c": lambda stands: read_a_score(stands, rounds, seconds),
        "a": lambda stands: post_an_activity(stands, rounds, seconds),
        "b": lambda stands: fold_a_backlog(stands, max(rounds // 3, 1), events),
        "d": lambda stands: see_a_score_change(stands, 10 * seconds),
        "f": close_a_round,
        "g": lambda stands: send_messages(stands, max(rounds // 3, 1), 300),
        "e": lambda stands: speak_without_a_name(stands, max(rounds // 3, 1), seconds),
    }
    with ground() as stands:
        figures = {letter: measure(stands) for letter, measure in measured.items() if letter in only}
        figures["0"] = start_of_everything(stands)
    report([figures[letter] for letter in sorted(figures)])
    sys.exit(1 if strict and not all(each.reached for each in figures.values()) else 0)


if __name__ == "__main__":
    main()
