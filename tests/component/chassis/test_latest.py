"""Whoever keeps the newest word on a thing keeps it in whatever order and company words come."""

from __future__ import annotations

from itertools import permutations

from services.chassis.latest import Latest
from services.chassis.said import Word
from services.chassis.store import Store

WORDS = [Word("a", {"said": "first"}, 1), Word("a", {"said": "last"}, 3), Word("a", {"said": "second"}, 2)]


def test_the_newest_word_stays_in_whatever_order_and_company_words_come(database: Store) -> None:
    latest = Latest(database["latest"])
    for number, ordered in enumerate(permutations(WORDS)):
        for together in (1, 2, 3):
            id_ = f"{number}-{together}"
            words = [Word(id_, each.state, each.sequence) for each in ordered]
            news = [
                each.sequence
                for first in range(0, 3, together)
                for each in latest.apply(words[first : first + together])
            ]
            assert news == sorted(news)
            assert news[-1] == 3
            assert latest.apply(words) == []
    found = list(database["latest"].find())
    assert len(found) == 18
    assert {(each["said"], each["sequence"]) for each in found} == {("last", 3)}


def test_what_was_kept_before_there_were_sequences_and_by_others_is_kept_with_one(database: Store) -> None:
    database["latest"].insert_one({"_id": "a", "said": "before", "other": 1})
    latest = Latest(database["latest"])
    assert latest.apply(WORDS[:1]) == WORDS[:1]
    assert database["latest"].find_one() == {"_id": "a", "said": "first", "other": 1, "sequence": 1}
    # Without a sequence the last word counts, and the newest number stays.
    assert latest.apply([Word("a", {"said": "x"}), Word("a", {"said": "y"})])
    assert database["latest"].find_one() == {"_id": "a", "said": "y", "other": 1, "sequence": 1}
