"""What keeps the platform from running is one clear sentence and an exit code, never a hang."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.layout import ROOT

_PORTS = 60


@pytest.fixture
def port_base() -> int:
    """The first of many free ports. Those that a server of the tests holds are passed over."""
    for base in range(20000, 60000, _PORTS):
        try:
            for port in range(base, base + _PORTS):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")


@pytest.fixture
def surroundings(tmp_path: Path, port_base: int) -> Iterator[dict[str, str]]:
    """An environment for one copy of its own; nothing of it may be left running."""
    ours = {"RUN_DIR": str(tmp_path / "run"), "PORT_BASE": str(port_base), "SAMPLE": "none", "SCALE": ""}
    inherited = {name: value for name, value in os.environ.items() if name not in ("AMQP_URI", "MONGO_URI")}
    yield {**inherited, **ours}
    left = [each.info for each in psutil.process_iter(["pid", "cmdline"]) if _belongs(each, tmp_path)]
    assert not left


def _belongs(one: psutil.Process, folder: Path) -> bool:
    try:
        return str(folder) in " ".join(one.environ().values()) and one.pid != os.getpid()
    except psutil.Error:
        return False


def _run(surroundings: dict[str, str], command: str = "run", seconds: float = 60) -> tuple[int, str]:
    """Exit code and what was said on standard error."""
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.local", command],
        env=surroundings,
        cwd=ROOT,
        timeout=seconds,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stderr.strip()


def _program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def _is_one_sentence(said: str) -> bool:
    return "\n" not in said and "Traceback" not in said and len(said) > 20


def test_a_port_in_use_is_named(surroundings: dict[str, str], port_base: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port_base + 2))
        other.listen()
        code, said = _run(surroundings)
    assert code == 1
    assert _is_one_sentence(said)
    assert f"Port {port_base + 2}" in said
    assert "PORT_BASE" in said


def test_a_missing_broker_is_named(surroundings: dict[str, str]) -> None:
    code, said = _run({**surroundings, "RABBITMQ_SERVER": "/nowhere/rabbitmq-server"})
    assert code == 1
    assert _is_one_sentence(said)
    assert "/nowhere/rabbitmq-server is not on this machine" in said


def test_a_broker_that_ends_while_starting_is_told_with_its_last_words(
    surroundings: dict[str, str], tmp_path: Path
) -> None:
    broken = _program(tmp_path / "broken", "echo no space left; exit 3")
    code, said = _run({**surroundings, "RABBITMQ_SERVER": broken})
    assert code == 1
    assert _is_one_sentence(said)
    assert "The message broker ended while starting (exit code 3): no space left" in said


def test_a_broker_that_does_not_come_up_is_not_waited_for_without_end(
    surroundings: dict[str, str], tmp_path: Path
) -> None:
    silent = _program(tmp_path / "silent", "exec sleep 600")
    code, said = _run({**surroundings, "RABBITMQ_SERVER": silent, "READY_SECONDS": "8"})
    assert code == 1
    assert _is_one_sentence(said)
    assert "The message broker did not come up within 8 s" in said


def test_a_service_that_dies_while_starting_is_named_with_its_reason(surroundings: dict[str, str]) -> None:
    code, said = _run({**surroundings, "CAMPUS_TIMEZONE": "Mars/Olympus"})
    assert code == 1
    assert _is_one_sentence(said)
    assert "ended while starting (exit code 78): settings.not_usable" in said
    assert "CAMPUS_TIMEZONE is not the name of a time zone" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [("SCALE", "evaluatoin=3"), ("SCALE", "gateway=0"), ("PORT_BASE", "80"), ("PORT_BASE", "many")],
)
def test_a_wrong_choice_is_named(surroundings: dict[str, str], name: str, value: str) -> None:
    code, said = _run({**surroundings, name: value})
    assert code == 1
    assert _is_one_sentence(said)
    assert name in said


def test_running_behind_tells_the_same_sentence(surroundings: dict[str, str]) -> None:
    code, said = _run({**surroundings, "RABBITMQ_SERVER": "/nowhere/rabbitmq-server"}, "up")
    assert code == 1
    assert _is_one_sentence(said)
    assert "/nowhere/rabbitmq-server is not on this machine" in said


@pytest.mark.parametrize("command", ["status", "env"])
def test_asking_a_platform_that_does_not_run_fails(surroundings: dict[str, str], command: str) -> None:
    code, said = _run(surroundings, command)
    assert code == 1
    assert "does not run" in said


def test_stopping_a_platform_that_does_not_run_is_fine(surroundings: dict[str, str]) -> None:
    assert _run(surroundings, "down") == (0, "")


def test_a_run_folder_that_cannot_be_made_is_named(surroundings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, said = _run({**surroundings, "RUN_DIR": str(tmp_path / "file" / "run")})
    assert code == 1
    assert _is_one_sentence(said)
