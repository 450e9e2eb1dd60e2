"""Data for judgement: what each unit was worth month by month, and where it stands among its like. Pure."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.chassis.sheets.model import TEXT, neutralised
from services.evaluation.scores.model import UNRATED, in_points
from services.evaluation.scores.supposing import Month

TOTAL = "total"
FEWEST = 5
HEADS = ("month", "as_of", "organisation", "policy", "indicator", "points", "most", "band")
_NUMBERS = ("points", "most")


@dataclass(frozen=True)
class Spread:
    """How a figure is spread over ``count`` organisations, in hundredths; never who has which."""

    count: int
    lower: int
    median: int
    upper: int


@dataclass(frozen=True)
class Rolled:
    """``scored`` organisations taken together, in hundredths; the figures are None where none is rated.

    ``bands`` counts all of them, the unrated ones too.
    """

    scored: int
    mean: int | None
    lowest: int | None
    highest: int | None
    bands: Mapping[str, int]


def rolled(found: Iterable[tuple[int, str]]) -> Rolled:
    """What organisations of these points and bands come to; the mean is rounded down.

    Of whom there is nothing to rate yet the points say nothing: as none they would pull the others down.
    """
    told = list(found)
    points = [each for each, band in told if band != UNRATED]
    return Rolled(
        scored=len(told),
        mean=sum(points) // len(points) if points else None,
        lowest=min(points, default=None),
        highest=max(points, default=None),
        bands=dict(sorted(Counter(band for _, band in told).items())),
    )


def rows(organisation: str, months: Iterable[Month]) -> Iterator[tuple[Any, ...]]:
    """One row a month and indicator, and one for the total; the columns are ``HEADS``, in hundredths."""
    for month in months:
        worth = month.worth
        fixed = (month.label, month.as_of.isoformat(), organisation, worth.policy)
        yield (*fixed, TOTAL, worth.points, 10_000, worth.band)
        for line in worth.lines:
            yield (*fixed, line.indicator, line.points, line.most, "")


def as_csv(table: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a byte order mark, so that a spreadsheet program reads Chinese; no cell is a formula."""
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\r\n")
    writer.writerow(HEADS)
    for row in table:
        writer.writerow([_cell(name, value) for name, value in zip(HEADS, row, strict=True)])
    return content.getvalue().encode("utf-8-sig")


def _cell(name: str, value: Any) -> str:
    return str(in_points(value)) if name in _NUMBERS else neutralised(str(value))


def sheet(table: Sequence[Sequence[Any]]) -> list[Any]:
    """What the chassis writes a workbook of: one sheet and its rows, with points as people read them."""
    columns = [{"title": each, "kind": TEXT} for each in HEADS]
    texts = [[_cell(name, value) for name, value in zip(HEADS, row, strict=True)] for row in table]
    return [{"title": "series", "columns": columns}, texts]


def parquet(given: Mapping[str, Any]) -> str:
    """The bytes of a Parquet file of ``rows``, base64; run by ``offload``. Points are whole hundredths.

    Raises ``ModuleNotFoundError`` where the extra ``parquet`` is not installed.
    """
    import base64

    from arro3.core import Array, DataType, Table
    from arro3.io import write_parquet

    columns = list(zip(*given["rows"], strict=True)) or [()] * len(HEADS)
    kinds = [DataType.int64() if name in _NUMBERS else DataType.utf8() for name in HEADS]
    names = [f"{name}_hundredths" if name in _NUMBERS else name for name in HEADS]
    arrays = [Array(list(column), type=kind) for column, kind in zip(columns, kinds, strict=True)]
    content = io.BytesIO()
    write_parquet(Table(dict(zip(names, arrays, strict=True))), content)
    return base64.b64encode(content.getvalue()).decode()


def spread(values: Iterable[int]) -> Spread | None:
    """Quartiles of whole hundredths by nearest rank; None for fewer than ``FEWEST``: it would tell which."""
    found = sorted(values)
    count = len(found)
    if count < FEWEST:
        return None
    at = [found[max(-(-count * part // 4) - 1, 0)] for part in (1, 2, 3)]
    return Spread(count, *at)
