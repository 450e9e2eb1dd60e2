"""Tests that mostly wait for processes of their own run beside the others; all are reported as one run."""

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

ROOT = Path(__file__).parents[1]
BESIDE = tuple(str(ROOT / "tests" / name) for name in ("faults", "end_to_end", "component/local"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reports-to", help="Write each report to this file, for the run that is beside.")


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


class Beside:
    """Within the main run: begins the run beside where both kinds were asked for, and reports it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._folder = Path(tempfile.mkdtemp(prefix="jishi-beside-"))
        self._reports, self._output = self._folder / "reports", self._folder / "output"
        self._process: subprocess.Popen[bytes] | None = None
        self._awaited: set[str] = set()
        self._read = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        beside = [each for each in items if str(each.path).startswith(BESIDE)]
        if self._config.option.collectonly or len(beside) in (0, len(items)):
            return
        items[:] = [each for each in items if each not in beside]
        self._awaited = {each.nodeid for each in beside}
        self._reports.touch()
        own = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--reports-to", str(self._reports)]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [*own, *sorted(self._awaited)], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
            )

    def pytest_runtest_logfinish(self) -> None:
        self._take_over()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        session.testscollected += len(self._awaited)
        found: Any = yield
        if self._process is not None:
            while self._process.poll() is None:
                self._take_over()
                time.sleep(0.2)
            self._take_over()
            for nodeid in sorted(self._awaited):
                self._say_not_run(nodeid)
        return found  # type: ignore[no-any-return]

    def pytest_sessionfinish(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _say_not_run(self, nodeid: str) -> None:
        said = self._output.read_text(encoding="utf-8", errors="replace")
        why = f"it did not come to its end beside, where was said:\n{said[-2000:]}"
        report = pytest.TestReport(nodeid, (nodeid, None, nodeid), {}, "failed", why, "call")
        self._config.hook.pytest_runtest_logreport(report=report)

    def _take_over(self) -> None:
        if self._process is None:
            return
        with self._reports.open(encoding="utf-8") as lines:
            lines.seek(self._read)
            while (line := lines.readline()).endswith("\n"):
                self._read = lines.tell()
                report = self._config.hook.pytest_report_from_serializable(
                    config=self._config, data=json.loads(line)
                )
                self._config.hook.pytest_runtest_logreport(report=report)
                if report.when == "teardown":
                    self._awaited.discard(report.nodeid)
