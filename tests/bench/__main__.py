"""``make bench``: how fast the platform is, as ratios to bare floors measured in the same run.

Every ratio is the median of rounds in which the floor and the platform take turns, so that a machine that is
busy with something else is busy for both.
"""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import closing
from time import monotonic

import click

from deploy.local.layout import ROOT
from services.chassis.testing import wait_for
from tests.bench.bare import SCORE
from tests.bench.figure import Figure, ratio, report
from tests.bench.ground import Ground, ground
from tests.bench.ledgers import FEW, MANY, SOME, YEARLY, Ledgers, Sizes
from tests.bench.load import request, throughput
from tests.bench.seeing import approve_to_score, event_to_score
from tests.bench.sending import bare_posts, messages_sent
from tests.bench.tickets import tickets

BALLOTS = 5_000
MOST_SPOKEN = 600  # a second: more than one machine takes
LEDGER_BRANCHES = 20


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


def rebuild_from_the_ledger(stands: Ground, rounds: int) -> Figure:
    """(h) A rebuild of a campus's standings against the reading of its ledger, nothing made of it."""
    with closing(Ledgers(stands.addresses["MONGO_URI"], LEDGER_BRANCHES, YEARLY)) as ledgers:
        return ratio("(h) rebuild", "events/s", 0.5, rounds, ledgers.read, ledgers.rebuilt)


def cost_of_an_event(sizes: Sizes, rounds: int) -> Figure:
    """(i) The same events on the same twelve branches, alone and among 3 000."""
    return ratio(
        "(i) an event at 3 000", "events/s", 0.9, rounds, sizes.of(FEW).folded, sizes.of(MANY).folded
    )


def cost_of_a_day(sizes: Sizes, rounds: int) -> Figure:
    """(j) A day turned for each of 3 000 branches, against one for each of 300."""
    return ratio(
        "(j) a day at 3 000", "branches/s", 0.9, rounds, sizes.of(SOME).turned, sizes.of(MANY).turned
    )


@click.command(help=__doc__)
@click.option("--only", default="abcdefghijk", show_default=True, help="Which figures, by letter.")
@click.option("--rounds", default=9, show_default=True, help="Of (a), (c) and (i); the others take a third.")
@click.option("--seconds", default=2.0, show_default=True, help="How long each round of (a) and (c) takes.")
@click.option("--events", default=6_000, show_default=True, help="How many events (b) folds.")
@click.option("--strict", is_flag=True, help="End with 1 where an aim was missed.")
def main(only: str, rounds: int, seconds: float, events: int, strict: bool) -> None:
    third = max(rounds // 3, 1)
    with ground() as stands, closing(Sizes(stands.addresses["MONGO_URI"])) as sizes:
        measured: dict[str, Callable[[], Figure]] = {
            "c": lambda: read_a_score(stands, rounds, seconds),
            "a": lambda: post_an_activity(stands, rounds, seconds),
            "b": lambda: fold_a_backlog(stands, third, events),
            "d": lambda: approve_to_score(stands, 10 * seconds),
            "f": lambda: close_a_round(stands),
            "g": lambda: send_messages(stands, third, 300),
            "e": lambda: speak_without_a_name(stands, third, seconds),
            "h": lambda: rebuild_from_the_ledger(stands, third),
            "i": lambda: cost_of_an_event(sizes, rounds),
            "j": lambda: cost_of_a_day(sizes, third),
            "k": lambda: event_to_score(stands, 10 * seconds),
        }
        figures = {letter: measure() for letter, measure in measured.items() if letter in only}
        figures["0"] = start_of_everything(stands)
    report([figures[letter] for letter in sorted(figures)])
    sys.exit(1 if strict and not all(each.reached for each in figures.values()) else 0)


if __name__ == "__main__":
    main()
