"""A platform of real processes, started as a newcomer starts it, on ports and in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.ports import claim_port_base

ROOT = Path(__file__).parents[2]
_START_SECONDS = 600


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Where the running platform is reached, as ``make env`` prints it."""
    folder = tmp_path_factory.mktemp("platform")
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if name not in ("AMQP_URI", "MONGO_URI", "SCALE")
        },
        "RUN_DIR": str(folder),
        "PORT_BASE": str(claim_port_base()),
        "SAMPLE": "small",
        "READY_SECONDS": "280",
        "CLOCK_OFFSET_SECONDS": str(int(to_the_18th().total_seconds())),
    }

    def runner(command: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "deploy.local", command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    try:
        runner("up")
        yield dict(line.split("=", 1) for line in runner("env").splitlines())
    finally:
        runner("down")


def to_the_18th() -> timedelta:
    """How far the next 18th at ten in the morning is: a day on which a month's duty can be overdue."""
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    day = now
    while day.day != 18:
        day += timedelta(days=1)
    return day.replace(hour=10, minute=0, second=0, microsecond=0) - now
