"""Programs that are started end with whoever started them, and say why they ended."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local.children import Child, StartFailure, free_ports, listens, port_in_use
from deploy.local.layout import ROOT
from services.chassis.testing import wait_for

STARTER = """
import sys, time
from pathlib import Path
from deploy.local.children import Child
child = Child("child", ["sleep", "600"], log=Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


def child(tmp_path: Path, script: str) -> Child:
    return Child("The child", ["/bin/sh", "-c", script], log=tmp_path / "log")


def test_a_child_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path / "log")]
    starter = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    starter.kill()
    starter.wait()

    def gone() -> bool:
        return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

    wait_for(gone)


def test_its_last_words_are_told(tmp_path: Path) -> None:
    ends = child(tmp_path, "echo first; echo no space left; exit 7")
    ends.start()
    with pytest.raises(
        StartFailure, match=r"The child ended while starting \(exit code 7\): no space left \(see"
    ):
        ends.wait_until(lambda: False, 10)


def test_a_line_of_json_is_told_in_words(tmp_path: Path) -> None:
    line = '{"event": "settings.not_usable", "problems": {"AMQP_URI": "is not set"}}'
    ends = child(tmp_path, f"echo '{line}'; exit 78")
    ends.start()
    with pytest.raises(StartFailure, match=r"settings\.not_usable · AMQP_URI is not set"):
        ends.wait_until(lambda: False, 10)


def test_one_that_is_never_ready_is_not_waited_for_without_end(tmp_path: Path) -> None:
    silent = child(tmp_path, "exec sleep 600")
    silent.start()
    with pytest.raises(StartFailure, match="did not come up within 1 s"):
        silent.wait_until(lambda: False, 1)
    silent.kill()


def test_one_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    deaf = child(tmp_path, "trap '' TERM; echo ready; while :; do sleep 1; done")
    deaf.start()
    wait_for(lambda: "ready" in deaf.log.read_text())
    assert deaf.stop(0.5) == -9


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartFailure, match="The child cannot start: /nowhere/program is not on this machine"):
        Child("The child", ["/nowhere/program"], log=tmp_path / "log").start()


def test_free_ports_are_free_and_different() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert not any(port_in_use(port) or listens(port) for port in ports)
