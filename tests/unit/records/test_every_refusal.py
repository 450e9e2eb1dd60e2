"""No refusal is forgotten: whatever records raises has its words, and each says what would be accepted.

By a rule it names rule, pack and article as well: with ``test_refusals`` this raises each of them once. A new
code fails here until it says what would be accepted, or stands below among those that say so in words.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.chassis.catalogue import Catalogue
from services.chassis.errors import REFUSALS, Refusal
from services.chassis.grants import denied
from services.chassis.policies import parse
from services.contracts.kinds import ROLES
from services.records import access
from services.records.activities import beginnings, checkin, conduct, participation
from services.records.elections import model as elections
from services.records.posts import model as post_rules
from services.records.transfers import model as transfers
from services.records.transfers.pack import TransferPack
from tests.unit.records import test_activity_announcing as announcing
from tests.unit.records import test_activity_kinds as kinds
from tests.unit.records import test_activity_rules as activities
from tests.unit.records import test_activity_votes as votes
from tests.unit.records import test_bulletin_rules as bulletins
from tests.unit.records import test_election_rules as terms
from tests.unit.records import test_entry_windows as windows
from tests.unit.records import test_lecture_rules as lectures
from tests.unit.records import test_post_rules as posts
from tests.unit.records import test_refusals as refusals
from tests.unit.records import test_sanction_rules as sanctions
from tests.unit.records import test_transfer_rules as moves
from tests.unit.records.activity_kinds import KINDS
from tests.unit.records.activity_kinds import conduct as rulings
from tests.unit.records.refusals_in_words import IN_WORDS

RECORDS = Path(__file__).parents[3] / "services" / "records"
CATALOGUE = Catalogue.load([RECORDS / "texts"])
_PLACE = re.compile(r"\{([a-z_]+)")
_CODE = re.compile(r"[a-z_]+\.[a-z_]+")
# Words of vocabularies are nested in the files, or are steps and papers; all others are told to somebody.
_WORDS = ("development_step.", "development_material.", "development_template.", "dossier_state.")
TOLD = {
    code: set(_PLACE.findall(text))
    for path in (RECORDS / "texts").glob("*zh.yaml")
    for code, text in yaml.safe_load(path.read_text(encoding="utf-8")).items()
    if isinstance(text, str) and not code.startswith(_WORDS)
}
# Besides the numbers and days of ``refusals.ACCEPTED``, those that are themselves what would be accepted.
SAID = refusals.ACCEPTED | {"held_on", "missing", "entitled", "cast", "count", "period"}
# Nobody's sending something else would help: there is none, it is taken, or it is not theirs to do.
_NOTHING_ELSE = re.compile(r"\.(not_found|not_author|exists|own|own_[a-z]+|denied|unknown|differs)$")


def _ruled() -> set[str]:
    return {code for code, places in TOLD.items() if "pack" in places}


# -- by a rule ---------------------------------------------------------------------------------------

NOW = datetime(2026, 9, 10, 4, 0, tzinfo=UTC)
STRICT = TransferPack.in_force_on([*moves.PACKS, parse(moves.STRICT)], moves.TODAY)


def planned(**organisation: Any) -> Any:
    given = {"organisation": "b", "title": "题", "held_on": activities.TODAY}
    kind = KINDS[organisation.pop("of", "theme_day")]
    return beginnings.plan("a", given, {**activities.BRANCH, **organisation}, kind, activities.TODAY)


def detailed(**details: Any) -> Any:
    return activities.submitted(
        activities.recorded(activities.planned(kind="study_session"), details=details)
    )


def judged(kind: str = "democratic_life_meeting", **more: Any) -> Any:
    return conduct.judged(kinds.meeting(kind, **more), kinds.HELD, rulings())


def graded(excellent: int, expected: int) -> Any:
    grades = {"excellent": excellent, "qualified": 2}
    return judged("democratic_appraisal", expected=expected, details={"grades": grades})


def checked_in_wrongly() -> Any:
    state: Any = participation.silent("x", "p")
    for _ in range(9):
        change = participation.check_in(state, right=False, now=NOW, wrong_codes=rulings()["wrong_codes"])
        state = change.state if change else state


def shifted(to: date) -> Any:
    state = terms.hold().state
    return elections.ask_shift(
        "e", state, to=to, reason="x", by="w", rulings=terms.RULINGS, today=terms.TODAY
    )


def appointed(status: str) -> Any:
    given = {"person": "p", "organisation": "b", "role": "secretary", "since": posts.TODAY}
    person = {"active": True, "political_status": status}
    return post_rules.give_post("x", given, person, posts.PLACE, posts.RULINGS, posts.TODAY)


BY_RULE: dict[str, Callable[[], Any]] = {
    "post.status_unfit": lambda: appointed("applicant"),
    "post.seat_taken": lambda: post_rules.require_seat(
        appointed("member").state, [appointed("member").state], posts.RULINGS[post_rules.SECRETARIES]
    ),
    "election.candidate_unfit": lambda: elections.check_candidates(
        ["a"], set(), terms.COUNTED_BY["election_candidates"]
    ),
    "sanction.years_unfit": lambda: sanctions.imposed(years=3),
    "sanction.decided_by_unfit": lambda: sanctions.imposed(decided_by="branch"),
    "sanction.too_long": lambda: sanctions.prolonged(sanctions.imposed(years=2)),
    "sanction.too_early": lambda: sanctions.closed(sanctions.imposed(), "restored", date(2026, 2, 28)),
    "activity.kind_unfit": lambda: planned(kind="university_committee", of="branch_committee"),
    "activity.minutes_missing": lambda: activities.submitted(
        activities.recorded(activities.planned(), minutes=None)
    ),
    "activity.detail_missing": lambda: detailed(theme="党章"),
    "activity.detail_unfit": lambda: detailed(theme="党章", duration="long"),
    "activity.detail_unknown": lambda: detailed(speaker="x"),
    "activity.entry_closed": lambda: windows.entered(
        windows.planned(windows.FIRST), windows.FIRST + timedelta(days=91)
    ),
    "activity.too_few_present": lambda: judged(present=1),
    "activity.more_graded_than_entitled": lambda: graded(1, expected=1),
    "activity.too_many_excellent": lambda: graded(4, expected=9),
    "bulletin.read_by_unfit": lambda: bulletins.publish(
        bulletins.drafted(mandatory=True, read_by=bulletins.TODAY)
    ),
    "check_in.too_long": lambda: checkin.opened("x", "2026-09-10", "2026-09-10", NOW, 999, rulings()),
    "check_in.too_many_wrong": checked_in_wrongly,
    "election.not_quorate": lambda: terms.hold(present=19, votes={"a": 19, "b": 18, "c": 15, "d": 3}),
    "election.too_few_candidates": lambda: terms.hold(votes={"a": 20, "b": 18, "c": 15}),
    "election.nobody_elected": lambda: terms.hold(votes={"a": 11, "b": 11, "c": 11, "d": 11}),
    "election.elected_differ": lambda: terms.hold(elected=["a", "d"]),
    "election.too_early": lambda: terms.hold(date(2025, 1, 1), dict(terms.hold().state)),
    "election.shift_too_far": lambda: shifted(date(2029, 1, 1)),
    "entry_window.too_long": lambda: windows.window(open_until=windows.TODAY + timedelta(days=32)),
    "lecture.host_unfit": lambda: lectures.submitted(lectures.drafted(link="https://v.example.com/1")),
    "make_up.too_late": lambda: announcing.made_up(
        announcing.recorded(announcing.STATES),
        "b",
        announcing.HELD + timedelta(days=31),
        announcing.HELD + timedelta(days=40),
    ),
    "transfer.letter_expired": lambda: transfers.complete(
        "t", moves.out(STRICT), STRICT, receipt_on=date(2026, 12, 1), by="w", today=date(2026, 12, 5)
    ),
    "vote.not_secret": lambda: votes.kept(
        votes.attended(3, 1), votes=[votes.vote(4, 3, 3) | {"secret": False}]
    ),
}
# Rules that warn, and what is told to an organisation: nothing is refused.
WARNINGS = {
    "activity.report_late",
    "development.calendar_provisional",
    "development.check_overdue",
    "development.entitled_differs",
    "development.extended_before",
    "development.too_late",
    "dues.prompt",
}
# Of what is asked for and decided of dues, by the name of what it is; each is raised with ``accepted``.
PUT_TOGETHER = {f"{name}.{code}" for name in ("relief", "deferral") for code in ("state", "comment_missing")}
# Judged beside the store, by the one function of their packs that names the rule: component tests raise them.
IN_SERVICE = {
    "post.too_soon",
    "post.without_rights",
    "dues.not_a_payer",
    "dues_accounts.year_unfit",
    "task.urged_enough",
}


@pytest.mark.parametrize("code", sorted(BY_RULE))
def test_a_refusal_by_a_rule_names_rule_pack_article_and_what_would_be_accepted(code: str) -> None:
    with pytest.raises(Refusal) as refused:
        BY_RULE[code]()
    assert refused.value.code == code
    params = refused.value.params
    assert all(params.get(name) for name in ("rule", "pack", "article")), params
    assert SAID & set(params), params
    for text in CATALOGUE.render(code, params).values():
        assert "{" not in text


def test_every_refusal_by_a_rule_is_raised_here_or_beside() -> None:
    assert _ruled() - set(BY_RULE) - set(refusals.REFUSED) - WARNINGS - IN_SERVICE == set()


# -- all of them -------------------------------------------------------------------------------------


def test_whatever_is_raised_has_its_words() -> None:
    nameless = set()
    for path in sorted(RECORDS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and node.exc is not None:
                said = {each.value for each in ast.walk(node.exc) if isinstance(each, ast.Constant)}
                codes = {each for each in said if isinstance(each, str) and _CODE.fullmatch(each)}
                nameless |= {(path.name, code) for code in codes if code not in CATALOGUE}
    # What an event is parked with is read by operators, as it is.
    assert nameless <= {("sources.py", "unknown.person")}


def test_whoever_may_not_is_told_who_may_and_where_they_sit() -> None:
    silent = [path for path in RECORDS.rglob("*.py") if '"permission.denied"' in path.read_text("utf-8")]
    assert silent == [], "raise what services.chassis.authority.denied makes"
    for where in (access.HERE, access.ABOVE, access.ROOT, "here", "above", "here_or_above"):
        refused = denied(ROLES, where)
        for text in CATALOGUE.render(refused.code, refused.params).values():
            assert "{" not in text
            assert not [role for role in ROLES if "_" in role and role in text]
    assert refused.params == {"accepted": ", ".join(ROLES), "where": "here_or_above"}


def _values_told() -> dict[str, set[str]]:
    """By code the names of the values that come with it, wherever it is raised: those of every such place."""
    told: dict[str, set[str]] = {}
    for path in sorted(RECORDS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not _refuses(node.func):
                continue
            values = {each.arg for each in node.keywords if each.arg not in (None, "params", "fields")}
            for each in node.keywords:
                if each.arg == "params" and isinstance(each.value, ast.Dict):
                    values |= {key.value for key in each.value.keys if isinstance(key, ast.Constant)}
            for code in node.args:
                if isinstance(code, ast.Constant) and code.value in CATALOGUE:
                    told[code.value] = told.get(code.value, values) & values
    return told


def _refuses(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute) and called.attr == "at":
        called = called.value
    return isinstance(called, ast.Name) and called.id in REFUSALS


def test_every_code_says_what_would_be_accepted() -> None:
    by_value = {code for code, values in _values_told().items() if values & SAID}
    silent = {code for code, places in TOLD.items() if not places & SAID and not _NOTHING_ELSE.search(code)}
    raised = refusals.REFUSED.keys() | BY_RULE.keys()  # where the numbers stand beside the words
    silent -= by_value | PUT_TOGETHER
    assert silent - raised - WARNINGS - IN_SERVICE - IN_WORDS.keys() == set()
    assert IN_WORDS.keys() - silent == set(), "listed without need"
