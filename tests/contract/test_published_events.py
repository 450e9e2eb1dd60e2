"""What other systems were promised stays so: every published event against its snapshot."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway import asyncapi
from gateway.audiences import (
    ADDRESSED,
    CONCERNED,
    EVERYBODY,
    MEMBERS,
    NOBODY,
    OPINION_HANDLERS,
    OWNER,
    POST_HOLDERS,
    REVIEWERS,
)
from gateway.compatibility import broken
from gateway.contracts import broken_promises
from gateway.contracts import snapshots as make_snapshots
from gateway.published import contracts

SNAPSHOTS = Path(__file__).parent / "snapshots"
APPROVED = "records.activity.approved.v1"


@cache
def snapshots() -> dict[str, str]:
    """All of them are made at once, and asked for by each of a hundred tests."""
    return make_snapshots()


def published(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SNAPSHOTS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("name", sorted(contracts()))
def test_a_published_event_is_as_it_was_published(name: str) -> None:
    assert (SNAPSHOTS / f"{name}.json").exists(), "a new event: `make contracts` takes its snapshot"
    current = snapshots()[f"{name}.json"]
    assert broken(published(name), json.loads(current)) == []
    assert (SNAPSHOTS / f"{name}.json").read_text(encoding="utf-8") == current, "`make contracts` was not run"


def test_no_published_event_is_gone() -> None:
    assert broken_promises(SNAPSHOTS, snapshots()) == []


def test_a_published_event_that_is_gone_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "records.activity.forgotten.v1.json").write_text("{}")
    assert "no contract" in broken_promises(tmp_path, snapshots())[0]


def _without(schema: dict[str, Any], name: str) -> None:
    del schema["properties"][name]
    schema["required"] = [each for each in schema["required"] if each != name]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda schema: _without(schema, "late"), "is gone"),
        (lambda schema: schema["required"].remove("late"), "is optional now"),
        (lambda schema: schema["required"].append("imported"), "is required now"),
        (lambda schema: schema["properties"]["late"].update(type="string"), "another type"),
        (lambda schema: schema["properties"]["held_on"].pop("format"), "another format"),
        (lambda schema: schema["properties"]["present"].update(minimum=1), "another minimum"),
        (lambda schema: schema["properties"]["kind"]["enum"].remove("talk"), "can no longer be talk"),
    ],
)
def test_a_change_that_breaks_a_reader_is_noticed(change: Any, said: str) -> None:
    current = copy.deepcopy(published(APPROVED))
    change(current)
    (problem,) = broken(published(APPROVED), current)
    assert said in problem


@pytest.mark.parametrize(
    "change",
    [
        lambda schema: schema["properties"].update(more={"type": "string"}),
        lambda schema: schema["properties"]["kind"]["enum"].append("choir"),
        lambda schema: schema["properties"]["late"].update(description="in other words"),
    ],
)
def test_an_addition_breaks_nobody(change: Any) -> None:
    current = copy.deepcopy(published(APPROVED))
    change(current)
    assert broken(published(APPROVED), current) == []


@pytest.mark.parametrize("name", sorted(contracts()))
def test_a_reader_that_checks_by_the_published_schema_takes_what_is_added_later(name: str) -> None:
    validator = Draft202012Validator({**published(name), "required": []})
    assert validator.is_valid({"a_field_of_tomorrow": 1})


def test_every_event_has_a_rule_of_who_may_see_it_live() -> None:
    ruled = {
        **EVERYBODY,
        **ADDRESSED,
        **MEMBERS,
        **POST_HOLDERS,
        **CONCERNED,
        **REVIEWERS,
        **OPINION_HANDLERS,
        **NOBODY,
    }
    own = {name for name, contract in contracts().items() if contract.exchange().endswith(".events")}
    assert set(ruled) == {name for name in own if not name.startswith("campus.")}
    for name, shown in {**ruled, **OWNER}.items():
        assert set(shown) <= set(contracts()[name]._declared_fields), name


@pytest.mark.parametrize("name", sorted(contracts()))
def test_the_published_schema_of_an_event_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(published(name))


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document = asyncapi.document()
    for reference in _references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [each for below in value.values() for each in _references(below)]
    if isinstance(value, list):
        return [each for below in value for each in _references(below)]
    return []
