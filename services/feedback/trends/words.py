"""Words of a text and the topics that they suggest; runs in a process of its own, since cutting is heavy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rjieba

MOST = 3


def suggest(argument: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The topics of ``topics`` (words by id) whose words ``text`` has, most of them first, ``MOST`` at most.

    A suggestion to whoever triages: nothing is kept of it, and nothing is said of who wrote the text.
    """
    words = set(rjieba.cut_for_search(argument["text"]))
    return ranked(words, argument["topics"])


def ranked(words: set[str], topics: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """By the number of words, then in the order of the topics."""
    found = [
        {"topic": topic, "words": [each for each in given if each in words]}
        for topic, given in topics.items()
    ]
    having = [each for each in found if each["words"]]
    return sorted(having, key=lambda each: -len(each["words"]))[:MOST]
