"""Tests that mostly wait run in processes beside the others, on one broker; all are reported as one run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.broker import Broker, BrokerPorts

ROOT = Path(__file__).parents[1]
_GROUPS = (
    ("component/records",),  # the longest begins first
    ("component/evaluation", "component/notify", "component/feedback"),
    ("faults", "end_to_end", "component/local", "component/gateway"),
)
_BROKER = pytest.StashKey[Broker]()
BESIDE = tuple(tuple(str(ROOT / "tests" / name) for name in group) for group in _GROUPS)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reports-to", help="Write each report to this file, for the run that is beside.")
    parser.addoption("--broker", help="Folder and ports of the broker that the run beside has started.")


def shared_broker(config: pytest.Config) -> Broker | None:
    """The broker of the runs that are beside each other, which may still be starting; None for a run alone.

    A node costs ten seconds of a processor before it serves anybody.
    """
    told = config.getoption("--broker")
    if told:
        folder, *ports = told.split(":")
        return Broker(Path(folder), BrokerPorts(*map(int, ports), distribution=0, names=0))
    return config.stash.get(_BROKER, None)


def pytest_configure(config: pytest.Config) -> None:
    told = config.getoption("--reports-to")
    config.pluginmanager.register(Telling(config, Path(told)) if told else Beside(config))


class Telling:
    """Within the run beside: tells every report, a line each."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config = config
        self._lines = path.open("a", encoding="utf-8")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        print(json.dumps(told, default=str), file=self._lines, flush=True)


class Run:
    """One run beside: its process, and the tests that it has still to tell of."""

    def __init__(self, config: pytest.Config, folder: Path, broker: Broker, nodeids: set[str]) -> None:
        folder.mkdir()
        self.awaited = nodeids
        self._config = config
        self._reports, self._output = folder / "reports", folder / "output"
        self._reports.touch()
        self._read = 0
        own = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--reports-to", str(self._reports)]
        own += ["--broker", f"{broker.folder}:{broker.ports.amqp}:{broker.ports.management}"]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [*own, *sorted(nodeids)], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
            )

    def take_over(self) -> None:
        """Report what it has told since."""
        with self._reports.open(encoding="utf-8") as lines:
            lines.seek(self._read)
            while (line := lines.readline()).endswith("\n"):
                self._read = lines.tell()
                report = self._config.hook.pytest_report_from_serializable(
                    config=self._config, data=json.loads(line)
                )
                self._config.hook.pytest_runtest_logreport(report=report)
                if report.when == "teardown":
                    self.awaited.discard(report.nodeid)

    def say_not_run(self) -> None:
        """Report as failed what it never told of."""
        said = self._output.read_text(encoding="utf-8", errors="replace")
        why = f"it did not come to its end beside, where was said:\n{said[-2000:]}"
        for nodeid in sorted(self.awaited):
            report = pytest.TestReport(nodeid, (nodeid, None, nodeid), {}, "failed", why, "call")
            self._config.hook.pytest_runtest_logreport(report=report)


class Beside:
    """Within the main run: begins the runs beside where both kinds were asked for, and reports them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._folder = Path(tempfile.mkdtemp(prefix="jishi-beside-"))
        self._runs: list[Run] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        groups = [[each for each in items if str(each.path).startswith(group)] for group in BESIDE]
        beside = {each for group in groups for each in group}
        if self._config.option.collectonly or len(beside) in (0, len(items)):
            return
        items[:] = [each for each in items if each not in beside]
        broker = self._config.stash[_BROKER] = Broker(self._folder / "broker")
        broker.start()
        self._runs = [
            Run(self._config, self._folder / str(number), broker, {each.nodeid for each in group})
            for number, group in enumerate(groups)
            if group
        ]

    def pytest_runtest_logfinish(self) -> None:
        self._take_over()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        session.testscollected += sum(len(run.awaited) for run in self._runs)
        found: Any = yield
        while any(run.process.poll() is None for run in self._runs):
            self._take_over()
            time.sleep(0.2)
        self._take_over()
        for run in self._runs:
            run.say_not_run()
        return found  # type: ignore[no-any-return]

    def pytest_sessionfinish(self) -> None:
        for run in self._runs:
            if run.process.poll() is None:
                run.process.terminate()
                run.process.wait()
        broker = self._config.stash.get(_BROKER, None)
        if broker is not None:
            broker.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _take_over(self) -> None:
        for run in self._runs:
            run.take_over()
