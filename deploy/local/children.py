"""Programs that the runner and the tests start: each ends with whoever started it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
# Below 32768, from where Linux lends ports to connections that go out: such a one may be gone a moment later.
_SINGLE_PORTS = range(22_000, 32_000)


class StartFailure(Exception):
    """Something could not be started; the text is one sentence for the person who started it."""


class Child:
    """One program: its output goes to a file, its death is noticed, its end is bounded in time."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        ends_with_parent: bool = True,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self._environment = None if environment is None else dict(environment)
        self._directory = directory
        self._ends_with_parent = ends_with_parent
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; raises ``StartFailure`` where the program is missing."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._running = self._spawn(output)

    def _spawn(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        parent = os.getpid()

        def bind_to_parent() -> None:
            # Runs between fork and exec. The kernel then ends the child when the parent is killed, -9 too.
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        try:
            return subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._directory,
                # A group of its own: Ctrl-C on the terminal reaches the runner only, which ends all in order.
                start_new_session=True,
                preexec_fn=bind_to_parent if self._ends_with_parent else None,
            )
        except FileNotFoundError:
            raise StartFailure(
                f"{self.name} cannot start: {self.command[0]} is not on this machine."
            ) from None
        except PermissionError:
            raise StartFailure(f"{self.name} cannot start: {self.command[0]} may not be executed.") from None

    @property
    def pid(self) -> int | None:
        return None if self._running is None else self._running.pid

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, negative for a signal; ``None`` while it runs or before it ran."""
        return None if self._running is None else self._running.poll()

    @property
    def alive(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until ``ready()``; raises ``StartFailure`` if it ends before, or takes longer."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.expect_alive()
            if time.monotonic() > deadline:
                raise self.late(seconds)
            time.sleep(0.05)

    def expect_alive(self) -> None:
        """Raises ``StartFailure`` with its last words if it has ended."""
        if not self.alive:
            raise StartFailure(
                f"{self.name} ended while starting (exit code {self.exit_code}){self.last_words()}"
            )

    def late(self, seconds: float) -> StartFailure:
        """What to say when it is not ready after ``seconds``."""
        return StartFailure(f"{self.name} did not come up within {seconds:.0f} s{self.last_words()}")

    def last_words(self) -> str:
        """Where to read on, with the last line it wrote."""
        with contextlib.suppress(OSError):
            lines = [line for line in _tail(self.log).splitlines() if line.strip()]
            if lines:
                return f": {_plain(lines[-1])[:300]} (see {self.log})"
        return f" (see {self.log})."

    def signal(self, number: int) -> None:
        """Send a signal to the program alone; nothing happens if it has ended."""
        if self.alive and self._running is not None:
            self._running.send_signal(number)

    def stop(self, seconds: float = 30.0) -> int | None:
        """Ask it to end, insist after ``seconds``; returns the exit code."""
        if self._running is None:
            return None
        self.signal(signal.SIGTERM)
        try:
            self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        return self._running.returncode

    def kill(self) -> None:
        """End it as ``kill -9`` does, with everything it started itself."""
        if self._running is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._running.pid, signal.SIGKILL)
        self._running.wait(10)


def _plain(line: str) -> str:
    """A line of a log for people: of a JSON line, what happened and what is wrong."""
    try:
        said = json.loads(line)
        parts = [said["event"], said.get("error"), said.get("problem")]
        parts += [f"{name} {problem}" for name, problem in said.get("problems", {}).items()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return line.strip()
    return " · ".join(str(part) for part in parts if part)


def _tail(path: Path, most: int = 8192) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - most))
        return file.read().decode("utf-8", "replace")


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now, all different."""
    free: list[int] = []
    for port in random.sample(_SINGLE_PORTS, len(_SINGLE_PORTS)):
        if len(free) == count:
            break
        if not port_in_use(port):
            free.append(port)
    return free


def port_in_use(port: int) -> bool:
    """Whether somebody listens on this port of loopback."""
    with socket.socket() as probe:
        # As servers do: a connection of before that lingers in TIME_WAIT is nobody.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def listens(port: int) -> bool:
    """Whether a connection to this port of loopback is accepted."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False
