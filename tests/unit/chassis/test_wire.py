"""What leaves a service: only what the schema declares, dates as text whether native or not."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from marshmallow import Schema, fields

from services.chassis.wire import canonical, encode, plain, shaped


class Inner(Schema):
    name = fields.String()


class Outer(Schema):
    held_on = fields.Date()
    inner = fields.Nested(Inner)
    inners = fields.List(fields.Nested(Inner))
    many = fields.Nested(Inner, many=True)
    by_key = fields.Dict(fields.String(), fields.Nested(Inner))
    free = fields.Dict()
    renamed = fields.String(data_key="as")
    written = fields.String(load_only=True)


SECRET = {"name": "n", "secret": 1}


def test_nothing_undeclared_leaves_at_any_depth():
    value = {
        "inner": SECRET,
        "inners": [SECRET],
        "many": [SECRET],
        "by_key": {"k": SECRET},
        "free": {"any": 1},
        "renamed": "r",
        "written": "w",
        "secret": 1,
    }
    assert shaped(Outer(), value) == {
        "inner": {"name": "n"},
        "inners": [{"name": "n"}],
        "many": [{"name": "n"}],
        "by_key": {"k": {"name": "n"}},
        "free": {"any": 1},
        "as": "r",
    }


@pytest.mark.parametrize("value", [None, {}, {"inner": None, "inners": None, "many": None}])
def test_what_is_absent_stays_absent(value):
    assert shaped(Outer(), value) == value


@pytest.mark.parametrize("day", [date(2026, 3, 5), "2026-03-05"])
def test_dates_leave_as_text_whether_native_or_not(day):
    assert json.loads(encode(shaped(Outer(), {"held_on": day}))) == {"held_on": "2026-03-05"}


def test_instants_leave_in_utc_to_the_millisecond():
    east = datetime(2026, 3, 5, 8, 0, 0, 123456, timezone(timedelta(hours=8)))
    assert plain(east) == "2026-03-05T00:00:00.123Z"
    assert plain(datetime(2026, 3, 5, tzinfo=UTC)) == "2026-03-05T00:00:00.000Z"
    assert plain(Decimal("1.50")) == "1.50"


def test_equal_requests_have_one_canonical_text():
    assert canonical({"a": 1, "b": [date(2026, 3, 5)]}) == canonical({"b": ["2026-03-05"], "a": 1})


def test_what_has_no_json_form_is_refused():
    with pytest.raises(TypeError):
        encode({"a": object()})
