"""Transfers of membership as pure rules."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.policies import PackError, load_all, parse
from services.contracts.kinds import TRANSFER_STATES
from services.records.transfers import model as rules
from services.records.transfers.pack import TransferPack

TODAY = date(2026, 9, 10)
FOLDER = Path(__file__).parents[3] / "services" / "records" / "policies"
PACKS = load_all(FOLDER, "transfers-*.yaml")
PACK = TransferPack.in_force_on(PACKS, TODAY)
MEMBER = {"organisation": "b", "political_status": "member", "active": True}
BRANCH = {"kind": "branch", "active": True}
LETTER = {"place": "市直机关", "letter_number": "2026-001", "letter_on": date(2026, 9, 1)}

STRICT = """
id: transfers-strict
title: 校内规定
issuer: 学校党委
level: organisation
effective_from: 2020-01-01
parameters:
  letter_days:
    value: 60
    article: 第九条
    hardness: block
    confidence: S
"""


def within(**more: Any) -> dict[str, Any]:
    given = {"person": "p", "destination": "c", **more}
    return dict(rules.ask_within("t", given, MEMBER, BRANCH, PACK, by="w", today=TODAY).state)


def out(pack: TransferPack = PACK) -> dict[str, Any]:
    return dict(rules.ask_out("t", {"person": "p", **LETTER}, MEMBER, pack, by="w", today=TODAY).state)


@pytest.mark.parametrize(
    ("person", "destination", "code"),
    [
        ({"active": False}, {}, "person.inactive"),
        ({"political_status": "none"}, {}, "transfer.nothing_to_transfer"),
        ({}, {"active": False}, "organisation.inactive"),
        ({}, {"kind": "secondary"}, "transfer.destination_unfit"),
        ({"organisation": "c"}, {}, "transfer.already_there"),
    ],
)
def test_what_cannot_be_transferred_is_refused(
    person: dict[str, Any], destination: dict[str, Any], code: str
) -> None:
    given = {"person": "p", "destination": "c"}
    with pytest.raises(Invalid) as refused:
        rules.ask_within(
            "t", given, {**MEMBER, **person}, {**BRANCH, **destination}, PACK, by="w", today=TODAY
        )
    assert refused.value.code == code


def test_limits_and_their_source_stand_in_the_transfer() -> None:
    assert within()["due_on"] == "2026-10-10"
    assert within()["source"] == {"rule": "answer_days", "pack": "transfers-default", "article": "第一条"}
    assert (out()["due_on"], out()["source"]["article"]) == ("2026-11-30", "第二条")
    assert not rules.is_overdue(out(), date(2026, 11, 30))
    assert rules.is_overdue(out(), date(2026, 12, 1))


def test_a_late_receipt_is_marked_or_where_the_pack_blocks_it_refused_with_its_source() -> None:
    late, today = date(2026, 12, 1), date(2026, 12, 5)
    ended = rules.complete("t", out(), PACK, receipt_on=late, by="w", today=today)
    assert (ended.state["state"], ended.state["late"]) == ("completed", True)
    strict = TransferPack.in_force_on([*PACKS, parse(STRICT)], TODAY)
    with pytest.raises(Invalid, match=r"transfer\.letter_expired") as refused:
        rules.complete("t", out(strict), strict, receipt_on=late, by="w", today=today)
    assert refused.value.params == {
        "rule": "letter_days",
        "pack": "transfers-strict",
        "article": "第九条",
        "accepted": "… 2026-10-31",
    }
    for day in (date(2026, 8, 31), date(2026, 12, 6)):
        with pytest.raises(Invalid, match=r"transfer\.receipt_day"):
            rules.complete("t", out(), PACK, receipt_on=day, by="w", today=today)


def test_a_pack_without_days_is_found_at_the_start() -> None:
    with pytest.raises(PackError, match="answer_days"):
        TransferPack.in_force_on([parse(STRICT)], TODAY)
    with pytest.raises(PackError, match="no number of days"):
        TransferPack.in_force_on([parse(STRICT.replace("60", "0").replace("letter", "answer"))], TODAY)


def test_whoever_comes_from_outside_has_a_letter_and_of_a_member_the_day_of_admission() -> None:
    given = {"person": "p", "destination": "c", "political_status": "member", "joined_on": None, **LETTER}
    with pytest.raises(Invalid, match=r"transfer\.joined_on_missing"):
        rules.enter_in("t", given, BRANCH, PACK, by="w", today=TODAY)
    with pytest.raises(Invalid, match=r"transfer\.letter_in_future"):
        rules.enter_in(
            "t",
            {**given, "joined_on": date(2020, 7, 1), "letter_on": date(2026, 9, 11)},
            BRANCH,
            PACK,
            by="w",
            today=TODAY,
        )
    entered = rules.enter_in("t", {**given, "joined_on": date(2020, 7, 1)}, BRANCH, PACK, by="w", today=TODAY)
    assert (entered.state["state"], entered.state["late"], "slot" in entered.state) == (
        "completed",
        False,
        False,
    )
    assert entered.events[0].data["organisation"] == "c"


def test_nobody_is_taken_in_by_a_branch_that_is_no_more() -> None:
    with pytest.raises(Conflict, match=r"transfer\.destination_ended") as refused:
        rules.accept("t", within(), [], receives=False, by="r", today=TODAY)
    assert refused.value.params == {"accepted": "withdraw"}


class Life(RuleBasedStateMachine):
    """Whatever is tried in whatever order, a transfer ends once and says each of its changes once."""

    @initialize(kind=st.sampled_from(("within", "out")))
    def begin(self, kind: str) -> None:
        self.state = within() if kind == "within" else out()
        self.today = TODAY
        self.ended = 0

    def attempt(self, decide: Any) -> None:
        before = dict(self.state)
        try:
            change = decide()
        except (Conflict, Forbidden, Invalid):
            assert self.state == before
            return
        if change is None:
            return
        for event in change.events:
            encoded = event.contract.encode(event.data)
            assert not {"place", "letter_number", "comment"} & encoded.keys()
        self.state = dict(change.state)
        self.ended += 1

    @rule(by=st.sampled_from(("p", "w", "r")))
    def accept(self, by: str) -> None:
        self.attempt(lambda: rules.accept("t", self.state, ["task"], receives=True, by=by, today=self.today))

    @rule(end=st.sampled_from(("left", "destination")), node=st.sampled_from(("b", "c", "d", "e")))
    def redirect(self, end: str, node: str) -> None:
        before, ended = self.state, self.ended
        if self.state["kind"] == "within" or end == "left":
            self.attempt(lambda: rules.redirect("t", self.state, {end: node}, by="a", today=self.today))
        if self.state["state"] == "asked":
            self.ended = ended
            assert self.state["redirected"] is None or self.state["redirected"]["left"] == "b"
            assert set(self.state["concerns"]) == {self.state["left"], self.state["destination"]} - {None}
        elif before["state"] == "asked":
            assert self.state["left"] == self.state["destination"] == node

    @rule(by=st.sampled_from(("p", "r")), comment=st.sampled_from((None, "材料不全")))
    def refuse(self, by: str, comment: str | None) -> None:
        self.attempt(lambda: rules.refuse("t", self.state, comment=comment, by=by, today=self.today))

    @rule()
    def withdraw(self) -> None:
        self.attempt(lambda: rules.withdraw("t", self.state, by="w", today=self.today))

    @rule(days=st.integers(-5, 5))
    def complete(self, days: int) -> None:
        on = self.today + timedelta(days=days)
        self.attempt(lambda: rules.complete("t", self.state, PACK, receipt_on=on, by="w", today=self.today))

    @rule(days=st.integers(1, 60))
    def wait(self, days: int) -> None:
        self.today += timedelta(days=days)

    @invariant()
    def ends_once(self) -> None:
        assert self.ended == (self.state["state"] != "asked")
        assert ("slot" in self.state) == (self.state["state"] == "asked")
        assert self.state["state"] in TRANSFER_STATES
        if self.state["state"] in ("accepted", "refused"):
            assert self.state["kind"] == "within"
            assert self.state["decided_by"] != "p"
        if self.state["state"] == "completed":
            assert self.state["kind"] == "out"
            assert self.state["late"] == (self.state["receipt_on"] > self.state["due_on"])


TestLife = Life.TestCase
TestLife.settings = settings(deadline=None)
