"""``make run`` and its companions: one copy of the platform, in the foreground or behind."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from deploy.local.children import StartFailure
from deploy.local.layout import ROOT, Layout
from deploy.local.platform import STOP_SECONDS, Platform, Say

FIRST_LOAD_SECONDS = 1800.0
_TEND_SECONDS = 0.5


class Ended(Exception):
    """Ctrl-C or SIGTERM: time to stop."""


def run(layout: Layout, say: Say, *, sample: str = "small", load: Any = None) -> None:
    """Start, load the sample campus at the first run, keep running until told to stop, stop in order.

    Raises ``StartFailure`` with one sentence for whatever keeps it from running.
    """
    with _alone(layout), _ends_by_signal():
        platform = Platform(layout, say)
        try:
            began = time.monotonic()
            for name, where in layout.outside().items():
                say(f"Using the server that {name} names, at {where}.")
            say("Starting …")
            platform.start()
            platform.wait_ready()
            say(f"Ready after {time.monotonic() - began:.1f} s.")
            _remember(layout, platform, ready=False)
            _load_once(layout, sample, load, say)
            _remember(layout, platform, ready=True)
            for line in greeting(layout):
                say(line)
            while True:
                time.sleep(_TEND_SECONDS)
                platform.tend()
        except Ended:
            say("Stopping …")
        except BaseException:
            _forget(layout)
            with _deaf_to_signals():
                platform.kill()
            raise
        _forget(layout)
        with _deaf_to_signals():
            killed = platform.stop()
        if killed:
            say(f"Did not end in time and was killed: {', '.join(killed)}.")
        say("Stopped.")


def up(layout: Layout, say: Say) -> None:
    """Run behind; return when the platform is ready, or raise ``StartFailure`` with its last sentence."""
    layout.folder.mkdir(parents=True, exist_ok=True)
    if remembered(layout) is not None:
        raise StartFailure(f"The platform runs already in {layout.folder}: make down stops it.")
    log = layout.folder / "platform.log"
    with log.open("wb") as output:
        behind = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "run"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, "RUN_DIR": str(layout.folder)},
            start_new_session=True,
        )
    deadline = time.monotonic() + layout.ready_seconds + FIRST_LOAD_SECONDS
    shown = 0
    while time.monotonic() < deadline:
        code = behind.poll()
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        complete = lines if code is not None else lines[:-1]
        if code is not None:
            raise StartFailure(complete[-1] if complete else f"The platform did not start (see {log}).")
        for line in complete[shown:]:
            say(line)
        shown = max(shown, len(complete))
        found = remembered(layout)
        if found is not None and found["ready"]:
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[shown:]:
                say(line)
            return
        time.sleep(0.1)
    raise StartFailure(f"The platform was not ready in time (see {log}).")


def down(layout: Layout, say: Say) -> None:
    """Stop the copy that runs behind; nothing happens if none does."""
    found = remembered(layout)
    if found is None:
        say("The platform does not run.")
        return
    os.kill(found["pid"], signal.SIGTERM)
    deadline = time.monotonic() + 4 * STOP_SECONDS
    while _lives(found):
        if time.monotonic() > deadline:
            os.kill(found["pid"], signal.SIGKILL)  # its children end with it
            raise StartFailure("The platform did not stop in time and was killed.")
        time.sleep(0.05)
    say("Stopped.")


def greeting(layout: Layout) -> Iterator[str]:
    """The address, and who can sign in."""
    yield f"The platform answers at {layout.gateway_url}"
    yield f"SMS that it sends are seen at {layout.sandbox_url}"
    with contextlib.suppress(OSError, ValueError):
        identities = json.loads((layout.folder / "identities.json").read_text(encoding="utf-8"))
        yield 'Demo identities (POST /api/v1/sessions/demo {"number": …}):'
        for each in identities:
            yield f"  {each['number']:<14} {each['name']}  {each['role']}"


def _load_once(layout: Layout, sample: str, load: Any, say: Say) -> None:
    mark = layout.folder / "sample-loaded"
    if mark.exists() or sample == "none" or load is None:
        return
    say(f"Loading the sample campus ({sample}) …")
    load(layout, sample)
    mark.touch()


# -- what is remembered of a running copy ----------------------------------------------------------


def _state_file(layout: Layout) -> Path:
    return layout.folder / "platform.json"


def _remember(layout: Layout, platform: Platform, *, ready: bool) -> None:
    state = {
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
        "ready": ready,
        "addresses": layout.addresses(),
        "servers": layout.servers(),
        "parts": {
            f"{name}-{replica}": layout.ports.health(name, replica) for name, replica in platform.processes
        },
    }
    path = _state_file(layout)
    unfinished = path.with_suffix(".new")
    unfinished.touch(mode=0o600)  # the broker's password is in its address
    unfinished.write_text(json.dumps(state, indent=1), encoding="utf-8")
    unfinished.rename(path)


def _forget(layout: Layout) -> None:
    _state_file(layout).unlink(missing_ok=True)


def remembered(layout: Layout) -> dict[str, Any] | None:
    """What the running copy in this folder wrote of itself; ``None`` if none runs."""
    try:
        state: dict[str, Any] = json.loads(_state_file(layout).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if _lives(state) else None


def _lives(state: dict[str, Any]) -> bool:
    try:
        runner = psutil.Process(state["pid"])
        # A pid is used again by others; together with the time of its start it is not. In a container
        # without an init nobody collects the dead, who then stay listed.
        return runner.status() != psutil.STATUS_ZOMBIE and abs(runner.create_time() - state["started"]) < 1.0
    except (KeyError, psutil.Error):
        return False


@contextlib.contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Hold the folder; raises ``StartFailure`` where another runner does."""
    try:
        layout.folder.mkdir(parents=True, exist_ok=True)
        lock = (layout.folder / "lock").open("w")
    except OSError as error:
        raise StartFailure(f"{layout.folder} cannot be written: {error.strerror}.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartFailure(f"The platform runs already in {layout.folder}: make down stops it.") from None
        yield


@contextlib.contextmanager
def _ends_by_signal() -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> None:
        raise Ended

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _deaf_to_signals() -> Iterator[None]:
    """Stopping is bounded in time; a second Ctrl-C must not leave half of it running."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
