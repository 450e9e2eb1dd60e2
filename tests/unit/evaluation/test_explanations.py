"""Whatever a year was like: the lines of an explanation add up to the score, and say what they rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import services.evaluation
from services.chassis.catalogue import Catalogue
from services.contracts.kinds import ACTIVITY_KINDS
from services.evaluation.duties import model as duties
from services.evaluation.duties.deeds import deeds_of
from services.evaluation.evidence.model import Evidence, Mark
from services.evaluation.indicators.model import MEMBER, ORGANISATION, SECRETARY, Measure, Policy
from services.evaluation.indicators.reading import load_policies
from services.evaluation.obligations import explaining as owing
from services.evaluation.obligations.model import FULFILLED, FULFILLED_LATE, Counted, Obligation, Organisation
from services.evaluation.projection.model import owed_by, turn
from services.evaluation.projection.scoring import material
from services.evaluation.projection.standing import Standing, enrolled
from services.evaluation.rulebook import Packs
from services.evaluation.scores.explaining import reasons
from services.evaluation.scores.methods import Material
from services.evaluation.scores.model import UNRATED, in_points, material_of, score
from tests.unit.evaluation.policies import FIGURES, FOLDER, FREQUENCY, REGISTRY
from tests.unit.evaluation.test_duties import EMPTY, WORDS, told

TEXTS = Catalogue.load([Path(services.evaluation.__file__).parent / "texts"])
RULEBOOK = Packs(FREQUENCY, load_policies(FOLDER, REGISTRY), figures=FIGURES).rulebook
SINCE, LAST = date(2026, 1, 1), date(2026, 12, 31)
# A branch is scored with its groups.
UNITS = {
    "branch": (
        Organisation("branch", "branch", True, date(2010, 1, 1), True),
        Organisation("group", "group", False, date(2010, 1, 1), True),
    ),
    "secondary": (Organisation("secondary", "secondary", False, date(2010, 1, 1), True, True),),
}
DAYS = st.dates(SINCE, LAST)


def policy_for(subject: str, kind: str) -> Policy:
    found = RULEBOOK.scoring.policy_of(subject, kind, 2026)
    assert found is not None
    return found


BRANCH, MEMBERS = policy_for(ORGANISATION, "branch"), policy_for(MEMBER, "branch")
SECRETARIES = policy_for(SECRETARY, "secondary")


def records_of(unit: str) -> st.SearchStrategy[list[Evidence]]:
    return st.lists(
        st.builds(
            lambda number, organisation, kind, day, counts, late, people, minutes: Evidence(
                f"a{number}", 1, organisation, kind, day, counts, late, *people, minutes
            ),
            st.integers(0, 60),
            st.sampled_from([each.id for each in UNITS[unit]]),
            st.sampled_from(ACTIVITY_KINDS),
            DAYS,
            st.booleans(),
            st.booleans(),
            st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20)),
            st.booleans(),
        ),
        max_size=40,
        unique_by=lambda each: each.activity,
    )


def marks_for(policy: Policy) -> st.SearchStrategy[list[Mark]]:
    """What reviewers, ballots and findings may say under ``policy``, in any mixture."""
    criteria = {
        each.measure: tuple(criterion.id for criterion in each.criteria)
        for each in policy.leaves()
        if each.measure is not None
    }
    measures = {*criteria, *(each.measure for each in policy.vetoes)}
    given_by_hand = [each for each in measures if each.family in ("assessments", "ballots", "findings")]

    def mark(number: int, measure: Measure, day: date, points: Sequence[int]) -> Mark:
        graded = tuple(zip(criteria.get(measure, ()), points, strict=False))
        family, name, part = measure.family, measure.name, measure.part
        return Mark(f"m{number}", family, name, part, "subject", day, points[0], graded)

    if not given_by_hand:
        return st.just([])
    given = st.builds(
        mark,
        st.integers(0, 30),
        st.sampled_from(sorted(given_by_hand, key=str)),
        DAYS,
        st.lists(st.integers(0, 10_000), min_size=5, max_size=5),
    )
    return st.lists(given, max_size=8, unique_by=lambda each: each.id)


def lived(unit: str, records: Sequence[Evidence], today: date) -> tuple[Standing, list[Obligation]]:
    """The standing of a unit with its year's records, as of ``today``, and what it owes."""
    standing = Standing(unit, SINCE, settled=True)
    for each in UNITS[unit]:
        standing = enrolled(standing, each, 1, today=SINCE)
    after = turn(standing, RULEBOOK, today=today, evidence=records).after
    return after, owed_by(after, RULEBOOK)


def require_accounted(policy: Policy, year: Material) -> None:
    """That every hundredth of a point is on a line, and every line says where it is from."""
    worth = score(policy, year)
    shown = reasons(TEXTS, policy, worth)
    lines = shown["lines"]
    assert sum(line["points"] for line in lines) == in_points(worth.points)
    assert sum(line["most"] for line in lines) in (0, 100)
    for group in shown["groups"]:
        within = [line for line in lines if group["indicator"] in line["within"]]
        for what in ("points", "most"):
            assert sum(line[what] for line in within) == group[what]
    known = {
        "records": {each.activity for each in year.records},
        "obligations": {each.id for each in year.obligations},
        "marks": {each.id for each in year.marks},
    }
    for line in lines:
        assert line["article"]
        assert line["title"]["zh"]
        for text in line["text"].values():
            assert text
            assert "{" not in text
        assert all(known[basis].issuperset(line[basis]) for basis in known)
        if line["points"]:
            assert any(line[basis] for basis in known), line
    for veto in shown["vetoes"]:
        assert veto["article"]
        assert veto["obligations"] or veto["marks"]
        assert not lines or policy.rank(worth.band) > policy.rank(veto["keeps_below"])
    assert (worth.band == UNRATED) == (not lines)
    assert shown["source"]["pack"] == policy.id


@settings(deadline=None, max_examples=60)
@given(records_of("branch"), marks_for(BRANCH), DAYS)
def test_every_point_of_a_branch_is_accounted_for(
    records: list[Evidence], marks: list[Mark], today: date
) -> None:
    standing, owed = lived("branch", records, today)
    own = material(standing, owed, 2026)
    require_accounted(BRANCH, material_of(own.records, own.obligations, marks))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(UNITS)), st.data())
def test_every_point_of_a_secretary_is_accounted_for(unit: str, data: st.DataObject) -> None:
    standing, owed = lived(unit, data.draw(records_of(unit)), data.draw(DAYS))
    own = material(standing, owed, 2026)
    marks = data.draw(marks_for(SECRETARIES))
    require_accounted(SECRETARIES, material_of(own.records, own.obligations, marks))


@given(marks_for(MEMBERS))
def test_every_point_of_a_member_is_accounted_for(marks: list[Mark]) -> None:
    require_accounted(MEMBERS, material_of(marks=marks))


# -- obligations -----------------------------------------------------------------------------------------


def require_explained(owed: Sequence[Obligation], records: Sequence[Counted]) -> None:
    """That each names its rule and article, that what it took is enough, and why it took nothing else."""
    by_id = {each.activity: each for each in records}
    taken = Counter(activity for each in owed if each.rule.every != "case" for activity in each.taken)
    assert all(times == 1 for times in taken.values()), "a record counts once under a rule"
    for each in owed:
        assert each.rule.pack
        assert each.rule.article
        if each.rule.every == "case":
            continue
        assert by_id.keys() >= set(each.taken)
        done = each.state in (FULFILLED, FULFILLED_LATE)
        assert done == (owing.amount(each, records) >= each.rule.needed)
        others = [other for other in owed if (other.rule.id, other.owner) == (each.rule.id, each.owner)]
        left_out = owing.uncounted(each, others, records)
        assert not {found.record.activity for found in left_out} & set(each.taken)
        for found in left_out:
            assert found.reason in owing.REASONS
            # What could have fulfilled it was not left aside.
            assert done or found.reason != owing.SURPLUS
            assert (found.period is not None) == (found.reason in (owing.ELSEWHERE, owing.FOR_ANOTHER))
        assert (owing.wants(each) is None) == (done or each.state == "exempted")


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(UNITS)), st.data())
def test_whatever_an_organisation_owes_is_explained(unit: str, data: st.DataObject) -> None:
    standing, owed = lived(unit, data.draw(records_of(unit)), data.draw(DAYS))
    for organisation in standing.enrolled:
        mine = [each for each in owed if each.organisation == organisation]
        by_rule = {each.rule.id for each in mine}
        for rule in by_rule:
            require_explained(
                [each for each in mine if each.rule.id == rule], list(standing.evidence.values())
            )


@settings(deadline=None, max_examples=60)
@given(WORDS)
def test_whatever_a_person_owes_is_explained(words: list[duties.Word]) -> None:
    sheet = told(EMPTY, *words).after
    owed = duties.owed_by(sheet, RULEBOOK)
    for rule in {each.rule.id for each in owed}:
        require_explained([each for each in owed if each.rule.id == rule], deeds_of(sheet.unit, sheet.things))
