"""Every address leads to a call that its service answers, with the schemas that the address publishes."""

from __future__ import annotations

import inspect
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway import openapi
from gateway.contracts import documents
from gateway.routes import ROUTES
from gateway.routing import Access, Call, Route
from services.chassis.rpc import Rpc
from services.evaluation.service import EvaluationService
from services.feedback.service import FeedbackService
from services.notify.service import NotifyService
from services.records.service import RecordsService

DOCS = Path(__file__).parents[2] / "docs"
SERVICES = (RecordsService, EvaluationService, NotifyService, FeedbackService)
CALLS = [(route, call) for route in ROUTES for call in route.calls]
# Answered, and asked by no address on purpose.
UNASKED: dict[str, str] = {}


@cache
def answered() -> dict[str, Rpc]:
    return {
        f"{service.name}.{name}": entrypoint
        for service in SERVICES
        for name, method in inspect.getmembers(service)
        for entrypoint in getattr(method, "nameko_entrypoints", ())
        if isinstance(entrypoint, Rpc)
    }


@cache
def document() -> dict[str, Any]:
    """The published document; nobody changes it here."""
    return openapi.document(ROUTES)


@cache
def published() -> dict[str, str]:
    return documents()


@pytest.mark.parametrize(
    ("route", "call"), CALLS, ids=[f"{call.method}-{route.path}" for route, call in CALLS]
)
def test_the_call_of_an_address_is_answered_with_the_same_schemas(route: Route, call: Call) -> None:
    entrypoint = answered()[call.method]
    assert entrypoint.request is call.request
    assert entrypoint.response is call.response


@pytest.mark.parametrize(
    ("route", "call"), CALLS, ids=[f"{call.method}-{route.path}" for route, call in CALLS]
)
def test_an_address_without_a_session_leads_only_to_calls_that_need_none(route: Route, call: Call) -> None:
    entrypoint = answered()[call.method]
    if route.access is Access.SESSION:
        assert not entrypoint.anonymous
    elif route.path != "/api/v1/opinions":  # one address, two ways to speak
        assert entrypoint.public or entrypoint.anonymous
        assert entrypoint.anonymous == (route.access is Access.ANONYMOUS)


def test_every_call_of_every_service_has_an_address() -> None:
    asked = {call.method for _, call in CALLS}
    assert set(answered()) - asked == set(UNASKED)


@pytest.mark.parametrize("route", ROUTES, ids=[f"{route.method} {route.path}" for route in ROUTES])
def test_places_and_headers_of_an_address_are_fields_of_its_form(route: Route) -> None:
    declared = route.form._declared_fields
    assert set(route.places) <= set(declared)
    assert set(route.headers) <= set(declared)
    assert route.expects is None or route.expects in declared
    if route.location is not None:
        assert route.location.format(id="x", file="x").endswith("/x")


@pytest.mark.parametrize("name", ["openapi.yaml", "asyncapi.yaml"])
def test_a_published_document_says_what_runs(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == published()[name], "`make contracts` was not run"


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [route.operation for route in ROUTES]
    assert len(set(names)) == len(names)


def test_every_schema_of_the_document_is_one_and_every_reference_leads_somewhere() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in set(_references(document())):
        found: Any = document()
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_the_document_tells_which_addresses_need_no_session() -> None:
    opened = {
        (method, path)
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
        if operation["security"] == []
    }
    assert opened == {
        (route.method.lower(), route.path)
        for route in ROUTES
        if route.access is not Access.SESSION and route.path != "/api/v1/opinions"
    }


def test_an_opinion_is_answered_by_itself_or_by_a_receipt_and_the_document_says_so() -> None:
    answer = document()["paths"]["/api/v1/opinions"]["post"]["responses"]["201"]
    shapes = answer["content"]["application/json"]["schema"]["oneOf"]
    assert [each["$ref"].rpartition("/")[2] for each in shapes] == ["Opinion", "Receipt"]
    assert {"ETag", "Location"} <= set(answer["headers"])


def test_what_a_call_cannot_do_without_is_required_of_a_header() -> None:
    receipts = document()["paths"]["/api/v1/sms/receipts"]["post"]
    token = next(each for each in receipts["parameters"] if each["name"] == "X-Receipt-Token")
    assert token["required"]


def test_answers_may_gain_fields_and_requests_may_not() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["PlanActivity"]["additionalProperties"] is False
    for answer in ("Activity", "Organisation", "Problem"):
        assert "additionalProperties" not in schemas[answer]


def test_a_process_that_is_not_ready_answers_as_the_document_says() -> None:
    answers = document()["paths"]["/readyz"]["get"]["responses"]
    assert list(answers["503"]["content"]) == ["application/json"]
    assert answers["503"]["content"] == answers["200"]["content"]


def test_no_schema_asks_the_client_who_it_is() -> None:
    text = json.dumps(document()["paths"])
    assert "X-Actor" not in text
    for route in ROUTES:
        assert "actor" not in route.client_fields


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [each for below in value.values() for each in _references(below)]
    if isinstance(value, list):
        return [each for below in value for each in _references(below)]
    return []
