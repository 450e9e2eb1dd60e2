"""Tickets: drawn once by whoever is entitled, spent once by whoever holds them, and refused clearly else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deploy.local.tour_tickets import handed_in, new_ticket
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.offload import offload
from services.feedback.tickets.signing import SigningKey, to_base64


def drawn(box, person: str):
    """What ``person`` sent to be signed, and what came back."""
    told = box.call(None, "get_ticket_key")
    tickets = [new_ticket(told["public_key"], told["label"]) for _ in range(told["tickets"])]
    asked = [to_base64(each.blinded) for each in tickets]
    return tickets, asked, box.call(person, "draw_tickets", blinded=asked)


def test_tickets_are_drawn_once_a_period_and_a_lost_answer_is_given_again(box):
    tickets, asked, answer = drawn(box, "member")
    assert box.call("member", "draw_tickets", blinded=asked)["signatures"] == answer["signatures"]
    with pytest.raises(Conflict, match="drawn_already"):
        drawn(box, "member")
    drawn(box, "dean")
    for ticket, signature in zip(tickets, answer["signatures"], strict=True):
        spent = handed_in(answer["key"], answer["public_key"], ticket, signature)
        box.say(None, ticket=spent, text=f"Said with {ticket.message.hex()[:8]}")

    box.clock.advance(timedelta(days=92))
    _, _, later = drawn(box, "member")
    assert later["key"] != answer["key"]


def test_who_is_not_on_the_roster_or_asks_for_another_number_draws_none(box):
    told = box.call(None, "get_ticket_key")
    one = to_base64(new_ticket(told["public_key"], told["label"]).blinded)
    with pytest.raises(Forbidden, match="not_eligible"):
        box.call("stranger", "draw_tickets", blinded=[one] * told["tickets"])
    with pytest.raises(Invalid, match="number_wrong"):
        box.call("member", "draw_tickets", blinded=[one])
    with pytest.raises(Invalid, match="not_blinded"):
        box.call("member", "draw_tickets", blinded=[f"{at:04}" for at in range(told["tickets"])])
    drawn(box, "member")  # what was refused has cost nothing


def test_below_the_smallest_class_nobody_would_be_anonymous_and_no_ticket_is_given_out(box):
    tickets = box.application.tickets_to_speak
    tickets._rules = replace(tickets._rules, smallest_class=20, source="tickets-default 第一条")
    eight = [to_base64(bytes([at]) * 256) for at in range(8)]
    for call, asked in (("get_ticket_key", {}), ("draw_tickets", {"blinded": eight})):
        with pytest.raises(Conflict, match="class_too_small") as refused:
            box.call("member", call, **asked)
        assert refused.value.params["smallest"] == 20


def test_a_ticket_is_spent_once_and_the_same_words_are_answered_the_same(box):
    ticket = box.ticket()
    first = box.say(None, ticket=ticket)
    assert box.say(None, ticket=ticket) == first
    box.release()
    assert box.say(None, ticket=ticket) == first, "also once it is released"
    for other in ({"text": "Something else."}, {"organisation": "next-door"}, {"about_head": True}):
        with pytest.raises(Conflict, match="spent"):
            box.say(None, ticket=ticket, **other)
    assert box.application.opinions.get(box.only_opinion()).state["text"] == "There are too few chairs."
    assert box.say(None)["receipt"] != first["receipt"]


def test_a_forged_foreign_or_old_ticket_is_refused_and_others_go_on(box):
    ticket = box.ticket()
    own = SigningKey.new()
    strange = new_ticket(own.public, "jishi ticket " + ticket["key"])
    forged = handed_in(ticket["key"], own.public, strange, to_base64(own.blind_sign(strange.blinded)))
    for wrong, code in (
        (forged, "ticket.forged"),
        (ticket | {"signature": "AAAA"}, "ticket.forged"),
        (ticket | {"signature": "?"}, "ticket.malformed"),
        (ticket | {"message": ticket["message"][:-4]}, "ticket.malformed"),
        (ticket | {"key": "another"}, "ticket.malformed"),
    ):
        with pytest.raises(Invalid) as refused:
            box.say(None, ticket=wrong)
        assert (refused.value.code, list(refused.value.fields)) == (code, ["ticket"])
    with pytest.raises(Invalid, match="invalid"):
        box.call(None, "submit_anonymous_opinion", organisation="branch", category="other", text="No ticket.")
    with pytest.raises(Invalid, match="invalid"):
        box.say("member", ticket=ticket)
    assert box.application.opinions.find() == []

    box.clock.advance(timedelta(days=112))  # 2026-06-30, the last day of the period after the one of the draw
    box.say(None, ticket=ticket)
    old = ticket | {}
    box.clock.advance(timedelta(days=1))
    with pytest.raises(Conflict, match="expired"):
        box.say(None, ticket=old)
    box.say(None)


def test_keys_are_made_in_a_process_of_their_own(servers):
    texts = offload("services.feedback.tickets.signing:new_key_texts", 2, timeout=60)
    assert len({SigningKey.from_text(each).public for each in texts}) == 2
