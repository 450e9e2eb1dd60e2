"""A roster read: headers as campuses write them, cells as people type them, and every reason why not."""

from __future__ import annotations

import base64
import io
import random
import re
import resource
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.campus import SIZES, generate
from deploy.local.sample import write
from services.chassis.errors import Invalid
from services.records.roster import columns, model
from services.records.roster.reading import arrange, read
from services.records.roster.tables import Table, as_text, tables

_SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PEOPLE = ["姓名", "学号/工号", "性别", "政治面貌", "所在党支部", "手机号", "入党日期", "职务"]


def sheet(*rows: list[str], name: str = "人员") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = arrange([Table(name, [list(row) for row in rows])])["rows"]
    return found


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("name", " 张　三 ", "张三"),
        ("name", "阿卜杜拉·买 买提", "阿卜杜拉·买买提"),
        ("name", "John  Smith", "John Smith"),
        ("number", "２０２３０００１", "20230001"),
        ("sex", "女", "female"),
        ("political_status", "中共预备党员", "probationary"),
        ("political_status", "01", "member"),
        ("political_status", "共青团员", "none"),
        ("sex", "9", "unspecified"),
        ("phone", "138 1234-5678", "13812345678"),
        ("id_number", "11010519491231002x", "11010519491231002X"),
        ("joined_on", "2021年7月1日", "2021-07-01"),
        ("joined_on", "2021.7.1", "2021-07-01"),
        ("joined_on", "20210701", "2021-07-01"),
        ("joined_on", "2021-07-01 00:00:00", "2021-07-01"),
        ("roles", "党支部书记、组织委员", ["secretary", "organisation_commissioner"]),
    ],
)
def test_a_cell_is_understood_as_people_type_it(field: str, text: str, value: Any) -> None:
    values, problems = model.parse(columns.PERSON, {"name": "甲", "number": "N1", field: text})
    assert problems == []
    assert values[field] == value


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("name", "", "cell.missing"),
        ("name", "长" * 61, "cell.too_long"),
        ("name", "甲\x00乙", "cell.unfit_characters"),
        ("number", "2.023123e+19", "number.invalid"),
        ("number", "学号", "number.invalid"),
        ("sex", "男女", "sex.unknown"),
        ("political_status", "党外", "political_status.unknown"),
        ("phone", "1381234567890123", "phone.invalid"),
        ("phone", "٣٤٥٦٧٨٩٠", "phone.invalid"),
        ("id_number", "110105194912310021", "id_number.invalid"),
        ("political_status_code", "14", "political_status.unknown"),
        ("joined_on", "2021-02-30", "date.invalid"),
        ("joined_on", "2021年7月", "date.invalid"),
        ("joined_on", "44378", "date.invalid"),
        ("roles", "书记、班长", "role.unknown"),
    ],
)
def test_a_cell_that_cannot_be_understood_says_why(field: str, text: str, code: str) -> None:
    _, problems = model.parse(columns.PERSON, {"name": "甲", "number": "N1", field: text})
    assert problems == [(field, code)]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"political_status": "共青团员"}, ("none", "03")),
        ({"political_status": "民主党派"}, ("none", None)),
        ({"political_status": "入党积极分子", "political_status_code": "3"}, ("activist", "03")),
        ({"political_status_code": "02"}, ("probationary", "02")),
        ({"political_status_code": "13"}, (None, "13")),
    ],
)
def test_a_status_is_told_by_word_and_by_code(
    cells: dict[str, str], told: tuple[str | None, str | None]
) -> None:
    values, problems = model.parse(columns.PERSON, {"name": "甲", "number": "N1", **cells})
    assert problems == []
    assert (values.get("political_status"), values.get("political_status_code")) == told


def test_a_sex_told_twice_is_the_same_or_the_row_is_refused() -> None:
    cells = {"name": "甲", "number": "N1", "sex": "女"}
    assert model.parse(columns.PERSON, {**cells, "sex_code": "2"})[0]["sex"] == "female"
    assert model.parse(columns.PERSON, {**cells, "sex_code": "1"})[1] == [("sex_code", "sex.contradicted")]


@pytest.mark.parametrize(
    ("field", "masked"),
    [("phone", "138****5678"), ("phone", "+86138****5678"), ("id_number", "110101********002X")],
)
def test_a_masked_number_leaves_what_is_known(field: str, masked: str) -> None:
    values, problems = model.parse(columns.PERSON, {"name": "甲", "number": "N1", field: masked})
    assert (problems, field in values) == ([], False)


def test_every_fault_of_a_row_is_named_at_once() -> None:
    found = sheet(PEOPLE, ["", "!", "?", "党外", "B1", "x", "y", "z"])[0]
    assert found["problems"] == [
        ["学号/工号", "number.invalid"],
        ["姓名", "cell.missing"],
        ["性别", "sex.unknown"],
        ["政治面貌", "political_status.unknown"],
        ["手机号", "phone.invalid"],
        ["入党日期", "date.invalid"],
        ["职务", "role.unknown"],
    ]


def test_a_header_is_found_below_a_title_and_by_its_synonyms() -> None:
    rows = [
        ["某某学院党员名册"],
        [],
        ["序号", " 姓 名*", "学 号", "联系电话"],
        ["1", "甲", "N1", "13800000000"],
    ]
    found = sheet(*rows)
    assert found == [
        {
            "sheet": "人员",
            "row": 4,
            "kind": "person",
            "values": {"number": "N1", "name": "甲", "phone": "13800000000"},
            "problems": [],
        }
    ]


def test_a_sheet_without_what_it_needs_is_refused_as_one_row_and_the_others_go_on() -> None:
    rows = arrange(
        [
            Table("一", [["姓名", "手机号"], ["甲", "1"]]),
            Table("二", [["姓名", "学号", "学号"], ["乙", "N1", "N2"]]),
            Table("三", [["姓名", "学号"], ["丙", "N3"]]),
        ]
    )["rows"]
    assert [(row["sheet"], row["row"], row["problems"]) for row in rows] == [
        ("一", 1, [["学号/工号", "header.missing"]]),
        ("二", 1, [["学号", "header.twice"]]),
        ("三", 2, []),
    ]


def test_the_second_row_with_a_key_is_refused_across_sheets() -> None:
    rows = arrange(
        [
            Table("一", [["姓名", "学号"], ["甲", "N1"]]),
            Table("二", [["姓名", "学号"], ["乙", "Ｎ1"]]),
        ]
    )["rows"]
    assert [row["problems"] for row in rows] == [[], [[None, "row.twice"]]]


@given(seed=st.integers(0, 10_000))
def test_an_organisation_stands_after_its_parent_whatever_the_order_of_the_file(seed: int) -> None:
    chance = random.Random(seed)
    codes = [f"C{number}" for number in range(20)]
    parents = {code: chance.choice(codes[:number]) if number else "" for number, code in enumerate(codes)}
    rows = [[code, f"组织{code}", "党支部", parents[code]] for code in codes]
    chance.shuffle(rows)
    header = ["组织代码", "组织名称", "类别", "上级组织代码"]
    order = [row["values"]["code"] for row in sheet(header, *rows, name="党组织")]
    assert sorted(order) == sorted(codes)
    assert all(not parents[code] or order.index(parents[code]) < order.index(code) for code in codes)


def test_a_cycle_of_organisations_ends() -> None:
    header = ["组织代码", "组织名称", "类别", "上级组织代码"]
    rows = sheet(header, ["A", "甲", "党支部", "B"], ["B", "乙", "党支部", "A"], ["C", "丙", "党支部", "C"])
    assert {row["values"]["code"] for row in rows} == {"A", "B", "C"}


@given(st.lists(st.lists(st.text(max_size=8), max_size=8), max_size=12))
def test_whatever_cells_hold_each_row_is_sound_or_named(cells: list[list[str]]) -> None:
    rows = arrange([Table("人员", [PEOPLE, *cells])])["rows"]
    for row in rows:
        values, problems = model.parse(
            columns.PERSON, dict(zip(("name", "number"), cells[row["row"] - 2], strict=False))
        )
        assert row["problems"] or {"name", "number"} <= set(row["values"])
        assert set(values) <= set(columns.COLUMNS[columns.PERSON])
        assert all(code.count(".") == 1 for _, code in problems)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from(("-", "/", ".")))
def test_every_day_is_read_as_it_was_written(day: date, mark: str) -> None:
    assert model.read_date(f"{day.year}{mark}{day.month}{mark}{day.day}") == day.isoformat()
    assert model.read_date(f"{day.year}年{day.month}月{day.day}日") == day.isoformat()


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (20230001.0, "20230001"),
        (13812345678.0, "13812345678"),
        (3.5, "3.5"),
        (2.0231234567e19, "2.023123e+19"),
        (True, "是"),
        (datetime(2021, 7, 1, 8, 30), "2021-07-01"),
        (date(2021, 7, 1), "2021-07-01"),
        (" 甲\n", "甲"),
        ("", ""),
    ],
)
def test_a_cell_becomes_what_a_person_would_have_typed(cell: Any, text: str) -> None:
    assert as_text(cell) == text


def _file(content: bytes, name: str = "roster.xlsx") -> dict[str, str]:
    return {"content": base64.b64encode(content).decode(), "filename": name}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "roster.empty"),
        (b"PK\x03\x04 and no archive", "roster.unreadable"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "roster.old_format"),
        (b"\xd0\xcf\x11\xe0" + "Encrypted".encode("utf-16-le"), "roster.password"),
        (b"\x00\x01\x02", "roster.encoding"),
        (b"\xff\xff\xff", "roster.encoding"),
        (b"hello", "roster.no_known_sheet"),
    ],
)
def test_a_file_of_no_use_says_why(content: bytes, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        read(_file(content))


@given(content=st.binary(max_size=200), archive=st.booleans())
def test_no_content_breaks_the_reader(content: bytes, archive: bool) -> None:
    with pytest.raises(Invalid, match=r"roster\."):
        read(_file((b"PK\x03\x04" if archive else b"") + content))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_text_file_is_read_in_every_usual_form(encoding: str, mark: str) -> None:
    lines = ["姓名,学号,职务".replace(",", mark), mark.join(("甲", "N1", '"书记、组织委员"'))]
    rows = read(_file("\r\n".join(lines).encode(encoding), "名册.csv"))["rows"]
    assert rows[0]["values"] == {
        "number": "N1",
        "name": "甲",
        "roles": ["secretary", "organisation_commissioner"],
    }
    assert rows[0]["sheet"] == "名册"


def test_a_sheet_blown_up_by_one_far_cell_is_refused() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["姓名", "学号"])
    book.active.cell(500_000, 3).value = "x"
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(Invalid, match=r"roster\.too_large"):
        tables(file.getvalue(), "x.xlsx")


def _rewritten(content: bytes, rewrite: Callable[[str], str]) -> bytes:
    """A workbook with its first sheet's XML rewritten."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(file, "w") as after:
        for entry in before.infolist():
            part = before.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                part = rewrite(part.decode()).encode()
            after.writestr(entry.filename, part)
    return file.getvalue()


def _two_cells(last: str) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"] = "姓名"
    book.active[last] = "x"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda sheet: sheet,
        lambda sheet: re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:B2"', sheet),
        lambda sheet: sheet.replace('r="XFD5000"', "r = '&#88;FD5000'"),
        lambda sheet: sheet.replace("<c ", "<x:c ").replace("</c>", "</x:c>").replace(
            "<worksheet ", f'<worksheet xmlns:x="{_SPREADSHEET}" '
        ),
    ],
    ids=["plain", "lying dimension", "written otherwise", "prefixed"],
)  # fmt: skip
def test_two_cells_far_apart_are_refused_before_room_is_made_for_all_between(
    rewrite: Callable[[str], str],
) -> None:
    content = _rewritten(_two_cells("XFD5000"), rewrite)
    assert len(content) < 20_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Invalid, match=r"roster\.too_large"):
        tables(content, "x.xlsx")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # in KiB


def test_a_far_cell_that_is_only_formatted_takes_no_room() -> None:
    content = _rewritten(
        _two_cells("B5000"), lambda sheet: sheet.replace('<c r="B5000"', '<c r="XFD4999" s="0"/><c r="B5000"')
    )
    found = tables(content, "x.xlsx")
    assert len(found[0].rows) == 5000


def test_another_format_in_the_same_kind_of_archive_is_not_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", "<office:document-content xmlns:office='o'/>")
    with pytest.raises(Invalid, match=r"roster\.unreadable"):
        tables(file.getvalue(), "x.xlsx")


def test_the_sample_campus_is_read_without_a_problem(tmp_path: Path) -> None:
    campus = generate(SIZES["small"], date(2026, 9, 10))
    path = tmp_path / "sample.xlsx"
    write(campus, path)
    rows = read(_file(path.read_bytes()))["rows"]
    assert [row for row in rows if row["problems"]] == []
    assert len(rows) == len(campus.organisations) + len(campus.people) + len(campus.activities)
