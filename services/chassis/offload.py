"""CPU-bound work in a process of its own, so that heartbeats and other greenthreads go on."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

MOST_AT_ONCE = 2
CHUNK = 256 * 1024
WAITING_SECONDS = 5.0
STREAMED = "--streamed"
MEMORY_BYTES = 2 * 1024**3
# Native code that is refused memory ends its process instead of raising.
_EXHAUSTED = (-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS)
_slots: Any = None


def offload(function: str, argument: Any, *, timeout: float = 60.0) -> Any:
    """The result of ``"services.x.y:function"`` called with ``argument``, both JSON values.

    Runs at most ``MOST_AT_ONCE`` at a time per process; others wait within ``timeout`` seconds. A
    ``Refusal`` that the function raises is raised here. Else raises ``Unavailable`` (``offload.busy``,
    ``offload.timeout``, ``offload.died``), or ``Invalid("offload.too_large")`` where it asked for more
    than ``MEMORY_BYTES``.
    """
    from eventlet import Timeout

    from services.chassis.errors import Unavailable

    with _worker(function, timeout) as worker, Timeout(timeout, Unavailable("offload.timeout")):
        answered, _ = worker.communicate(json.dumps(argument).encode())
        return _told(worker, answered)


@contextmanager
def offloaded(function: str, *, timeout: float, waiting: Callable[[], None] = lambda: None) -> Iterator[Fed]:
    """Work that is fed piece by piece and answers with bytes, for what must not be held here as a whole.

    ``function`` takes an iterator of JSON values and returns an iterator of bytes, and answers nothing
    before it has read the last piece. ``timeout`` counts for the whole block, reading and feeding
    included; it raises as ``offload``. ``waiting`` is called every few seconds until a process is free, and
    may raise. Leaving the block ends the process.
    """
    from eventlet import Timeout

    from services.chassis.errors import Unavailable

    begun = _worker(function, timeout, STREAMED, waiting=waiting)
    with begun as worker, Timeout(timeout, Unavailable("offload.timeout")):
        yield Fed(worker)


class Fed:
    """A process at work: ``feed`` it, then read its ``answer``."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker

    def feed(self, piece: Any) -> None:
        """One JSON value more. Where the process has refused or died already, raises why."""
        try:
            _write(self._worker.stdin.fileno(), json.dumps(piece, ensure_ascii=False).encode() + b"\n")
        except BrokenPipeError:
            self._verdict()
            raise

    def answer(self) -> Iterator[bytes]:
        """What it made of everything, in chunks."""
        self._worker.stdin.close()
        self._verdict()
        while chunk := self._worker.stdout.read(CHUNK):
            yield chunk
        if self._worker.wait():
            _told(self._worker, b"")

    def _verdict(self) -> None:
        """Its first line: that it is done, or why it is not."""
        first = self._worker.stdout.readline()
        if not first:
            self._worker.wait()
        _told(self._worker, first)


def _write(pipe: int, content: bytes) -> None:
    """As ``os.write``, all of it; eventlet's own tries for ever where nobody reads any more."""
    from eventlet import patcher
    from eventlet.hubs import trampoline

    write, rest = patcher.original("os").write, memoryview(content)
    while rest:
        try:
            rest = rest[write(pipe, rest) :]
        except BlockingIOError:
            trampoline(pipe, write=True)


@contextmanager
def _worker(
    function: str, timeout: float, *how: str, waiting: Callable[[], None] = lambda: None
) -> Iterator[Any]:
    from eventlet import Timeout
    from eventlet.green import subprocess

    from services.chassis.errors import Unavailable

    slots = _semaphore()
    with Timeout(timeout, Unavailable("offload.busy")):
        while not slots.acquire(timeout=WAITING_SECONDS):
            waiting()
    worker = None
    try:
        worker = subprocess.Popen(
            [sys.executable, "-m", "services.chassis.offload", function, *how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        yield worker
    finally:
        if worker is not None and worker.poll() is None:
            worker.kill()
            worker.wait()
        slots.release()


def _told(worker: Any, answered: bytes) -> Any:
    from services.chassis.errors import Invalid

    if worker.returncode in _EXHAUSTED:
        raise Invalid("offload.too_large")
    return _result(answered)


def _semaphore() -> Any:
    # Made on first use: a semaphore made before the monkey patch would block.
    global _slots
    if _slots is None:
        from eventlet.semaphore import Semaphore

        _slots = Semaphore(MOST_AT_ONCE)
    return _slots


def _result(answered: bytes) -> Any:
    from services.chassis.errors import REFUSALS, Unavailable

    try:
        answer = json.loads(answered)
    except ValueError:
        raise Unavailable("offload.died") from None
    if "refusal" in answer:
        refused = answer["refusal"]
        raise REFUSALS[refused["kind"]](refused["code"], params=refused["params"], fields=refused["fields"])
    if "surprise" in answer:
        raise RuntimeError(f"offloaded work failed: {answer['surprise']}")
    return answer["result"]


def _answer(function: str, argument: Any) -> dict[str, Any]:
    from services.chassis.errors import Refusal

    module, _, name = function.partition(":")
    try:
        return {"result": getattr(importlib.import_module(module), name)(argument)}
    except Refusal as refused:
        return {
            "refusal": {
                "kind": refused.kind,
                "code": refused.code,
                "params": refused.params,
                "fields": refused.fields,
            }
        }
    except MemoryError:
        return {"refusal": {"kind": "Invalid", "code": "offload.too_large", "params": {}, "fields": {}}}
    except Exception as surprise:
        # The text may hold a value from the file: only the kind leaves.
        return {"surprise": type(surprise).__name__}


def _main() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the function prints must not mix with the answer
    streamed = STREAMED in sys.argv
    argument = map(json.loads, sys.stdin.buffer) if streamed else json.load(sys.stdin.buffer)
    answer = _answer(sys.argv[1], argument)
    chunks = answer.pop("result") if streamed and "result" in answer else None
    answers.write(json.dumps(answer if chunks is None else {"result": None}, ensure_ascii=False).encode())
    if chunks is not None:
        answers.write(b"\n")
        answers.writelines(chunks)
    answers.close()


if __name__ == "__main__":
    _main()
