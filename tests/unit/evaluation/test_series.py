"""Series by month as rows and files, and quartiles that tell nobody's figure."""

from __future__ import annotations

import base64
import csv
import io
from datetime import date

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.sheets.writing import write
from services.evaluation.scores import series
from services.evaluation.scores.model import UNRATED, Breakdown, Line
from services.evaluation.scores.supposing import Month

LINE = Line("attendance", "attendance", 1850, 2000)
MONTH = Month("2026-03", date(2026, 3, 31), Breakdown("scoring", 9250, "five_star", 7, (LINE,)))


def test_a_month_has_a_row_for_the_total_and_one_for_each_indicator() -> None:
    table = list(csv.reader(io.StringIO(series.as_csv(series.rows("=b", [MONTH])).decode("utf-8-sig"))))
    assert table == [
        list(series.HEADS),
        ["2026-03", "2026-03-31", "'=b", "scoring", "total", "92.50", "100.00", "five_star"],
        ["2026-03", "2026-03-31", "'=b", "scoring", "attendance", "18.50", "20.00", ""],
    ]


def test_a_parquet_file_reads_back_as_whole_hundredths() -> None:
    reading = pytest.importorskip("arro3.io", reason="the extra parquet is not installed")
    rows = [list(each) for each in series.rows("branch", [MONTH])]
    content = base64.b64decode(series.parquet({"rows": rows}))
    table = reading.read_parquet(io.BytesIO(content)).read_all()
    assert table.column("points_hundredths").to_pylist() == [9250, 1850]
    assert table.column("indicator").to_pylist() == ["total", "attendance"]


def test_a_spreadsheet_holds_what_the_series_says_and_no_formula() -> None:
    content = b"".join(write(iter(series.sheet(list(series.rows("=b", [MONTH]))))))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["series"]
    assert list(sheet.values) == [
        series.HEADS,
        ("2026-03", "2026-03-31", "'=b", "scoring", "total", "92.50", "100.00", "five_star"),
        ("2026-03", "2026-03-31", "'=b", "scoring", "attendance", "18.50", "20.00", None),
    ]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n"}


def test_of_several_mean_bands_and_counts_are_told_and_the_unrated_pull_nobody_down() -> None:
    found = series.rolled([(9250, "good"), (10_000, "excellent"), (9251, "good"), (0, UNRATED)])
    assert found == series.Rolled(4, 9500, 9250, 10_000, {"excellent": 1, "good": 2, UNRATED: 1})
    assert series.rolled([(100, "poor"), (101, "poor")]).mean == 100  # 100.5 hundredths, rounded down
    assert series.rolled([(0, UNRATED)]) == series.Rolled(1, None, None, None, {UNRATED: 1})
    assert series.rolled([(0, "poor")]).lowest == 0
    assert series.rolled([]) == series.Rolled(0, None, None, None, {})


def test_of_fewer_than_five_no_quartile_is_told() -> None:
    assert series.spread([1, 2, 3, 4]) is None
    assert series.spread([500, 100, 300, 200, 400]) == series.Spread(5, 200, 300, 400)


@given(st.lists(st.integers(0, 10_000), min_size=5, max_size=60))
def test_quartiles_are_figures_in_order(values: list[int]) -> None:
    found = series.spread(values)
    assert found is not None
    assert min(values) <= found.lower <= found.median <= found.upper <= max(values)
    assert {found.lower, found.median, found.upper} <= set(values)
