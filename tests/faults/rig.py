"""A platform of real processes with a small campus, and an ear that hears every event it publishes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import amqp
import kombu
from pymongo.errors import ConnectionFailure

from deploy.local.children import Child
from deploy.local.layout import MODULES, ROOT, SERVICES, Layout, Ports
from deploy.local.platform import Platform, missing
from services.chassis.clock import SystemClock
from services.chassis.errors import Unavailable
from services.chassis.store import Store, connect
from services.chassis.testing import wait_for
from tests.faults.calls import Caller
from tests.ports import claim_port_base

Answer = TypeVar("Answer")
ADMINISTRATOR = "A0001"
BRANCHES = 6
MEMBERS = 3
EAR = "faults.ear"
READY_SECONDS = 180.0  # no promise, which is measured elsewhere: whoever hurts a platform slows it down
PATIENCE_SECONDS = 300.0
# The collections whose documents hold events until these are published; imports put theirs into bundles.
AGGREGATES = {
    "records": ("organisations", "people", "posts", "activities", "bundles"),
    "evaluation": ("bundles",),
    "notify": ("messages", "bundles"),
    "feedback": ("opinions", "measures"),
}


@dataclass(frozen=True)
class Branch:
    """A branch with its secretary's number and its people's ids."""

    id: str
    secretary: str
    people: tuple[str, ...]


class Rig:
    """One copy of the platform in a folder of its own; ends with the test run."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="jishi-faults-"))
        self.layout = Layout(self.folder, Ports(claim_port_base()))
        self.platform = Platform(self.layout)
        self.calls = Caller(self.layout.gateway_url)
        self.branches: list[Branch] = []
        self.clock = SystemClock(ZoneInfo("Asia/Shanghai"))
        self.dean = "D0001"
        self.ear = Ear(None)
        self._databases: dict[str, Store] = {}

    def start(self) -> None:
        """Start everything and found the campus."""
        self.platform.start()
        self.platform.wait_ready(READY_SECONDS * 2)
        self.ear = Ear(self.amqp_uri)
        self.ear.listen()
        self._found_campus()

    def end(self) -> None:
        self.platform.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def amqp_uri(self) -> str:
        assert self.platform.broker is not None
        return self.platform.broker.amqp_uri()

    def database(self, service: str) -> Store:
        """The service's own database, read from outside."""
        if service not in self._databases:
            self._databases[service] = connect(self.layout.addresses()["MONGO_URI"], f"jishi_{service}")
        return self._databases[service]

    # -- hurting it -----------------------------------------------------------------------------

    def kill(self, name: str, replica: int = 0) -> None:
        """``kill -9`` one process and start it again; returns when it is ready."""
        self.platform.processes[name, replica].kill()
        self.start_replica(name, replica)

    def start_replica(self, name: str, replica: int) -> None:
        child = self.platform.start_process(name, replica)
        self.wait_ready(name, replica, child)

    def restart_in_order(self, name: str, replica: int = 0) -> int | None:
        """SIGTERM, wait for the end, start again; the exit code of the one that ended."""
        code = self.platform.processes[name, replica].stop(90)
        self.start_replica(name, replica)
        return code

    def wait_ready(self, name: str, replica: int, child: Child) -> None:
        port = self.layout.ports.health(name, replica)
        child.wait_until(lambda: not missing(port), READY_SECONDS)

    def wait_all_ready(self) -> None:
        for (name, replica), child in self.platform.processes.items():
            self.wait_ready(name, replica, child)

    def kill_broker(self) -> None:
        assert self.platform.broker is not None
        self.platform.broker.kill()

    def start_broker(self) -> None:
        assert self.platform.broker is not None
        self.platform.broker.start()
        self.platform.broker.wait_ready(READY_SECONDS)

    def kill_store(self) -> None:
        assert self.platform.store is not None
        self.platform.store.kill()

    def start_store(self) -> None:
        assert self.platform.store is not None
        self.platform.store.start()
        self.platform.store.wait_ready(READY_SECONDS)

    # -- looking at it --------------------------------------------------------------------------

    def asked(self, question: Callable[[], Answer]) -> Answer:
        """What the store answers to a question that may be asked again; patient while it is busy or away."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return question()
            except (ConnectionFailure, Unavailable):
                if time.monotonic() >= until:
                    raise
                time.sleep(0.5)

    def redelivered(self) -> Counter[str]:
        """Deliveries in vain since the broker started, by queue: made, and not acknowledged.

        Ask when all is quiet. The broker's own count of redeliveries holds more: a quorum queue counts what
        it had meant for a consumer that left, and never sent.
        """
        assert self.platform.broker is not None
        counted: Counter[str] = Counter()
        for each in self.platform.broker.management.queues("/"):
            stats = each.get("message_stats", {})
            counted[each["name"]] = stats.get("deliver", 0) - stats.get("ack", 0)
        return Counter({name: count for name, count in counted.items() if count and name != EAR})

    def backlog(self) -> int:
        """Events that wait in documents to be published, over all services."""
        waiting = {
            "pending_since": {"$gt": datetime(2000, 1, 1, tzinfo=UTC)}
        }  # as the sweeper asks: by index
        return sum(
            self.database(service)[name].count_documents(waiting)
            for service, names in AGGREGATES.items()
            for name in names
        )

    def provider_dawdles(self, milliseconds: int) -> None:
        """From now on the SMS provider answers late, so that more dies between a call and its answer."""
        address = f"{self.layout.sandbox_url}/faults"
        self.calls.command("PUT", address, {"delay_ms": milliseconds}, None, counted=False)

    def provider_fails(self, **faults: float | bool) -> None:
        """From now on the SMS provider fails in these ways."""
        self.calls.command("PUT", f"{self.layout.sandbox_url}/faults", faults, None, counted=False)

    def sent(self) -> list[dict[str, Any]]:
        """Every SMS that the provider took."""
        return list(self.calls.get(f"{self.layout.sandbox_url}/messages")["items"])

    # -- the campus -----------------------------------------------------------------------------

    def _found_campus(self) -> None:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "services.records.bootstrap",
                "--number",
                ADMINISTRATOR,
                "--name",
                "组织部",
            ],
            check=True,
            env=self.layout.environment("records"),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=180,
        )
        admin = wait_for(lambda: self.calls.sign_in(ADMINISTRATOR), READY_SECONDS)
        root = self.calls.get("/api/v1/me", admin)["organisation"]
        faculty = self._organisation(admin, "S01", "石油工程学院党委", "secondary", root)
        self._post(admin, self._person(admin, self.dean, faculty), faculty)
        for number in range(BRANCHES):
            branch = self._organisation(admin, f"S01B{number}", f"第{number + 1}党支部", "branch", faculty)
            people = [
                self._person(admin, f"P{number}{person:03}", branch, f"1390000{number}{person:03}")
                for person in range(MEMBERS)
            ]
            self._post(admin, people[0], branch)
            self.branches.append(Branch(branch, f"P{number}000", tuple(people)))
        for service in ("evaluation", "notify", "feedback"):
            wait_for(lambda service=service: self._knows_campus(service), READY_SECONDS)

    def _knows_campus(self, service: str) -> bool:
        database = self.database(service)
        known = {name: database[f"authority_{name}"].count_documents({}) for name in ("nodes", "grants")}
        return known["nodes"] == BRANCHES + 2 and known["grants"] == BRANCHES + 2

    def _organisation(self, admin: str, code: str, name: str, kind: str, parent: str) -> str:
        wanted = {"code": code, "name": name, "kind": kind, "parent": parent, "founded_on": "2020-01-01"}
        return str(self.calls.command("POST", "/api/v1/organisations", wanted, admin)["id"])

    def _person(self, admin: str, number: str, organisation: str, phone: str | None = None) -> str:
        wanted = {
            "number": number,
            "name": f"党员{number}",
            "political_status": "member",
            "organisation": organisation,
            "phone": phone,
        }
        return str(self.calls.command("POST", "/api/v1/people", wanted, admin)["id"])

    def _post(self, admin: str, person: str, organisation: str) -> None:
        wanted = {"person": person, "organisation": organisation, "role": "secretary", "since": "2025-09-01"}
        self.calls.command("POST", "/api/v1/posts", wanted, admin)


class Ear:
    """A queue bound to everything that the services publish. What it heard is kept by subject."""

    def __init__(self, amqp_uri: str | None) -> None:
        self._amqp_uri = amqp_uri
        # subject -> sequence -> ids of the events under that number
        self.heard: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.deliveries = 0

    def listen(self) -> None:
        """From now on, whatever becomes of the broker."""
        with kombu.Connection(self._amqp_uri) as connection:
            channel = connection.channel()
            channel.queue_declare(EAR, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
            for service in SERVICES:
                channel.queue_bind(EAR, f"{service}.events", "#")

    def read(self) -> None:
        """Take over what has been heard by now."""
        with kombu.Connection(self._amqp_uri) as connection:
            channel = connection.channel()
            waiting = channel.queue_declare(EAR, passive=True).message_count
            taken: list[amqp.Message] = []
            channel.basic_qos(0, 500, False)
            channel.basic_consume(EAR, callback=taken.append)
            while len(taken) < waiting:
                before = len(taken)
                connection.drain_events(timeout=60)
                for message in taken[before:]:
                    self._note(message)
                    channel.basic_ack(message.delivery_tag)

    def _note(self, message: amqp.Message) -> None:
        envelope = json.loads(message.body)
        self.heard[envelope["subject"]][envelope["sequence"]].add(envelope["id"])
        self.deliveries += 1


PARTS = tuple(MODULES)
