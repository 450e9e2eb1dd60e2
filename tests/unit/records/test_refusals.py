"""Every refusal of dues, development, training and thought reports says what would be accepted, and a rule of
a pack names itself, its pack and its article."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.chassis.errors import Refusal
from services.chassis.policies import effective, load_all
from services.records.development import model as development
from services.records.development import quota
from services.records.dues import approvals, settling
from services.records.dues import model as dues
from services.records.dues.pack import DuesPack
from services.records.thoughts import model as thoughts
from services.records.training import model as training
from tests.unit.records.development_ways import BOOK, FACTS, FOLDER, VOTE, intended, opened, recorded, walked

RECORDS = Path(__file__).parents[3] / "services" / "records"
TODAY = date(2026, 9, 10)
PACK = DuesPack.in_force_on(load_all(FOLDER, "dues-*.yaml"), TODAY)
SHARED = RECORDS.parent / "contracts" / "policies"
TRAINING = effective([*load_all(FOLDER, "training-*.yaml"), *load_all(SHARED, "training-*.yaml")], TODAY)
THOUGHTS = effective(load_all(FOLDER, "thought-reports-*.yaml"), TODAY)
ACCEPTED = {"accepted", "earliest", "latest", "least", "most", "days", "hours", "due", "earlier", "done"} | {
    "material",
    "times",
    "until",
    "full_day",
}
# Who may not, whatever they send; and days of which no rule says anything.
NOTHING_ELSE = {"own_request", "own", "no_pack"}
MODELS = [
    *(RECORDS / "dues" / f"{name}.py" for name in ("model", "settling", "approvals")),
    *(RECORDS / "development" / f"{name}.py" for name in ("model", "verdict", "quota", "materials")),
    RECORDS / "training" / "model.py",
    RECORDS / "thoughts" / "model.py",
]
_RAISED = re.compile(
    r'"((?:dues|relief|deferral|expenditure|development|quota|credit|thought|contact)\.[a-z_]+)"'
    r'|_found\(\s*"([a-z_]+)"|f"\{name\}\.([a-z_]+)"'
)

BILL = dict(
    dues.issue(
        "b",
        person="p",
        organisation="o",
        month="2026-09",
        kind="student",
        dues=dues.Dues(20, None, PACK.source("student")),
        relief=None,
        today=TODAY,
    ).state
)
PAID = {
    "person": "p",
    "organisation": "o",
    "amount_fen": 20,
    "paid_on": TODAY,
    "entered_by": "treasurer",
    "reference": None,
}
MONTHS = {
    "person": "p",
    "organisation": "o",
    "from_month": "2026-09",
    "to_month": "2026-10",
    "reason_sealed": "",
}
SPENT = {"organisation": "o", "use": "education", "amount_fen": 20, "purpose": "x"}
CREDIT = {"person": "p", "organisation": "o", "on": TODAY, "title": "x", "form": "class", "origin": "entered"}
REPORT = {"author": "p", "organisation": "o", "period": "2026-Q3", "text": "x"}


def payment(**more: Any) -> Any:
    return settling.receive("p", {**PAID, **more}, [], PACK, today=TODAY, may_be_ahead=False)


def relief(**more: Any) -> Any:
    return approvals.ask_relief("r", {**MONTHS, "monthly_fen": 0, **more}, PACK, by="w", today=TODAY).state


def deferral(**more: Any) -> Any:
    return approvals.ask_deferral("d", {**MONTHS, **more}, PACK, by="w", today=TODAY).state


def spending(**more: Any) -> Any:
    return approvals.ask_expenditure("e", {**SPENT, **more}, PACK, by="w", today=TODAY).state


def decided(request: Any, approve: bool = True, comment: str | None = None) -> Any:
    decide = approvals.decide_expenditure
    return decide("e", request, approve=approve, comment=comment, by="above", today=TODAY).state


def pay(request: Any, cash: int = 1000, on: date = TODAY) -> Any:
    return approvals.pay_expenditure("e", request, PACK, cash_fen=cash, paid_on=on, today=TODAY).state


def credit(**more: Any) -> Any:
    return training.credit("c", {**CREDIT, "minutes": 60, **more}, TRAINING, today=TODAY).state


def studied(kind: str = "video", on: date = TODAY) -> Any:
    given = {"person": "p", "organisation": "o", "on": on, "entered_by": "p"}
    lecture = {"kind": kind, "title": "x"}
    return training.of_lecture("c", "l", lecture, given, TRAINING, published_on=TODAY, today=TODAY)


def report(period: str = "2026-Q3", on: date = TODAY) -> Any:
    return thoughts.hand_in("t", {**REPORT, "period": period}, today=on, rulings=THOUGHTS).state


def contacts(*chosen: str, status: str = "member") -> Any:
    people = {each: {"active": True, "political_status": status} for each in chosen}
    return thoughts.name_contacts("c", None, chosen, {"person": "p", "organisation": "o"}, people)


def step(name: str, before: dict[str, Any] | None = None, **more: Any) -> Any:
    return recorded(before or walked(name), intended(name, **more))


def dossier(**more: Any) -> Any:
    given = {
        **intended("application"),
        "person": "n",
        "born_on": date(2000, 1, 1),
        "political_status": "none",
        **more,
    }
    return development.open_dossier("d", given, "o", BOOK, FACTS, by="s", today=TODAY)


def closed() -> Any:
    return development.close("d", opened(), reason="left", today=TODAY).state


REFUSED: dict[str, Callable[[], Any]] = {
    "dues.base_unfit": lambda: dues.monthly_dues(-1, PACK),
    "dues.kind_unknown": lambda: dues.dues_of("x", None, None, PACK),
    "dues.base_missing": lambda: dues.dues_of("salaried", None, None, PACK),
    "dues.base_unneeded": lambda: dues.dues_of("student", 1, None, PACK),
    "dues.amount_unneeded": lambda: dues.dues_of("student", None, 1, PACK),
    "dues.amount_unfit": lambda: dues.dues_of("farmer", None, 1, PACK),
    "dues.month_outside_year": lambda: dues.set_base(
        {"year": 2026, "from_month": "2025-01"}, None, PACK, billed=None
    ),
    "dues.base_billed": lambda: dues.set_base(
        {
            "person": "p",
            "year": 2026,
            "from_month": None,
            "kind": "student",
            "base_sealed": None,
            "base_fingerprint": None,
            "amount_fen": None,
        },
        None,
        PACK,
        billed="2026-09",
    ),
    "dues.overpaid": lambda: dues.settle("b", BILL, cause="c", payment="p", fen=21, on=TODAY),
    "dues.paid_beyond": lambda: dues.correct(
        "b",
        {**BILL, "paid_fen": 20},
        dues=dues.Dues(10, None, PACK.source("student")),
        reason="x",
        by="w",
        on=TODAY,
    ),
    "dues.sum_unfit": lambda: payment(amount_fen=0),
    "dues.paid_in_future": lambda: payment(paid_on=date(2026, 9, 11)),
    "dues.more_than_owed": payment,
    "dues.reason_missing": lambda: settling.give_back("p", {"state": "received"}, reason="", today=TODAY),
    "relief.months_unfit": lambda: relief(to_month="2026-08"),
    "relief.amount_unfit": lambda: relief(monthly_fen=-1),
    "deferral.too_early": lambda: deferral(from_month="2026-06"),
    "deferral.months_unfit": lambda: deferral(to_month="2028-01"),
    "expenditure.use_unfit": lambda: spending(use="feast"),
    "expenditure.amount_unfit": lambda: spending(amount_fen=0),
    "expenditure.not_approved": lambda: pay(spending()),
    "expenditure.paid_in_future": lambda: pay(decided(spending()), on=date(2026, 9, 11)),
    "expenditure.paid_too_early": lambda: pay(decided(spending()), on=date(2026, 9, 9)),
    "expenditure.beyond_cash": lambda: pay(decided(spending()), cash=1),
    "expenditure.state": lambda: approvals.reverse_expenditure("e", spending(), reason="x", today=TODAY),
    "expenditure.comment_missing": lambda: decided(spending(), approve=False),
    "credit.in_future": lambda: credit(on=date(2026, 9, 11)),
    "credit.before_published": lambda: studied(on=date(2026, 9, 9)),
    "credit.lecture_gives_none": lambda: studied("song"),
    "credit.nothing": lambda: credit(minutes=0),
    "credit.is_reversal": lambda: training.reverse(
        "x", "c", {**credit(), "reverses": "c"}, reason=None, by=None, today=TODAY
    ),
    "thought.period": lambda: report("2026-9"),
    "thought.not_begun": lambda: report("2026-Q4"),
    "thought.period_over": lambda: report("2020-Q1"),
    "thought.comment_missing": lambda: thoughts.read(
        "t", report(), verdict="return", comment=None, by="c", today=TODAY
    ),
    "thought.state": lambda: thoughts.hand_in_again("t", report(), text="x", today=TODAY),
    "contact.count": lambda: contacts("a", "b", "c"),
    "contact.self": lambda: contacts("p"),
    "contact.not_member": lambda: contacts("a", status="activist"),
    "quota.taken": lambda: quota.give("q", {"admitted": ["d"]}, organisation="o", year=2026, places=0),
    "development.is_member": lambda: dossier(political_status="member"),
    "development.born_in_future": lambda: dossier(born_on=date(2027, 1, 1)),
    "development.in_future": lambda: development.record(
        "d", opened(), intended("talk", date(2026, 9, 11)), BOOK, FACTS, by="s", today=TODAY
    ),
    "development.closed": lambda: step("talk", closed()),
    "development.outcome_unfit": lambda: step("talk", outcome="pass"),
    "development.nothing_to_strike": lambda: development.strike(
        "d", opened(), reason="x", by="a", today=TODAY
    ),
    "development.material_unfit": lambda: step("talk", attachments=[{"material": "x", "file": "f"}]),
    "development.material_missing": lambda: step("talk", materials=[]),
    "development.political_review_failed": lambda: step("training", step("political_review", outcome="fail")),
    "development.already_done": lambda: step("talk", walked("activist_decision")),
    "development.comes_after": lambda: step("activist_decision", opened()),
    "development.before_previous": lambda: step("talk", on=date(2026, 5, 31)),
    "development.too_early": lambda: step("candidate_decision", on=date(2027, 6, 30)),
    "development.people_count": lambda: step("contacts", people=[]),
    "development.not_full_members": lambda: step("contacts", people=["x"]),
    "development.publicity_missing": lambda: step("candidate_decision", publicity_until=None),
    "development.publicity_short": lambda: step("candidate_decision", publicity_since=date(2027, 6, 25)),
    "development.publicity_not_over": lambda: step("candidate_decision", publicity_until=date(2027, 7, 1)),
    "development.training_short": lambda: step("training", training_days=2),
    "development.quota_used": lambda: development.record(
        "d",
        walked("branch_meeting"),
        intended("branch_meeting"),
        BOOK,
        type(FACTS)(FACTS.calendar, FACTS.full_members, 0),
        by="s",
        today=date(2030, 1, 1),
    ),
    "development.extension_length": lambda: step("full_meeting", outcome="extend", extension_months=13),
    "development.vote_missing": lambda: step("branch_meeting", vote=None),
    "development.vote_open": lambda: step("branch_meeting", vote={**VOTE, "secret": False}),
    "development.vote_not_quorate": lambda: step(
        "branch_meeting", vote={**VOTE, "present": 7, "in_favour": 7}
    ),
    "development.vote_carried": lambda: step("branch_meeting", outcome="fail"),
    "development.vote_not_carried": lambda: step("branch_meeting", vote={**VOTE, "in_favour": 7}),
}
# Warnings alone, or told by tests of their own: the second extension needs a way of its own.
WARNED = {"too_late", "check_overdue", "calendar_provisional", "entitled_differs", "extended_before"}
# No regulation says these: a form, a sum that is there, a state that something is in.
BY_NO_PACK = {
    code
    for code in REFUSED
    if code.startswith(("contact.", "quota."))
    or code.rpartition(".")[2]
    in {
        "kind_unknown",
        "month_outside_year",
        "overpaid",
        "paid_beyond",
        "sum_unfit",
        "paid_in_future",
        "more_than_owed",
        "reason_missing",
        "paid_too_early",
        "beyond_cash",
        "state",
        "comment_missing",
        "in_future",
        "before_published",
        "is_reversal",
        "period",
        "not_begun",
        "is_member",
        "born_in_future",
        "closed",
        "outcome_unfit",
        "nothing_to_strike",
    }
}


def test_every_code_that_the_rules_raise_is_in_the_table() -> None:
    raised = set()
    for path in MODELS:
        for whole, found, named in _RAISED.findall(path.read_text(encoding="utf-8")):
            code = whole or (f"development.{found}" if found else f"expenditure.{named}")
            if code.rpartition(".")[2] not in NOTHING_ELSE | WARNED:
                raised.add(code)
    assert raised - set(REFUSED) == set()


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_a_refusal_says_what_would_be_accepted_and_by_which_rule(code: str) -> None:
    with pytest.raises(Refusal) as refused:
        REFUSED[code]()
    found = next(
        (each for each in refused.value.params.get("findings", ()) if each["code"] == code),
        {**refused.value.params, "code": refused.value.code, "params": refused.value.params},
    )
    assert found["code"] == code
    assert ACCEPTED & set(found["params"]), found
    if code not in BY_NO_PACK:
        assert {"rule", "pack", "article"} <= set(found), found
        assert found["pack"]
        assert found["article"]
