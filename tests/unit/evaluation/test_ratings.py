"""Caps, ties, snapshots and appeals of a rating, as pure rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.catalogue import Catalogue
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.evaluation.duties.words import Thing, Word, heard
from services.evaluation.evidence.model import Evidence, Mark
from services.evaluation.indicators.model import Cap
from services.evaluation.ratings import caps, model, snapshots
from services.evaluation.ratings.reports import Report
from services.evaluation.ratings.snapshots import State
from services.evaluation.scores.model import UNRATED, Breakdown, material_of, score
from services.evaluation.scores.subjects import appraised
from tests.unit.evaluation.policies import FOLDER, leaf, policy

POLICY = policy(
    leaf("timeliness", 100, "timeliness", "timeliness.all"), caps=(Cap("excellent", 30, 100, "第九条"),)
)
TODAY = date(2026, 12, 20)


def worth(points: int) -> Breakdown:
    band = next(each.name for each in POLICY.bands if points >= each.least)
    return Breakdown("scoring", points, band, 3, ())


def graded(*points: int) -> dict[str, caps.Graded]:
    return caps.graded(POLICY, {f"b{number:02}": worth(each) for number, each in enumerate(points)})


def entries(found: Mapping[str, caps.Graded]) -> list[dict[str, Any]]:
    return [
        {
            "subject": each.subject,
            "organisation": each.subject,
            "points": each.points,
            "earned": each.earned,
            "band": each.band,
            "tied": each.tied,
            "capped": each.capped,
            "decision": None,
            "corrections": [],
            "evidence_digest": "e" * 64,
            "breakdown": {},
        }
        for each in found.values()
    ]


def test_no_more_than_the_share_gets_the_capped_band() -> None:
    found = graded(9900, 9800, 9700, 9600, 9500, 9400, 9300, 9200, 9100, 9000)
    assert [each.band for each in found.values()] == ["excellent"] * 3 + ["good"] * 7
    assert {each.capped for each in found.values() if each.band == "good"} == {"excellent"}
    assert not any(each.tied for each in found.values())


def test_of_a_tie_at_the_limit_nobody_gets_the_band_until_a_reviewer_decides() -> None:
    found = graded(9900, 9800, 9700, 9700, 9500, 9400, 9300, 9200, 9100, 8000)
    assert [each.subject for each in found.values() if each.band == "excellent"] == ["b00", "b01"]
    assert [each.subject for each in found.values() if each.tied] == ["b02", "b03"]

    kept = entries(found)
    first, second = kept[2], kept[3]
    said = {"reason": "全年记录更完整。", "by": "dean", "today": TODAY}
    given = caps.decided(POLICY, first, kept, **said)  # type: ignore[arg-type]  # keywords of several types in one mapping
    assert (given["band"], given["decision"]["before"]) == ("excellent", "good")
    kept[2] = dict(given)
    with pytest.raises(Conflict, match=r"rating\.no_place"):
        caps.decided(POLICY, second, kept, **said)  # type: ignore[arg-type]  # keywords of several types in one mapping
    with pytest.raises(Conflict, match=r"rating\.not_tied"):
        caps.decided(POLICY, kept[2], kept, **said)  # type: ignore[arg-type]  # keywords of several types in one mapping


def test_where_the_share_is_less_than_one_nobody_gets_the_band() -> None:
    assert {each.band for each in graded(9900, 9800, 9700).values()} == {"good"}


def test_whoever_is_unrated_takes_no_place_and_makes_none() -> None:
    scores = {f"b{number}": worth(9900 - number) for number in range(9)}
    unrated = {f"u{number}": Breakdown("scoring", 0, UNRATED, 0, ()) for number in range(20)}
    found = caps.graded(POLICY, {**scores, **unrated})
    assert sum(each.band == "excellent" for each in found.values()) == 2
    assert {found[each].band for each in unrated} == {UNRATED}


APPRAISAL = policy(
    leaf("peer", 100, "ballot", "ballots.democratic_appraisal.peer"),
    subject="member",
    ungraded=("probationary",),
    caps=(Cap("excellent", 1, 3, "第四条"),),
)
VOTED_ON = date(2026, 11, 20)


def peers(subject: str, given_on: date = VOTED_ON, points: int = 9500) -> Mark:
    return Mark(f"r/{subject}", "ballots", "democratic_appraisal", "peer", subject, given_on, points)


def person(*spells: tuple[str, date]) -> dict[str, Thing]:
    """Somebody who had each status since a day."""
    return heard(
        {},
        [
            Word(
                "p",
                f"spell:{number}",
                "spell",
                number,
                {
                    "status": status,
                    "organisation": "b",
                    "active": True,
                    "since": since.isoformat(),
                    "told": "2026-01-10",
                },
            )
            for number, (status, since) in enumerate(spells, 1)
        ],
    )


def test_who_is_on_probation_on_the_day_of_the_appraisal_gets_no_grade_and_makes_no_place() -> None:
    began = date(2020, 1, 1)
    people = {
        **{f"m{number}": person(("member", began)) for number in range(4)},
        "on-probation": person(("probationary", date(2026, 3, 1))),
        "full-since": person(("probationary", date(2025, 12, 1)), ("member", date(2026, 12, 1))),
        "full-before": person(("probationary", date(2025, 10, 1)), ("member", date(2026, 11, 20))),
        "activist": person(("activist", began)),
        "unknown": {},
    }
    rated = {
        subject: score(APPRAISAL, material)
        for subject, things in people.items()
        if (material := appraised(APPRAISAL, [peers(subject)], things)) is not None
    }
    assert set(rated) == {"m0", "m1", "m2", "m3", "full-before"}
    assert appraised(APPRAISAL, [], people["m0"]) is None

    # A third of six would be two: with those on probation counted, the best two would both be excellent.
    found = caps.graded(APPRAISAL, {**rated, "m0": worth(9900), "m1": worth(9800)})
    assert [each.subject for each in found.values() if each.band == "excellent"] == ["m0"]


def test_the_day_of_the_appraisal_counts_and_not_that_of_a_finding() -> None:
    finding = Mark("f", "findings", "discipline", None, "p", date(2026, 12, 20), 0)
    full_since = person(("probationary", date(2025, 12, 1)), ("member", date(2026, 12, 1)))
    assert appraised(APPRAISAL, [peers("p"), finding], full_since) is None
    assert appraised(APPRAISAL, [finding], full_since) is not None
    everybody = replace(APPRAISAL, ungraded=())
    assert appraised(everybody, [peers("p"), finding], full_since) is not None


@given(st.lists(st.integers(0, 10_000), max_size=40), st.integers(1, 99))
def test_a_cap_holds_and_more_points_never_get_less(points: list[int], share: int) -> None:
    capped = replace(
        POLICY, caps=(Cap("excellent", share, 100, "1"), Cap("good", min(share + 20, 99), 100, "2"))
    )
    found = list(caps.graded(capped, {f"b{n:02}": worth(each) for n, each in enumerate(points)}).values())
    for cap in capped.caps:
        assert sum(capped.rank(each.band) <= capped.rank(cap.band) for each in found) <= cap.most(len(found))
    for one in found:
        for other in found:
            if one.points >= other.points:
                assert capped.rank(one.band) <= capped.rank(other.band)


def test_the_hash_of_the_evidence_is_of_what_counts_in_whatever_order() -> None:
    record = Evidence("a", 1, "b", "theme_day", date(2026, 5, 1), True, False, 10, 9, 0, True)
    other = replace(record, activity="c")
    mark = Mark("m", "findings", "discipline", None, "b", date(2026, 5, 1), 0)
    one = snapshots.evidence_digest(material_of([record, other], marks=[mark]))
    assert one == snapshots.evidence_digest(material_of([other, record], marks=[mark]))
    assert one != snapshots.evidence_digest(material_of([record, replace(other, present=8)], marks=[mark]))
    assert one != snapshots.evidence_digest(material_of([record, other]))


def begun(today: date = TODAY, year: int = 2026) -> State:
    return model.begin(
        organisation="root", policy=POLICY, kind="branch", year=year, by="dean", today=today, first_month=12
    )


def published() -> State:
    change = model.closed(begun(), "r", rated=3, digest="d" * 64)
    assert change is not None
    return model.publish(change.state, "r", today=TODAY, appeal_days=15).state


def test_a_year_is_closed_once_and_not_before_its_last_month() -> None:
    with pytest.raises(Invalid, match=r"rating\.too_early"):
        begun(date(2026, 11, 30))
    assert begun(date(2026, 11, 30), 2025)["state"] == "closing"
    assert model.closed(published(), "r", rated=9, digest="x") is None
    with pytest.raises(Conflict, match=r"rating\.is_published"):
        model.publish(published(), "r", today=TODAY, appeal_days=15)


def test_an_appeal_comes_in_time_and_is_answered_once_by_another() -> None:
    entry = entries(graded(9900))[0]
    asked: dict[str, Any] = {"by": "secretary", "text": "漏计一次党课。", "answer_days": 30}
    with pytest.raises(Conflict, match=r"appeal\.too_late"):
        model.appeal(published(), "r", "a", entry, today=date(2027, 1, 5), **asked)
    change = model.appeal(published(), "r", "a", entry, today=date(2027, 1, 4), **asked)
    assert "text" not in change.events[0].data
    with pytest.raises(Forbidden, match=r"appeal\.own"):
        model.answer(change.state, "a", upheld=True, text="同意", by="secretary", today=TODAY)
    answered = model.answer(change.state, "a", upheld=False, text="记录已计入。", by="dean", today=TODAY)
    assert answered.state["state"] == "dismissed"
    with pytest.raises(Conflict, match=r"appeal\.is_answered"):
        model.answer(answered.state, "a", upheld=True, text="同意", by="dean", today=TODAY)


def test_a_correction_stands_beside_the_first_result_and_gives_no_more_than_was_earned() -> None:
    entry = entries(graded(7000))[0]
    said: dict[str, Any] = {"evidence": "f" * 64, "reason": "补计一次。", "by": "dean", "today": TODAY}
    with pytest.raises(Invalid, match=r"appeal\.band"):
        model.corrected(POLICY, entry, worth(8500), "excellent", **said)
    after = model.corrected(POLICY, entry, worth(8500), "good", **said)
    assert (after["points"], after["band"]) == (7000, "fair")
    assert (model.final_points(after), model.final_band(after)) == (8500, "good")


def report(entries: list[dict[str, Any]], names: dict[str, str], language: str = "zh") -> Report:
    catalogue = Catalogue.load([FOLDER.parent / "texts"])
    return Report(published(), POLICY, entries, names, catalogue, language)


def test_the_printed_page_runs_nothing_that_somebody_wrote() -> None:
    entry = {**entries(graded(9900))[0], "tied": None, "decision": {"reason": "<script>alert(1)</script>"}}
    page = report([entry], names={"b00": "<script>"}).page_to_print().decode()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 2


def test_a_report_names_organisations_and_speaks_the_language_it_is_asked_in() -> None:
    first, second = entries(graded(9900, 6000))
    second = {**second, "subject": "p", "tied": "good", "band": UNRATED}
    made = report([first, second], names={"b00": "第一党支部"})
    head, rows = made.sheet()
    assert [each["title"] for each in head["columns"]][:3] == ["党组织", "对象", "得分"]
    assert [row[:3] for row in rows] == [["第一党支部", "", "99.00"], ["b01", "p", "60.00"]]
    assert (rows[1][4], rows[1][6]) == ("未评定", "并列于good名额，未予评定")

    english = replace(made, language="en")
    head, rows = english.sheet()
    assert [each["title"] for each in head["columns"]][:3] == ["Organisation", "Person", "Points"]
    assert (rows[1][4], rows[1][6]) == ("Not rated", "Tied for the last place of good, not given")
    page = english.page_to_print().decode()
    assert '<html lang="en">' in page
    assert "第一党支部" in page
    assert not re.search(r"[{}]", page.split("</style>")[1])  # every place of a text is filled
