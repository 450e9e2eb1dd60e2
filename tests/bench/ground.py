"""What the bench stands on: the platform's real processes, the bare ones beside them, the same servers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import requests

from deploy.local.children import Child, free_ports
from deploy.local.layout import ROOT, Layout, Ports
from deploy.local.platform import Platform
from deploy.local.tour_people import Cast, Client
from services.chassis.store import Store, connect
from services.chassis.testing import wait_for
from tests.ports import claim_port_base

ADMINISTRATOR = "100001"
BRANCHES = 60


class Ground:
    """A running platform with a college of branches, and the bare services on its broker and store."""

    def __init__(self, folder: Path) -> None:
        os.environ |= {"RATE_PER_SECOND": "1000000", "RATE_BURST": "1000000", "LOG_LEVEL": "INFO"}
        self.layout = Layout(folder, Ports(claim_port_base()))
        self.platform = Platform(self.layout)
        self.port = self.layout.ports.gateway
        self.bare_port = free_ports(1)[0]
        self._bare: list[Child] = []
        self.ready_after = 0.0  # seconds from nothing to every part ready
        self.addresses: dict[str, str] = {}
        self.branches: list[str] = []
        self.people: list[dict[str, Any]] = []
        self.members: list[list[dict[str, Any]]] = []  # by branch; the people are those of the first

    def start(self) -> None:
        """Start everything and found the branches; the head of the college may write and review."""
        began = monotonic()
        self.platform.start()
        self.platform.wait_ready(180)
        self.ready_after = monotonic() - began
        self.addresses = self.layout.addresses()
        for name in ("back", "front"):
            environment = {**os.environ, **self.addresses, "BARE_PORT": str(self.bare_port)}
            child = Child(
                f"bare {name}",
                [sys.executable, "-m", "tests.bench.bare", name],
                log=self.layout.folder / "log" / f"bare-{name}.log",
                environment=environment,
                directory=ROOT,
            )
            child.start()
            self._bare.append(child)
        self._found()
        wait_for(self._bare_answers, 30)
        wait_for(self._rests, 180, every=1)

    def _rests(self) -> bool:
        """Whether all that followed from the founding is done: what newcomers owe is told last of all."""
        told = [self.database(name)["bundles"] for name in ("records", "evaluation", "notify")]
        return not any(kept.find_one({}) for kept in (self.database("evaluation")["newcomers"], *told))

    def stop(self) -> None:
        for child in self._bare:
            child.kill()
        self.platform.kill()

    @staticmethod
    def token(client: Client) -> str:
        """The session that a client holds."""
        return str(client._http.headers["Authorization"]).removeprefix("Bearer ")

    def database(self, service: str) -> Store:
        """The database of a service, past the service."""
        return connect(self.addresses["MONGO_URI"], f"jishi_{service}")

    @property
    def gateway(self) -> str:
        return self.layout.gateway_url

    def _bare_answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.bare_port}/scores/x", timeout=5).ok
        except requests.RequestException:
            return False

    def _found(self) -> None:
        first = ("services.records.bootstrap", "--number", ADMINISTRATOR, "--name", "平台管理员")
        subprocess.run(
            [sys.executable, "-m", *first],
            env=self.layout.environment("records"),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        self.cast = Cast(self.gateway, ADMINISTRATOR)
        administrator = self.cast.administrator
        wait_for(lambda: administrator.get("/me")["posts"], 30)
        college, self.head = self.cast.level_above()
        wait_for(lambda: self.head.get("/me")["posts"], 30)
        since = self.cast.since().isoformat()
        for number in range(BRANCHES):
            body = {"code": f"BENCH{number:03}", "name": f"支部{number}", "kind": "branch"}
            body |= {"parent": college["id"], "founded_on": since}
            self.branches.append(administrator.send("POST", "/organisations", body, status=201)["id"])
        self.people = [self.cast.person(self.branches[0], number) for number in range(8)]
        alone = [[self.cast.person(each, 10 + at)] for at, each in enumerate(self.branches[1:])]
        self.members = [self.people, *alone]
        self.cast.make_secretary(self.people[0]["id"], self.branches[0])
        self.secretary = self.cast.signed_in(self.people[0])
        wait_for(lambda: self.secretary.get("/me")["posts"], 30)


@contextmanager
def ground() -> Iterator[Ground]:
    """A ground for the length of a block, in a folder that goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="jishi-bench-"))
    stands = Ground(folder)
    try:
        stands.start()
        yield stands
    finally:
        stands.stop()
        shutil.rmtree(folder, ignore_errors=True)
