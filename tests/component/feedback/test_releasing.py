"""Anonymous opinions are released in batches: nobody who watches learns when one came in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from services.chassis.errors import NotFound
from services.chassis.testing import wait_for

from .test_anonymity import feed  # noqa: F401 - a fixture

BATCH = 12


def seen_by(box, person: str) -> list[str]:
    return [each["id"] for each in box.call(person, "list_opinions", limit=100)["items"]]


def test_until_its_batch_is_released_only_the_receipt_leads_to_an_opinion(box, feed):  # noqa: F811
    receipt = box.say(None)["receipt"]
    opinion = box.only_opinion()
    assert box.call(None, "follow_receipt", code=receipt)["state"] == "received"
    for person in ("secretary", "dean", "inspector"):
        assert seen_by(box, person) == []
        with pytest.raises(NotFound):
            box.call(person, "get_opinion", opinion=opinion)
    with pytest.raises(NotFound):
        box.call("secretary", "decline_opinion", opinion=opinion, reason="No.")
    with pytest.raises(NotFound):
        box.answer(opinion)
    box.say()  # by name: at once, and behind the other if that had been told
    wait_for(feed.read)
    assert [each["body"]["data"]["mode"] for each in feed.messages] == ["named"]

    box.release()
    assert opinion in seen_by(box, "secretary")
    wait_for(lambda: len(feed.read()) == 2)
    assert feed.messages[1]["body"]["subject"] == opinion


def test_the_turn_of_the_interval_releases_what_waits(box):
    box.say(None)
    box.clock.advance(box.application.releasing.every)
    wait_for(lambda: seen_by(box, "secretary") == [box.only_opinion()])


def test_within_a_batch_nothing_keeps_the_order_in_which_it_came_in(box, feed):  # noqa: F811
    for number in range(BATCH):
        box.say(None, text=f"Opinion {number}")
        box.clock.advance(timedelta(milliseconds=100))
    collection = box.application.opinions.collection
    came_in = [each["_id"] for each in collection.find().sort("text", 1)]
    box.release()
    wait_for(lambda: len(feed.read()) == BATCH)
    told = [each["body"]["subject"] for each in feed.messages]
    assert sorted(told) == sorted(came_in)
    assert told not in (came_in, sorted(came_in))
    alike = [{"version", "sequence", "received_on", "released"} & set(each) for each in collection.find()]
    assert len({(each["version"], each["sequence"], each["received_on"]) for each in collection.find()}) == 1
    assert all(len(names) == 4 for names in alike)


def test_a_batch_released_twice_is_told_of_once(box, feed):  # noqa: F811
    box.say(None)
    box.release()
    box.release()
    box.say()
    wait_for(lambda: len(feed.read()) == 2)
    assert sorted(each["body"]["data"]["mode"] for each in feed.messages) == ["anonymous", "named"]


def test_what_waits_is_found_by_an_index(box):
    box.say(None)
    plan = box.application.opinions.collection.find({"released": False}).explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])


def answered(service: str) -> dict[str, float]:
    """Calls answered by method, as Prometheus reads them."""
    return {
        sample.labels["method"]: sample.value
        for metric in REGISTRY.collect()
        if metric.name == "jishi_rpc_seconds"
        for sample in metric.samples
        if sample.name.endswith("_count") and sample.labels["service"] == service
    }


def test_no_measurement_moves_when_somebody_speaks_without_a_name(box):
    box.say()
    wait_for(lambda: "submit_opinion" in answered("feedback"))
    before = answered("feedback")
    receipt = box.say(None)["receipt"]
    box.call(None, "follow_receipt", code=receipt)
    box.say()  # measured, and after the others
    wait_for(lambda: answered("feedback")["submit_opinion"] > before["submit_opinion"])
    moved = {method for method, count in answered("feedback").items() if count != before.get(method)}
    assert moved == {"submit_opinion"}
