"""What an event means for reminders."""

from datetime import date

import pytest

from services.contracts.evaluation_events import (
    AnomalyConcluded,
    AnomalyRaised,
    ObligationFulfilled,
    ObligationOverdue,
)
from services.contracts.feedback_events import OpinionOverdue
from services.contracts.records_events import ElectionShiftDecided
from services.notify.reminders.following import FOLLOWED, Turn, contracts_of, watch_of

OPINION = {"opinion": "o-1", "organisation": "faculty", "due_on": date(2026, 9, 30), "mode": "named"}


def test_of_what_is_about_a_head_nobody_is_reminded() -> None:
    followed = FOLLOWED[OpinionOverdue]
    assert followed.counts(OPINION)
    assert not followed.counts({**OPINION, "restricted": True})


def test_only_an_approved_day_ends_the_reminders_of_an_election() -> None:
    followed = FOLLOWED[ElectionShiftDecided]
    assert followed.turn is Turn.STOPPED
    assert followed.counts({"approved": True})
    assert not followed.counts({"approved": False})


def test_a_watch_names_no_more_than_its_kind_needs() -> None:
    owed = {
        "obligation": "x",
        "organisation": "b",
        "rule": "theme_day",
        "period": "2026-09",
        "due_on": date(2026, 9, 30),
    }
    watch = watch_of(FOLLOWED[ObligationOverdue], owed, owed["due_on"])
    assert (watch.id, watch.rule, watch.period, watch.round) == ("x", "theme_day", "2026-09", 0)
    assert watch_of(FOLLOWED[OpinionOverdue], OPINION, OPINION["due_on"]).rule == "opinion"


@pytest.mark.parametrize("kind", ["obligation", "opinion", "election"])
def test_what_begins_reminders_is_followed_together_with_what_ends_them(kind: str) -> None:
    turns = {FOLLOWED[contract].turn for contract in contracts_of(kind)}
    assert {Turn.DUE_SOON, Turn.OVERDUE, Turn.STOPPED} <= turns
    names = {name for contract in contracts_of(kind) for name in (kind, "organisation")}
    assert all(names <= set(contract._declared_fields) for contract in contracts_of(kind))


def test_an_obligation_is_told_by_its_own_events() -> None:
    assert {ObligationOverdue, ObligationFulfilled} <= set(contracts_of("obligation"))


def test_a_talk_is_reminded_of_until_it_was_held_or_declined_and_says_nothing_of_whom() -> None:
    told = {
        "anomaly": "x",
        "organisation": "branch",
        "asked": "secretary",
        "raised_on": date(2026, 9, 16),
        "due_on": date(2026, 9, 30),
    }
    raised = FOLLOWED[AnomalyRaised]
    watch = watch_of(raised, told, told["due_on"])
    assert (watch.id, watch.kind, watch.organisation, watch.rule) == ("x", "talk", "branch", "talk")
    assert raised.turn is Turn.DUE_SOON
    assert FOLLOWED[AnomalyConcluded].turn is Turn.STOPPED
