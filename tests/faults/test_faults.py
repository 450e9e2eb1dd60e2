"""Accepted commands equal effects, exactly, whatever dies; the short forms of what ``make faults`` does."""

import pytest

from tests.faults import scenarios
from tests.faults.report import Report, show
from tests.faults.rig import Rig
from tests.faults.sending import sender_dies_again_and_again

pytestmark = pytest.mark.timeout(900)


def _clean(report: Report) -> Report:
    show([report])
    assert (report.lost, report.doubled) == ([], [])
    return report


def test_killed_services_lose_and_double_nothing(rig: Rig) -> None:
    report = _clean(scenarios.killing_each_service(rig, commands=150, kills_each=1))
    assert report.hurt == 5


def test_a_broker_that_dies_under_load_loses_nothing_and_the_backlog_drains(rig: Rig) -> None:
    report = _clean(scenarios.broker_goes_away(rig, commands=60, rows=400, times=1, seconds=2.0))
    assert report.notes["written meanwhile"]


def test_a_store_that_dies_under_load_keeps_what_it_acknowledged(rig: Rig) -> None:
    _clean(scenarios.store_goes_away(rig, commands=100, times=1, seconds=1.0))


def test_a_rolling_restart_delivers_nothing_again(rig: Rig) -> None:
    report = _clean(scenarios.rolling_restart(rig, commands=150, rounds=1))
    assert report.notes["redelivered"] == 0
    assert report.notes["exit codes"] == {"0": 5}


def test_three_replicas_run_each_timer_once(rig: Rig) -> None:
    _clean(scenarios.three_replicas(rig, commands=60, seconds=8.0))


def test_a_sender_that_dies_sends_nothing_twice_and_knows_of_each_message(rig: Rig) -> None:
    """What the crash left unclear is cleared up minutes later: here it is only known to be unclear."""
    report = _clean(sender_dies_again_and_again(rig, messages=120, kills=1, seconds=0.5, settle_seconds=6.0))
    assert (report.commands, report.hurt) == (120, 1)
