"""The attacks succeed where there is something to find, so that what withstands them proves something."""

from __future__ import annotations

import random
from statistics import mean, pstdev
from uuid import uuid4

from uuid6 import uuid7

from tests.linking import THRESHOLD, agreement, combined, hits, orders, shared

PEOPLE = 200


def attack(entries) -> dict[str, float]:
    truth = sorted(entries, key=lambda each: entries[each]["who"])
    seen = {
        each: {name: value for name, value in entry.items() if name != "who"}
        for each, entry in entries.items()
    }
    return {name: agreement(order, truth) for name, order in orders(seen)}


def spoken(make_id=lambda: str(uuid4()), **more) -> dict:
    """Entries in the order in which people spoke, shuffled as a release shuffles them."""
    made = [
        (make_id(), {"who": who, **{name: of(who) for name, of in more.items()}}) for who in range(PEOPLE)
    ]
    random.Random(7).shuffle(made)
    return dict(made)


def test_what_tells_nothing_is_not_linked():
    noise = random.Random(1)
    found = attack(spoken(text=lambda who: f"{noise.random()}"))
    assert {"as it lies", "by id", "by text", "by size"} <= set(found)
    assert max(map(abs, found.values())) < THRESHOLD


def test_the_order_in_which_it_was_written_links():
    entries = dict(sorted(spoken().items(), key=lambda each: each[1]["who"]))
    assert attack(entries)["as it lies"] > 14
    assert hits(list(entries), list(entries)) == PEOPLE


def test_ids_made_of_the_time_link():
    assert attack(spoken(lambda: str(uuid7())))["by id"] > 14


def test_an_instant_or_a_number_that_grows_links():
    found = attack(spoken(at=lambda who: f"2026-03-10T02:{who // 60:02}:{who % 60:02}Z"))
    assert found["by at"] > 14


def test_a_hint_that_is_mostly_noise_links_as_well():
    noise = random.Random(3)
    found = attack(spoken(seconds=lambda who: f"{who + noise.randrange(400):09}"))
    assert found["by seconds"] > THRESHOLD


def test_a_key_on_both_sides_links():
    people = {f"person-{who}": {"key": f"correlation-{who}"} for who in range(PEOPLE)}
    assert shared(people, {f"entry-{who}": {"trace": f"correlation-{who}"} for who in range(PEOPLE)})
    assert not shared(people, {f"entry-{who}": {"trace": "correlation-of-all"} for who in range(PEOPLE)})


def test_by_chance_the_statistic_is_standard_normal():
    dice = random.Random(11)
    truth = list(range(50))
    found = [
        combined([agreement(dice.sample(truth, len(truth)), truth) for _ in range(4)]) for _ in range(2000)
    ]
    assert abs(mean(found)) < 0.1
    assert 0.9 < pstdev(found) < 1.1
    assert 0.8 < mean(hits(dice.sample(truth, 50), truth) for _ in range(2000)) < 1.2
