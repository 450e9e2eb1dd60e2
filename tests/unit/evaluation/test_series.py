"""Series by month as rows and files, and quartiles that tell nobody's figure."""

from __future__ import annotations

import base64
import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.scores import series
from services.evaluation.scores.model import Breakdown, Line
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


def test_of_fewer_than_five_no_quartile_is_told() -> None:
    assert series.spread([1, 2, 3, 4]) is None
    assert series.spread([500, 100, 300, 200, 400]) == series.Spread(5, 200, 300, 400)


@given(st.lists(st.integers(0, 10_000), min_size=5, max_size=60))
def test_quartiles_are_figures_in_order(values: list[int]) -> None:
    found = series.spread(values)
    assert found is not None
    assert min(values) <= found.lower <= found.median <= found.upper <= max(values)
    assert {found.lower, found.median, found.upper} <= set(values)
