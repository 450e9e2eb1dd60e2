"""A roster that is written reads back as it was."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.documents import Document
from services.contracts.kinds import ORGANISATION_KINDS, POLITICAL_STATUSES, ROLES, SEXES
from services.records.directory import model as organisations
from services.records.directory import persons
from services.records.directory.codes import IMPLIED, OTHERS
from services.records.roster import cells, columns, rewriting, writing
from services.records.roster.model import parse
from services.records.roster.reading import arrange
from services.records.roster.rows import newly
from services.records.roster.tables import tables

TODAY = date(2026, 9, 10)
PLACE = {"kind": "branch", "active": True, "path": ["r", "s", "b"]}
_FREE = ("name", "external_id")
_LETTERS = st.characters(categories=("L", "N", "P", "S", "Zs"))
_TEXTS = st.text(_LETTERS, min_size=1, max_size=12).map(str.strip).filter(cells.narrow)
_ODD = st.sampled_from(("=1+1", "'=1", "''", "无", "N/A", "-", "＝x", "@甲", "张　三", "'"))
_ANY = st.one_of(_TEXTS, _ODD)
_NAMES = _ANY.filter(lambda text: not cells.narrow(text).startswith(("=", "+", "-", "@")))
_DAYS = st.one_of(st.none(), st.dates(date(1950, 1, 1), TODAY))


@st.composite
def people(draw: st.DrawFn) -> dict[str, Any]:
    status = draw(st.sampled_from(POLITICAL_STATUSES))
    code = None if status in IMPLIED else draw(st.one_of(st.none(), st.sampled_from(OTHERS)))
    entered = {
        "number": draw(st.from_regex(r"[A-Za-z0-9]{2,20}", fullmatch=True)),
        "name": draw(_NAMES),
        "sex": draw(st.sampled_from(SEXES)),
        "political_status": status,
        "political_status_code": code,
        "organisation": "b",
        "joined_on": draw(_DAYS),
        "external_id": draw(st.one_of(st.none(), _ANY)),
    }
    return dict(persons.enter_person("p", entered, PLACE, TODAY).state)


_HELD = st.builds(
    rewriting.Held, st.sampled_from(ROLES), st.sampled_from(("B1", "B1-G1", "S1")), st.just("2026-01-01")
)
_POSTS = st.lists(_HELD, max_size=4, unique_by=lambda held: (held.role, held.code))
_PHONES = st.sampled_from((None, "138****5678", "***45", "+86138****5678", "+8613812345678"))
_NUMBERS = st.sampled_from((None, "110105********002X", "11010519491231002X"))


@settings(deadline=None)
@given(people(), st.sampled_from((None, "B1-G1")), _POSTS, _PHONES, _NUMBERS)
def test_a_person_reads_back_unchanged(
    state: dict[str, Any],
    group: str | None,
    posts: list[rewriting.Held],
    phone: str | None,
    number: str | None,
) -> None:
    row = rewriting.person_row(state, "B1", group, posts, phone, number)
    [_, written] = rewriting.table(columns.PERSON, [row])
    values, problems = parse(columns.PERSON, dict(zip(columns.COLUMNS[columns.PERSON], written, strict=True)))
    assert problems == []
    assert (values["number"], values["organisation"], values.get("group")) == (state["number"], "B1", group)
    for field, given_as in (("phone", phone), ("id_number", number)):
        assert values.get(field) == (None if given_as is None or "*" in given_as else given_as)
    told = {(role, values.get("post_organisation")) for role in values.get("roles", ())}
    assert told <= {(each.role, each.code) for each in posts}
    assert bool(told) == bool(posts)
    own = ("name", "sex", "political_status", "political_status_code", "joined_on", "external_id")
    again = {name: values[name] for name in own if name in values}
    fresh = newly(Document("p", 1, state), again, _FREE)
    assert persons.change_person("p", state, fresh, None, TODAY) is None


@settings(deadline=None)
@given(_NAMES, st.sampled_from(ORGANISATION_KINDS), st.booleans(), st.one_of(st.none(), _ANY))
def test_an_organisation_reads_back_unchanged(
    name: str, kind: str, flag: bool, external_id: str | None
) -> None:
    state = {
        "code": "B1",
        "name": name,
        "kind": kind,
        "parent": "s",
        "path": ["r", "s", "b"],
        "has_committee": flag,
        "has_leading_group": not flag,
        "founded_on": "2019-03-01",
        "external_id": external_id,
        "active": True,
    }
    [_, written] = rewriting.table(columns.ORGANISATION, [rewriting.organisation_row(state, "S1")])
    fields = columns.COLUMNS[columns.ORGANISATION]
    values, problems = parse(columns.ORGANISATION, dict(zip(fields, written, strict=True)))
    assert problems == []
    assert (values["code"], values["kind"], values["parent"]) == ("B1", kind, "S1")
    given_again = {key: value for key, value in values.items() if key not in ("code", "kind", "parent")}
    fresh = newly(Document("b", 1, state), given_again, _FREE)
    assert organisations.change_organisation("b", state, fresh, TODAY) is None


@settings(deadline=None)
@given(st.one_of(_ANY, st.text(max_size=6)))
def test_a_marked_text_is_no_formula_and_no_blank_and_comes_back(text: str) -> None:
    written = cells.marked(text)
    read = cells.narrow(written)
    assert not read.startswith(("=", "+", "-", "@"))
    assert cells.unmarked(read) == cells.narrow(text)
    assert (read.lower() in cells.BLANK) == (cells.narrow(text) == "")


def test_what_is_written_is_found_by_its_headers_and_holds_texts_alone() -> None:
    state = persons.enter_person(
        "p",
        {
            "number": "0012",
            "name": "甲",
            "political_status": "member",
            "organisation": "b",
            "external_id": "=HYPERLINK(1)",
        },
        PLACE,
        TODAY,
    ).state
    rows = rewriting.table(columns.PERSON, [rewriting.person_row(state, "B1", None, (), None, None)])
    content = base64.b64decode(writing.write({"sheets": {"人员": rows}}))
    assert b"<f>" not in content
    [row] = arrange(tables(content, "名册.xlsx"))["rows"]
    assert row["problems"] == []
    assert (row["values"]["number"], row["values"]["external_id"]) == ("0012", "=HYPERLINK(1)")
