"""One declaration a route: found by method and path, claimed once, its fields from one place each."""

from __future__ import annotations

import pytest

from gateway.refusals import MethodNotAllowed, NoSuchRoute
from gateway.routes import ROUTES
from gateway.routing import Route, Table


def test_a_place_holds_one_part_of_the_path() -> None:
    table = Table(ROUTES)
    route, values = table.find("GET", "/api/v1/scores/o-1/explanation")
    assert route.path == "/api/v1/scores/{organisation}/explanation"
    assert values == {"organisation": "o-1"}
    with pytest.raises(NoSuchRoute):
        table.find("GET", "/api/v1/scores/o-1/o-2/explanation")


def test_a_written_path_goes_before_a_place() -> None:
    assert Table(ROUTES).find("GET", "/api/v1/opinions/receipts/C")[1] == {"code": "C"}


def test_head_goes_where_get_goes_and_the_rest_is_told() -> None:
    table = Table(ROUTES)
    assert table.find("HEAD", "/api/v1/me")[0].method == "GET"
    with pytest.raises(MethodNotAllowed) as refused:
        table.find("PUT", "/api/v1/me")
    assert refused.value.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_two_routes_cannot_claim_one_address() -> None:
    first, second = Route("GET", "/a/{x}", "", ""), Route("GET", "/a/{y}", "", "")
    with pytest.raises(ValueError, match="two routes claim"):
        Table([first, second])


def test_a_field_comes_from_one_place() -> None:
    for route in ROUTES:
        assert not {*route.places, *route.headers, route.expects} & set(route.client_fields)
