"""CPU-bound work in a process of its own, so that heartbeats and other greenthreads go on."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from typing import Any

MOST_AT_ONCE = 2
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
    from eventlet.green import subprocess

    from services.chassis.errors import Invalid, Unavailable

    slots = _semaphore()
    with Timeout(timeout, Unavailable("offload.busy")):
        slots.acquire()
    worker = None
    try:
        worker = subprocess.Popen(
            [sys.executable, "-m", "services.chassis.offload", function],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with Timeout(timeout, Unavailable("offload.timeout")):
            answered, _ = worker.communicate(json.dumps(argument).encode())
        if worker.returncode in _EXHAUSTED:
            raise Invalid("offload.too_large")
        return _result(answered)
    finally:
        if worker is not None and worker.poll() is None:
            worker.kill()
            worker.wait()
        slots.release()


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
    answer = _answer(sys.argv[1], json.load(sys.stdin.buffer))
    answers.write(json.dumps(answer, ensure_ascii=False).encode())
    answers.close()


if __name__ == "__main__":
    _main()
