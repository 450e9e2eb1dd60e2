"""Whoever adds a list says what it costs and how it looks as a spreadsheet: one entry in each table."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from marshmallow import Schema, fields, validate

from services.chassis.catalogue import Catalogue
from services.chassis.rpc import Rpc
from services.contracts.kinds import POLITICAL_STATUS_CODES
from services.evaluation.service import EvaluationService
from services.records.exports import model, table
from services.records.exports.asking import shape_of
from services.records.exports.columns import WORDS, Listed, columns_of
from services.records.service import RecordsService
from tests.component.evaluation.asks import ASKS as ASKS_OF_EVALUATION
from tests.component.records.asks import ASKS

TEXTS = Catalogue.load([Path(inspect.getfile(table)).parents[1] / "texts"])


def calls_of(service: type) -> dict[str, Rpc]:
    return {
        name: entrypoint
        for name, method in inspect.getmembers(service)
        for entrypoint in getattr(method, "nameko_entrypoints", ())
        if isinstance(entrypoint, Rpc)
    }


def lists_of(service: type) -> set[str]:
    return {name for name in calls_of(service) if name.startswith("list_")}


CALLS, LISTS = calls_of(RecordsService), lists_of(RecordsService)
Words = tuple[str | None, ...]
# Codes of a standard, which a sheet shows as they are.
CODES = (POLITICAL_STATUS_CODES,)


def test_every_list_is_held_to_its_cost() -> None:
    assert set(ASKS) == LISTS, "tests/component/records/asks.py says of each list what a page may cost"
    lists = lists_of(EvaluationService) | {"public_ratings"}
    assert set(ASKS_OF_EVALUATION) == lists, "and tests/component/evaluation/asks.py of those of evaluation"


def test_every_list_is_exported_or_has_its_reason_why_not() -> None:
    exported = {listed.method for listed in table.LISTS.values()}
    assert LISTS - exported == set(table.NO_EXPORT), "services/records/exports/table.py has one entry a list"
    assert exported <= set(CALLS)


@pytest.mark.parametrize("name", table.LISTS)
def test_every_header_and_every_word_of_a_sheet_has_its_texts(name: str) -> None:
    listed = table.LISTS[name]
    columns = columns_of(shape_of(CALLS[listed.method]), listed)
    needed = {f"list.{name}", *(column.title for column in columns)}
    for words in {column.words for column in columns if column.kind == model.WORD}:
        vocabularies = [each for each, where in WORDS.items() if where == words]
        needed |= {f"{words}.{word}" for each in vocabularies for word in each if word}
    assert sorted(needed - TEXTS.codes) == [], "services/records/texts/exports.zh.yaml and exports.en.yaml"


@pytest.mark.parametrize("name", table.LISTS)
def test_every_closed_vocabulary_is_shown_in_words(name: str) -> None:
    listed = table.LISTS[name]
    bare = [
        path
        for path, choices in _vocabularies(shape_of(CALLS[listed.method]), "", listed)
        if choices not in WORDS and choices not in CODES and path not in listed.words
    ]
    assert bare == [], "WORDS in services/records/exports/columns.py names where its labels are"


@pytest.mark.parametrize("name", table.LISTS)
def test_what_an_entry_says_of_fields_is_about_fields_that_there_are(name: str) -> None:
    listed = table.LISTS[name]
    paths = set(_paths(shape_of(CALLS[listed.method]), ""))
    named = {*listed.without, *listed.titles, *listed.words, *listed.people, *listed.money}
    assert named <= paths


def _vocabularies(
    schema: type[Schema], prefix: str, listed: Listed
) -> list[tuple[str, tuple[str | None, ...]]]:
    found = []
    for name, field in schema().dump_fields.items():
        path = f"{prefix}{name}"
        if path in listed.without:
            continue
        if isinstance(field, fields.Nested) and not field.many:
            found += _vocabularies(type(field.schema), f"{path}.", listed)
        found += [
            (path, tuple(each.choices)) for each in field.validators if isinstance(each, validate.OneOf)
        ]
    return found


def _paths(schema: type[Schema], prefix: str) -> list[str]:
    found = []
    for name, field in schema().dump_fields.items():
        found.append(f"{prefix}{name}")
        if isinstance(field, fields.Nested) and not field.many:
            found += _paths(type(field.schema), f"{prefix}{name}.")
    return found
