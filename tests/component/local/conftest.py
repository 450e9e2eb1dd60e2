"""A copy of the platform for a test: folders and ports of its own, nothing left behind."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from deploy.local.layout import ROOT
from services.chassis.testing import wait_for
from tests.ports import claim_port_base


@dataclass(frozen=True)
class Said:
    """What one command of the runner said, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Copy:
    """One copy of the platform, driven as ``make`` drives it."""

    folder: Path
    port_base: int
    surroundings: dict[str, str]

    def __call__(self, *command: str, seconds: float = 300, **changed: str) -> Said:
        ended = subprocess.run(
            [sys.executable, "-m", "deploy.local", *command],
            env={**self.surroundings, **changed},
            cwd=ROOT,
            timeout=seconds,
            capture_output=True,
            text=True,
            check=False,
        )
        return Said(ended.returncode, ended.stdout.strip(), ended.stderr.strip())

    def start(self) -> Said:
        """Start it behind, with two replicas of evaluation and of the gateway."""
        return self("up", SCALE="evaluation=2 gateway=2")

    @property
    def runner(self) -> psutil.Process | None:
        """The process that sees to the others; None where there is none."""
        with contextlib.suppress(OSError, ValueError, KeyError, psutil.NoSuchProcess):
            found = psutil.Process(json.loads((self.folder / "run" / "platform.json").read_text())["pid"])
            return None if found.status() == psutil.STATUS_ZOMBIE else found
        return None

    def addresses(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self("env").out.splitlines())

    def left(self) -> list[psutil.Process]:
        """The processes of this copy."""
        return [each for each in psutil.process_iter() if self._owns(each)]

    def _owns(self, one: psutil.Process) -> bool:
        try:
            told = " ".join(one.environ().values())
            ended = one.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
        return str(self.folder) in told and not ended and one.pid != os.getpid()


def make_copy(folder: Path) -> Copy:
    ours = {"RUN_DIR": str(folder / "run"), "SAMPLE": "none", "SCALE": "", "AMQP_URI": "", "MONGO_URI": ""}
    ours |= {"READY_SECONDS": "280"}  # a busy machine; whoever is not ready by then is said to be so
    base = claim_port_base()
    return Copy(folder, base, {**os.environ, **ours, "PORT_BASE": str(base)})


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    """A copy that does not run yet; nothing of it may be left running."""
    made = make_copy(tmp_path)
    yield made
    made("down")
    wait_for(lambda: not made.left())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy for all tests of a module: to start one costs as much as many of them."""
    made = make_copy(tmp_path_factory.mktemp("platform"))
    yield made
    assert made("down").code == 0
    wait_for(lambda: not made.left())


@pytest.fixture
def running(shared: Copy) -> Copy:
    """The copy, running: started where none has been, or where a test has ended it."""
    if shared.runner is None:
        said = shared.start()
        assert said.code == 0, said
    return shared
