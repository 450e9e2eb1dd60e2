"""A unit's standing: the same end by every way, and events that tell each way completely."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import bson
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.evaluation_events import ObligationDueSoon, ObligationMissed, ObligationOverdue
from services.evaluation.evidence.model import Evidence, Mark, newest, unpacked
from services.evaluation.indicators.model import InForce
from services.evaluation.obligations.model import Organisation, Rule
from services.evaluation.obligations.spans import Span
from services.evaluation.projection.model import Turn, turn
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.projection.standing import Standing, enrolled, first_day_owed, left
from services.evaluation.projection.store import Standings
from tests.unit.evaluation.policies import leaf, policy

RULES = (
    Rule("theme_day", "branch", "month", 1, 3, 20, 7, "pack", "16", "warn"),
    Rule("branch_committee", "branch_with_committee", "month", 1, 3, 20, 7, "pack", "13", "warn"),
    Rule("group_meeting", "group", "month", 1, 3, 20, 7, "pack", "14", "warn"),
)
POLICY = policy(
    leaf("frequency.theme_day", 20, "ratio", "obligations.theme_day"),
    leaf("frequency.branch_committee", 20, "ratio", "obligations.branch_committee"),
    leaf("frequency.group_meeting", 20, "ratio", "obligations.group_meeting"),
    leaf("attendance", 25, "attendance", "attendance.all", target=80),
    leaf("timeliness", 15, "timeliness", "timeliness.all"),
    deductions=(leaf("minutes", 0, "deduction", "records.all.without_minutes", each=50, at_most=500),),
)
RULEBOOK = Rulebook(rules=[(date(2018, 10, 28), RULES)], scoring=InForce((POLICY,)))
SINCE = date(2026, 1, 1)
TODAY = date(2026, 6, 20)
BRANCH = Organisation("branch", "branch", True, date(2010, 1, 1), True)
GROUP = Organisation("group", "group", False, date(2010, 1, 1), True)


def known(*organisations: Organisation) -> Standing:
    """A standing that knows ``organisations`` since the first of January."""
    standing = Standing("branch", SINCE)
    for each in organisations:
        standing = enrolled(standing, each, 1, today=SINCE)
    owing = {
        id_: replace(entry, since=SINCE, spans={owner: (Span(SINCE),) for owner in entry.spans})
        for id_, entry in standing.enrolled.items()
    }
    return replace(standing, enrolled=owing)


EMPTY = known(BRANCH, GROUP)

TOLD = st.builds(
    lambda number, sequence, organisation, kind, day, counts: Evidence(
        f"a{number}", sequence, organisation, kind, day, counts, False, 10, 8, 1, True
    ),
    st.integers(0, 12),
    st.integers(1, 5),
    st.sampled_from(["branch", "group"]),
    st.sampled_from(["theme_day", "branch_committee", "group_meeting", "talk"]),
    st.dates(date(2025, 11, 1), TODAY),
    st.booleans(),
)
TELLINGS = st.lists(TOLD, max_size=25, unique_by=lambda each: (each.activity, each.sequence))


def kept(standing: Standing) -> bytes:
    """The bytes of the standing as the store keeps it."""
    return bson.encode(Standings.packed(None, standing))  # type: ignore[arg-type]  # it needs no store for it


def without_sequences(standing: Standing) -> Standing:
    """What a standing says, apart from how many events it took to say it."""
    return replace(
        standing,
        evidence=dict(sorted(standing.evidence.items())),
        told={key: replace(each, sequence=0) for key, each in sorted(standing.told.items())},
        scores={year: replace(each, sequence=0) for year, each in sorted(standing.scores.items())},
    )


def told(standing: Standing, evidence: list[Evidence], today: date = TODAY) -> Turn:
    return turn(standing, RULEBOOK, today=today, evidence=evidence, settle=True)


@settings(deadline=None)
@given(TELLINGS, st.integers())
def test_any_order_and_any_batches_end_in_the_same_standing(telling: list[Evidence], seed: int) -> None:
    random = Random(seed)
    at_once = told(EMPTY, telling).after
    shuffled = telling * 2
    random.shuffle(shuffled)
    standing = told(EMPTY, []).after
    while shuffled:
        size = random.randint(1, 5)
        standing, shuffled = told(standing, shuffled[:size]).after, shuffled[size:]
    assert without_sequences(standing) == without_sequences(at_once)


@settings(deadline=None)
@given(TELLINGS, st.dates(SINCE, TODAY))
def test_folding_day_by_day_ends_where_a_rebuild_does(telling: list[Evidence], middle: date) -> None:
    half = len(telling) // 2
    walked = told(told(EMPTY, telling[:half], middle).after, telling[half:]).after
    assert repr(without_sequences(walked)) == repr(without_sequences(told(EMPTY, telling).after))


YEAR_END = date(2026, 12, 31)
YEAR = st.lists(
    st.builds(
        lambda number, sequence, organisation, kind, day, counts, late, present: Evidence(
            f"a{number}", sequence, organisation, kind, day, counts, late, 10, present, 1, present % 3 > 0
        ),
        st.integers(0, 60),
        st.integers(1, 4),
        st.sampled_from(["branch", "group"]),
        st.sampled_from(["theme_day", "branch_committee", "group_meeting", "talk"]),
        st.dates(SINCE, YEAR_END),
        st.booleans(),
        st.booleans(),
        st.integers(0, 10),
    ),
    max_size=60,
    unique_by=lambda each: (each.activity, each.sequence),
)
MARKS = st.dictionaries(st.sampled_from(["m1", "m2", "m3"]), st.dates(SINCE, YEAR_END), max_size=3)


@settings(deadline=None, max_examples=60)
@given(YEAR, MARKS, st.randoms(use_true_random=False))
def test_a_rebuild_of_a_random_year_gives_the_same_bytes_and_says_nothing(
    ledger: list[Evidence], given_on: dict[str, date], random: Random
) -> None:
    """Folded in any batches, any order and more than once, over the days of a year; then from the ledger."""
    marks = {id_: Mark(id_, "findings", "x", None, "branch", day, 0) for id_, day in given_on.items()}
    coming = [*ledger, *random.sample(ledger, len(ledger) // 3)]
    random.shuffle(coming)
    standing, today = EMPTY, SINCE
    while coming:
        size = random.randint(1, 9)
        today = min(today + timedelta(days=random.randint(0, 40)), YEAR_END)
        standing = turn(standing, RULEBOOK, today=today, evidence=coming[:size]).after
        coming = coming[size:]
    standing = turn(standing, RULEBOOK, today=YEAR_END, marks=marks, settle=True).after

    random.shuffle(ledger)
    rebuilt = turn(standing, RULEBOOK, today=YEAR_END, evidence=ledger, marks=marks, anew=True)

    assert kept(rebuilt.after) == kept(standing)
    assert rebuilt.events == []


@settings(deadline=None)
@given(TELLINGS)
def test_the_same_turn_again_says_nothing(telling: list[Evidence]) -> None:
    once = told(EMPTY, telling).after
    again = told(once, telling)
    assert again.after == once
    assert [*again.events, *again.evidence, *again.obligations, *again.scores] == []


@settings(deadline=None)
@given(TELLINGS, st.lists(st.integers(0, 60), max_size=5))
def test_sequences_of_a_subject_have_no_holes(telling: list[Evidence], steps: list[int]) -> None:
    standing, today = EMPTY, SINCE
    seen: dict[str, int] = {}
    for step in [0, *steps]:
        today += timedelta(days=step)
        turned = told(standing, telling[: step + 1], today)
        for happened in turned.events:
            assert happened.sequence == seen.get(happened.subject, 0) + 1
            seen[happened.subject] = happened.sequence
            happened.event.contract.encode(happened.event.data)
        standing = turned.after
    assert {key: each.sequence for key, each in standing.told.items()} == {
        key: sequence for key, sequence in seen.items() if key in standing.told
    }


@given(TELLINGS)
def test_the_newest_word_on_an_activity_wins(telling: list[Evidence]) -> None:
    forwards, backwards = newest({}, telling), newest({}, reversed(telling))
    assert forwards == backwards
    assert newest(forwards, telling) == {}


@given(TOLD)
def test_evidence_is_kept_as_it_was_told(evidence: Evidence) -> None:
    assert unpacked(evidence.activity, evidence.packed()) == evidence


def test_a_newly_known_organisation_is_not_reproached_before_its_history_arrived() -> None:
    fresh = turn(EMPTY, RULEBOOK, today=TODAY)
    assert {each.state for each in fresh.obligations} == {"open"}
    settled = turn(fresh.after, RULEBOOK, today=TODAY, settle=True)
    assert {each.state for each in settled.obligations} == {"missed", "overdue"}
    assert not turn(settled.after, RULEBOOK, today=TODAY, settle=True).events


def test_nobody_is_reminded_before_the_history_arrived_and_everybody_once_it_has() -> None:
    soon = date(2026, 6, 29)
    fresh = turn(EMPTY, RULEBOOK, today=soon)
    assert {each.state for each in fresh.obligations} == {"open"}
    settled = turn(fresh.after, RULEBOOK, today=soon, settle=True)
    due = {each.id for each in settled.obligations if each.period.label == "2026-06"}
    reminded = [each.subject for each in settled.events if each.event.contract is ObligationDueSoon]
    assert len(due) == len(RULES)
    assert sorted(reminded) == sorted(due)


@given(st.dates(TODAY, date(2026, 12, 31)), TELLINGS)
def test_an_organisation_whose_history_comes_for_days_is_not_reproached_before_it_settled(
    later: date, evidence: list[Evidence]
) -> None:
    fresh = turn(EMPTY, RULEBOOK, today=TODAY, evidence=evidence)
    grown = turn(fresh.after, RULEBOOK, today=later, evidence=evidence)
    contracts = {each.event.contract for each in (*fresh.events, *grown.events)}
    assert contracts.isdisjoint({ObligationDueSoon, ObligationOverdue, ObligationMissed})
    assert {each.state for each in grown.owed} <= {"open", "fulfilled", "fulfilled_late"}
    # Once it settled all is told that an organisation known for long would have been told of.
    settled = turn(grown.after, RULEBOOK, today=later, settle=True)
    known_for_long = turn(replace(EMPTY, settled=True), RULEBOOK, today=later, evidence=evidence)
    assert {each.id: each.state for each in settled.owed} == {
        each.id: each.state for each in known_for_long.owed
    }


def test_history_opens_the_period_it_fulfils_at_once() -> None:
    past = Evidence("a1", 4, "branch", "theme_day", date(2026, 2, 3), True, False, 10, 8, 0, True)
    found = turn(EMPTY, RULEBOOK, today=TODAY, evidence=[past])
    assert {each.period.label for each in found.obligations if each.state == "fulfilled"} == {"2026-02"}


def changed(standing: Standing, today: date, sequence: int, **changes: object) -> Standing:
    """``standing`` after the branch changed on ``today`` and the day was told."""
    branch = replace(standing.enrolled["branch"].organisation, **changes)  # type: ignore[arg-type]
    return told(enrolled(standing, branch, sequence, today=today), [], today).after


def test_a_closed_organisation_owes_no_more_but_keeps_what_it_missed() -> None:
    before = told(EMPTY, []).after
    after = changed(before, TODAY, 2, active=False)
    differing = {key for key, each in after.told.items() if each != before.told[key]}
    assert {after.told[key].state for key in differing} == {"exempted"}
    assert {before.told[key].state for key in differing} == {"overdue", "open"}
    assert "missed" in {each.state for each in after.told.values()}
    later = told(after, [], TODAY + timedelta(days=40))
    assert {each.organisation for each in later.obligations} == {"group"}


def test_a_committee_elected_today_owes_nothing_of_the_past() -> None:
    without = told(known(replace(BRANCH, has_committee=False)), [], date(2026, 9, 9)).after
    elected = date(2026, 9, 10)
    branch = enrolled(without, BRANCH, 2, today=elected)
    assert not told(branch, [], elected).obligations
    october = told(told(branch, [], elected).after, [], date(2026, 10, 1))
    owed = {each.period.label for each in october.owed if each.rule.id == "branch_committee"}
    assert owed == {"2026-10"}


def test_months_in_which_it_was_closed_are_never_owed() -> None:
    running = told(EMPTY, [], date(2026, 2, 1)).after
    closed = changed(running, date(2026, 2, 10), 2, active=False)
    opened = changed(closed, date(2026, 9, 10), 3, active=True)
    assert opened.told == told(closed, [], date(2026, 9, 10)).after.told
    october = told(opened, [], date(2026, 10, 1))
    owed = {
        (each.period.label, each.state)
        for each in october.owed
        if each.rule.id == "theme_day" and each.organisation == "branch"
    }
    assert owed == {("2026-01", "exempted"), ("2026-02", "exempted"), ("2026-10", "open")}


def test_a_pack_that_comes_later_changes_nothing_that_was_opened() -> None:
    before = told(EMPTY, []).after
    rules = [replace(rule, needed=2, grace_days=0, pack="later") for rule in RULES]
    later = replace(RULEBOOK, rules=[(date(2018, 10, 28), rules)])
    assert not turn(before, later, today=TODAY).events
    july = turn(before, later, today=date(2026, 7, 1))
    packs = {(each.period.label, each.rule.pack) for each in july.owed if each.rule.id == "theme_day"}
    assert packs == {*((f"2026-{month:02}", "pack") for month in range(1, 7)), ("2026-07", "later")}


def test_who_comes_back_to_a_unit_owes_there_from_tomorrow_on() -> None:
    gone = left(told(EMPTY, [], date(2026, 2, 10)).after, "group", 2, today=date(2026, 2, 10))
    back = enrolled(gone, GROUP, 3, today=date(2026, 5, 31), moved=True)
    found = told(back, [], date(2026, 6, 20)).owed
    owed = {each.period.label: each.state for each in found if each.organisation == "group"}
    assert owed == {"2026-01": "exempted", "2026-02": "exempted", "2026-06": "open"}


def test_a_branch_without_committee_and_groups_is_measured_by_the_rest() -> None:
    found = told(known(replace(BRANCH, has_committee=False)), [])
    assert {each.rule.id for each in found.obligations} == {"theme_day"}
    assert [line[0] for line in found.after.scores[2026].indicators] == ["frequency.theme_day"]


def test_the_first_year_reaches_back_half_a_year_or_to_new_year() -> None:
    assert first_day_owed(date(2026, 11, 22)) == date(2026, 1, 1)
    assert first_day_owed(date(2026, 2, 10)) == date(2025, 8, 1)
    assert first_day_owed(date(2026, 7, 1)) == date(2026, 1, 1)


def test_the_day_never_turns_back() -> None:
    standing = told(EMPTY, []).after
    assert told(standing, [], TODAY - timedelta(days=30)).after == standing


def test_an_amended_record_replaces_what_was_told_of_it_and_is_counted_in_its_own_year_alone() -> None:
    first = Evidence("a", 4, "branch", "theme_day", date(2026, 3, 10), True, False, 10, 9, 0, True)
    amended = replace(first, sequence=6, held_on=date(2025, 12, 30), present=5)
    standing = known(BRANCH)
    standing = replace(
        standing, enrolled={"branch": replace(standing.enrolled["branch"], since=date(2025, 1, 1))}
    )
    before = turn(standing, RULEBOOK, today=TODAY, evidence=[first]).after
    after = turn(before, RULEBOOK, today=TODAY, evidence=[amended])
    assert list(after.after.evidence.values()) == [amended]
    assert (before.scores[2026].evidence, after.scores[2026].evidence, after.scores[2025].evidence) == (
        1,
        0,
        1,
    )
    # In whatever order and however often they arrive.
    assert turn(standing, RULEBOOK, today=TODAY, evidence=[amended, first]).after.evidence == {"a": amended}
    assert turn(after.after, RULEBOOK, today=TODAY, evidence=[first, amended]).evidence == {}
