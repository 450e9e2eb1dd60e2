"""What is done in processes of their own: whatever else a test imports would be loaded in each of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from services.chassis.errors import Invalid
from services.chassis.offload import MEMORY_BYTES


def double(argument: list[int]) -> list[int]:
    print("what is printed does not mix with the answer")
    return [2 * each for each in argument]


def burn(seconds: float) -> int:
    until, turns = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        turns += 1
    return turns


def refuse(argument: dict[str, Any]) -> None:
    raise Invalid("roster.no_sheet", params=argument, fields={"file": ["x"]})


def fail(_: None) -> None:
    raise ValueError("13812345678")


def die(_: None) -> None:
    import os

    os._exit(9)


def abort(_: None) -> None:
    import os

    os.abort()


def swell(_: None) -> int:
    return len(bytearray(MEMORY_BYTES))


def joined(pieces: Iterator[str]) -> list[bytes]:
    print("what is printed does not mix with the answer")
    return ["".join(pieces).encode(), b"!" * 600_000]


def refuse_the_first(pieces: Iterator[str]) -> list[bytes]:
    raise Invalid("roster.no_sheet", params={"sheet": next(pieces)})


def die_at_the_end(pieces: Iterator[str]) -> list[bytes]:
    import os

    for _ in pieces:
        pass
    os._exit(9)
