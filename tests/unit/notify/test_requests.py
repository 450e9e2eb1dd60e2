"""What another system may ask to be sent: allowed templates, exactly their variables, no addresses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Permanent
from services.contracts.campus_events import MessageRequested
from services.notify.application import FOLDER
from services.notify.messages.model import Purpose
from services.notify.requests.model import FURTHEST, check, check_allowed, is_the_same
from services.notify.templates.register import load_shipped

NOW = datetime(2026, 9, 21, 4, 0, tzinfo=UTC)
NOTICE = load_shipped(FOLDER / "templates")["campus-notice.v1"]
ASKED = {
    "reference": "library-2026-0001",
    "template": "campus-notice",
    "person": "p-1",
    "variables": {"system": "图书馆", "matter": "归还图书", "until": "9月30日"},
}


def asked(**changes: Any) -> dict[str, Any]:
    """The data as it is after the contract let it pass; None leaves a field out."""
    given_ = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
    return MessageRequested.decode(given_)


def test_a_request_that_keeps_the_rules_passes() -> None:
    check_allowed("campus-notice", ("campus-notice",))
    check(asked(), NOTICE, NOW)
    check(asked(person=None, organisation="o-1"), NOTICE, NOW)
    check(asked(person=None, number="2021001234"), NOTICE, NOW)
    check(asked(not_before=(NOW + FURTHEST).isoformat()), NOTICE, NOW)


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        ({"organisation": "o-1"}, "recipient_unclear", "number, person, organisation"),
        ({"number": "2021001234"}, "recipient_unclear", "number, person, organisation"),
        ({"person": None}, "recipient_unclear", "number, person, organisation"),
        ({"variables": {"system": "图书馆"}}, "variables_differ", "variables: system, matter, until"),
        ({"variables": {**ASKED["variables"], "more": "x"}}, "variables_differ", "variables: system, m"),
        ({"variables": {**ASKED["variables"], "matter": "http://a"}}, "variable_unfit", "variables.matter"),
        ({"variables": {**ASKED["variables"], "until": "evil.CN/1"}}, "variable_unfit", "variables.until"),
        ({"not_before": (NOW + FURTHEST + timedelta(1)).isoformat()}, "not_before_too_far", "not_before"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_by_names_alone(
    changes: dict, reason: str, detail: str
) -> None:
    with pytest.raises(Permanent) as refused:
        check(asked(**changes), NOTICE, NOW)
    assert refused.value.reason == reason
    assert refused.value.detail.startswith(detail)


@pytest.mark.parametrize(
    "changes",
    [
        {"variables": {"system": "a" * 41}},
        {"variables": {"System": "a"}},
        {"variables": {"system": "\u0000"}},
        {"variables": {"system": ""}},
        {"variables": {f"v{n}": "a" for n in range(13)}},
        {"variables": ["system"]},
        {"variables": None},
        {"template": "../campus-notice"},
        {"reference": ""},
        {"person": None, "number": "2021 001234"},
        {"not_before": "2026-09-21T08:00:00"},
        {"urgent": "very"},
    ],
)
def test_what_is_no_request_breaks_the_contract(changes: dict) -> None:
    with pytest.raises(Permanent, match="contract_broken"):
        asked(**changes)


def test_only_listed_templates_may_be_asked_for() -> None:
    with pytest.raises(Permanent, match="template_not_allowed"):
        check_allowed("reminder-overdue", ("campus-notice",))


@given(st.dictionaries(st.sampled_from([*NOTICE.variables, "x"]), st.text(min_size=1, max_size=40)))
def test_what_passes_fills_the_template(variables: dict[str, str]) -> None:
    try:
        said = asked(variables=variables)
        check(said, NOTICE, NOW)
    except Permanent:
        return
    text = NOTICE.render("zh", said["variables"])
    assert len(text) <= NOTICE.most_characters
    assert "\n" not in text


def requested(**changes: Any) -> Purpose:
    """What a request for a person makes; with ``answers_as`` one for whoever answers somewhere."""
    given_: dict[str, Any] = {
        "channel": "sms",
        "template": "campus-notice.v1",
        "step": "asked",
        "organisation": "o-1",
        "obligation": None,
        "round": 0,
        "recipient": "p-1",
        "text": "",
        "variables": ASKED["variables"],
    }
    return Purpose(**{**given_, **changes})


@pytest.mark.parametrize(
    ("before", "again", "same"),
    [
        ({}, {}, True),
        ({}, {"organisation": "o-2"}, True),  # they belong elsewhere by now
        ({}, {"template": "campus-notice.v2"}, True),
        ({"answers_as": "head"}, {"answers_as": "deputy", "recipient": "p-2"}, True),
        ({"answers_as": "head"}, {"recipient": None}, True),  # nobody answers any more
        ({}, {"recipient": "p-2"}, False),
        ({}, {"answers_as": "head"}, False),
        ({"answers_as": "head"}, {"answers_as": "head", "organisation": "o-2"}, False),
        ({}, {"variables": {**ASKED["variables"], "matter": "另一件事"}}, False),
        ({}, {"template": "campus-other.v1"}, False),
    ],
)
def test_a_reference_is_one_message_to_one_recipient(before: dict, again: dict, same: bool) -> None:
    assert is_the_same(requested(**before), requested(**again)) is same
