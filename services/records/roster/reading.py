"""A file as rows to be taken over; runs in a process of its own, since a spreadsheet is heavy work."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from services.records.roster.columns import KINDS, ORGANISATION, Header, column_of, find_header, label
from services.records.roster.model import Problem, key_of, parse
from services.records.roster.tables import Table, tables

Row = dict[str, Any]
Roster = dict[str, Any]
Parse = Callable[[str, Mapping[str, str]], tuple[dict[str, Any], list[Problem]]]
KeyOf = Callable[[str, Mapping[str, Any]], tuple[Any, ...] | None]


def read(argument: Mapping[str, str]) -> Roster:
    """The file of ``content`` (base64), called ``filename``, as ``{rows, labels}``.

    ``rows`` are in the order in which they are to be applied, each ``{sheet, row, kind, values, problems}``,
    its problems ``[column, code]``; a sheet that cannot be used gives one row of its own with the reason.
    ``labels`` are the file's own headers, by sheet and field. Raises ``Invalid`` where the whole file is of
    no use: see ``tables``, and ``roster.no_known_sheet``.
    """
    return arrange(tables(base64.b64decode(argument["content"]), argument["filename"]))


def arrange(found: Sequence[Table]) -> Roster:
    """As ``read``, of sheets already in memory."""
    roster = sheets(found, KINDS, parse, key_of)
    rows = roster["rows"]
    above_first = _above_first([row for row in rows if row["kind"] == ORGANISATION])
    return {**roster, "rows": [*above_first, *(row for row in rows if row["kind"] != ORGANISATION)]}


def sheets(found: Sequence[Table], kinds: Sequence[str], parse: Parse, key_of: KeyOf) -> Roster:
    """The sheets of ``kinds`` as ``{rows, labels}``, kind by kind; see ``read``.

    ``parse`` makes values and problems of a row's cells; two rows that ``key_of`` gives the same key are not
    both meant.
    """
    from services.chassis.errors import Invalid

    headers = [(table, find_header(table.rows, kinds)) for table in found]
    known = [(table, header) for table, header in headers if header is not None]
    if not known:
        raise Invalid("roster.no_known_sheet")
    rows: list[Row] = []
    for table, header in sorted(known, key=lambda each: kinds.index(each[1].kind)):
        rows.extend(_rows(table, header, parse))
    _refuse_twins(rows, key_of)
    return {"rows": rows, "labels": {table.name: dict(header.labels) for table, header in known}}


def _rows(table: Table, header: Header, parse: Parse) -> Iterable[Row]:
    unusable = [(label(header.kind, field), "header.missing") for field in header.missing]
    unusable += [(name, "header.twice") for name in header.twice]
    if unusable:
        yield _row(table.name, header.row, header, {}, unusable)
        return
    for number, cells in enumerate(table.rows[header.row :], header.row + 1):
        given = {field: cells[at] for field, at in header.positions.items() if at < len(cells)}
        if not any(text.strip() for text in given.values()):
            continue
        values, problems = parse(header.kind, given)
        named = [(column_of(header.kind, field, header.labels), code) for field, code in problems]
        yield _row(table.name, number, header, values, named)


def _row(sheet: str, number: int, header: Header, values: Row, problems: Sequence[tuple[Any, str]]) -> Row:
    return {
        "sheet": sheet,
        "row": number,
        "kind": header.kind,
        "values": values,
        "problems": [list(problem) for problem in problems],
    }


def _refuse_twins(rows: Iterable[Row], key_of: KeyOf) -> None:
    """The second row with a key is wrong: which of the two was meant is not ours to guess."""
    first: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = key_of(row["kind"], row["values"])
        if key is not None and first.setdefault((row["kind"], *key), row) is not row:
            row["problems"].append([None, "row.twice"])


def _above_first(rows: Sequence[Row]) -> list[Row]:
    """Organisations so that each stands after its parent where the file has both; the rest keeps its order.

    Rows of a cycle stay where they are: each is refused, since its parent is not there.
    """
    by_name: dict[str, Row] = {}
    for row in rows:
        for field in ("name", "code"):
            if field in row["values"]:
                by_name.setdefault(row["values"][field], row)
    placed: dict[int, Row] = {}
    for row in rows:
        line: list[Row] = []
        at: Row | None = row
        while at is not None and id(at) not in placed and at not in line:
            line.append(at)
            at = by_name.get(at["values"].get("parent", ""))
        for each in reversed(line):
            placed[id(each)] = each
    return list(placed.values())
