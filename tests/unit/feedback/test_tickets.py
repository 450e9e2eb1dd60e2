"""How long tickets may be spent, for how large a class there is a key, and what a spent one leaves."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import load_all
from services.feedback.tickets import model
from services.feedback.tickets.model import Ticket, TicketRules

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
MONTHS = st.sampled_from([1, 2, 3, 4, 6, 12])
PACKS = {
    pack.id: pack for pack in load_all(Path(model.__file__).parent.parent / "policies", "tickets-*.yaml")
}


@given(DAYS, MONTHS)
def test_every_day_is_in_one_period_and_periods_follow_each_other(today, months):
    period = model.period_of(today, months)
    ends = model.last_day(period, months, 1)
    assert period <= today <= ends
    assert model.period_of(ends + timedelta(days=1), months) == ends + timedelta(days=1)


@given(DAYS, MONTHS, st.integers(1, 8))
def test_a_ticket_lives_as_many_periods_as_the_rule_says(today, months, periods):
    period = model.period_of(today, months)
    following = period
    for _ in range(periods):
        following = model.last_day(following, months, 1) + timedelta(days=1)
    assert model.last_day(period, months, periods) == following - timedelta(days=1)


def test_a_class_that_is_too_small_is_rolled_up_and_below_the_root_refused():
    sizes = {"university": 60, "faculty": 25, "branch": 7}
    path = ("university", "faculty", "branch")
    assert model.class_of(path, sizes, 20, "pack 第一条") == "faculty"
    assert model.class_of(path, sizes, 26, "pack 第一条") == "university"
    assert model.class_of(path, sizes, 5, "pack 第一条") == "branch"
    with pytest.raises(Conflict) as refused:
        model.class_of(path, sizes, 61, "pack 第一条")
    assert refused.value.code == "tickets.class_too_small"
    assert refused.value.params == {"smallest": 61, "source": "pack 第一条"}


def test_a_ticket_says_for_which_key_it_is():
    good = Ticket("key-1", bytes(32) + model.label("key-1"), b"")
    assert model.is_well_formed(good)
    for message in (b"", bytes(31) + model.label("key-1"), bytes(33) + model.label("key-1")):
        assert not model.is_well_formed(Ticket("key-1", message, b""))
    assert not model.is_well_formed(Ticket("key-2", good.message, b""))


def test_one_message_is_one_ticket_whatever_signature_comes_with_it():
    message = bytes(32) + model.label("key-1")
    marks = {model.mark_of(Ticket("key-1", message, signature)) for signature in (b"a", b"b")}
    assert len(marks) == 1
    assert model.mark_of(Ticket("key-1", bytes(31) + b"x" + model.label("key-1"), b"a")) not in marks


def test_a_draw_is_known_again_by_its_blinded_messages_in_their_order():
    drawn = model.digest_of([b"one", b"two"])
    model.require_as_drawn(drawn, model.digest_of([b"one", b"two"]))
    for other in ([b"two", b"one"], [b"onetwo"], [b"one"], [b"one", b"two", b"three"]):
        with pytest.raises(Conflict, match="drawn_already"):
            model.require_as_drawn(drawn, model.digest_of(other))


def test_everybody_draws_as_many_and_none_twice():
    rules = TicketRules.from_pack(PACKS["tickets-default"])
    several = [bytes([at]) for at in range(rules.each)]
    model.require_number(several, rules)
    for wrong in (several[1:], [*several, b"x"], [several[0]] * rules.each, []):
        with pytest.raises(Invalid, match="number_wrong"):
            model.require_number(wrong, rules)


def test_the_packs_say_the_rules_and_the_local_one_differs_in_the_class_alone():
    given, local = (TicketRules.from_pack(PACKS[name]) for name in ("tickets-default", "tickets-local"))
    assert given.smallest_class == 20
    assert 12 % given.months == 0
    assert (given.months, given.each, given.periods) == (local.months, local.each, local.periods)
    assert given.source == "tickets-default 第一条"
