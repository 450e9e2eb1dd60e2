"""What one run of ``jishi`` said, and how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """What one run of ``jishi`` said."""

    returncode: int
    stdout: str
    stderr: str


Jishi = Callable[..., Said]
