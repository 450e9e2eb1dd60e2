"""The chain itself: whatever is changed, removed or put elsewhere is found at the right place."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.audit import FIRST, examined, hashed


def chained(texts: list[str]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for number, text in enumerate(texts, 1):
        entry = {
            "_id": number,
            "at": datetime(2026, 3, 10, 4, number % 60, tzinfo=UTC),
            "action": "read",
            "actor": text,
            "object_kind": "dossier",
            "object_id": text,
            "reason": None,
            "previous": entries[-1]["hash"] if entries else FIRST,
        }
        entries.append({**entry, "hash": hashed(entry)})
    return entries


chains = st.lists(st.text(max_size=5), min_size=1, max_size=6).map(chained)


@given(chains)
def test_an_untouched_chain_is_whole(entries: list[dict[str, Any]]) -> None:
    assert examined(entries).first_broken is None


@pytest.mark.parametrize("wrong", [{"at": "yesterday"}, {"at": None}, {"actor": object()}, {"hash": 7}])
def test_an_entry_of_another_form_is_where_it_breaks(wrong: dict[str, Any]) -> None:
    entries = chained(["a", "b", "c"])
    entries[1] |= wrong
    verdict = examined(entries)
    assert (verdict.first_broken, verdict.entries, verdict.last) == (2, 3, 3)


@given(chains, st.data())
def test_a_changed_entry_is_where_it_breaks(entries: list[dict[str, Any]], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from(["action", "actor", "object_kind", "object_id", "reason"]))
    entries[place][field] = f"{entries[place][field]}!"
    assert examined(entries).first_broken == place + 1


@given(chains, st.data())
def test_a_changed_entry_hashed_anew_breaks_at_the_next(
    entries: list[dict[str, Any]], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    entries[place]["actor"] += "!"
    entries[place]["hash"] = hashed(entries[place])
    assert examined(entries).first_broken == (place + 2 if place + 1 < len(entries) else None)


@given(chains, st.data())
def test_a_removed_entry_leaves_a_hole(entries: list[dict[str, Any]], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    last = place == len(entries) - 1
    del entries[place]
    # A chain cut at its end looks whole: that is what a head noted elsewhere is for.
    assert examined(entries).first_broken == (None if last else place + 1)
