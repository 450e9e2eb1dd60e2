"""Blind signatures are those of RFC 9474, and what the signer sees fits every ticket equally well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local import tour_tickets as client
from services.feedback.tickets import signing
from services.feedback.tickets.signing import NotSignable, SigningFailed, SigningKey, verified

VECTOR = json.loads(
    (Path(__file__).parent / "vectors" / "rsabssa_sha384_pss_randomized.json").read_text(encoding="utf-8")
)


def key_of_the_vector() -> SigningKey:
    p, q = int(VECTOR["p"], 16), int(VECTOR["q"], 16)
    d = pow(65537, -1, (p - 1) * (q - 1))
    return SigningKey(
        rsa.RSAPrivateNumbers(
            p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(65537, p * q)
        )
    )


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.new()


def test_the_test_vector_of_rfc_9474_is_met_step_by_step():
    key = key_of_the_vector()
    public = client.loaded(key.public)
    prepared = bytes.fromhex(VECTOR["msg_prefix"] + VECTOR["msg"])
    factor = pow(int(VECTOR["inv"], 16), -1, public.public_numbers().n)
    ticket = client.blind(public, prepared, bytes.fromhex(VECTOR["salt"]), factor)
    assert ticket.blinded.hex() == VECTOR["blinded_msg"]
    blind_signature = key.blind_sign(ticket.blinded)
    assert blind_signature.hex() == VECTOR["blind_sig"]
    signature = client.finalize(public, ticket, blind_signature)
    assert signature.hex() == VECTOR["sig"]
    assert verified(key.public, prepared, signature)


def test_a_signature_holds_for_its_own_message_and_key_alone(key):
    ticket = client.new_ticket(key.public, "label")
    signature = client.finalize(client.loaded(key.public), ticket, key.blind_sign(ticket.blinded))
    assert verified(key.public, ticket.message, signature)
    assert not verified(key.public, ticket.message + b"x", signature)
    assert not verified(key.public, ticket.message, signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not verified(key.public, ticket.message, b"")
    assert not verified(SigningKey.new().public, ticket.message, signature)


def test_the_same_blinded_message_is_signed_the_same_whatever_masks_it(key):
    blinded = client.new_ticket(key.public, "label").blinded
    assert len({key.blind_sign(blinded) for _ in range(3)}) == 1


@pytest.mark.parametrize("wrong", ["empty", "short", "long", "zero", "modulus", "all_ones"])
def test_what_is_no_number_below_the_modulus_is_not_signed(key, wrong):
    n = client.loaded(key.public).public_numbers().n
    size = signing.MODULUS_BITS // 8
    content = {
        "empty": b"",
        "short": bytes(size - 1),
        "long": bytes(size + 1),
        "zero": bytes(size),
        "modulus": n.to_bytes(size),
        "all_ones": b"\xff" * size,
    }[wrong]
    with pytest.raises(NotSignable):
        key.blind_sign(content)


def test_a_miscalculated_signature_does_not_leave(key):
    """A fault in one half of the private operation would give the factors of the key away."""
    numbers = key._private
    broken = SigningKey(
        rsa.RSAPrivateNumbers(
            numbers.p,
            numbers.q,
            numbers.d,
            numbers.dmp1 ^ 2,
            numbers.dmq1,
            numbers.iqmp,
            numbers.public_numbers,
        )
    )
    with pytest.raises(SigningFailed):
        broken.blind_sign(client.new_ticket(key.public, "label").blinded)


def test_a_forged_blind_signature_is_found_out_by_the_client(key):
    ticket = client.new_ticket(key.public, "label")
    signed = key.blind_sign(ticket.blinded)
    with pytest.raises(InvalidSignature):
        client.finalize(client.loaded(key.public), ticket, bytes([signed[0] ^ 1]) + signed[1:])


def test_what_was_signed_fits_every_ticket_that_was_spent(key):
    """Perfect blindness: for every pair of a blinded message and a ticket some factor joins them."""
    n, e = client.loaded(key.public).public_numbers().n, 65537
    public = client.loaded(key.public)
    tickets = [client.new_ticket(key.public, "label") for _ in range(6)]
    encoded = [
        pow(int.from_bytes(client.finalize(public, each, key.blind_sign(each.blinded))), e, n)
        for each in tickets
    ]
    d = key._private.d
    for seen in tickets:
        for message in encoded:
            factor = pow(int.from_bytes(seen.blinded) * pow(message, -1, n) % n, d, n)
            assert message * pow(factor, e, n) % n == int.from_bytes(seen.blinded)


def test_a_client_that_does_not_blind_is_found_out(key):
    """The control of the test above: without a factor the issuer recognises each ticket when it is spent."""
    public = client.loaded(key.public)
    tickets = [client.blind(public, bytes([at]) * 32, bytes(48), 1) for at in range(6)]
    spent = [client.finalize(public, each, key.blind_sign(each.blinded)) for each in tickets]
    n = public.public_numbers().n
    assert [pow(int.from_bytes(each), 65537, n).to_bytes(256) for each in spent] == [
        each.blinded for each in tickets
    ]


def test_a_key_survives_being_kept(key):
    again = SigningKey.from_text(key.text())
    assert again.public == key.public
    assert repr(again) == "SigningKey()"


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_base64_has_one_spelling(content):
    text = signing.to_base64(content)
    assert signing.from_base64(text) == content
    for other in (text + "=", text + "\n", f" {text}", text + "!"):
        assert signing.from_base64(other) is None


@given(st.text(max_size=30))
def test_any_text_at_all_is_bytes_or_none(text):
    found = signing.from_base64(text)
    assert found is None or signing.to_base64(found) == text
