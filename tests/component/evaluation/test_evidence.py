"""Evidence delivered in any way has one effect, and its effect is seen and told."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from random import Random

import eventlet

from services.chassis.envelope import from_wire, seal
from services.chassis.testing import Running, wait_for
from services.contracts.evaluation_events import ObligationOpened
from services.contracts.records_events import ActivityReturned
from services.evaluation.application import Evaluation
from services.evaluation.service import EvaluationService
from tests.component.evaluation.surroundings import Campus, approved, organisation

RECORDS = [approved(f"day-{month}", date(2026, month, 12 if month < 6 else 10)) for month in range(1, 7)] + [
    approved(f"meeting-{month}", date(2026, month, 15), "branch_meeting") for month in (2, 5)
]


def test_evidence_delivered_a_hundred_times_and_shuffled_has_one_effect(
    campus: Campus, evaluation: Evaluation
) -> None:
    envelopes = [campus.sealed(each, 4) for each in RECORDS]
    everything = envelopes * 100
    Random(7).shuffle(everything)
    campus.publish(*everything)

    score = wait_for(
        lambda: (found := campus.score("secretary", "branch")) and found["evidence"] == 8 and found
    )

    wait_for(lambda: not _waiting(campus))
    assert evaluation.database["evidence"].count_documents({}) == 8
    assert campus.score("secretary", "branch") == score
    wait_for(lambda: evaluation.database["bundles"].count_documents({}) == 0)
    told = campus.overheard.listen()
    fulfilled = [each["subject"] for each in campus.overheard.of("obligation.fulfilled")]
    assert max(Counter(fulfilled).values()) == 1
    by_subject: dict[str, list[int]] = {}
    for each in told:
        by_subject.setdefault(each["subject"], []).append(each["sequence"])
    assert all(seen == list(range(1, len(seen) + 1)) for seen in by_subject.values())


def test_events_that_an_earlier_release_left_in_a_standing_are_told_with_its_next_turn(
    campus: Campus, evaluation: Evaluation
) -> None:
    owed = {"organisation": "branch", "rule": "theme_day", "period": "2019-01", "pack": "p", "article": "1"}
    opened = ObligationOpened.of(obligation="left", due_on=date(2019, 1, 31), **owed)
    left = seal(opened, subject="left", sequence=1, clock=campus.clock)
    far = datetime(2100, 1, 1, tzinfo=UTC)  # so that no sweeper is faster
    standings = evaluation.database["standings"]
    standings.update_one({"_id": "branch"}, {"$set": {"pending": [left], "pending_since": far}})

    campus.publish(campus.sealed(approved("june", date(2026, 6, 10)), 4))

    told = wait_for(lambda: [each for each in campus.overheard.of("obligation.opened") if each == left])
    assert len(told) == 1
    assert not {"pending", "pending_since"} & standings.find_one({"_id": "branch"}).keys()


def test_an_approved_activity_fulfils_and_names_what_led_to_it(
    campus: Campus, evaluation: Evaluation
) -> None:
    envelope = campus.sealed(approved("june", date(2026, 6, 10)), 4) | {"correlationid": "the-review"}
    campus.publish(envelope)

    june = wait_for(
        lambda: [
            each for each in campus.obligations("secretary", state="fulfilled") if each["period"] == "2026-06"
        ]
    )[0]
    assert june["evidence"] == ["june"]
    assert june["fulfilled_on"] == "2026-06-10"
    told = wait_for(lambda: campus.overheard.of("obligation.fulfilled"))[0]
    assert (told["subject"], told["causationid"], told["correlationid"]) == (
        june["id"],
        envelope["id"],
        "the-review",
    )
    assert "actor" not in told
    wait_for(lambda: any(each["data"]["evidence"] == 1 for each in campus.overheard.of("score.changed")))


def test_withdrawn_evidence_reopens_what_it_fulfilled(campus: Campus, evaluation: Evaluation) -> None:
    record = approved("june", date(2026, 6, 10))
    campus.publish(campus.sealed(record, 4))
    wait_for(lambda: campus.overheard.of("obligation.fulfilled"))
    campus.publish(campus.sealed(ActivityReturned.of(**record.data), 5))

    wait_for(lambda: campus.overheard.of("obligation.reopened"))
    assert [each["state"] for each in campus.obligations("secretary", rule="theme_day")] == ["open"]

    campus.publish(campus.sealed(record, 4))  # an old approval, late, changes nothing
    campus.publish(campus.sealed(approved("other", date(2026, 6, 11), "talk"), 4))
    wait_for(lambda: evaluation.database["evidence"].count_documents({}) == 4)
    wait_for(lambda: (campus.score("secretary", "branch") or {}).get("evidence") == 1)
    assert [each["state"] for each in campus.obligations("secretary", rule="theme_day")] == ["open"]


def test_evidence_of_an_unknown_organisation_waits_and_is_counted_when_it_arrives(campus: Campus) -> None:
    running = Running(EvaluationService, campus.settings, campus.clock)
    running.container.config["RETRY_SCALE"] = 0.01
    with running:
        campus.settle_in()
        early = campus.sealed(approved("early", date(2026, 6, 9), organisation="newcomer"), 4)
        known = campus.sealed(approved("known", date(2026, 6, 9)), 4)
        campus.publish(early, known)
        wait_for(lambda: (campus.score("secretary", "branch") or {}).get("evidence") == 1)
        assert running.application.database["evidence"].count_documents({}) == 1

        campus.tell(organisation("newcomer"))

        wait_for(lambda: (campus.score("dean", "newcomer") or {}).get("evidence") == 1)


def test_evidence_of_an_organisation_that_never_arrives_is_parked_alone(campus: Campus) -> None:
    running = Running(EvaluationService, campus.settings, campus.clock)
    running.container.config["RETRY_SCALE"] = 0.0005
    with running:
        campus.settle_in()
        lost = campus.sealed(approved("lost", date(2026, 6, 9), organisation="nowhere"), 4)
        campus.publish(lost, *(campus.sealed(each, 4) for each in RECORDS))

        letter = wait_for(lambda: _parked(campus, "evaluation.evidence"))
        assert letter.headers["x-jishi-reason"] == "retries_exhausted"
        wait_for(lambda: (campus.score("secretary", "branch") or {}).get("evidence") == 8)
        assert running.application.database["evidence"].count_documents({}) == 8


def test_replicas_that_fold_at_once_lose_nothing(campus: Campus, evaluation: Evaluation) -> None:
    replicas = [Evaluation.for_test(campus.settings, campus.clock) for _ in range(3)]
    events = [from_wire(campus.sealed(each, 4)) for each in RECORDS]

    threads = [
        eventlet.spawn(replicas[number % 3].projector.fold, [event])
        for number, event in enumerate(events * 3)
    ]
    for thread in threads:
        thread.wait()

    standing = evaluation.standings.one("branch")
    assert standing is not None
    assert len(standing.standing.evidence) == 8
    rows = {each["id"]: each["state"] for each in campus.obligations("secretary", organisation="branch")}
    assert rows == {id_: told.state for id_, told in standing.standing.told.items() if id_ in rows}
    for replica in replicas:
        replica.relay.start()
        replica.stop()
    # Replicas may publish an event twice, never lose one.
    wait_for(lambda: len({each["subject"] for each in campus.overheard.of("obligation.fulfilled")}) == 8)


def _waiting(campus: Campus) -> int:
    channel = campus.overheard.channel
    return channel.queue_declare("evaluation.evidence", passive=True).message_count


def _parked(campus: Campus, consumer: str):
    """The next letter of that consumer; a post that came before its group may be parked by another."""
    letters = campus.overheard.queue.channel
    while (letter := letters.basic_get("evaluation.dead-letters", no_ack=True)) is not None:
        if letter.headers["x-jishi-consumer"] == consumer:
            return letter
    return None
