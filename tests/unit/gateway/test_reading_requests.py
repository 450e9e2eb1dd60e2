"""What of a body, a query and a language header is taken, and what is refused before anybody is asked."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields

from gateway.forms import expected_version, gathered
from gateway.refusals import Malformed, TooLarge, TooSlow
from gateway.request import DEEPEST, Request, parsed, preferred_language
from gateway.routes import ROUTES
from gateway.routing import Route
from services.chassis.errors import Invalid
from services.chassis.wire import encode

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def a_request(method: str = "GET", query: str = "", body: bytes = b"", **headers: str) -> Request:
    return Request(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/",
            "QUERY_STRING": query,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
    )


@settings(max_examples=40)
@given(st.dictionaries(st.text(), JSON_VALUES, max_size=3))
def test_what_is_taken_can_be_carried_on(value: dict[str, Any]) -> None:
    try:
        taken = parsed(json.dumps(value).encode())
    except Malformed:
        return  # half a character, or too deep
    assert taken == value
    encode(taken)


@given(st.binary(max_size=200))
def test_no_bytes_are_more_than_malformed(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert isinstance(parsed(body), dict)


def test_depth_is_taken_up_to_the_limit() -> None:
    deep = b'{"a":' * (DEEPEST - 1) + b"{}" + b"}" * (DEEPEST - 1)
    assert parsed(deep)
    with pytest.raises(Malformed, match=r"body\.too_deep"):
        parsed(b'{"a":' + deep + b"}")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "zh"),
        ("*", "zh"),
        ("fr, de", "zh"),
        ("en", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh;q=0.2, en-US;q=0.3", "en"),
        ("en;q=0", "zh"),
        ("en;q=much", "zh"),
    ],
)
def test_the_language_is_what_the_reader_prefers(accepted: str, language: str) -> None:
    assert preferred_language(accepted) == language


class Form(Schema):
    place = fields.String(required=True)
    count = fields.Integer(strict=True)
    wanted = fields.Boolean()
    names = fields.List(fields.String())
    version = fields.Integer(strict=True)


def a_route(method: str = "GET") -> Route:
    return Route(method, "/{place}", "", "", body=Form, expects="version")


def ask(query: str = "", **headers: str) -> dict[str, Any]:
    request = a_request(query=query, **headers)
    request.path_values = {"place": "here"}
    return gathered(a_route(), request)


def test_a_query_takes_the_types_of_the_form() -> None:
    assert ask("count=-7&wanted=false&names=a,b&names=c") == {
        "place": "here",
        "count": -7,
        "wanted": False,
        "names": ["a", "b", "c"],
    }


@pytest.mark.parametrize("query", ["count=1.0", "wanted=perhaps", "place=there", "version=3", "other=x"])
def test_what_has_not_the_type_of_the_form_is_refused(query: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(query)
    assert set(refused.value.fields) == {query.split("=")[0]}


WITH_A_NUMBER = [
    route
    for route in ROUTES
    if any(isinstance(route.form._declared_fields.get(place), fields.Integer) for place in route.places)
]


@pytest.mark.parametrize("route", WITH_A_NUMBER, ids=lambda route: route.operation)
def test_a_number_in_the_path_is_a_number(route: Route) -> None:
    """Path values went on as text, and every address with a year was refused."""
    request = a_request(route.method, body=b"{}")
    request.path_values = dict.fromkeys(route.places, "2026")
    wrong: dict[str, Any] = {}
    try:
        wrong = {name: value for name, value in gathered(route, request).items() if value == "2026"}
    except Invalid as refused:  # of what the body lacks, at any rate
        wrong = refused.fields
    assert "year" in route.places
    assert "year" not in wrong


def test_every_field_that_is_published_is_taken_by_its_name() -> None:
    """Numbers could not be unmasked: a field with another name in the code was refused as unknown."""
    unknown: dict[str, str] = {}
    for route in ROUTES:
        form = route.form()
        named = {each.data_key or name for name, each in form.load_fields.items()}
        sent = named - {*route.places, *route.headers, route.expects}
        query = "&".join(f"{name}=x" for name in sent) if route.reads else ""
        request = a_request(route.method, query, json.dumps(dict.fromkeys(sent, "x")).encode())
        request.path_values = dict.fromkeys(route.places, "x")
        try:
            gathered(route, request)
        except Invalid as refused:
            told = str(refused.fields)
            if "field.unknown" in told or "Unknown field." in told:
                unknown[route.operation] = told
    assert unknown == {}


def test_a_value_left_empty_in_a_form_is_left_out() -> None:
    assert ask("count=&names=") == {"place": "here"}


def test_the_version_comes_from_the_header_alone() -> None:
    assert ask(if_match='"12"')["version"] == 12
    assert "version" not in ask(if_match="*")
    assert expected_version(a_request(if_match='W/"3"')) == 3
    with pytest.raises(Malformed):
        ask(if_match='"twelve"')


def test_a_body_is_refused_by_what_it_announces() -> None:
    request = a_request("POST", body=b"x" * 11)
    with pytest.raises(TooLarge) as refused:
        next(request.stream(10))
    assert refused.value.closes
    assert request.environ["wsgi.input"].tell() == 0


def test_a_body_that_never_ends_is_given_up() -> None:
    import eventlet

    class Dripping:
        def read(self, size: int) -> bytes:
            eventlet.sleep(0.01)
            return b"x"

    request = a_request("POST")
    request.environ = {**request.environ, "wsgi.input": Dripping(), "CONTENT_LENGTH": "100000"}
    with pytest.raises(TooSlow):
        for _ in request.stream(200_000, seconds=0.1):
            pass
