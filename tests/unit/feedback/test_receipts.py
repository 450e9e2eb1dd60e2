"""Receipt codes: repeatable, hard to mistype, and never kept."""

from __future__ import annotations

import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.feedback.opinions.receipts import code_of, opinion_of
from services.feedback.tickets.model import Ticket

secrets = st.builds(Ticket, st.just("key"), st.binary(min_size=1, max_size=80), st.binary(max_size=2))


@given(secrets)
def test_the_same_ticket_gives_the_same_code(secret):
    assert code_of(secret) == code_of(secret)


@given(secrets, secrets)
def test_different_tickets_give_different_codes(one, other):
    assert (code_of(one) == code_of(other)) == (one.message == other.message)


@given(secrets)
def test_a_code_is_five_groups_of_letters_that_are_not_mistaken(secret):
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}", code_of(secret))


@given(secrets, st.data())
def test_a_code_is_understood_however_it_was_typed(secret, data):
    code = code_of(secret)
    typed = data.draw(
        st.sampled_from(
            [
                code.lower(),
                code.replace("-", ""),
                code.replace("-", " "),
                code.replace("-", "–"),  # a phone's keyboard makes this dash
                f"  {code}\n",
                code.replace("0", "O").replace("1", "l"),
            ]
        )
    )
    assert opinion_of(typed) == opinion_of(code)


@given(st.text(max_size=64))
def test_whatever_is_typed_leads_to_an_id_and_never_to_an_error(typed):
    assert str(UUID(opinion_of(typed))) == opinion_of(typed)


@given(secrets)
def test_the_id_says_nothing_of_a_time(secret):
    assert UUID(opinion_of(code_of(secret))).version == 5
