"""A job that waits for one long piece of work stays with its worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import eventlet

EVERY = 5.0


def pulsed(checkpoint: Callable[..., None], work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """The result of ``work`` called with the rest, and a checkpoint every few seconds meanwhile.

    Where the job was lost or stopped, ``work`` is ended.
    """
    working = eventlet.spawn(work, *arguments, **named)
    try:
        while True:
            with eventlet.Timeout(EVERY, False):
                return working.wait()
            checkpoint()
    finally:
        working.kill()
