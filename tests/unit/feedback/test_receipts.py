"""Receipt codes: repeatable, hard to mistype, and never kept."""

from __future__ import annotations

import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.feedback.opinions.receipts import code_from, opinion_of

secrets = st.text(min_size=1, max_size=80)


@given(secrets)
def test_the_same_secret_gives_the_same_code(secret):
    assert code_from(secret) == code_from(secret)


@given(secrets, secrets)
def test_different_secrets_give_different_codes(one, other):
    assert (code_from(one) == code_from(other)) == (one == other)


@given(secrets)
def test_a_code_is_five_groups_of_letters_that_are_not_mistaken(secret):
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}", code_from(secret))


@given(secrets, st.data())
def test_a_code_is_understood_however_it_was_typed(secret, data):
    code = code_from(secret)
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
    assert UUID(opinion_of(code_from(secret))).version == 5
