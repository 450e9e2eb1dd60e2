"""The vault: what is sealed opens under its own field and key alone; masks show the ends only."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.vault import KEY_BYTES, SealBroken, Vault, mask_id_number, mask_phone

KEY = bytes(range(KEY_BYTES))
vault = Vault(KEY)


@given(st.text(max_size=200), st.text(min_size=1, max_size=20))
def test_what_is_sealed_opens_as_it_was(text: str, field: str) -> None:
    sealed = vault.seal(field, text)
    assert sealed.startswith("v1.")
    assert vault.open(field, sealed) == text
    assert len(text) < 4 or text not in sealed


@given(st.binary(max_size=200))
def test_bytes_open_as_they_were_under_their_own_field_and_whole(content: bytes) -> None:
    sealed = vault.seal_bytes("part", content)
    assert vault.open_bytes("part", sealed) == content
    assert len(content) < 13 or content not in sealed
    for field, other in (
        ("other", sealed),
        ("part", sealed[:-1]),
        ("part", content),
        ("part", b"\xff.\xff."),
    ):
        with pytest.raises(SealBroken):
            vault.open_bytes(field, other)


@given(st.text(min_size=1, max_size=30), st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_breaks_the_seal(text: str, position: int, change: int) -> None:
    sealed = vault.seal("phone", text)
    place = position % len(sealed)
    meddled = sealed[:place] + chr((ord(sealed[place]) + change) % 256) + sealed[place + 1 :]
    if meddled == sealed:
        return
    try:
        opened = vault.open("phone", meddled)
    except SealBroken:
        return
    assert opened == text  # only the spare bits of base64's last letter may differ


def test_another_field_or_key_does_not_open_it() -> None:
    sealed = vault.seal("phone", "13812345678")
    with pytest.raises(SealBroken):
        vault.open("number", sealed)
    with pytest.raises(SealBroken):
        Vault(os.urandom(KEY_BYTES)).open("phone", sealed)
    for nonsense in ("", "v1", "v1..", "v2.x.y", sealed[:-6], sealed + "é"):
        with pytest.raises(SealBroken):
            vault.open("phone", nonsense)


def test_a_retired_key_still_opens_what_it_sealed() -> None:
    successor = Vault(os.urandom(KEY_BYTES), retired=[KEY])
    assert successor.open("phone", vault.seal("phone", "138")) == "138"
    with pytest.raises(SealBroken):
        vault.open("phone", successor.seal("phone", "138"))


def test_the_same_text_is_sealed_otherwise_each_time_and_found_by_one_fingerprint() -> None:
    assert vault.seal("phone", "138") != vault.seal("phone", "138")
    assert vault.fingerprint("phone", "138") == Vault(KEY).fingerprint("phone", "138")
    others = {vault.fingerprint("number", "138"), vault.fingerprint("phone", "139")}
    assert vault.fingerprint("phone", "138") not in others
    assert Vault(os.urandom(KEY_BYTES)).fingerprint("phone", "138") != vault.fingerprint("phone", "138")


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(b"short")


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+8613812345678", "+86138****5678"),
        ("83290011", "******11"),
        ("110", "***"),
        ("", ""),
    ],
)
def test_a_masked_number_shows_its_ends(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


def test_an_identity_number_shows_neither_the_day_of_birth_nor_a_part_of_a_short_one() -> None:
    assert mask_id_number("11010519491231002X") == "110105********002X"
    assert mask_id_number("110105") == "******"
