"""Reminders: who gets one and when; and that each one not sent is kept with its reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import eventlet
import pytest

from services.chassis.said import grant_said
from services.contracts.evaluation_events import (
    AnomalyConcluded,
    AnomalyRaised,
    ObligationDueSoon,
    ObligationMissed,
    ObligationReopened,
)
from services.contracts.feedback_events import OpinionDueSoon, OpinionOverdue
from services.notify.contacts.store import Contact
from services.notify.reminders.model import Reason, stop

from .conftest import NOON, PHONES, Desk, _obligation, exempted, fulfilled, furnish, overdue

YESTERDAY = date(2026, 9, 20)  # of the tests with the rules of production, which begin on a Monday


def test_the_head_is_reminded_once_with_a_text_that_names_no_person(desk: Desk) -> None:
    desk.tell(overdue())
    for _ in range(5):
        desk.turn(seconds=11)
    (sent,) = desk.provider.taken()
    assert sent["mobile"] == PHONES["secretary"]
    assert sent["content"].startswith("【党建记实】branch党支部2026年9月的主题党日应于2026年9月30日前完成")
    assert desk.kept() == [("first", "sent", None)]


def test_the_ladder_goes_on_to_the_level_above(desk: Desk) -> None:
    desk.tell(overdue())
    desk.turn(seconds=11)
    for _ in range(10):
        desk.turn(days=1)
    assert [each["mobile"] for each in desk.provider.taken()] == [
        PHONES["secretary"],
        PHONES["secretary"],
        PHONES["dean"],
    ]
    assert [step for step, _, _ in desk.kept()] == ["first", "second", "above"]


def test_what_was_fulfilled_before_the_evidence_settled_reminds_nobody(desk: Desk) -> None:
    desk.tell(overdue())
    desk.tell(fulfilled(), sequence=2)
    desk.turn(seconds=11)
    assert (desk.kept(), desk.provider.taken()) == ([], [])


def test_a_reminder_stops_when_fulfilled_between_queueing_and_sending(desk: Desk) -> None:
    desk.tell(overdue())
    desk.clock.advance(timedelta(seconds=11))
    desk.application.remind()
    assert desk.kept() == [("first", "queued", None)]
    desk.tell(fulfilled(), sequence=2)
    desk.turn(seconds=1)
    assert desk.kept() == [("first", "suppressed", "fulfilled")]
    assert desk.provider.taken() == []


def test_a_sender_asks_at_the_last_moment_whether_a_reminder_is_still_wanted(desk: Desk) -> None:
    desk.tell(overdue())
    desk.clock.advance(timedelta(seconds=11))
    desk.application.remind()
    watch, revision = desk.application.watches.get("obligation-1")
    assert watch is not None
    desk.application.watches.put(stop(watch, Reason.FULFILLED), None, revision)
    desk.application.sender.run_once()
    assert desk.kept() == [("first", "suppressed", "fulfilled")]
    assert desk.provider.taken() == []


def test_whoever_answers_by_the_newest_word_is_reminded_though_the_handing_on_was_overtaken(
    desk: Desk,
) -> None:
    told = {"opinion": "opinion-1", "category": "teaching", "mode": "named", "speed": "ordinary"}
    clocked = {**told, "due_on": date(2026, 9, 30), "roles": ["secretary"]}
    desk.tell(OpinionDueSoon.of(**clocked, organisation="branch"), "opinion-1", 1)
    # The second word handed it on; one that is delivered again after the third is passed over.
    desk.tell(OpinionOverdue.of(**clocked, organisation="next-door"), "opinion-1", 3)
    desk.turn(seconds=11)
    assert [each["mobile"] for each in desk.provider.taken()] == [PHONES["neighbour"]]


def test_who_is_asked_for_a_talk_hears_of_it_at_once_and_of_nobody_and_nothing_else(desk: Desk) -> None:
    asked = {"anomaly": "x", "organisation": "branch"}
    raised_on = NOON.date()
    due_on = raised_on + timedelta(days=14)
    desk.tell(AnomalyRaised.of(**asked, asked="secretary", raised_on=raised_on, due_on=due_on), "x")
    desk.turn(seconds=11)
    (sent,) = desk.provider.taken()
    assert sent["mobile"] == PHONES["secretary"]
    assert sent["content"].startswith("【党建记实】branch党支部有一项谈话提醒")
    desk.tell(AnomalyConcluded.of(**asked, concluded_on=raised_on), "x", 2)
    # One that was not held is asked for once more, three days before the last.
    asked = {"anomaly": "y", "organisation": "faculty"}
    desk.tell(AnomalyRaised.of(**asked, asked="dean", raised_on=raised_on, due_on=due_on), "y")
    desk.turn(seconds=11)
    for _ in range(10):
        desk.turn(days=1)
    assert desk.kept(watch="y") == [("asked", "sent", None)]
    for _ in range(10):
        desk.turn(days=1)
    assert desk.kept(watch="y") == [("asked", "sent", None), ("near", "sent", None)]
    assert desk.kept(watch="x") == [("asked", "sent", None)]


def test_when_the_make_up_window_closes_the_ladder_ends(desk: Desk) -> None:
    desk.tell(overdue())
    desk.turn(seconds=11)
    desk.tell(ObligationMissed.of(**_obligation("obligation-1", "branch")), sequence=2)
    desk.turn(days=10)
    assert desk.kept() == [("first", "sent", None)]


def test_withdrawn_evidence_begins_the_reminders_anew(desk: Desk) -> None:
    desk.tell(overdue())
    desk.turn(seconds=11)
    desk.tell(fulfilled(), sequence=2)
    desk.tell(ObligationReopened.of(**_obligation("obligation-1", "branch")), sequence=3)
    desk.turn(days=1)
    assert [each["mobile"] for each in desk.provider.taken()] == [PHONES["secretary"]] * 2


def test_an_exemption_stops_what_waits_and_what_would_follow(desk: Desk) -> None:
    desk.tell(overdue())
    desk.clock.advance(timedelta(seconds=11))
    desk.application.remind()
    desk.tell(exempted(), sequence=2)
    desk.turn(seconds=1)
    for _ in range(9):
        desk.turn(days=1)
    assert desk.kept() == [("first", "suppressed", "exempted")]
    assert desk.provider.taken() == []


def test_an_exemption_that_ends_begins_the_reminders_anew(desk: Desk) -> None:
    desk.tell(overdue())
    desk.turn(seconds=11)
    desk.tell(exempted(), sequence=2)
    desk.tell(ObligationReopened.of(**_obligation("obligation-1", "branch")), sequence=3)
    desk.turn(days=1)
    assert desk.kept() == [("first", "sent", None), ("first", "sent", None)]


def withdraw(desk: Desk, person: str = "secretary", node: str = "branch") -> None:
    """The person's post is withdrawn, as records would tell it."""
    desk.application.authority.apply(
        [
            grant_said(
                f"post-{person}",
                person=person,
                role="secretary",
                node=node,
                since=date(2025, 9, 1),
                active=False,
            )
        ]
    )


def test_a_vacancy_is_answered_for_by_the_next_level_above_that_has_somebody(desk: Desk) -> None:
    withdraw(desk)
    desk.tell(overdue())
    desk.turn(seconds=11)
    assert desk.kept() == [("first", "sent", None)]
    assert desk.only_message().purpose.answers_as == "head_for_vacancy"
    assert [each["mobile"] for each in desk.provider.taken()] == [PHONES["dean"]]
    withdraw(desk, "dean", "faculty")
    withdraw(desk, "rector", "university")
    desk.tell(overdue("obligation-2"), "obligation-2")
    desk.turn(seconds=11)
    assert desk.kept(watch="obligation-2") == [("first", "suppressed", "no_head")]


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        (Contact("secretary", None, active=True), "no_contact"),
        (Contact("secretary", "v1.other.key", active=False), "left"),
        (Contact("secretary", "v1.another.key", active=True), "contact_unreadable"),
    ],
)
def test_a_head_who_cannot_be_reached_is_kept_with_the_reason(
    desk: Desk, contact: Contact, reason: str
) -> None:
    desk.application.contacts.put([contact])
    desk.tell(overdue())
    desk.turn(seconds=11)
    assert desk.kept() == [("first", "suppressed", reason)]
    assert desk.only_message().purpose.recipient == "secretary"
    assert desk.provider.taken() == []


def test_a_root_has_no_level_above_and_that_is_kept(desk: Desk) -> None:
    desk.tell(overdue(organisation="university"))
    desk.turn(seconds=11)
    desk.turn(days=3)
    desk.turn(days=4)
    desk.turn(days=4)
    assert desk.kept()[-1] == ("above", "suppressed", "no_level_above")


def test_what_was_due_long_ago_is_kept_and_not_sent(desk: Desk) -> None:
    desk.tell(overdue(due_on=date(2026, 3, 31), period="2026-Q1"))
    desk.turn(seconds=11)
    desk.turn(days=20)
    assert desk.kept() == [("first", "suppressed", "too_old")]
    assert desk.provider.taken() == []


def test_nobody_is_disturbed_at_night(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(profile="production")
    furnish(desk.application)
    desk.clock.instant = datetime(2026, 9, 21, 13, 30, tzinfo=UTC)  # 21:30 on campus
    desk.tell(overdue(due_on=YESTERDAY))
    desk.turn(minutes=11)
    desk.turn(hours=1)
    assert desk.kept() == [("first", "created", "quiet_hours")]
    assert desk.provider.taken() == []
    desk.clock.instant = datetime(2026, 9, 22, 0, 0, tzinfo=UTC)  # 08:00
    desk.turn()
    assert desk.kept() == [("first", "sent", None)]
    assert len(desk.provider.taken()) == 1


def test_a_head_who_is_withdrawn_in_the_night_gets_nothing_in_the_morning(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(profile="production")
    furnish(desk.application)
    desk.clock.instant = datetime(2026, 9, 21, 13, 30, tzinfo=UTC)  # 21:30 on campus
    desk.tell(overdue(due_on=YESTERDAY))
    desk.tell(overdue("obligation-2", "next-door", due_on=YESTERDAY), "obligation-2")
    desk.turn(minutes=11)
    assert desk.kept() == [("first", "created", "quiet_hours")] * 2
    withdraw(desk)
    desk.clock.instant = datetime(2026, 9, 22, 0, 0, tzinfo=UTC)  # 08:00
    desk.turn()
    assert desk.kept(obligation="obligation-1") == [("first", "suppressed", "left")]
    assert desk.kept(obligation="obligation-2") == [("first", "sent", None)]
    assert [each["mobile"] for each in desk.provider.taken()] == [PHONES["neighbour"]]


def test_the_level_above_is_not_told_of_reminders_that_never_went_out(desk: Desk) -> None:
    desk.application.contacts.put([Contact("secretary", None, active=True)])
    desk.tell(overdue())
    desk.turn(seconds=11)
    for _ in range(10):
        desk.turn(days=1)
    assert [state for _, state, _ in desk.kept()] == ["suppressed", "suppressed", "sent"]
    (sent,) = desk.provider.taken()
    assert sent["mobile"] == PHONES["dean"]
    assert "提醒" not in sent["content"]


def test_a_retry_that_falls_into_the_night_waits_for_the_morning(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(profile="production")
    furnish(desk.application)
    desk.clock.instant = datetime(2026, 9, 21, 12, 49, tzinfo=UTC)  # 20:49 on campus
    desk.provider.faults(fail_rate=1)
    desk.tell(overdue(due_on=YESTERDAY))
    desk.turn(minutes=10)  # 20:59: the provider fails
    desk.provider.faults(fail_rate=0)
    desk.turn(minutes=2)  # asked: it never came
    desk.turn(minutes=2)
    assert desk.kept() == [("first", "temporary_failure", "quiet_hours")]
    assert desk.provider.taken() == []
    desk.clock.instant = datetime(2026, 9, 22, 0, 0, tzinfo=UTC)
    desk.turn()
    assert desk.kept() == [("first", "sent", None)]


def test_replicas_that_work_at_the_same_time_remind_once(open_desk: Callable[..., Desk], desk: Desk) -> None:
    desk.provider.faults(delay_ms=30)
    for number in range(10):
        desk.tell(overdue(f"obligation-{number}"))
    desk.clock.advance(timedelta(seconds=11))
    replicas = [desk, open_desk(), open_desk()]
    work = [eventlet.spawn(each.turn) for each in replicas for _ in range(2)]
    for each in work:
        each.wait()
    desk.turn()
    references = [each["reference"] for each in desk.provider.taken()]
    assert len(references) == len(set(references)) == 10
    assert [state for _, state, _ in desk.kept()] == ["sent"] * 10


def test_a_step_that_cannot_be_decided_holds_nobody_else_up(desk: Desk) -> None:
    desk.tell(overdue("broken"))
    desk.application.database["watches"].update_one({"_id": "broken"}, {"$set": {"period": None}})
    desk.clock.advance(timedelta(seconds=1))
    desk.tell(overdue("obligation-2"))
    desk.turn(seconds=11)
    assert desk.kept() == [("first", "sent", None)]
    desk.application.database["watches"].update_one({"_id": "broken"}, {"$set": {"period": "2026-09"}})
    desk.turn(minutes=10)
    assert desk.kept() == [("first", "sent", None), ("first", "sent", None)]


def test_without_a_channel_messages_wait_and_say_so(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(sms_url=None)
    furnish(desk.application)
    desk.tell(overdue())
    desk.turn(seconds=11)
    assert desk.kept() == [("first", "queued", "no_channel")]


def test_beyond_the_days_number_one_digest_says_the_rest_and_each_is_on_record(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(profile="production")
    furnish(desk.application)
    desk.clock.instant = datetime(2026, 9, 21, 13, 30, tzinfo=UTC)  # 21:30 on campus
    for number in range(5):
        told = overdue(f"obligation-{number}", due_on=YESTERDAY)
        desk.tell(told, f"obligation-{number}")
    desk.turn(minutes=11)
    desk.clock.instant = datetime(2026, 9, 22, 0, 0, tzinfo=UTC)  # 08:00
    desk.turn()
    states = sorted((step, state, reason) for step, state, reason in desk.kept())
    merged = [("first", "suppressed", "merged")] * 3
    assert states == [("digest", "sent", None), *[("first", "sent", None)] * 2, *merged]
    assert len(desk.provider.taken()) == 3
    desk.tell(overdue("late", due_on=YESTERDAY), "late")
    desk.turn(minutes=11)
    assert desk.kept(watch="late") == [("first", "created", "daily_limit")]
    desk.clock.instant = datetime(2026, 9, 23, 0, 0, tzinfo=UTC)
    desk.turn()
    assert desk.kept(watch="late") == [("first", "sent", None)]
    assert len(desk.provider.taken()) == 4


def test_a_digest_of_what_was_settled_meanwhile_is_not_sent(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(profile="production")
    furnish(desk.application)
    desk.clock.instant = datetime(2026, 9, 21, 3, 0, tzinfo=UTC)
    for number in range(4):
        told = overdue(f"obligation-{number}", due_on=YESTERDAY)
        desk.tell(told, f"obligation-{number}")
    desk.clock.advance(timedelta(minutes=11))
    desk.application.remind()
    for number in range(4):
        desk.tell(fulfilled(f"obligation-{number}", due_on=YESTERDAY), f"obligation-{number}", 2)
    desk.application.sender.run_once()
    assert {state for _, state, _ in desk.kept()} == {"suppressed"}
    assert desk.provider.taken() == []


def test_a_reminder_before_the_due_day_and_what_is_paused_or_delegated(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(profile="production")
    furnish(desk.application)
    application = desk.application
    desk.clock.instant = datetime(2026, 9, 23, 3, 0, tzinfo=UTC)  # a Wednesday, a week before
    application.database["switches"].insert_one(
        {"_id": "obligation", "version": 1, "sequence": 0, "paused": True}
    )
    desk.tell(ObligationDueSoon.of(**_obligation("obligation-1", "branch")))
    desk.turn(minutes=1)
    assert desk.kept() == [("week_before", "created", "paused")]
    application.database["delegations"].insert_one(
        {
            "_id": "d",
            "version": 1,
            "sequence": 0,
            "organisation": "branch",
            "person": "secretary",
            "to": "dean",
            "since": "2026-09-28",
            "until": "2026-10-07",
            "reason": "away",
            "by": "secretary",
            "ended_on": None,
        }
    )
    application.database["switches"].update_one({"_id": "obligation"}, {"$set": {"paused": False}})
    application.switches._known_until = 0.0
    desk.turn(minutes=6)
    assert desk.kept() == [("week_before", "sent", None)]
    desk.clock.instant = datetime(2026, 9, 29, 3, 0, tzinfo=UTC)
    desk.turn()
    assert desk.kept()[-1] == ("day_before", "sent", None)
    assert [each["mobile"] for each in desk.provider.taken()] == [PHONES["secretary"], PHONES["dean"]]
