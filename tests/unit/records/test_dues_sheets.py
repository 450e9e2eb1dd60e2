"""Bases and statements as spreadsheets have them: yuan in, fen out, and every fault named by its column."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.records.dues import sheets as rules
from services.records.dues.reconciliation import counted, reconcile, results
from services.records.roster.model import CellWrong


def read(text: str, what: Any = rules.read_bases) -> Any:
    content = base64.b64encode(text.encode("gb18030")).decode()
    return what({"content": content, "filename": "党费.csv"})


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("3000", 300_000),
        ("3,001.00", 300_100),
        ("￥3000.5", 300_050),
        ("3000.55元", 300_055),
        ("30.099999999999998", 3_010),  # a sum that a spreadsheet reckoned
        ("-1", -100),  # a number of fen, which the rules refuse
        ("0", 0),
    ],
)
def test_yuan_are_read_as_whole_fen(text: str, fen: int) -> None:
    assert rules.read_fen(text) == fen


@pytest.mark.parametrize("text", ["3000.555", "三千", "1e400", "NaN", "Infinity", "9" * 30, "3 000", "--1"])
def test_what_is_no_sum_of_money_is_refused_and_not_guessed(text: str) -> None:
    with pytest.raises(CellWrong, match=r"money\.invalid"):
        rules.read_fen(text)


@given(st.integers(0, 10**12))
def test_every_sum_that_is_written_comes_back(fen: int) -> None:
    assert rules.read_fen(f"{fen // 100}.{fen % 100:02d}") == fen
    assert rules.read_fen(f"{fen // 100:,}.{fen % 100:02d}") == fen


@pytest.mark.parametrize("text", ["2026-09", "2026/9", "2026.09", "2026年9月", "202609", "2026-09-01"])
def test_a_month_is_read_as_campuses_write_it(text: str) -> None:
    assert rules.read_month(text) == "2026-09"


@pytest.mark.parametrize("text", ["2026-13", "九月", "2026", "202600"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(CellWrong, match=r"date\.invalid"):
        rules.read_month(text)


def test_rows_name_their_columns_and_twins() -> None:
    found = read(
        "2026年度党费基数\n工号,姓名,月缴费基数,缴费类别,执行月份\n"
        "T001,某人,3001,在职,\n"
        "S001,某人,,学生,2026-09\n"
        "T001,某人,4000,,\n"
        "T002,某人,很多,老板,\n"
    )
    first, student, twin, wrong = found["rows"]
    assert first["values"] == {"number": "T001", "base_fen": 300_100, "kind": "salaried"}
    assert student["values"] == {"number": "S001", "kind": "student", "from_month": "2026-09"}
    assert (twin["row"], twin["problems"]) == (5, [[None, "row.twice"]])
    assert wrong["problems"] == [["缴费类别", "dues.kind_unknown"], ["月缴费基数", "money.invalid"]]


def test_a_statement_is_read_with_its_times_cut_off() -> None:
    found = read(
        "流水号,学号,金额,交易时间\nP-1,S001,30.01,2026-09-10 08:30:21\nP-2,S001,30.01,\n",
        rules.read_statement,
    )
    good, bad = found["rows"]
    assert good["values"] == {
        "reference": "P-1",
        "number": "S001",
        "amount_fen": 3_001,
        "paid_on": "2026-09-10",
    }
    assert bad["problems"] == [["交易时间", "cell.missing"]]


def test_a_file_without_a_header_that_is_known_is_of_no_use() -> None:
    with pytest.raises(Invalid, match=r"roster\.no_known_sheet"):
        read("甲,乙\n1,2\n")


def test_results_are_numbered_and_what_the_statement_lacks_comes_last() -> None:
    line = {"reference": "P-1", "person": "p", "amount_fen": 1, "paid_on": "2026-09-10"}
    ours = [(each, {**line, "reference": each, "state": "received"}) for each in ("P-1", "P-2")]
    outcomes, unnamed = reconcile([line, {**line, "reference": "P-3"}], ours)
    found = results([2, 3], outcomes, unnamed, dict(ours))
    assert [(each["number"], each["row"], each["reference"], each["outcome"]) for each in found] == [
        (1, 2, "P-1", "agreed"),
        (2, 3, "P-3", "missing"),
        (3, None, "P-2", "unnamed"),
    ]
    assert counted(found) == {"agreed": 1, "missing": 1, "unnamed": 1}
