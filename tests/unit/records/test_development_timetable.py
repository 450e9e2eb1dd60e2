"""What comes next, from when and until when: the look ahead agrees with the verdict on the day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.records.development.history import History
from services.records.development.rulebook import RuleBook
from services.records.development.steps import STEP_IDS
from services.records.development.timetable import Row, timetable
from services.records.development.verdict import judge
from tests.unit.records.development_ways import BOOK, DAYS, FACTS, PACKS, Weekdays, intended, opened, walked


def rows(dossier: dict[str, object], today: date, book: RuleBook = BOOK) -> dict[str, Row]:
    return {row.step.id: row for row in timetable(History(dossier), book, Weekdays(), today)}


def test_after_the_application_the_talk_is_due_within_a_month() -> None:
    ahead = rows(opened(), date(2026, 6, 2))
    talk = ahead["talk"]
    assert (talk.state, talk.earliest, talk.latest, talk.overdue) == (
        "open",
        date(2026, 6, 1),
        date(2026, 7, 1),
        False,
    )
    assert talk.because[0].article == "第七条"
    assert ahead["application"].state == "done"
    assert ahead["activist_decision"].state == "later"
    assert rows(opened(), date(2026, 7, 2))["talk"].overdue


def test_the_whole_way_is_laid_out_with_its_earliest_days() -> None:
    ahead = rows(opened(), date(2026, 6, 1))
    assert ahead["activist_decision"].earliest == date(2026, 6, 1)
    assert ahead["candidate_decision"].earliest == date(2027, 6, 1)
    assert ahead["full_meeting"].earliest == date(2028, 6, 1)
    assert [row.earliest is None for row in ahead.values()] == [True] + [False] * 24


def test_the_decision_on_a_candidate_waits_for_a_publicity_that_begins_today() -> None:
    ahead = rows(walked("candidate_decision"), date(2027, 8, 2))  # a Monday, long after the year was full
    decision = ahead["candidate_decision"]
    assert decision.earliest == date(2027, 8, 7)
    assert {reason.rule for reason in decision.because} == {"cultivation", "publicity"}


def test_a_periodic_check_stays_open_until_the_decision_that_builds_on_it() -> None:
    checks = rows(walked("candidate_decision"), date(2027, 6, 1))["cultivation_check"]
    assert (checks.state, checks.on, checks.latest) == ("open", date(2027, 1, 1), date(2027, 7, 1))
    assert rows(walked("candidate_filing"), date(2027, 8, 1))["cultivation_check"].state == "done"


def test_the_earliest_day_looks_past_a_change_of_rules() -> None:
    """Three years until the end of 2028, one from then on: the first of the new rules is the day."""
    (pack,) = [each for each in PACKS if each.id == "development-national-2026"]
    cultivation = pack.parameters["cultivation"]
    longer = type(cultivation)(**{**vars(cultivation), "value": 36})
    now = type(pack)(
        **{
            **vars(pack),
            "effective_to": date(2028, 12, 31),
            "parameters": {**pack.parameters, "cultivation": longer},
        }
    )
    then = type(pack)(**{**vars(pack), "id": "then", "effective_from": date(2029, 1, 1)})
    ahead = rows(walked("candidate_decision"), date(2027, 2, 1), RuleBook([now, then]))
    assert ahead["candidate_decision"].earliest == date(2029, 1, 1)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([step for step in STEP_IDS if step != "application"]))
def test_the_earliest_day_is_the_first_that_the_verdict_lets_through(step: str) -> None:
    dossier = walked(step)
    row = rows(dossier, DAYS[step])[step]
    assert row.earliest is not None
    if step == "candidate_decision":
        return  # its publicity is of the future
    history = History(dossier)
    on_time = judge(history, intended(step, row.earliest), BOOK.on(row.earliest), FACTS)
    assert [each.code for each in on_time if each.hardness == "block"] == []
    day_before = row.earliest - timedelta(days=1)
    early = judge(history, intended(step, day_before), BOOK.on(day_before), FACTS)
    assert any(each.hardness == "block" for each in early)
