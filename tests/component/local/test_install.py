"""What the machine itself must have is installed where that is allowed, or named in one sentence."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.layout import ROOT

Install = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Where the programs that stand in for the machine's own write how they were called."""
    return tmp_path / "calls"


@pytest.fixture
def install(tmp_path: Path, calls: Path) -> Install:
    """Run the script on a machine with the given programs in the place of its own."""

    def run(
        *, root: bool, programs: dict[str, str], **surroundings: str
    ) -> "subprocess.CompletedProcess[str]":
        folder = tmp_path / "bin"
        folder.mkdir()
        scripts = {"id": f"echo {0 if root else 1000}", **programs}
        for name, script in scripts.items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
        for name in ("tee", "chmod", "rm", "mktemp", "tail", "env", "cat", "sh"):
            (folder / name).symlink_to(f"/bin/{name}")
        inherited = {name: value for name, value in os.environ.items() if name != "AMQP_URI"}
        told = {
            "PATH": str(folder),
            "RABBITMQ_SERVER": "/nowhere",
            "POLICY_RC_D": str(tmp_path / "policy-rc.d"),
            "CALLS": str(calls),
        }
        return subprocess.run(
            ["/bin/sh", "deploy/local/install.sh", sys.executable],
            env={**inherited, **told, **surroundings},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


APT = 'echo "apt-get $*" >> "$CALLS"; [ ! -e "$POLICY_RC_D" ] || echo "no services start" >> "$CALLS"'
SUDO = 'echo sudo >> "$CALLS"; [ "$1" = -n ] && exit 0; exec "$@"'


def test_root_installs_the_broker_without_starting_the_machines_own(
    install: Install, calls: Path, tmp_path: Path
) -> None:
    said = install(root=True, programs={"apt-get": APT})
    assert said.returncode == 0, said.stderr
    assert calls.read_text().splitlines() == [
        "apt-get update",
        "no services start",
        "apt-get install -y --no-install-recommends rabbitmq-server",
        "no services start",
    ]
    assert not (tmp_path / "policy-rc.d").exists()


def test_a_rule_about_services_that_is_there_is_left_alone(install: Install, tmp_path: Path) -> None:
    (tmp_path / "policy-rc.d").write_text("theirs")
    assert install(root=True, programs={"apt-get": APT}).returncode == 0
    assert (tmp_path / "policy-rc.d").read_text() == "theirs"


def test_sudo_is_used_where_one_is_not_root(install: Install, calls: Path) -> None:
    said = install(root=False, programs={"apt-get": APT, "sudo": SUDO})
    assert said.returncode == 0, said.stderr
    assert "apt-get install -y --no-install-recommends rabbitmq-server" in calls.read_text()
    assert "sudo" in calls.read_text()


@pytest.mark.parametrize("programs", [{}, {"sudo": "exit 1"}])
def test_without_root_and_sudo_the_one_command_is_named(install: Install, programs: dict[str, str]) -> None:
    said = install(root=False, programs={"apt-get": APT, **programs})
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "apt-get update && apt-get install -y --no-install-recommends rabbitmq-server" in said.stderr
    assert "AMQP_URI" in said.stderr


def test_a_machine_without_apt_is_told(install: Install) -> None:
    said = install(root=True, programs={})
    assert (said.returncode, said.stderr.count("\n")) == (1, 1)
    assert "no apt-get" in said.stderr


def test_an_installation_that_fails_ends_with_the_reason_and_the_command(install: Install) -> None:
    said = install(root=True, programs={"apt-get": "echo no network; exit 100"})
    assert said.returncode == 1
    assert "no network" in said.stderr
    assert "Run as root: apt-get update" in said.stderr


@pytest.mark.parametrize("there", [{"AMQP_URI": "amqp://elsewhere"}, {"RABBITMQ_SERVER": "/bin/sh"}])
def test_nothing_is_done_where_a_broker_is_there(
    install: Install, calls: Path, there: dict[str, str]
) -> None:
    said = install(root=False, programs={}, **there)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
    assert not calls.exists()
