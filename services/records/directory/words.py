"""Which of several words about a person counts, where several systems speak in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

State = Mapping[str, Any]
Stamp = tuple[int, str, str]  # sequence (0: the source does not number), time, event id


def hear(
    words: Mapping[str, Sequence[State]], said: State, source: str, stamp: Stamp
) -> tuple[dict[str, Any], dict[str, list[State]]]:
    """The fields that ``said`` changes, and the ``words`` kept after it.

    A campus event names only what it changes, and events may arrive in any order, from several systems. Of
    one source the word with the highest sequence counts, and of all sources the latest by time: sequences of
    two sources do not compare. So each field keeps the last word of every source with its value; then a set
    of events, in any order and each any number of times, has one result, whatever their clocks say. What a
    source says without numbers is as if another source said it.
    """
    stream = source if stamp[0] else f"{source} "
    newer: dict[str, Any] = {}
    heard = {name: list(kept) for name, kept in words.items()}
    for name, value in said.items():
        kept = {each["source"]: each for each in heard.get(name, ())}
        if stream in kept and tuple(kept[stream]["stamp"]) >= stamp:
            continue
        before = max(kept.values(), key=_latest, default=None)
        kept[stream] = {"source": stream, "stamp": list(stamp), "value": value}
        heard[name] = list(kept.values())
        counts = max(heard[name], key=_latest)
        if counts is not before:
            newer[name] = counts["value"]
    return newer, heard


def _latest(word: State) -> tuple[str, str, str]:
    _, time, event = word["stamp"]
    return time, word["source"], event
