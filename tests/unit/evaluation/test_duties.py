"""What persons owe, and organisations by a day of its own: the same end by every way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.duties.deeds import deeds_of
from services.evaluation.duties.model import Sheet, SheetTurn, owed_by, turn
from services.evaluation.duties.people import status_on
from services.evaluation.duties.words import Value, Word, covers, heard, packed, unpacked
from services.evaluation.obligations.exemptions import Exempt
from services.evaluation.obligations.explaining import uncounted
from services.evaluation.obligations.model import Obligation, obligation_id
from services.evaluation.rulebook import Packs
from tests.unit.evaluation.policies import FIGURES, FREQUENCY

RULEBOOK = Packs(FREQUENCY, [], figures=FIGURES).rulebook
SINCE = date(2026, 1, 10)
TODAY = date(2026, 8, 20)


def word(thing: str, kind: str, sequence: int, **says: Value | date) -> Word:
    plain = {name: each.isoformat() if isinstance(each, date) else each for name, each in says.items()}
    return Word("person", thing, kind, sequence, plain)


def spell(status: str, sequence: int = 1, since: date | None = None, active: bool = True) -> Word:
    return word(
        f"spell:{sequence}",
        "spell",
        sequence,
        status=status,
        organisation="branch",
        active=active,
        since=since,
        told=SINCE,
    )


def post(
    role: str,
    at: str,
    since: date,
    until: date | None = None,
    active: bool = True,
    committee_since: date | None = None,
) -> Word:
    says = {"role": role, "at": at, "since": since, "until": until, "active": active}
    return word("post", "post", 1, **says, committee_since=committee_since)


def talk(number: int, on: date, sequence: int = 1, **met: bool) -> Word:
    return word(f"talk-{number}", "talk_held", sequence, on=on, gone=False, **met)


def report(number: int, period: str, on: date, sequence: int = 1, late: bool = False) -> Word:
    return word(
        f"report-{number}", "thought_report", sequence, period=period, state="handed_in", on=on, late=late
    )


def bill(month: str, due: date, sequence: int = 1, **more: Value | date) -> Word:
    return word(f"bill-{month}", "dues", sequence, organisation="branch", label=month, due=due, **more)


def credit(number: int, minutes: int, on: date, form: str = "lecture") -> Word:
    return word(f"credit-{number}", "credit", 1, on=on, minutes=minutes, form=form)


def told(sheet: Sheet, *words: Word, today: date = TODAY) -> SheetTurn:
    return turn(sheet, RULEBOOK, today=today, words=words)


EMPTY = Sheet("person", SINCE)
MET = (
    "committee",
    "members",
    "seated",
)  # what is told of a talk: who else was there, and whether one sat there


def states(sheet: Sheet) -> dict[tuple[str, str], str]:
    return {(each.rule.id, each.period.label): each.state for each in owed_by(sheet, RULEBOOK)}


def test_an_activist_owes_a_thought_report_a_quarter_and_nothing_of_what_was_over_before() -> None:
    found = states(told(EMPTY, spell("activist"), report(1, "2026-Q2", date(2026, 6, 3))).after)
    assert found == {
        ("thought_report", "2026-Q1"): "missed",
        ("thought_report", "2026-Q2"): "fulfilled",
        ("thought_report", "2026-Q3"): "open",
    }
    assert states(told(EMPTY, spell("none")).after) == {}
    assert states(told(EMPTY, spell("applicant"), spell("activist", 2, date(2026, 7, 2))).after) == {}


def test_a_status_counts_from_its_day_and_what_was_found_at_first_from_ever() -> None:
    things = told(EMPTY, spell("probationary"), spell("member", 2, date(2026, 5, 4))).after.things
    days = {date(2025, 11, 1): "probationary", date(2026, 5, 3): "probationary", date(2026, 5, 4): "member"}
    assert {day: status_on(things, day) for day in days} == days
    # Who was told of as a member since a day was not one before it, and what else is not known.
    since = told(EMPTY, spell("member", 1, date(2026, 2, 1))).after.things
    assert (status_on(since, date(2026, 1, 31)), status_on(since, date(2026, 2, 1))) == (None, "member")
    assert status_on(told(EMPTY, spell("member", active=False)).after.things, TODAY) is None
    assert status_on({}, TODAY) is None


def test_a_report_counts_for_the_quarter_it_was_handed_in_for() -> None:
    late = report(1, "2026-Q2", date(2026, 7, 20), late=True)
    found = states(told(EMPTY, spell("activist"), late).after)
    assert (found["thought_report", "2026-Q2"], found["thought_report", "2026-Q3"]) == (
        "fulfilled_late",
        "open",
    )
    again = report(2, "2026-Q2", date(2026, 7, 20), sequence=3)  # first handed in in time, then returned
    assert states(told(EMPTY, spell("activist"), again).after)["thought_report", "2026-Q2"] == "fulfilled"
    returned = word("report-2", "thought_report", 4, period="2026-Q2", state="returned")
    found = states(told(EMPTY, spell("activist"), again, returned).after)
    assert found["thought_report", "2026-Q2"] == "missed"


def test_a_report_for_another_quarter_is_left_out_for_that_reason() -> None:
    sheet = told(EMPTY, spell("activist"), report(1, "2026-Q1", date(2026, 4, 5), late=True)).after
    owed = {each.period.label: each for each in owed_by(sheet, RULEBOOK)}
    (left_out,) = uncounted(owed["2026-Q2"], owed.values(), deeds_of(sheet.unit, sheet.things))
    assert (left_out.reason, left_out.period) == ("elsewhere", "2026-Q1")
    early = told(EMPTY, spell("activist"), report(1, "2026-Q2", date(2026, 3, 20))).after
    owed = {each.period.label: each for each in owed_by(early, RULEBOOK)}
    (left_out,) = uncounted(owed["2026-Q1"], owed.values(), deeds_of(early.unit, early.things))
    assert (left_out.reason, left_out.period) == ("for_another", "2026-Q2")


def test_hours_depend_on_the_post_and_a_reversed_credit_counts_no_more() -> None:
    hours = [credit(number, 480, date(2026, 3, number)) for number in range(1, 5)]
    member = states(told(EMPTY, spell("member"), *hours).after)
    assert member["training_hours", "2026"] == "fulfilled"
    reversal = word("credit-4", "credit", 1, gone=True)
    assert states(told(EMPTY, spell("member"), *hours, reversal).after)["training_hours", "2026"] == "open"
    leading = post("secretary", "branch", date(2025, 9, 1))
    found = states(told(EMPTY, spell("member"), leading, *hours).after)
    assert found["training_hours_leading", "2026"] == found["training_class", "2026"] == "open"
    assert ("training_hours", "2026") not in found


def test_the_secretary_of_a_committee_gives_a_lecture_and_a_member_is_talked_with() -> None:
    secretary = post("secretary", "secondary", date(2025, 9, 1))
    lecture = word("a-1", "lecture_given", 4, on=date(2026, 5, 4), gone=False)
    taken_back = word("a-2", "talk_held", 4, on=date(2026, 5, 4), gone=True)
    found = states(told(EMPTY, spell("member"), secretary, lecture, taken_back).after)
    assert (found["secretary_lecture", "2026"], found["talk", "2026"]) == ("fulfilled", "open")
    ended = post("secretary", "secondary", date(2025, 9, 1), date(2026, 2, 1))
    assert states(told(EMPTY, spell("member"), ended).after)["secretary_lecture", "2026"] == "exempted"


def talks(*words: Word) -> dict[str, str]:
    found = states(told(EMPTY, spell("member"), *words).after)
    return {rule: state for (rule, _), state in found.items() if rule.startswith("talk")}


def test_who_sits_on_a_committee_owes_other_talks_than_who_does_not() -> None:
    day, seated = date(2026, 5, 4), {"seated": True}
    assert talks(talk(1, day, committee=False, members=True, seated=False)) == {"talk": "open"}
    assert talks(talk(1, day, committee=True, members=False, seated=False)) == {"talk": "fulfilled"}

    seat = post("secretary", "branch", date(2025, 9, 1), committee_since=date(2025, 9, 1))
    lacking = {"talk": "open", "talk_between_committee": "open", "talk_with_members": "open"}
    assert talks(seat) == lacking
    assert talks(seat, talk(1, day, committee=False, members=False, **seated)) == lacking  # with nobody
    found = talks(seat, talk(1, day, committee=False, members=True, **seated))
    assert found == {**lacking, "talk": "fulfilled", "talk_with_members": "fulfilled"}
    found = talks(seat, talk(1, day, committee=True, members=False, **seated))
    assert found == {**lacking, "talk": "fulfilled", "talk_between_committee": "fulfilled"}
    both = talks(seat, talk(1, day, committee=True, members=True, **seated))
    assert set(both.values()) == {"fulfilled"}
    # Of a talk from before it was told nobody knows who was there: it counts as it did.
    assert talks(seat, talk(1, day)) == both

    alone = post("secretary", "branch", date(2025, 9, 1))
    assert talks(alone) == {"talk": "open", "talk_with_members": "open"}
    # Whoever came onto a committee in the course of the year owes as such from the next year on.
    lately = post("secretary", "branch", date(2026, 3, 1), committee_since=date(2026, 3, 1))
    assert talks(lately) == {"talk": "open"}
    assert talks(lately, talk(1, day, committee=False, members=True, **seated)) == {"talk": "fulfilled"}


def test_a_talk_with_somebody_else_is_left_out_for_that_reason() -> None:
    seat = post("secretary", "branch", date(2025, 9, 1), committee_since=date(2025, 9, 1))
    for mine, met, rule, reason in (
        ((), {"committee": False, "members": True}, "talk", "met_no_committee"),
        ((seat,), {"committee": True, "members": False}, "talk_with_members", "met_no_member"),
    ):
        sheet = told(EMPTY, spell("member"), *mine, talk(1, date(2026, 5, 4), **met)).after
        (owed,) = [each for each in owed_by(sheet, RULEBOOK) if each.rule.id == rule]
        (left_out,) = uncounted(owed, [owed], deeds_of("person", sheet.things))
        assert (left_out.record.activity, left_out.reason) == ("talk-1", reason)


def first_class(*words: Word, today: date = TODAY) -> list[Obligation]:
    sheet = told(EMPTY, spell("member"), *words, today=today).after
    return [each for each in owed_by(sheet, RULEBOOK) if each.rule.id == "new_secretary_training"]


@pytest.mark.parametrize(
    ("attended", "today", "state"),
    [
        (None, date(2026, 7, 12), "open"),
        (None, date(2026, 7, 13), "due_soon"),
        (None, date(2026, 9, 10), "due_soon"),
        (None, date(2026, 9, 11), "overdue"),
        (None, date(2028, 1, 1), "overdue"),
        (date(2026, 9, 10), date(2026, 9, 11), "fulfilled"),
        (date(2026, 9, 11), date(2026, 9, 11), "fulfilled_late"),
        (date(2026, 3, 9), date(2026, 9, 11), "overdue"),
    ],
)
def test_a_new_secretary_attends_a_class_within_six_months(
    attended: date | None, today: date, state: str
) -> None:
    new = post("secretary", "branch", date(2026, 3, 10))
    classes = [credit(1, 480, attended, form="class")] if attended else []
    (owed,) = first_class(new, *classes, credit(2, 480, date(2026, 4, 1)), today=today)
    assert (owed.state, owed.due_on) == (state, date(2026, 9, 10))
    assert owed.id == obligation_id("person", "new_secretary_training", "post")
    assert owed.taken == (("credit-1",) if state.startswith("fulfilled") else ())
    assert (owed.rule.article, owed.person) == ("学时要求：新任支部书记半年内参加培训", "person")
    if attended == date(2026, 3, 9):
        (left_out,) = uncounted(owed, [owed], deeds_of("person", heard({}, classes)))
        assert left_out.reason == "too_early"


def test_who_was_secretary_before_or_is_one_no_more_owes_no_first_class() -> None:
    new = post("secretary", "branch", date(2026, 3, 10))
    says = {"role": "secretary", "at": "branch", "since": date(2020, 1, 1), "until": date(2023, 1, 1)}
    assert first_class(new, word("post-0", "post", 1, **says, active=False)) == []
    assert first_class(post("secretary", "branch", date(2025, 7, 9))) == []  # over before they were known
    assert first_class(post("secretary", "secondary", date(2026, 3, 10))) == []
    left = post("secretary", "branch", date(2026, 3, 10), date(2026, 5, 1))
    assert [each.state for each in first_class(left)] == ["exempted"]
    attended = credit(1, 480, date(2026, 4, 1), form="class")
    assert [each.state for each in first_class(left, attended)] == ["fulfilled"]
    reversal = word("credit-1", "credit", 1, gone=True)
    assert [each.state for each in first_class(new, attended, reversal)] == ["due_soon"]


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (date(2026, 4, 23), "open"),
        (date(2026, 4, 24), "due_soon"),
        (date(2026, 4, 30), "due_soon"),
        (date(2026, 5, 1), "overdue"),
        (date(2027, 5, 1), "overdue"),  # arrears stay owed
    ],
)
def test_dues_are_owed_by_the_day_that_records_sets(day: date, state: str) -> None:
    sheet = told(EMPTY, bill("2026-04", date(2026, 4, 30)), today=day).after
    assert states(sheet) == {("dues", "2026-04"): state}


def test_a_bill_is_settled_reopened_and_deferred_by_the_newest_word_on_each() -> None:
    due = date(2026, 4, 30)
    settled = bill("2026-04", due, 2, done=date(2026, 5, 3))
    assert states(told(EMPTY, settled, bill("2026-04", due)).after) == {("dues", "2026-04"): "fulfilled_late"}
    reopened = bill("2026-04", due, 3, done=None)
    assert states(told(EMPTY, reopened, settled).after) == {("dues", "2026-04"): "overdue"}
    deferred = bill("2026-04", date(2026, 6, 30), 4)
    assert states(told(EMPTY, deferred, settled).after) == {("dues", "2026-04"): "fulfilled"}


def test_what_others_set_the_day_of_is_told_by_them_alone() -> None:
    turned = told(EMPTY, spell("activist"), bill("2026-04", date(2026, 4, 30)))
    names = {each.event.contract.type for each in turned.events}
    assert names == {"evaluation.personal_obligation.missed.v1"}
    assert {each.person for each in turned.obligations} == {"person"}
    assert {each.organisation for each in turned.obligations} == {"branch"}


def organisation_word(thing: str, kind: str, sequence: int, **says: Value | date) -> Word:
    return replace(word(thing, kind, sequence, **says), owner="org")


ORGANISATION = Sheet("org", SINCE)


def test_a_term_of_office_ends_with_the_next_election() -> None:
    term = organisation_word(
        "term:2023-06-01",
        "committee_election",
        3,
        opened=date(2023, 6, 1),
        due=date(2026, 10, 1),
        label="2023–2026",
    )
    now = organisation_word("organisation", "organisation", 3, committee=True)
    assert states(told(ORGANISATION, term, now, today=date(2026, 4, 1)).after) == {
        ("committee_election", "2023–2026"): "open"
    }
    assert states(told(ORGANISATION, term, now, today=date(2026, 4, 2)).after) == {
        ("committee_election", "2023–2026"): "due_soon"
    }
    elected = organisation_word(
        "term:2026-10-10",
        "committee_election",
        4,
        opened=date(2026, 10, 10),
        due=date(2029, 10, 10),
        label="2026–2029",
    )
    found = states(told(ORGANISATION, elected, term, now, today=date(2026, 11, 1)).after)
    assert found == {
        ("committee_election", "2023–2026"): "fulfilled_late",
        ("committee_election", "2026–2029"): "open",
    }
    dissolved = organisation_word("organisation", "organisation", 5, committee=False)
    assert states(told(ORGANISATION, term, now, dissolved).after) == {
        ("committee_election", "2023–2026"): "exempted"
    }


def test_a_life_meeting_is_reported_on_within_fifteen_days() -> None:
    held = date(2026, 3, 1)

    def after(done: date | None, today: date) -> str:
        said = organisation_word(
            "m", "democratic_life_report", 4, opened=held, due=held, done=done, gone=False
        )
        (state,) = states(told(ORGANISATION, said, today=today).after).values()
        return state

    assert after(None, date(2026, 3, 6)) == "open"
    assert after(None, date(2026, 3, 7)) == "due_soon"
    assert after(None, date(2026, 3, 16)) == "due_soon"
    assert after(None, date(2026, 3, 17)) == "overdue"
    assert after(date(2026, 3, 16), TODAY) == "fulfilled"
    assert after(date(2026, 3, 17), TODAY) == "fulfilled_late"


def test_a_task_that_was_confirmed_elsewhere_is_done_and_one_cancelled_is_owed_no_more() -> None:
    task = organisation_word("t", "task", 1, due=date(2026, 5, 1), gone=False, opened=SINCE)
    confirmed = organisation_word(
        "t", "task", 2, due=date(2026, 5, 1), gone=False, confirmed=date(2026, 4, 2)
    )
    label = ("task", "2026-05-01")
    assert states(told(ORGANISATION, task).after) == {label: "overdue"}
    assert states(told(ORGANISATION, confirmed, task).after) == {label: "fulfilled"}
    cancelled = organisation_word("t", "task", 3, gone=True)
    assert states(told(ORGANISATION, cancelled, task).after) == {label: "exempted"}


def test_an_opinion_is_overdue_when_its_clock_says_so() -> None:
    soon = organisation_word("o", "opinion", 2, due=date(2026, 5, 8), late=False, gone=False)
    label = ("opinion", "2026-05-08")
    assert states(told(ORGANISATION, soon).after) == {label: "due_soon"}
    paused = organisation_word("o", "opinion", 3, paused=True, gone=False)
    assert states(told(ORGANISATION, soon, paused).after) == {label: "exempted"}
    overdue = organisation_word("o", "opinion", 4, due=date(2026, 5, 12), late=True, paused=False, gone=False)
    assert states(told(ORGANISATION, soon, overdue, paused).after) == {("opinion", "2026-05-12"): "overdue"}
    answered = organisation_word("o", "opinion", 5, done=date(2026, 5, 12), gone=False)
    found = told(ORGANISATION, answered, overdue, soon)
    assert states(found.after) == {("opinion", "2026-05-12"): "fulfilled"}
    assert all(each.posts_only for each in found.obligations)


def test_an_exemption_covers_the_periods_that_lie_wholly_in_it() -> None:
    exempt = Exempt("e", "person", "thought_report", date(2026, 1, 1), date(2026, 6, 29), True, 2)
    sheet = told(EMPTY, spell("activist")).after
    found = turn(sheet, RULEBOOK, today=TODAY, exempt=[exempt])
    assert states(found.after)["thought_report", "2026-Q1"] == "exempted"
    assert states(found.after)["thought_report", "2026-Q2"] == "missed"
    assert {each.event.contract.type for each in found.events} == {
        "evaluation.personal_obligation.exempted.v1"
    }
    ended = turn(found.after, RULEBOOK, today=TODAY, exempt=[replace(exempt, approved=False, sequence=3)])
    assert states(ended.after) == states(sheet)
    stale = turn(ended.after, RULEBOOK, today=TODAY, exempt=[exempt])
    assert stale.after == ended.after


# -- any way ends the same ------------------------------------------------------------------------------

DAYS = st.dates(date(2026, 1, 1), TODAY)
WORDS = st.lists(
    st.one_of(
        st.builds(
            spell,
            st.sampled_from(["none", "activist", "probationary", "member"]),
            st.integers(1, 4),
            st.one_of(st.none(), DAYS),
            st.booleans(),
        ),
        st.builds(
            post,
            st.sampled_from(["secretary", "inspector"]),
            st.sampled_from(["branch", "secondary"]),
            DAYS,
            st.one_of(st.none(), DAYS),
            st.booleans(),
            st.one_of(st.none(), DAYS),
        ),
        st.builds(
            lambda number, on, sequence, met: talk(number, on, sequence, **met),
            st.integers(1, 3),
            DAYS,
            st.integers(1, 2),
            st.one_of(
                st.just({}),
                st.fixed_dictionaries(dict.fromkeys(("committee", "members", "seated"), st.booleans())),
            ),
        ),
        st.builds(
            report, st.integers(1, 3), st.sampled_from(["2026-Q1", "2026-Q2"]), DAYS, st.integers(1, 3)
        ),
        st.builds(
            lambda month, sequence, done: bill(
                f"2026-{month:02}",
                date(2026, month, 28),
                sequence,
                **({"done": done} if sequence > 1 else {}),
            ),
            st.integers(1, 9),
            st.integers(1, 3),
            st.one_of(st.none(), DAYS),
        ),
        st.builds(
            credit,
            st.integers(1, 6),
            st.integers(60, 900),
            DAYS,
            st.sampled_from(["lecture", "class"]),
        ),
    ),
    max_size=20,
    unique_by=lambda each: (each.thing, each.sequence),
)


def said(sheet: Sheet) -> object:
    """What a sheet says, apart from how many events it took, and from what was withdrawn on the way."""
    kept = {key: (each.state, each.shown) for key, each in sheet.told.items() if each.state != "withdrawn"}
    return packed(sheet.things), dict(sorted(kept.items()))


@settings(deadline=None)
@given(WORDS, st.integers())
def test_any_order_repetition_and_batches_of_words_end_in_the_same_sheet(
    words: list[Word], seed: int
) -> None:
    random = Random(seed)
    at_once = told(EMPTY, *words).after
    shuffled = words * 2
    random.shuffle(shuffled)
    sheet = EMPTY
    while shuffled:
        size = random.randint(1, 5)
        sheet, shuffled = told(sheet, *shuffled[:size]).after, shuffled[size:]
    assert said(sheet) == said(at_once)


@settings(deadline=None)
@given(WORDS, st.lists(st.integers(0, 60), max_size=4))
def test_day_by_day_and_late_it_ends_where_a_rebuild_does(words: list[Word], steps: list[int]) -> None:
    sheet, today, left = EMPTY, SINCE, list(words)
    seen: dict[str, int] = {}
    for step in [*steps, 400]:
        today = min(today + timedelta(days=step), TODAY)
        some, left = (left[:4], left[4:]) if today < TODAY else (left, [])
        turned = told(sheet, *some, today=today)
        for happened in turned.events:
            assert happened.sequence == seen.get(happened.subject, 0) + 1
            seen[happened.subject] = happened.sequence
            happened.event.contract.encode(happened.event.data)
        sheet = turned.after
    anew = turn(sheet, RULEBOOK, today=TODAY, words=words, anew=True)
    assert said(anew.after) == said(told(EMPTY, *words).after)
    assert not anew.events


@given(WORDS)
def test_the_same_turn_again_changes_nothing(words: list[Word]) -> None:
    once = told(EMPTY, *words).after
    again = told(once, *words)
    assert again.after == once
    assert [*again.obligations, *again.events, *again.withdrawn] == []
    assert told(once, today=TODAY).after == once


@given(WORDS)
def test_things_are_kept_as_they_were_said(words: list[Word]) -> None:
    things = heard({}, words)
    assert unpacked(packed(things)) == things


def test_words_cover_a_sheet_unless_it_knows_something_newer() -> None:
    told = [bill("2026-05", date(2026, 5, 31)), bill("2026-05", date(2026, 6, 30), 2)]
    assert covers(told, heard({}, told[:1]))
    assert covers(told[::-1], heard({}, told))
    assert not covers(told[:1], heard({}, told))
    assert not covers(told, heard({}, [*told, credit(1, 60, TODAY)]))


def test_computed_anew_a_sheet_that_was_right_stays_as_it_is_on_another_day() -> None:
    said = [spell("member"), bill("2026-05", date(2026, 5, 31))]
    before = turn(Sheet("person", SINCE), RULEBOOK, today=TODAY, words=said).after
    again = turn(before, RULEBOOK, today=TODAY + timedelta(days=1), words=said, anew=True)
    assert again.after is before
    assert not again.events
