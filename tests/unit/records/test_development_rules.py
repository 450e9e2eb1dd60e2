"""Each rule of member development at its boundary, with the pack and the article that its verdict names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.chassis.months import months_after
from services.chassis.working_days import WorkingDays
from services.contracts.records_events import development as events
from services.records.development import model
from services.records.development.history import History
from services.records.development.rulebook import RuleBook
from services.records.development.steps import BY_ID, OUTCOMES, STEP_IDS, STEPS
from services.records.development.verdict import Facts, Finding, judge
from tests.unit.records.development_ways import (
    BOOK,
    DAYS,
    FACTS,
    PACKS,
    PAPERS,
    TODAY,
    VOTE,
    Weekdays,
    intended,
    opened,
    recorded,
    walked,
)

NEW = "development-national-2026"
OLD = "development-national-2014"


def verdict(
    dossier: dict[str, Any], step: dict[str, Any], book: RuleBook = BOOK, facts: Facts = FACTS
) -> list[Finding]:
    return judge(History(dossier), step, book.on(step["on"]), facts)


def codes(found: list[Finding], hardness: str | None = None) -> list[str]:
    return [each.code.removeprefix("development.") for each in found if hardness in (None, each.hardness)]


# -- the steps as data -----------------------------------------------------------------------------


def test_there_are_twenty_five_steps_in_their_order_each_after_earlier_ones() -> None:
    assert [step.number for step in STEPS] == list(range(1, 26))
    assert len(BY_ID) == 25
    for step in STEPS:
        assert all(BY_ID[earlier].number < step.number for earlier in step.after)
    assert [step.id for step in STEPS if step.periodic] == ["cultivation_check", "continued_check"]


def test_what_is_published_is_what_the_rules_know() -> None:
    assert events.DEVELOPMENT_STEPS == STEP_IDS
    assert events.DEVELOPMENT_OUTCOMES == OUTCOMES
    assert set(PAPERS) == set(STEP_IDS) - {"join_branch"}


def test_a_way_that_keeps_every_rule_meets_no_finding_and_ends_as_a_full_member() -> None:
    dossier = walked("none")
    assert [entry["warnings"] for entry in dossier["entries"]] == [[]] * 25
    assert (dossier["state"], dossier["number"], "slot" in dossier) == ("full", 25, False)


# -- spans -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "months", "full_on"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2023, 3, 1), 12, date(2024, 3, 1)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
    ],
)
def test_a_span_is_full_on_the_corresponding_day_or_the_months_last(
    since: date, months: int, full_on: date
) -> None:
    assert months_after(since, months) == full_on


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(0, 300), st.integers(0, 300))
def test_longer_spans_end_later_and_none_skips_a_month(since: date, some: int, more: int) -> None:
    end = months_after(since, some)
    assert (end.year * 12 + end.month) - (since.year * 12 + since.month) == some
    assert end.day <= since.day
    assert months_after(since, some + more) >= end


# -- the rules of time -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born_on", "refused"),
    [(date(2008, 6, 1), False), (date(2008, 6, 2), True), (date(2008, 2, 29), False)],
)
def test_an_applicant_is_eighteen_on_the_day_of_the_application(born_on: date, refused: bool) -> None:
    if not refused:
        assert opened(born_on=born_on)["state"] == "open"
        return
    with pytest.raises(Invalid, match=r"development\.too_early") as told:
        opened(born_on=born_on)
    assert {name: told.value.params[name] for name in ("rule", "pack", "article", "earliest")} == {
        "rule": "age",
        "pack": NEW,
        "article": "第五条",
        "earliest": "2026-06-02",
    }
    assert told.value.fields == {"on": ["development.too_early"]}


@pytest.mark.parametrize(("days", "early"), [(364, True), (365, False), (366, False)])
def test_an_activist_is_cultivated_for_a_year(days: int, early: bool) -> None:
    since = DAYS["activist_decision"]
    on = since + timedelta(days=days)
    step = intended("candidate_decision", on, **_publicity_before(on))
    found = verdict(walked("candidate_decision"), step)
    assert codes(found, "block") == (["too_early"] if early else [])
    if early:
        assert (found[0].rule, found[0].pack, found[0].article) == ("cultivation", NEW, "第十三条")
        assert found[0].params == {"earliest": "2027-07-01"}


def test_a_year_that_holds_a_29_february_is_a_day_longer() -> None:
    days = {
        "application": date(2027, 5, 1),
        "talk": date(2027, 5, 10),
        "activist_decision": date(2027, 6, 1),
        "activist_filing": date(2027, 6, 2),
        "contacts": date(2027, 6, 2),
        "cultivation_check": date(2027, 12, 1),
    }
    dossier = walked("candidate_decision", days=days)
    for on, early in ((date(2028, 5, 31), True), (date(2028, 6, 1), False)):
        found = verdict(dossier, intended("candidate_decision", on, **_publicity_before(on)))
        assert ("too_early" in codes(found)) == early
    assert (date(2028, 5, 31) - date(2027, 6, 1)).days == 365


def test_a_year_from_a_29_february_is_full_on_the_28th() -> None:
    days = {
        "application": date(2028, 1, 20),
        "talk": date(2028, 2, 1),
        "activist_decision": date(2028, 2, 29),
        "activist_filing": date(2028, 3, 1),
        "contacts": date(2028, 3, 1),
        "cultivation_check": date(2028, 8, 29),
    }
    dossier = walked("candidate_decision", days=days)
    for on, early in ((date(2029, 2, 27), True), (date(2029, 2, 28), False)):
        found = verdict(dossier, intended("candidate_decision", on, **_publicity_before(on)))
        assert ("too_early" in codes(found)) == early


@pytest.mark.parametrize(
    ("step", "rule", "last", "article"),
    [
        ("talk", "talk_within", date(2026, 7, 1), "第七条"),
        ("cultivation_check", "check_every", date(2027, 1, 1), "第十一条"),
        ("branch_meeting", "meeting_within", date(2027, 10, 1), "第十九条"),
        ("approval", "approval_within", date(2027, 12, 10), "第二十五条"),
        ("oath", "oath_within", date(2027, 10, 20), "第二十九条"),
        ("full_approval", "full_approval_within", date(2028, 12, 10), "第三十三条"),
    ],
)
def test_a_last_day_is_in_time_and_the_day_after_it_is_a_warning(
    step: str, rule: str, last: date, article: str
) -> None:
    dossier = walked(step)
    assert codes(verdict(dossier, intended(step, last))) == []
    (late,) = verdict(dossier, intended(step, last + timedelta(days=1)))
    assert (late.code, late.rule, late.hardness) == ("development.too_late", rule, "warn")
    assert (late.pack, late.article, late.params) == (NEW, article, {"latest": last.isoformat()})


def test_a_warning_does_not_stop_and_is_kept_beside_the_step() -> None:
    dossier = recorded(opened(), intended("talk", date(2026, 7, 2)))
    (warning,) = dossier["entries"][-1]["warnings"]
    assert (warning["rule"], warning["pack"]) == ("talk_within", NEW)


@pytest.mark.parametrize(("on", "late"), [(date(2028, 3, 10), False), (date(2028, 3, 11), True)])
def test_an_approval_put_off_for_special_reasons_has_six_months(on: date, late: bool) -> None:
    dossier = walked("approval")
    assert ("too_late" in codes(verdict(dossier, intended("approval", on, special=True)))) == late
    assert "too_late" in codes(verdict(dossier, intended("approval", on)))


def test_checks_that_lapsed_before_the_decision_are_a_warning() -> None:
    dossier = walked("candidate_decision")
    on = date(2027, 7, 2)  # the last check was on 2027-01-01
    found = verdict(dossier, intended("candidate_decision", on, **_publicity_before(on)))
    assert [(each.code, each.hardness) for each in found] == [("development.check_overdue", "warn")]
    dossier = recorded(dossier, intended("cultivation_check", date(2027, 7, 1)))
    assert verdict(dossier, intended("candidate_decision", on, **_publicity_before(on))) == []


# -- publicity -------------------------------------------------------------------------------------


def _publicity_before(on: date, days: int = 9) -> dict[str, date]:
    return {"publicity_since": on - timedelta(days=days), "publicity_until": on - timedelta(days=1)}


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        (date(2027, 6, 21), date(2027, 6, 25), []),
        (date(2027, 6, 21), date(2027, 6, 24), ["publicity_short"]),
        (date(2027, 6, 22), date(2027, 6, 27), ["publicity_short"]),  # the weekend does not count
        (date(2027, 6, 24), date(2027, 7, 1), ["publicity_not_over"]),
    ],
)
def test_candidates_are_made_public_for_five_working_days_before_the_decision(
    since: date, until: date, told: list[str]
) -> None:
    step = intended("candidate_decision", publicity_since=since, publicity_until=until)
    found = verdict(walked("candidate_decision"), step)
    assert codes(found) == told
    assert all((each.pack, each.article, each.hardness) == (NEW, "第十三条", "block") for each in found)


def test_publicity_over_days_that_are_not_announced_yet_says_so() -> None:
    class Unannounced(Weekdays):
        def between(self, first: date, last: date) -> WorkingDays:
            return WorkingDays(super().between(first, last).count, provisional=True)

    facts = Facts(Unannounced(), FACTS.full_members)
    (found,) = verdict(walked("candidate_decision"), intended("candidate_decision"), facts=facts)
    assert (found.code, found.hardness) == ("development.calendar_provisional", "info")


# -- people, training, review ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "people", "told"),
    [
        ("contacts", ["anna"], []),
        ("contacts", ["anna", "bert"], []),
        ("contacts", [], ["people_count"]),
        ("contacts", ["anna", "bert", "carl"], ["people_count"]),
        ("contacts", ["paul"], ["not_full_members"]),
        ("introducers", ["anna", "bert"], []),
        ("introducers", ["anna"], ["people_count"]),
        ("introducers", ["anna", "anna"], ["people_count"]),
        ("introducers", ["anna", "nora"], ["not_full_members"]),
        ("introducers", ["anna", "bert", "carl"], ["people_count"]),
    ],
)
def test_contacts_and_introducers_are_full_members_and_as_many_as_the_rules_say(
    step: str, people: list[str], told: list[str]
) -> None:
    found = verdict(walked(step), intended(step, people=people))
    assert codes(found, "block") == told
    assert all(each.rule == step for each in found)


@pytest.mark.parametrize(
    ("days", "hours", "enough"), [(3, 0, True), (0, 24, True), (2, 23, False), (2, 24, True), (3, 23, True)]
)
def test_training_is_three_days_or_twenty_four_hours(days: int, hours: int, enough: bool) -> None:
    found = verdict(walked("training"), intended("training", training_days=days, training_hours=hours))
    assert codes(found) == ([] if enough else ["training_short"])
    assert enough or found[0].params == {"days": 3, "hours": 24}


def test_a_political_review_that_failed_stops_everything_but_another_review() -> None:
    dossier = recorded(walked("political_review"), intended("political_review", outcome="fail"))
    for step in ("introducers", "training", "committee_review", "branch_meeting"):
        (first, *_) = verdict(dossier, intended(step))
        assert (first.rule, first.hardness, first.article) == ("political_review", "block", "第十六条")
    assert verdict(dossier, intended("political_review", date(2027, 8, 9))) == []


def test_the_branch_meeting_needs_the_pre_review_of_the_committee_above() -> None:
    dossier = recorded(walked("pre_review"), intended("pre_review", outcome="fail"))
    found = verdict(dossier, intended("branch_meeting"))
    assert ("comes_after", "pre_review", "第十八条") in [
        (each.code.removeprefix("development."), each.rule, each.article) for each in found
    ]


# -- votes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["branch_meeting", "full_meeting"])
@pytest.mark.parametrize(("entitled", "least"), [(15, 8), (16, 9), (17, 9)])
def test_a_meeting_decides_by_more_than_half_of_who_is_entitled(step: str, entitled: int, least: int) -> None:
    dossier = walked(step)
    vote = {**VOTE, "entitled": entitled, "present": entitled}
    assert codes(verdict(dossier, intended(step, vote={**vote, "in_favour": least}))) == []
    (short,) = verdict(dossier, intended(step, vote={**vote, "in_favour": least - 1}))
    assert (short.code, short.params) == ("development.vote_not_carried", {"least": least})
    few = {**vote, "present": least - 1, "in_favour": least - 1}
    (absent,) = verdict(dossier, intended(step, vote=few))
    assert (absent.rule, absent.params) == ("vote_present", {"least": least})


def test_a_vote_is_secret_and_there_is_one_and_what_is_recorded_is_what_it_says() -> None:
    dossier = walked("branch_meeting")
    assert codes(verdict(dossier, intended("branch_meeting", vote={**VOTE, "secret": False}))) == [
        "vote_open"
    ]
    assert codes(verdict(dossier, intended("branch_meeting", vote=None))) == ["vote_missing"]
    carried = verdict(dossier, intended("branch_meeting", outcome="fail"))
    assert codes(carried) == ["vote_carried"]
    assert verdict(dossier, intended("branch_meeting", outcome="fail", vote={**VOTE, "in_favour": 7})) == []


@pytest.mark.parametrize("step", ["branch_meeting", "full_meeting"])
def test_who_is_said_to_be_entitled_is_held_against_the_records_of_the_day(step: str) -> None:
    dossier = walked(step)
    planned = intended(step)
    for known, told in ((None, []), (15, []), (14, ["entitled_differs"]), (16, ["entitled_differs"])):
        found = verdict(dossier, planned, facts=replace(FACTS, entitled=known))
        assert codes(found, "warn") == codes(found) == told
    assert (found[0].pack, found[0].rule, found[0].params) == (NEW, "vote_present", {"entitled": 16})


# -- probation -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "early"), [(date(2028, 9, 9), True), (date(2028, 9, 10), False)])
def test_probation_is_a_year_from_the_branch_meeting(on: date, early: bool) -> None:
    days = {"full_application": date(2028, 9, 1)}
    found = verdict(walked("full_meeting", days=days), intended("full_meeting", on))
    assert codes(found) == (["too_early"] if early else [])
    assert not early or (found[0].rule, found[0].article) == ("probation", "第三十一条")


@pytest.mark.parametrize(("months", "fits"), [(5, False), (6, True), (12, True), (13, False), (None, False)])
def test_an_extension_is_six_to_twelve_months(months: int | None, fits: bool) -> None:
    step = intended("full_meeting", outcome="extend", extension_months=months)
    found = verdict(walked("full_meeting"), step)
    assert codes(found) == ([] if fits else ["extension_length"])
    assert fits or found[0].params == {"least": 6, "most": 12}


def _extended(months: int = 6) -> dict[str, Any]:
    dossier = recorded(
        walked("full_meeting"), intended("full_meeting", outcome="extend", extension_months=months)
    )
    dossier = recorded(dossier, intended("full_approval"))
    assert dossier["state"] == "open"
    dossier = recorded(dossier, intended("continued_check", date(2028, 12, 1)))
    return recorded(dossier, intended("full_application", date(2029, 3, 1)))


def test_an_extended_probation_ends_later_and_is_extended_once() -> None:
    dossier = _extended()
    (early,) = verdict(dossier, intended("full_meeting", date(2029, 3, 9)))
    assert (early.rule, early.params) == ("probation", {"earliest": "2029-03-10"})
    on = date(2029, 3, 10)
    assert verdict(dossier, intended("full_meeting", on)) == []
    again = verdict(dossier, intended("full_meeting", on, outcome="extend", extension_months=6))
    assert codes(again) == ["extended_before"]
    ended = recorded(recorded(dossier, intended("full_meeting", on)), intended("full_approval", on))
    assert ended["state"] == "full"


def test_a_membership_may_be_cancelled_and_the_dossier_is_archived_all_the_same() -> None:
    cancelled = recorded(walked("full_meeting"), intended("full_meeting", outcome="cancel"))
    cancelled = recorded(cancelled, intended("full_approval"))
    assert (cancelled["state"], "slot" in cancelled) == ("cancelled", False)
    assert recorded(cancelled, intended("archive"))["number"] == 25
    with pytest.raises(Conflict, match=r"development\.closed"):
        recorded(cancelled, intended("continued_check", date(2029, 1, 1)))


def test_what_the_level_above_refuses_is_decided_again_below() -> None:
    dossier = recorded(walked("approval"), intended("approval", outcome="fail"))
    assert "comes_after" in codes(verdict(dossier, intended("join_branch")))
    dossier = recorded(dossier, intended("branch_meeting", date(2027, 9, 28)))
    dossier = recorded(dossier, intended("approval", date(2027, 9, 30)))
    assert verdict(dossier, intended("join_branch", date(2027, 9, 30))) == []


# -- order, papers, quota --------------------------------------------------------------------------


def test_a_step_without_the_steps_it_stands_on_names_each_of_them() -> None:
    found = verdict(opened(), intended("candidate_decision"))
    missing = {each.params.get("earlier") for each in found if each.code == "development.comes_after"}
    assert missing == {"activist_filing", "contacts", "cultivation_check"}


def test_a_step_is_done_once_and_not_before_the_one_it_follows() -> None:
    dossier = recorded(opened(), intended("talk"))
    assert "already_done" in codes(verdict(dossier, intended("talk")))
    (early,) = verdict(opened(), intended("talk", date(2026, 5, 31)))
    assert (early.code, early.params["earliest"]) == ("development.before_previous", "2026-06-01")


def test_each_missing_paper_is_named() -> None:
    found = verdict(walked("candidate_decision"), intended("candidate_decision", materials=[]))
    assert {each.params["material"] for each in found} == set(PAPERS["candidate_decision"])


@pytest.mark.parametrize(("places", "told"), [(None, []), (1, []), (0, ["quota_used"])])
def test_admissions_end_with_the_quota_of_the_year(places: int | None, told: list[str]) -> None:
    facts = Facts(Weekdays(), FACTS.full_members, places)
    assert codes(verdict(walked("branch_meeting"), intended("branch_meeting"), facts=facts)) == told


def test_nothing_is_recorded_of_days_to_come_and_previewed_all_the_same() -> None:
    dossier = opened()
    assert verdict(dossier, intended("talk")) == []
    with pytest.raises(Invalid, match=r"development\.in_future"):
        recorded(dossier, intended("talk"), today=date(2026, 6, 14))


def test_a_decision_is_recorded_and_never_inferred() -> None:
    with pytest.raises(Invalid, match=r"development\.outcome_unfit") as refused:
        recorded(walked("pre_review"), intended("pre_review", outcome=None))
    assert refused.value.params == {"accepted": "pass, fail"}


def test_a_day_without_any_pack_is_refused() -> None:
    (found,) = verdict(opened(), intended("talk", date(2010, 1, 1)))
    assert (found.code, found.hardness) == ("development.no_pack", "block")


# -- two packs, one dossier ------------------------------------------------------------------------


def test_the_same_dossier_meets_other_verdicts_under_the_two_packs() -> None:
    """The pack alone decides: three rules of 2026 are unknown to the one of 2014."""
    old_alone = RuleBook([_in_force_always(pack) for pack in PACKS if pack.id == OLD])
    new_alone = RuleBook([_in_force_always(pack) for pack in PACKS if pack.id == NEW])
    meeting = intended("branch_meeting", date(2027, 10, 2))
    dossier = walked("branch_meeting")
    assert verdict(dossier, meeting, old_alone) == []
    assert [(each.rule, each.article) for each in verdict(dossier, meeting, new_alone)] == [
        ("meeting_within", "第十九条")
    ]
    oath = intended("oath", date(2027, 10, 21))
    assert verdict(walked("oath"), oath, old_alone) == []
    assert [each.rule for each in verdict(walked("oath"), oath, new_alone)] == ["oath_within"]
    short = intended("candidate_decision", **_publicity_before(DAYS["candidate_decision"], 2))
    dossier = walked("candidate_decision")
    assert verdict(dossier, short, old_alone) == []
    (refused,) = verdict(dossier, short, new_alone)
    assert (refused.rule, refused.hardness, refused.article) == ("publicity", "block", "第十三条")


def _in_force_always(pack: Any) -> Any:
    return type(pack)(
        **{
            **vars(pack),
            "effective_from": date(2000, 1, 1),
            "effective_to": None,
        }  # the dataclass's own fields
    )


def test_the_day_of_a_step_decides_under_which_pack_it_stands() -> None:
    days = {
        "application": date(2026, 3, 1),
        "talk": date(2026, 3, 10),
    }
    dossier = walked("activist_decision", days=days)
    before, after = date(2026, 5, 10), date(2026, 5, 11)
    for on, pack in ((before, OLD), (after, NEW)):
        entry = recorded(dossier, intended("activist_decision", on))["entries"][-1]
        assert [each for each in entry["packs"] if each.startswith("development-national")] == [pack]


def test_time_earned_under_the_earlier_pack_stays_earned() -> None:
    days = {
        "application": date(2025, 6, 1),
        "talk": date(2025, 6, 10),
        "activist_decision": date(2025, 7, 1),
        "activist_filing": date(2025, 7, 2),
        "contacts": date(2025, 7, 2),
        "cultivation_check": date(2026, 1, 1),
    }
    dossier = walked("candidate_decision", days=days)
    on = date(2026, 7, 1)  # seven weeks after the revised rules
    found = verdict(dossier, intended("candidate_decision", on, **_publicity_before(on)))
    assert codes(found, "block") == []


def test_the_publicity_of_before_2026_is_a_sample_that_says_so() -> None:
    (local,) = [pack for pack in PACKS if pack.id == "development-publicity-default"]
    assert (local.level, local.parameters["publicity"].confidence) == ("university", "S")
    assert "publicity" not in next(pack for pack in PACKS if pack.id == OLD).parameters


# -- moves, striking out, ends ---------------------------------------------------------------------


def test_a_dossier_that_moves_keeps_every_day_that_was_earned() -> None:
    dossier = walked("candidate_decision")
    moved = model.move("d", dossier, "elsewhere", by="secretary", today=TODAY)
    assert moved is not None
    after = dict(moved.state)
    assert (after["organisation"], after["moves"][0]["left"]) == ("elsewhere", "branch")
    assert verdict(after, intended("candidate_decision")) == verdict(dossier, intended("candidate_decision"))
    assert model.move("d", after, "elsewhere", by="secretary", today=TODAY) is None


def test_what_is_struck_out_stays_and_does_not_count() -> None:
    dossier = recorded(opened(), intended("talk"))
    struck = dict(model.strike("d", dossier, reason="误录", by="dean", today=TODAY).state)
    assert struck["entries"][1]["struck"] == {"by": "dean", "on": "2030-01-01", "reason": "误录"}
    assert struck["number"] == 1
    assert verdict(struck, intended("talk")) == []
    with pytest.raises(Conflict, match=r"development\.nothing_to_strike"):
        model.strike("d", struck, reason="误录", by="dean", today=TODAY)


def test_striking_out_the_last_approval_opens_the_way_again() -> None:
    dossier = walked("archive")
    assert dossier["state"] == "full"
    struck = model.strike("d", dossier, reason="误录", by="dean", today=TODAY).state
    assert (struck["state"], struck["slot"]) == ("open", "nora")


@pytest.mark.parametrize(
    ("step", "status", "becomes", "since"),
    [
        ("talk", "applicant", None, None),
        ("activist_decision", "applicant", "activist", "activist_decision"),
        ("activist_decision", "probationary", None, None),  # an entry about earlier days
        ("candidate_decision", "activist", "candidate", "candidate_decision"),
        ("branch_meeting", "candidate", None, None),
        ("approval", "candidate", "probationary", "branch_meeting"),  # the probation began with it
        ("full_approval", "probationary", "member", "full_approval"),
        ("archive", "probationary", None, None),
    ],
)
def test_what_is_decided_changes_what_a_person_is_from_its_day_on_and_nothing_else_does(
    step: str, status: str, becomes: str | None, since: str | None
) -> None:
    before = walked(step)
    after = recorded(before, intended(step))
    told = model.status_after(before, after, status)
    if becomes is None or since is None:
        assert told is None
        return
    assert told == (becomes, DAYS[since])
    # And back, where the step is struck out and nobody said otherwise since: it never was.
    struck = model.strike("d", after, reason="误录", by="dean", today=TODAY).state
    assert model.status_after(after, struck, becomes) == (status, DAYS[since])


def test_a_cancelled_probation_ends_the_status_too() -> None:
    before = recorded(walked("full_meeting"), intended("full_meeting", outcome="cancel"))
    after = recorded(before, intended("full_approval"))
    assert model.status_after(before, after, "probationary") == ("none", DAYS["full_approval"])
    assert model.status_after(before, after, "member") is None


def test_a_dossier_that_was_closed_takes_no_step_more() -> None:
    closed = dict(model.close("d", opened(), reason="withdrawn", today=TODAY).state)
    assert (closed["state"], "slot" in closed) == ("closed", False)
    with pytest.raises(Conflict, match=r"development\.closed"):
        recorded(closed, intended("talk"))
    with pytest.raises(Conflict):
        model.close("d", closed, reason="withdrawn", today=TODAY)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(STEP_IDS[1:]), st.integers(-40, 800), st.sampled_from(OUTCOMES))
def test_what_is_previewed_is_what_is_recorded(step: str, shift: int, outcome: str) -> None:
    """A step is refused exactly where its preview blocks; a preview changes nothing."""
    dossier = walked(step)
    known = BY_ID[step]
    on = DAYS[step] + timedelta(days=shift)
    given_outcome = outcome if outcome in known.outcomes else ("pass" if known.outcomes else None)
    planned = intended(step, on, outcome=given_outcome)
    before = repr(dossier)
    found = verdict(dossier, planned)
    assert repr(dossier) == before
    assert all(each.pack and each.article for each in found)
    if codes(found, "block"):
        with pytest.raises(Invalid) as refused:
            recorded(dossier, planned, today=date(2035, 1, 1))
        assert refused.value.code == found[0].code
    else:
        after = recorded(dossier, planned, today=date(2035, 1, 1))
        assert after["entries"][:-1] == dossier["entries"]
