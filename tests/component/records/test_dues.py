"""Dues from the base to the published accounts, on the real broker and store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.chassis.clock import FixedClock
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unauthenticated
from services.chassis.identity import new_id
from services.chassis.testing import wait_for
from services.records.dues import ledger
from tests.component.records.surroundings import Campus, Faculty


def base(campus: Campus, faculty: Faculty, person: str, fen: int | None, **more: Any) -> dict[str, Any]:
    given = {"kind": "salaried" if fen else "student", "base_fen": fen, **more}
    return campus.call(faculty.secretary, "set_dues_base", person=person, year=2026, **given)


def billed(campus: Campus, faculty: Faculty, month: str = "2026-09") -> dict[str, Any]:
    job = campus.call(campus.administrator, "bill_dues", organisation=faculty.branch, month=month)["job"]

    def ended() -> dict[str, Any] | None:
        found = campus.call(campus.administrator, "get_job", job=job)
        return found if found["state"] in ("done", "failed", "stopped") else None

    found = wait_for(ended)
    assert found is not None
    assert found["state"] == "done", found
    return found


def bills(campus: Campus, person: str) -> dict[str, dict[str, Any]]:
    """Somebody's own bills by month."""
    found = campus.call(person, "list_dues_bills")["items"]
    return {each["month"]: each for each in found}


def pay(campus: Campus, faculty: Faculty, fen: int, key: str | None = None, **more: Any) -> dict[str, Any]:
    given = {"person": faculty.member, "amount_fen": fen, "paid_on": "2026-09-10", **more}
    return campus.call(faculty.secretary, "enter_dues_payment", key, **given)


def books(campus: Campus, organisation: str, year: int = 2026) -> dict[str, int]:
    """The accounts, after they were found to be what the entries sum to, and in balance."""
    kept = campus.application.dues.office.books
    accounts = kept.accounts(organisation, year)
    assert accounts == kept.recounted(organisation, year)
    assert ledger.sums_to_zero(accounts)
    return accounts


@pytest.fixture
def owing(campus: Campus, faculty: Faculty) -> Faculty:
    """July to September billed: 30.01 a month for the member, 0.20 for the one in the group."""
    base(campus, faculty, faculty.member, 300_100)
    base(campus, faculty, faculty.groupie, None)
    for month in ("2026-07", "2026-08", "2026-09"):
        billed(campus, faculty, month)
    return faculty


# -- bases and bills ---------------------------------------------------------------------------


def test_a_base_is_sealed_at_rest_masked_to_others_and_revealed_on_record(
    campus: Campus, faculty: Faculty
) -> None:
    assert base(campus, faculty, faculty.member, 987_654)["bases"][0]["base_fen"] is None
    asked = {"person": faculty.member, "year": 2026}
    assert "987654" not in str(list(campus.application.database["dues_bases"].find()))
    assert campus.call(faculty.member, "get_dues_base", **asked)["bases"][0]["base_fen"] == 987_654
    masked = campus.call(faculty.dean, "get_dues_base", **asked)["bases"][0]
    assert (masked["base_fen"], masked["masked"]) == (None, True)
    with pytest.raises(Invalid) as refused:  # no more a reason here than for a phone
        campus.call(faculty.secretary, "reveal_dues_base", **asked, reason=" 核对 ")
    assert set(refused.value.fields) == {"reason"}
    # Whoever writes reports or leads a group is shown no phone, and no salary either.
    campus.post(faculty.groupie, "publicity_commissioner", faculty.branch)
    for person in (faculty.groupie, faculty.dean):
        with pytest.raises(Forbidden, match=r"permission\.denied"):
            campus.call(person, "reveal_dues_base", **asked, reason="核对工资变动")
    shown = campus.call(faculty.secretary, "reveal_dues_base", **asked, reason="核对工资变动")
    assert shown["bases"][0]["base_fen"] == 987_654
    entries = campus.call(faculty.member, "read_audit", object_kind="person", object=faculty.member)["items"]
    assert ("dues.base_revealed", faculty.secretary) in [(e["action"], e["actor"]) for e in entries]
    told = campus.events("records.dues_base.set.v1")
    assert "987654" not in str(campus.heard)
    assert told[0]["data"] == {"person": faculty.member, "year": 2026, "from_month": "2026-01"}


def test_the_same_base_again_changes_nothing_and_a_billed_month_keeps_its_own(
    campus: Campus, owing: Faculty
) -> None:
    again = base(campus, owing, owing.member, 300_100)
    assert again["version"] == 1
    with pytest.raises(Conflict) as refused:
        base(campus, owing, owing.member, 500_000, from_month="2026-09")
    assert refused.value.code == "dues.base_billed"
    assert refused.value.params == {
        "rule": "salaried",
        "pack": "dues-national-2008",
        "article": "第二条",
        "accepted": "2026-10",
        "billed": "2026-09",
    }
    base(campus, owing, owing.member, 500_000, from_month="2026-10")
    billed(campus, owing, "2026-10")
    months = bills(campus, owing.member)
    assert {month: each["assessed_fen"] for month, each in months.items()} == {
        "2026-07": 3001,
        "2026-08": 3001,
        "2026-09": 3001,
        "2026-10": 5000,
    }
    assert months["2026-09"]["source"]["article"] == "第二条"


def test_a_wrong_base_is_corrected_with_its_reason_and_the_bill_keeps_what_it_asked(
    campus: Campus, owing: Faculty
) -> None:
    pay(campus, owing, 3001)
    base(campus, owing, owing.member, 500_000, from_month="2026-07", correction_reason="录入错误")
    months = bills(campus, owing.member)
    owed = {month: each["outstanding_fen"] for month, each in months.items()}
    assert owed == {"2026-07": 1999, "2026-08": 5000, "2026-09": 5000}
    assert [each["assessed_fen"] for each in months["2026-08"]["corrections"]] == [3001]
    assert len(campus.events("records.dues_bill.reopened.v1")) == 1
    assert books(campus, owing.branch)[ledger.RECEIVABLE] == 11_999 + 60
    with pytest.raises(Conflict, match=r"dues\.paid_beyond"):
        base(campus, owing, owing.member, 100_000, from_month="2026-07", correction_reason="再改")
    assert books(campus, owing.branch)[ledger.RECEIVABLE] == 11_999 + 60


def test_a_correction_reaches_the_first_month_of_its_year(campus: Campus, faculty: Faculty) -> None:
    base(campus, faculty, faculty.member, 300_100)
    for month in ("2026-01", "2026-02"):
        billed(campus, faculty, month)
    base(campus, faculty, faculty.member, 500_000, correction_reason="录入错误")
    months = bills(campus, faculty.member)
    assert {month: each["assessed_fen"] for month, each in months.items()} == {
        "2026-01": 5000,
        "2026-02": 5000,
    }


def test_a_month_is_reckoned_by_the_rules_of_its_first_day_whenever_that_is_done(
    campus: Campus, faculty: Faculty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month billed or corrected after the rules had changed was asked for what only the new ones ask."""
    base(campus, faculty, faculty.member, 300_100)
    base(campus, faculty, faculty.groupie, None)
    base(campus, faculty, faculty.secretary, None, kind="farmer", amount_fen=20)
    office = campus.application.dues.office
    (old,) = [each for each in office._packs if each.id == "dues-national-2008"]
    values = {
        "salaried": [{"up_to": None, "rate": 200}],
        "student": 30,
        "farmer": {"least": 50, "most": 100},
    }
    parameters = {name: replace(old.parameters[name], value=value) for name, value in values.items()}
    new = replace(
        old, id="dues-next", effective_from=date(2026, 9, 1), parameters={**old.parameters, **parameters}
    )
    ended = replace(old, effective_to=date(2026, 8, 31))
    others = [each for each in office._packs if each is not old]
    monkeypatch.setattr(office, "_packs", [*others, ended, new])

    assert billed(campus, faculty, "2026-08")["result"]["created"] == 3
    found = billed(campus, faculty, "2026-09")
    assert (found["result"]["created"], found["result"]["refused"]) == (2, 1)
    (error,) = found["errors"]
    assert (error["column"], error["code"]) == (faculty.secretary, "dues.amount_unfit")
    assert (error["params"]["pack"], error["params"]["accepted"]) == ("dues-next", "50 … 100")
    assert "50 … 100" in error["text"]["zh"]
    asked = bills(campus, faculty.groupie)
    assert {month: (each["assessed_fen"], each["source"]["pack"]) for month, each in asked.items()} == {
        "2026-08": (20, "dues-national-2008"),
        "2026-09": (30, "dues-next"),
    }
    base(campus, faculty, faculty.member, 200_000, correction_reason="录入错误")
    asked = bills(campus, faculty.member)
    assert {month: each["assessed_fen"] for month, each in asked.items()} == {
        "2026-08": 1_000,
        "2026-09": 4_000,
    }
    books(campus, faculty.branch)


def test_nobody_pays_who_is_no_member_and_owes_nothing(campus: Campus, owing: Faculty) -> None:
    activist = campus.person("S200", owing.branch, political_status="activist")
    with pytest.raises(Invalid) as refused:
        pay(campus, owing, 20, person=activist, ahead=True)
    assert (refused.value.code, refused.value.params["article"]) == ("dues.not_a_payer", "第八条")


def test_a_month_is_billed_once_however_often_the_job_runs(campus: Campus, owing: Faculty) -> None:
    before = list(campus.application.database["dues_bills"].find(sort=[("_id", 1)]))
    entries = campus.application.database["dues_entries"].count_documents({})
    campus.settled()
    told = len(campus.events("records.dues_bill.issued.v1"))
    again = billed(campus, owing)
    assert (again["result"]["created"], again["result"]["unchanged"]) == (0, 2)
    after = list(campus.application.database["dues_bills"].find(sort=[("_id", 1)]))
    assert [each["version"] for each in after] == [each["version"] for each in before]
    assert campus.application.database["dues_entries"].count_documents({}) == entries
    assert len(campus.events("records.dues_bill.issued.v1")) == told == 6


def test_whoever_has_no_base_is_listed_and_billed_by_the_next_run(campus: Campus, owing: Faculty) -> None:
    found = billed(campus, owing)
    assert found["result"]["refused"] == 1
    (error,) = found["errors"]
    assert (error["column"], error["code"]) == (owing.secretary, "dues.no_base")
    base(campus, owing, owing.secretary, 1_000_100)
    assert billed(campus, owing)["result"]["created"] == 1
    assert bills(campus, owing.secretary)["2026-09"]["assessed_fen"] == 20_002


def test_only_members_pay_and_a_probationary_one_from_the_month_of_the_meeting(
    campus: Campus, faculty: Faculty
) -> None:
    new = campus.person("S100", faculty.branch, political_status="probationary", joined_on="2026-08-31")
    activist = campus.person("S101", faculty.branch, political_status="activist")
    for person in (new, activist):
        base(campus, faculty, person, None)
    for month in ("2026-07", "2026-08"):
        billed(campus, faculty, month)
    assert set(bills(campus, new)) == {"2026-08"}
    assert bills(campus, activist) == {}


def test_a_groups_members_are_billed_in_their_branchs_book(campus: Campus, owing: Faculty) -> None:
    assert {each["organisation"] for each in bills(campus, owing.groupie).values()} == {owing.branch}
    assert books(campus, owing.branch)[ledger.RECEIVABLE] == 3 * (3001 + 20)


# -- payments ----------------------------------------------------------------------------------


def test_one_payment_for_several_months_settles_the_oldest_first(campus: Campus, owing: Faculty) -> None:
    paid = pay(campus, owing, 4_000)
    months = bills(campus, owing.member)
    assert [months[m]["outstanding_fen"] for m in ("2026-07", "2026-08", "2026-09")] == [0, 2002, 3001]
    assert [part["fen"] for part in paid["parts"]] == [3001, 999]
    (settled,) = campus.events("records.dues_bill.settled.v1")
    assert settled["data"]["month"] == "2026-07"
    (received,) = campus.events("records.dues_payment.received.v1")
    assert set(received["data"]) == {"payment", "person", "organisation", "paid_on", "entered_by"}
    accounts = books(campus, owing.branch)
    assert accounts[ledger.CASH] == 4_000
    assert accounts[ledger.RECEIVABLE] == 3 * 3021 - 4_000


def test_a_payment_repeated_with_its_key_is_one_payment(campus: Campus, owing: Faculty) -> None:
    key = new_id()
    first = pay(campus, owing, 3001, key)
    assert pay(campus, owing, 3001, key) == first
    with pytest.raises(Conflict, match=r"idempotency\.key_reused"):
        pay(campus, owing, 3002, key)
    assert books(campus, owing.branch)[ledger.CASH] == 3001


def test_what_is_more_than_owed_is_ahead_only_when_said_and_settles_the_next_bill(
    campus: Campus, owing: Faculty
) -> None:
    with pytest.raises(Invalid) as refused:
        pay(campus, owing, 900_300)
    assert (refused.value.code, refused.value.params["accepted"]) == ("dues.more_than_owed", 9003)
    paid = pay(campus, owing, 12_004, ahead=True)
    assert paid["ahead_fen"] == 3001
    billed(campus, owing, "2026-10")
    assert bills(campus, owing.member)["2026-10"]["state"] == "settled"
    assert campus.call(owing.member, "get_dues_payment", payment=paid["id"])["ahead_fen"] == 0
    assert books(campus, owing.branch).get(ledger.ADVANCE) == 0


def test_a_refund_is_a_reversal_and_nothing_is_rubbed_out(campus: Campus, owing: Faculty) -> None:
    paid = pay(campus, owing, 6_002)
    given = {"payment": paid["id"], "reason": "重复缴纳"}
    with pytest.raises(Conflict, match=r"version\.stale"):
        campus.call(owing.secretary, "reverse_dues_payment", **given, expected_version=7)
    undone = campus.call(owing.secretary, "reverse_dues_payment", **given)
    assert (undone["state"], undone["amount_fen"]) == ("reversed", 6_002)
    assert campus.call(owing.secretary, "reverse_dues_payment", **given)["version"] == undone["version"]
    months = bills(campus, owing.member)
    assert [part["fen"] for part in months["2026-07"]["parts"]] == [3001, -3001]
    assert months["2026-07"]["state"] == "due"
    accounts = books(campus, owing.branch)
    assert accounts[ledger.CASH] == 0
    assert accounts[ledger.RECEIVABLE] == 3 * 3021
    assert len(campus.events("records.dues_bill.reopened.v1")) == 2


def made(**said: Any) -> dict[str, Any]:
    kind = said.pop("_kind", "made")
    return {
        "specversion": "1.0",
        "id": new_id(),
        "type": f"campus.dues_payment.{kind}.v1",
        "source": "/campus/payment",
        "subject": said["payment"],
        "time": "2026-09-10T03:00:00Z",
        "data": said,
    }


def test_the_campus_payment_system_pays_once_however_often_it_says_so(campus: Campus, owing: Faculty) -> None:
    said = {"payment": "P-1", "number": "S001", "amount_fen": 9_003, "paid_on": "2026-09-10"}
    campus.say(made(**said), times=20)
    campus.say(made(**said))  # the same payment, told by another event
    wait_for(lambda: bills(campus, owing.member)["2026-09"]["state"] == "settled")
    campus.say(made(_kind="undone", payment="P-1"))
    wait_for(lambda: bills(campus, owing.member)["2026-09"]["state"] == "due")
    (payment,) = campus.call(owing.member, "list_dues_payments")["items"]
    assert (payment["entered_by"], payment["reference"], payment["state"]) == ("campus", "P-1", "reversed")
    assert books(campus, owing.branch)[ledger.CASH] == 0
    received = campus.events("records.dues_payment.received.v1")
    assert len(received) == 1
    assert "actor" not in received[0]


def test_a_payment_that_cannot_be_taken_over_is_answered_by_a_rejection(
    campus: Campus, owing: Faculty
) -> None:
    campus.person("S009", owing.branch, political_status="none")
    said = {"number": "S001", "amount_fen": 3001, "paid_on": "2026-09-10"}
    expected: dict[str, tuple[str, str]] = {}
    for number, (more, reason, detail) in enumerate(
        (
            ({"amount_fen": 0}, "contract_broken", "amount_fen"),
            ({"amount_fen": 3001.5}, "contract_broken", "amount_fen"),
            ({"paid_on": "2026-09-11"}, "time_in_future", "paid_on"),
            ({"number": "S009"}, "dues.not_a_payer", "number"),
        )
    ):
        event = made(payment=f"P-{number}", **{**said, **more})
        campus.say(event)
        expected[event["id"]] = (reason, detail)

    def answered() -> dict[str, tuple[str, str]]:
        campus.drain()
        told = (each["data"] for each in campus.rejected)
        return {each["event"]: (each["reason"], each["detail"]) for each in told}

    wait_for(lambda: len(answered()) == len(expected))
    for event_id, (reason, detail) in answered().items():
        assert reason == expected[event_id][0]
        assert expected[event_id][1] in detail
    assert campus.application.database["dues_payments"].count_documents({}) == 0


def test_the_same_payment_with_another_amount_is_refused(campus: Campus, owing: Faculty) -> None:
    said = {"payment": "P-3", "number": "S001", "amount_fen": 3001, "paid_on": "2026-09-10"}
    campus.say(made(**said))
    wait_for(lambda: bills(campus, owing.member)["2026-07"]["state"] == "settled")
    campus.say(made(**{**said, "amount_fen": 300_100}))

    def rejected() -> bool:
        campus.drain()
        return bool(campus.rejected)

    wait_for(rejected)
    assert campus.rejected[0]["data"]["reason"] == "dues_payments.differs"
    assert books(campus, owing.branch)[ledger.CASH] == 3001


def test_a_statement_of_the_payment_system_is_compared_with_the_book(campus: Campus, owing: Faculty) -> None:
    for name, fen in (("P-1", 3001), ("P-2", 3001)):
        campus.say(made(payment=name, number="S001", amount_fen=fen, paid_on="2026-09-10"))
    wait_for(lambda: bills(campus, owing.member)["2026-08"]["state"] == "settled")
    line = {"number": "S001", "amount_fen": 3001, "paid_on": "2026-09-10"}
    asked = {
        "organisation": owing.branch,
        "since": "2026-09-01",
        "until": "2026-09-30",
        "lines": [{**line, "reference": "P-1"}, {**line, "reference": "P-9"}],
    }
    found = campus.call(owing.secretary, "reconcile_dues", **asked)
    assert [each["outcome"] for each in found["lines"]] == ["agreed", "missing"]
    assert len(found["unnamed"]) == 1
    with pytest.raises(Forbidden):
        campus.call(owing.next_door, "reconcile_dues", **asked)
    with pytest.raises(Invalid, match=r"dues\.days_unfit"):
        campus.call(owing.secretary, "reconcile_dues", **{**asked, "until": "2026-12-31"})


# -- arrears and relief ------------------------------------------------------------------------


def test_arrears_name_the_months_past_and_six_in_a_row_prompt(
    campus: Campus, owing: Faculty, clock: FixedClock
) -> None:
    listed = campus.call(owing.dean, "list_dues_arrears", organisation=owing.branch)["items"]
    mine = {each["person"]: each for each in listed}[owing.member]
    assert (mine["months"], mine["outstanding_fen"], mine["prompt"]) == (["2026-07", "2026-08"], 6002, None)
    for month in ("2026-03", "2026-04", "2026-05", "2026-06"):
        billed(campus, owing, month)
    listed = campus.call(owing.dean, "list_dues_arrears", organisation=owing.branch)["items"]
    mine = {each["person"]: each for each in listed}[owing.member]
    assert (mine["in_a_row"], mine["since"]) == (6, "2026-03")
    assert (mine["prompt"]["pack"], mine["prompt"]["article"]) == ("dues-national-2008", "第十三条")
    assert campus.call(owing.member, "get_person", person=owing.member)["political_status"] == "member"


def test_each_months_bills_are_made_by_themselves_once(
    campus: Campus, faculty: Faculty, clock: FixedClock
) -> None:
    base(campus, faculty, faculty.member, 300_100)
    dues, jobs = campus.application.dues, campus.application.database["jobs"]
    for day in (date(2026, 10, 1), date(2026, 10, 1), date(2026, 10, 31)):
        dues.billing.turn(day)
    clock.instant = datetime(2026, 10, 31, 4, 0, tzinfo=UTC)
    wait_for(lambda: bills(campus, faculty.member).get("2026-10"))
    assert jobs.count_documents({"kind": "dues billing"}) == 1
    (job,) = jobs.find({"kind": "dues billing"})
    assert campus.call(campus.administrator, "get_job", job=job["_id"])["kind"] == "dues billing"
    with pytest.raises(NotFound):
        campus.call(faculty.dean, "get_job", job=job["_id"])
    assert dues.office.pack(date(2026, 10, 1), []).auto_bill_day == 1


def test_an_organisation_is_prompted_of_a_row_of_months_once_and_nothing_follows(
    campus: Campus, owing: Faculty, clock: FixedClock
) -> None:
    for month in ("2026-03", "2026-04", "2026-05", "2026-06"):
        billed(campus, owing, month)
    today, prompts = clock.today(), campus.application.dues.prompts
    for _ in range(2):
        prompts.turn(today)
    told = campus.events("records.dues_arrears.prompted.v1")
    mine = [each["data"] for each in told if each["data"]["person"] == owing.member]
    assert [(each["from_month"], each["to_month"], each["article"]) for each in mine] == [
        ("2026-03", "2026-08", "第十三条")
    ]
    asked = {"organisation": owing.branch, "state": "open"}
    listed = {
        each["person"]: each for each in campus.call(owing.secretary, "list_dues_prompts", **asked)["items"]
    }
    assert set(listed) == {owing.member, owing.groupie}
    assert "第十三条" in listed[owing.member]["text"]["zh"]
    with pytest.raises(Forbidden):
        campus.call(owing.member, "list_dues_prompts", **asked)
    pay(campus, owing, 3_001)
    prompts.turn(today)
    listed = {
        each["person"]: each for each in campus.call(owing.secretary, "list_dues_prompts", **asked)["items"]
    }
    assert set(listed) == {owing.groupie}
    assert len(campus.events("records.dues_arrears.prompted.v1")) == 2
    assert campus.call(owing.member, "get_person", person=owing.member)["political_status"] == "member"


def relief(campus: Campus, faculty: Faculty, **more: Any) -> dict[str, Any]:
    given = {"from_month": "2026-08", "to_month": "2026-10", "monthly_fen": 20, "reason": "家庭困难", **more}
    return campus.call(faculty.secretary, "ask_dues_relief", person=faculty.member, **given)


def test_relief_counts_for_billed_and_coming_months_once_approved_from_above(
    campus: Campus, owing: Faculty
) -> None:
    asked = relief(campus, owing)
    assert bills(campus, owing.member)["2026-08"]["relieved_fen"] == 0
    decision = {"relief": asked["id"], "verdict": "approve"}
    with pytest.raises(Forbidden):
        campus.call(owing.secretary, "decide_dues_relief", **decision)
    decided = campus.call(owing.dean, "decide_dues_relief", **decision)
    assert (decided["state"], decided["source"]["article"]) == ("approved", "第七条")
    billed(campus, owing, "2026-10")
    months = bills(campus, owing.member)
    owed = {month: each["outstanding_fen"] for month, each in months.items()}
    assert owed == {"2026-07": 3001, "2026-08": 20, "2026-09": 20, "2026-10": 20}
    assert books(campus, owing.branch)[ledger.RELIEVED] == 3 * 2981
    assert "家庭困难" not in str(list(campus.application.database["dues_reliefs"].find({}, {"commands": 0})))
    assert "家庭困难" not in str(campus.events("records.dues_relief.decided.v1") and campus.heard)


def deferral(campus: Campus, faculty: Faculty, **more: Any) -> dict[str, Any]:
    given = {"from_month": "2026-07", "to_month": "2026-12", "reason": "暑期外出实习", **more}
    return campus.call(faculty.secretary, "ask_dues_deferral", organisation=faculty.branch, **given)


def test_dues_are_paid_by_the_quarter_once_approved_from_above(campus: Campus, owing: Faculty) -> None:
    with pytest.raises(Invalid, match=r"person\.unknown"):
        deferral(campus, owing, person=owing.next_door)
    asked = deferral(campus, owing, person=owing.member)
    decision = {"deferral": asked["id"], "verdict": "approve"}
    with pytest.raises(Forbidden):
        campus.call(owing.secretary, "decide_dues_deferral", **decision)
    with pytest.raises(NotFound):
        campus.call(owing.groupie, "get_dues_deferral", deferral=asked["id"])
    decided = campus.call(owing.dean, "decide_dues_deferral", **decision)
    assert (decided["state"], decided["reason"]) == ("approved", "暑期外出实习")
    assert {each["due_on"] for each in bills(campus, owing.member).values()} == {"2026-09-30"}
    everybody = deferral(campus, owing, from_month="2026-10")["id"]
    campus.call(owing.dean, "decide_dues_deferral", deferral=everybody, verdict="approve")
    billed(campus, owing, "2026-10")
    months = {**bills(campus, owing.member), "groupie": bills(campus, owing.groupie)["2026-10"]}
    assert {months[each]["due_on"] for each in ("2026-10", "groupie")} == {"2026-12-31"}
    late = campus.call(owing.dean, "list_dues_arrears", organisation=owing.branch)["items"]
    assert [each["person"] for each in late] == [owing.groupie]
    assert len(campus.events("records.dues_bill.deferred.v1")) == 3
    listed = campus.call(owing.secretary, "list_dues_deferrals", organisation=owing.branch)["items"]
    assert {each["state"] for each in listed} == {"approved"}
    assert "实习" not in str(list(campus.application.database["dues_deferrals"].find({}, {"commands": 0})))


# -- spending and accounts ---------------------------------------------------------------------


def expenditure(campus: Campus, faculty: Faculty, fen: int = 2_000) -> str:
    made = campus.call(
        faculty.secretary,
        "ask_dues_expenditure",
        organisation=faculty.branch,
        use="education",
        amount_fen=fen,
        purpose="学习用书",
    )
    return str(made["id"])


def test_dues_are_spent_when_the_level_above_approved_and_only_as_far_as_they_go(
    campus: Campus, owing: Faculty
) -> None:
    pay(campus, owing, 3_001)
    spending = {"expenditure": expenditure(campus, owing)}
    paid_on = {"paid_on": "2026-09-10"}
    with pytest.raises(Conflict) as refused:
        campus.call(owing.secretary, "pay_dues_expenditure", **spending, **paid_on)
    assert refused.value.code == "expenditure.not_approved"
    assert refused.value.params["rule"] == "spending_approval"
    with pytest.raises(Forbidden):
        campus.call(owing.secretary, "decide_dues_expenditure", **spending, verdict="approve")
    with pytest.raises(NotFound):
        campus.call(owing.next_door, "decide_dues_expenditure", **spending, verdict="approve")
    campus.call(owing.dean, "decide_dues_expenditure", **spending, verdict="approve")
    campus.call(owing.secretary, "pay_dues_expenditure", **spending, **paid_on)
    more = {"expenditure": expenditure(campus, owing)}
    campus.call(owing.dean, "decide_dues_expenditure", **more, verdict="approve")
    with pytest.raises(Conflict) as refused:
        campus.call(owing.secretary, "pay_dues_expenditure", **more, **paid_on)
    assert (refused.value.code, refused.value.params["accepted"]) == ("expenditure.beyond_cash", 1_001)
    asked = {"organisation": owing.branch, "year": 2026}
    year = campus.call(owing.secretary, "get_dues_accounts", **asked)
    sums = ("received_fen", "spent_fen", "closing_cash_fen")
    assert [year[each] for each in sums] == [3_001, {"education": 2_000}, 1_001]
    following = campus.call(owing.secretary, "get_dues_accounts", **{**asked, "year": 2027})
    assert (following["opening_cash_fen"], following["spent_fen"]) == (1_001, {})
    campus.call(owing.secretary, "reverse_dues_expenditure", **spending, reason="退货")
    accounts = books(campus, owing.branch)
    assert (accounts[ledger.CASH], accounts["spent:education"]) == (3_001, 0)
    assert len(campus.events("records.dues_expenditure.reversed.v1")) == 1


def test_the_accounts_of_a_year_are_opened_to_the_members_from_december(
    campus: Campus, owing: Faculty, clock: FixedClock
) -> None:
    pay(campus, owing, 3_001)
    asked = {"organisation": owing.branch, "year": 2026}
    assert campus.call(owing.secretary, "get_dues_accounts", **asked)["closing_cash_fen"] == 3_001
    with pytest.raises(NotFound):
        campus.call(owing.member, "get_dues_accounts", **asked)
    with pytest.raises(Invalid, match=r"dues_accounts\.year_unfit"):
        campus.call(owing.secretary, "publish_dues_accounts", **asked)
    clock.instant = datetime(2026, 12, 20, 4, 0, tzinfo=UTC)
    wait_for(lambda: bills(campus, owing.groupie).get("2026-12"))  # by itself, from the day the pack says
    campus.call(owing.secretary, "publish_dues_accounts", **asked)
    opened = campus.call(owing.member, "get_dues_accounts", **asked)
    assert opened == {
        "organisation": owing.branch,
        "year": 2026,
        "opening_cash_fen": 0,
        "assessed_fen": 4 * 3_021,
        "relieved_fen": 0,
        "received_fen": 3_001,
        "spent_fen": {},
        "closing_cash_fen": 3_001,
        "published_on": "2026-12-20",
    }


# -- who may -----------------------------------------------------------------------------------


def test_members_neighbours_and_strangers_neither_write_nor_read(campus: Campus, owing: Faculty) -> None:
    paid = pay(campus, owing, 3_001)
    bill = bills(campus, owing.member)["2026-07"]["id"]
    asked = relief(campus, owing)["id"]
    spending = expenditure(campus, owing)
    writes: list[tuple[str, dict[str, Any]]] = [
        ("set_dues_base", {"person": owing.member, "year": 2026, "kind": "student"}),
        ("bill_dues", {"organisation": owing.branch, "month": "2026-09"}),
        ("enter_dues_payment", {"person": owing.member, "amount_fen": 1, "paid_on": "2026-09-10"}),
        ("reverse_dues_payment", {"payment": paid["id"], "reason": "x"}),
        (
            "ask_dues_relief",
            {"person": owing.member, "from_month": "2026-09", "to_month": "2026-09", "reason": "x"},
        ),
        ("decide_dues_relief", {"relief": asked, "verdict": "approve"}),
        (
            "ask_dues_expenditure",
            {"organisation": owing.branch, "use": "other", "amount_fen": 1, "purpose": "x"},
        ),
        ("decide_dues_expenditure", {"expenditure": spending, "verdict": "approve"}),
        ("pay_dues_expenditure", {"expenditure": spending, "paid_on": "2026-09-10"}),
        ("publish_dues_accounts", {"organisation": owing.branch, "year": 2025}),
        ("reveal_dues_base", {"person": owing.member, "year": 2026, "reason": "核对基数"}),
    ]
    reads: list[tuple[str, dict[str, Any]]] = [
        ("get_dues_base", {"person": owing.member, "year": 2026}),
        ("get_dues_bill", {"bill": bill}),
        ("get_dues_payment", {"payment": paid["id"]}),
        ("get_dues_relief", {"relief": asked}),
        ("get_dues_expenditure", {"expenditure": spending}),
        ("list_dues_bills", {"organisation": owing.branch}),
        ("list_dues_bills", {"person": owing.member}),
        ("list_dues_payments", {"organisation": owing.branch}),
        ("list_dues_arrears", {"organisation": owing.branch}),
        ("list_dues_reliefs", {"organisation": owing.branch}),
        ("list_dues_expenditures", {"organisation": owing.branch}),
        ("get_dues_accounts", {"organisation": owing.branch, "year": 2026}),
    ]
    for method, given in [*writes, *reads]:
        for person, refusals in (
            (owing.next_door, (Forbidden, NotFound)),
            (owing.groupie, (Forbidden, NotFound)),
            (None, (Unauthenticated,)),
        ):
            with pytest.raises(Refusal) as refused:
                campus.call(person, method, **given)
            assert isinstance(refused.value, refusals), (method, person, refused.value)
    assert books(campus, owing.branch)[ledger.CASH] == 3_001


def test_a_list_is_found_by_an_index(campus: Campus, owing: Faculty) -> None:
    pay(campus, owing, 3_001)
    for method, collection, order in (
        ("list_dues_bills", "dues_bills", "month"),
        ("list_dues_payments", "dues_payments", "paid_on"),
    ):
        assert campus.call(owing.secretary, method, organisation=owing.branch, limit=1)["items"]
        for wanted in ({"organisation": owing.branch}, {"organisation": owing.branch, "state": "due"}):
            found = campus.application.database[collection].find(wanted, sort=[(order, -1), ("_id", -1)])
            assert "COLLSCAN" not in str(found.explain())
