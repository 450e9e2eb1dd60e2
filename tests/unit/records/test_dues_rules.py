"""What a month's dues are, and the life of a bill, a payment, a relief and an expenditure."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Forbidden, Invalid, Refusal
from services.chassis.policies import PackError, load_all, parse
from services.contracts.kinds import DUES_KINDS, DUES_USES
from services.contracts.records_events import DuesBilled, DuesReopened, DuesSettled
from services.records.dues import approvals, settling
from services.records.dues import model as rules
from services.records.dues.ledger import allocate
from services.records.dues.months import apart, last_day, longest_run, quarter_of, shifted
from services.records.dues.pack import KINDS, DuesPack

POLICIES = Path(__file__).parents[3] / "services" / "records" / "policies"
PACKS = load_all(POLICIES, "dues-*.yaml")
TODAY = date(2026, 9, 10)
PACK = DuesPack.in_force_on(PACKS, TODAY)
MONTHS = st.builds(lambda count: shifted("2008-04", count), st.integers(0, 400))
AMOUNTS = st.integers(0, 500_000)


@pytest.mark.parametrize(
    ("base", "dues"),
    [
        (0, 0),
        (1, 0),
        (99, 0),
        (100, 1),  # 0.005 yuan is rounded upwards
        (300_000, 1_500),
        (300_001, 3_000),
        (300_100, 3_001),
        (500_000, 5_000),
        (500_001, 7_500),
        (500_100, 7_502),  # 75.015 is rounded upwards
        (1_000_000, 15_000),
        (1_000_001, 20_000),
        (1_000_100, 20_002),
    ],
)
def test_the_whole_base_is_at_one_rate(base: int, dues: int) -> None:
    assert rules.monthly_dues(base, PACK).fen == dues


@pytest.mark.parametrize(
    ("pension", "dues"), [(300_100, 1_501), (500_000, 2_500), (500_001, 5_000), (2_000_000, 20_000)]
)
def test_a_pension_has_rates_of_its_own(pension: int, dues: int) -> None:
    found = rules.monthly_dues(pension, PACK, "retired")
    assert (found.fen, found.source["article"]) == (dues, "第五条")


@given(base=st.integers(0, 10_000_000))
def test_dues_are_the_exact_product_rounded_once(base: int) -> None:
    found = rules.monthly_dues(base, PACK)
    exact = Decimal(base) * Decimal(found.rate) / 10_000
    assert found.fen == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(base=st.integers(0, 10_000_000), more=st.integers(0, 1_000_000))
def test_who_earns_more_never_pays_less(base: int, more: int) -> None:
    assert rules.monthly_dues(base, PACK).fen <= rules.monthly_dues(base + more, PACK).fen


def test_a_university_may_round_to_a_tenth_of_a_yuan() -> None:
    text = (POLICIES / "dues-default.yaml").read_text(encoding="utf-8").replace("value: 1\n", "value: 10\n")
    national = [each for each in PACKS if each.level == "national"]
    coarse = DuesPack.in_force_on([*national, parse(text)], TODAY)
    assert [rules.monthly_dues(base, coarse).fen for base in (300_100, 301_000, 300_500)] == [
        3000,
        3010,
        3010,
    ]


@pytest.mark.parametrize(
    ("kind", "base", "amount", "fen"),
    [
        ("student", None, None, 20),
        ("low_income", None, None, 20),
        ("farmer", None, 20, 20),
        ("farmer", None, 100, 100),
    ],
)
def test_fixed_amounts_are_as_the_pack_says(
    kind: str, base: int | None, amount: int | None, fen: int
) -> None:
    assert rules.dues_of(kind, base, amount, PACK).fen == fen


@pytest.mark.parametrize(
    ("kind", "base", "amount", "code", "article"),
    [
        ("salaried", None, None, "dues.base_missing", "第二条"),
        ("salaried", -1, None, "dues.base_unfit", "第二条"),
        ("salaried", rules.MOST_FEN + 1, None, "dues.base_unfit", "第二条"),
        ("retired", -1, None, "dues.base_unfit", "第五条"),
        ("student", 300_000, None, "dues.base_unneeded", "第六条"),
        ("student", None, 30, "dues.amount_unneeded", "第六条"),
        ("farmer", None, 19, "dues.amount_unfit", "第六条"),
        ("farmer", None, 101, "dues.amount_unfit", "第六条"),
        ("farmer", None, None, "dues.amount_unfit", "第六条"),
    ],
)
def test_a_refused_base_names_rule_pack_article_and_what_is_accepted(
    kind: str, base: int | None, amount: int | None, code: str, article: str
) -> None:
    with pytest.raises(Refusal) as refused:
        rules.dues_of(kind, base, amount, PACK)
    assert refused.value.code == code
    assert refused.value.params["rule"] == kind
    assert refused.value.params["pack"] == "dues-national-2008"
    assert refused.value.params["article"] == article
    assert refused.value.params["accepted"]


def test_the_contract_knows_the_kinds_and_uses_of_the_pack() -> None:
    assert KINDS == DUES_KINDS
    assert tuple(PACK.value("uses")) == DUES_USES


def test_a_pack_that_cannot_be_applied_is_found_when_it_is_read() -> None:
    text = (POLICIES / "dues-national-2008.yaml").read_text(encoding="utf-8")
    broken = parse(text.replace("up_to: 300000", "up_to: 600000"))
    with pytest.raises(PackError, match="brackets rise"):
        DuesPack.in_force_on([broken, *PACKS[:1]], TODAY)
    with pytest.raises(PackError, match="no pack in force"):
        DuesPack.in_force_on(PACKS, date(2008, 3, 31))


# -- who pays when -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("joined_on", "month", "pays"),
    [
        ("2026-09-30", "2026-09", True),
        ("2026-09-01", "2026-08", False),
        ("2026-10-01", "2026-09", False),
        (None, "2026-09", True),
    ],
)
def test_a_probationary_member_pays_from_the_month_of_the_branch_meeting(
    joined_on: str | None, month: str, pays: bool
) -> None:
    person = {"active": True, "political_status": "probationary", "joined_on": joined_on}
    assert rules.owes(person, month) is pays


@pytest.mark.parametrize("status", ["candidate", "activist", "applicant", "none"])
def test_nobody_pays_before_they_are_passed(status: str) -> None:
    assert not rules.owes({"active": True, "political_status": status, "joined_on": None}, "2026-09")
    assert not rules.owes({"active": False, "political_status": "member", "joined_on": None}, "2026-09")


@given(month=MONTHS, by=st.integers(-120, 120))
def test_months_are_counted_without_holes(month: str, by: int) -> None:
    assert apart(month, shifted(month, by)) == by
    assert last_day(month).isoformat().startswith(month)


@pytest.mark.parametrize(("missing", "prompted"), [(None, True), (3, False), (0, False)])
def test_six_months_in_a_row_only_prompt(missing: int | None, prompted: bool) -> None:
    months = [shifted("2026-03", number) for number in range(6)]
    if missing is not None:
        months.remove(shifted("2026-03", missing))
    found = settling.arrears([bill(month)[0] for month in months], PACK, TODAY)
    assert found is not None
    assert (found["prompt"] is not None) is prompted
    if found["prompt"]:
        assert found["prompt"] == {
            "rule": "prompt_months",
            "pack": "dues-national-2008",
            "article": "第十三条",
            "hardness": "info",
        }
    assert found["outstanding_fen"] == 1500 * len(months)


def test_a_bill_is_in_arrears_from_the_day_after_its_last() -> None:
    september = bill("2026-09")[0]
    assert settling.arrears([september], PACK, date(2026, 9, 30)) is None
    assert settling.arrears([september], PACK, date(2026, 10, 1)) is not None


def test_of_several_rows_the_longest_counts() -> None:
    assert longest_run(["2026-01", "2026-03", "2025-12", "2026-05", "2026-04"]) == [
        "2026-03",
        "2026-04",
        "2026-05",
    ]
    assert longest_run([]) == []


# -- bills and payments ------------------------------------------------------------------------


def bill(
    month: str = "2026-09", fen: int = 1500, relief: dict[str, Any] | None = None
) -> tuple[dict[str, Any], list[Any]]:
    dues = rules.Dues(fen, 50, PACK.source("salaried"))
    made = rules.issue(
        f"bill {month}",
        person="p",
        organisation="b",
        month=month,
        kind="salaried",
        dues=dues,
        relief=relief,
        today=TODAY,
    )
    return dict(made.state), [each.contract for each in made.events]


def payment(
    amount: int, outstanding: list[tuple[str, str, int]], *, ahead: bool = True, paid_on: date = TODAY
) -> dict[str, Any]:
    given = {
        "person": "p",
        "organisation": "b",
        "amount_fen": amount,
        "paid_on": paid_on,
        "entered_by": "treasurer",
        "reference": None,
    }
    return dict(settling.receive("x", given, outstanding, PACK, today=TODAY, may_be_ahead=ahead).state)


def test_a_bill_is_issued_and_settled_once() -> None:
    state, events = bill()
    assert (state["state"], state["due_on"], events) == ("due", "2026-09-30", [DuesBilled])
    change = rules.settle("b", state, cause="x:0", payment="x", fen=1500, on=TODAY)
    assert change is not None
    assert [each.contract for each in change.events] == [DuesSettled]
    assert rules.settle("b", change.state, cause="x:0", payment="x", fen=1500, on=TODAY) is None


def test_a_month_that_asks_nothing_is_settled_at_once() -> None:
    state, events = bill(relief={"id": "r", "monthly_fen": 0})
    assert (state["state"], state["relieved_fen"], events) == ("settled", 1500, [DuesBilled, DuesSettled])


@given(amount=AMOUNTS, owed=st.lists(AMOUNTS, max_size=12))
def test_the_oldest_month_is_settled_first_and_no_fen_is_lost(amount: int, owed: list[int]) -> None:
    found = allocate(amount, [(str(number), each) for number, each in enumerate(owed)])
    parts = dict(found.parts)
    assert sum(parts.values()) + found.rest == amount
    given_to = [parts.get(str(number), 0) for number in range(len(owed))]
    assert all(0 <= part <= asked for part, asked in zip(given_to, owed, strict=True))
    short = [number for number, part in enumerate(given_to) if part < owed[number]]
    if short:
        assert not any(given_to[short[0] + 1 :])
        assert found.rest == 0


@given(amount=st.integers(1, 20_000), fens=st.lists(st.integers(0, 4_000), min_size=1, max_size=8))
def test_applying_a_payment_again_changes_nothing_and_undoing_it_restores_what_is_owed(
    amount: int, fens: list[int]
) -> None:
    bills = {}
    for number, fen in enumerate(fens):
        month = shifted("2026-01", number)
        bills[f"bill {month}"] = bill(month, fen)[0]
    before = {name: state["outstanding_fen"] for name, state in bills.items()}
    paid = payment(amount, [(name, each["month"], each["outstanding_fen"]) for name, each in bills.items()])
    for _ in range(2):
        for part in paid["parts"]:
            change = rules.settle(
                part["bill"], bills[part["bill"]], cause=part["cause"], payment="x", fen=part["fen"], on=TODAY
            )
            bills[part["bill"]] = dict(change.state) if change else bills[part["bill"]]
    assert sum(each["paid_fen"] for each in bills.values()) + paid["ahead_fen"] == amount
    for _ in range(2):
        for name in bills:
            change = rules.reopen(name, bills[name], cause="back", payment="x", on=TODAY)
            bills[name] = dict(change.state) if change else bills[name]
    assert {name: state["outstanding_fen"] for name, state in bills.items()} == before
    for part in paid["parts"]:
        assert len(bills[part["bill"]]["parts"]) == 2  # nothing is rubbed out


def test_what_was_settled_and_is_undone_is_told() -> None:
    state, _ = bill()
    settled = rules.settle("b", state, cause="x:0", payment="x", fen=1500, on=TODAY)
    assert settled is not None
    again = rules.reopen("b", settled.state, cause="back", payment="x", on=TODAY)
    assert again is not None
    assert [each.contract for each in again.events] == [DuesReopened]
    assert again.state["settled_on"] is None


def test_more_than_is_owed_is_kept_ahead_only_when_meant() -> None:
    owed = [("a", "2026-08", 1500), ("b", "2026-09", 1500)]
    with pytest.raises(Invalid) as refused:
        payment(150_000, owed, ahead=False)
    assert (refused.value.code, refused.value.params["accepted"]) == ("dues.more_than_owed", 3000)
    assert payment(4_000, owed)["ahead_fen"] == 1_000
    paid = payment(3_000, owed, ahead=False)
    assert [part["bill"] for part in paid["parts"]] == ["a", "b"]


@pytest.mark.parametrize(("month", "late"), [("2026-03", []), ("2026-02", ["2026-02"])])
def test_arrears_made_up_after_six_months_are_taken_with_a_warning(month: str, late: list[str]) -> None:
    paid = payment(1500, [("a", month, 1500)])
    assert [each["months"] for each in paid["warnings"]] == ([late] if late else [])
    assert all((each["article"], each["hardness"]) == ("第十二条", "warn") for each in paid["warnings"])


@pytest.mark.parametrize("amount", [0, -1, rules.MOST_FEN + 1])
def test_no_payment_is_of_nothing(amount: int) -> None:
    with pytest.raises(Invalid, match=r"dues\.sum_unfit"):
        payment(amount, [])


def test_no_payment_comes_from_the_future() -> None:
    with pytest.raises(Invalid, match=r"dues\.paid_in_future"):
        payment(1500, [], paid_on=date(2026, 9, 11))


def test_what_is_ahead_is_drawn_by_later_bills_once() -> None:
    paid = payment(4_000, [("a", "2026-08", 1500)])
    drawn = settling.draw("x", paid, [("b", 1500), ("c", 1500)])
    assert drawn is not None
    assert drawn.state["ahead_fen"] == 0
    assert [part["cause"] for part in drawn.state["parts"]] == ["x:0", "x:1", "x:2"]
    assert settling.draw("x", drawn.state, [("c", 500)]) is None


def test_a_payment_is_undone_once_and_for_a_reason() -> None:
    paid = payment(1500, [])
    with pytest.raises(Invalid, match=r"dues\.reason_missing"):
        settling.give_back("x", paid, reason="", today=TODAY)
    undone = settling.give_back("x", paid, reason="重复缴纳", today=TODAY)
    assert undone is not None
    assert undone.state["amount_fen"] == 1500
    assert settling.give_back("x", undone.state, reason="重复缴纳", today=TODAY) is None


@pytest.mark.parametrize(
    ("paid", "waived", "state"), [(0, 1300, "due"), (200, 1300, "settled"), (1000, 500, "settled")]
)
def test_relief_waives_what_was_not_paid(paid: int, waived: int, state: str) -> None:
    before, _ = bill()
    if paid:
        settled = rules.settle("b", before, cause="x:0", payment="x", fen=paid, on=TODAY)
        assert settled is not None
        before = dict(settled.state)
    change = rules.relieve("b", before, relief="r", monthly_fen=200, on=TODAY)
    assert change is not None
    assert (change.state["relieved_fen"], change.state["state"]) == (waived, state)
    assert rules.relieve("b", change.state, relief="r", monthly_fen=0, on=TODAY) is None


@given(asked=AMOUNTS, paid=AMOUNTS, now=AMOUNTS)
def test_a_correction_keeps_what_was_asked_and_never_asks_less_than_was_paid(
    asked: int, paid: int, now: int
) -> None:
    before, _ = bill(fen=asked)
    settled = rules.settle("b", before, cause="x:0", payment="x", fen=min(paid, asked), on=TODAY)
    assert settled is not None
    dues = rules.Dues(now, 50, PACK.source("salaried"))
    given = {"dues": dues, "reason": "录入错误", "by": "w", "on": TODAY}
    if now < min(paid, asked) and now != asked:
        with pytest.raises(Conflict, match=r"dues\.paid_beyond"):
            rules.correct("b", settled.state, **given)
        return
    change = rules.correct("b", settled.state, **given)
    if now == asked:
        assert change is None
        return
    assert change is not None
    assert change.state["outstanding_fen"] == now - min(paid, asked)
    assert [each["assessed_fen"] for each in change.state["corrections"]] == [asked]
    assert rules.correct("b", change.state, **given) is None


# -- approvals ---------------------------------------------------------------------------------


def relief(**more: Any) -> dict[str, Any]:
    given = {
        "person": "p",
        "organisation": "b",
        "from_month": "2026-09",
        "to_month": "2027-02",
        "monthly_fen": 0,
        "reason_sealed": "v1.x",
        **more,
    }
    return dict(approvals.ask_relief("r", given, PACK, by="w", today=TODAY).state)


def test_relief_counts_once_the_level_above_approved_it() -> None:
    asked = relief()
    assert not approvals.covers(asked, "2026-09")
    with pytest.raises(Forbidden, match=r"relief\.own_request"):
        approvals.decide_relief("r", asked, approve=True, comment=None, by="w", today=TODAY)
    approved = approvals.decide_relief("r", asked, approve=True, comment=None, by="above", today=TODAY).state
    assert [approvals.covers(approved, m) for m in ("2026-08", "2026-09", "2027-02", "2027-03")] == [
        False,
        True,
        True,
        False,
    ]
    with pytest.raises(Conflict, match=r"relief\.state"):
        approvals.decide_relief("r", approved, approve=False, comment="不", by="above", today=TODAY)


def test_a_refusal_gives_its_reason() -> None:
    with pytest.raises(Invalid, match=r"relief\.comment_missing"):
        approvals.decide_relief("r", relief(), approve=False, comment=None, by="above", today=TODAY)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"to_month": "2026-08"}, "relief.months_unfit"),
        ({"to_month": "2027-09"}, "relief.months_unfit"),
        ({"monthly_fen": -1}, "relief.amount_unfit"),
    ],
)
def test_an_unfit_relief_names_its_rule(more: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        relief(**more)
    assert (refused.value.code, refused.value.params["article"]) == (code, "第七条")


def expenditure(state: str = "asked", **more: Any) -> dict[str, Any]:
    given = {"organisation": "b", "use": "education", "amount_fen": 5_000, "purpose": "购书", **more}
    asked = dict(approvals.ask_expenditure("e", given, PACK, by="w", today=TODAY).state)
    if state == "asked":
        return asked
    return dict(
        approvals.decide_expenditure("e", asked, approve=True, comment=None, by="above", today=TODAY).state
    )


def deferral(**more: Any) -> dict[str, Any]:
    given = {
        "person": None,
        "organisation": "b",
        "from_month": "2026-07",
        "to_month": "2026-12",
        "reason_sealed": "v1.x",
        **more,
    }
    return dict(approvals.ask_deferral("d", given, PACK, by="w", today=TODAY).state)


@pytest.mark.parametrize(
    ("month", "due_on"),
    [("2026-07", "2026-09-30"), ("2026-09", "2026-09-30"), ("2026-10", "2026-12-31")],
)
def test_a_deferred_bill_is_due_at_the_end_of_its_quarter(month: str, due_on: str) -> None:
    found, _ = bill(month)
    put_off = rules.defer("b", found, deferral="d")
    assert put_off is not None
    (told,) = put_off.events
    assert (put_off.state["due_on"], str(told.data["due_on"])) == (due_on, due_on)
    assert (found["due_on"], quarter_of(month)[1] + due_on[7:]) == (last_day(month).isoformat(), due_on)
    assert rules.defer("b", put_off.state, deferral="another") is None


def test_what_is_settled_is_not_deferred() -> None:
    found, _ = bill()
    settled = rules.settle("b", found, cause="c", payment="p", fen=1500, on=TODAY)
    assert settled is not None
    assert rules.defer("b", settled.state, deferral="d") is None


def test_arrears_wait_for_the_end_of_the_quarter_that_a_bill_is_deferred_to() -> None:
    quarter = [
        {**rules.defer("b", bill(month)[0], deferral="d").state}  # type: ignore[union-attr]
        for month in ("2026-07", "2026-08", "2026-09")
    ]
    assert settling.arrears(quarter, PACK, date(2026, 9, 30)) is None
    late = settling.arrears(quarter, PACK, date(2026, 10, 1))
    assert late is not None
    assert (late["since"], late["in_a_row"]) == ("2026-07", 3)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"from_month": "2026-06"}, "deferral.too_early"),
        ({"to_month": "2026-06"}, "deferral.months_unfit"),
        ({"to_month": "2027-07"}, "deferral.months_unfit"),
    ],
)
def test_an_unfit_deferral_names_its_rule_and_what_fits(more: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        deferral(**more)
    assert refused.value.code == code
    assert refused.value.params["rule"] == "quarterly"
    assert refused.value.params["accepted"] in ("2026-07 …", "1 … 12")


def test_a_deferral_concerns_its_member_or_everybody_of_the_book() -> None:
    everybody, one = deferral(), deferral(person="p")
    assert approvals.concerns(everybody, "q", "b")
    assert not approvals.concerns(everybody, "q", "c")
    assert approvals.concerns(one, "p", "c")
    assert not approvals.concerns(one, "q", "b")
    assert not approvals.covers(one, "2026-07")
    approved = approvals.decide_deferral("d", one, approve=True, comment=None, by="above", today=TODAY).state
    assert approvals.covers(approved, "2026-07")


def test_nothing_is_spent_without_the_level_above() -> None:
    with pytest.raises(Conflict) as refused:
        approvals.pay_expenditure("e", expenditure(), PACK, cash_fen=10**6, paid_on=TODAY, today=TODAY)
    assert refused.value.params["rule"] == "spending_approval"
    assert refused.value.params["accepted"] == "approved"
    with pytest.raises(Forbidden, match=r"expenditure\.own_request"):
        approvals.decide_expenditure("e", expenditure(), approve=True, comment=None, by="w", today=TODAY)


@pytest.mark.parametrize(("cash", "refused"), [(5_000, False), (4_999, True)])
def test_no_more_is_spent_than_there_is(cash: int, refused: bool) -> None:
    approved = expenditure("approved")
    if refused:
        with pytest.raises(Conflict, match=r"expenditure\.beyond_cash"):
            approvals.pay_expenditure("e", approved, PACK, cash_fen=cash, paid_on=TODAY, today=TODAY)
        return
    paid = approvals.pay_expenditure("e", approved, PACK, cash_fen=cash, paid_on=TODAY, today=TODAY).state
    back = approvals.reverse_expenditure("e", paid, reason="退货", today=TODAY)
    assert back is not None
    assert back.state["paid_on"] == TODAY.isoformat()
    assert approvals.reverse_expenditure("e", back.state, reason="退货", today=TODAY) is None


def test_dues_are_spent_only_on_what_the_pack_allows() -> None:
    with pytest.raises(Invalid) as refused:
        expenditure(use="banquet")
    assert "education" in refused.value.params["accepted"]
