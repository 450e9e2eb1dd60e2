"""Session tokens: genuine and current, or refused without a word about their content."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from services.chassis import session
from services.chassis.errors import Unauthenticated

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PRIVATE, PUBLIC = session.new_keys()


def token(**changes: object) -> str:
    claims = {"iss": "jishi", "sub": "p-1", "iat": NOW, "exp": NOW + timedelta(hours=1), "jti": "x"} | changes
    return jwt.encode(claims, session.private(PRIVATE), algorithm="EdDSA")


def test_a_genuine_token_names_its_person() -> None:
    issued = session.issue(PRIVATE, "p-1", timedelta(hours=1), NOW)
    assert session.verify(PUBLIC, issued, NOW) == "p-1"
    assert session.verify(PUBLIC, issued, NOW + timedelta(minutes=59)) == "p-1"


def test_a_token_ends_at_its_time_also_when_it_was_checked_before() -> None:
    issued = session.issue(PRIVATE, "p-1", timedelta(hours=1), NOW)
    session.verify(PUBLIC, issued, NOW)
    with pytest.raises(Unauthenticated, match=r"^session\.ended$"):
        session.verify(PUBLIC, issued, NOW + timedelta(hours=1))


def test_a_token_of_another_key_is_refused() -> None:
    other, _ = session.new_keys()
    with pytest.raises(Unauthenticated, match=r"^session\.invalid$"):
        session.verify(PUBLIC, session.issue(other, "p-1", timedelta(hours=1), NOW), NOW)


@pytest.mark.parametrize(
    "forged",
    [
        jwt.encode(
            {"iss": "jishi", "sub": "p-1", "iat": 1, "exp": 9999999999, "jti": "x"}, None, algorithm="none"
        ),
        jwt.encode(
            {"iss": "jishi", "sub": "p-1", "iat": 1, "exp": 9999999999, "jti": "x"}, PUBLIC, algorithm="HS256"
        ),
        token(iss="elsewhere"),
        token(sub=""),
        token(iat=NOW + timedelta(minutes=5)),
        "x" * 4000,
    ],
    ids=[
        "unsigned",
        "signed with the public key as a secret",
        "issuer",
        "nobody",
        "from the future",
        "too long",
    ],
)
def test_a_forged_token_is_refused(forged: str) -> None:
    with pytest.raises(Unauthenticated, match=r"^session\.invalid$"):
        session.verify(PUBLIC, forged, NOW)


@pytest.mark.parametrize("claim", ["iss", "sub", "iat", "exp", "jti"])
def test_every_claim_is_required(claim: str) -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    del claims[claim]
    with pytest.raises(Unauthenticated, match=r"^session\.invalid$"):
        session.verify(PUBLIC, jwt.encode(claims, session.private(PRIVATE), algorithm="EdDSA"), NOW)


def test_a_wrong_key_is_not_told_as_a_wrong_token() -> None:
    with pytest.raises(ValueError, match="is neither PEM nor 32 bytes"):
        session.verify("key", token(), NOW)


@given(st.text(max_size=300))
def test_no_text_is_a_token_by_luck(text: str) -> None:
    with pytest.raises(Unauthenticated):
        session.verify(PUBLIC, text, NOW)


def test_keys_may_be_pem_with_written_line_ends() -> None:
    private_pem = session.private(PRIVATE).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public_pem = session.public(PUBLIC).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    issued = session.issue(private_pem.decode().replace("\n", "\\n"), "p-1", timedelta(hours=1), NOW)
    assert session.verify(public_pem.decode(), issued, NOW) == "p-1"


@pytest.mark.parametrize("key", ["", "abc", "not base64 !", "c2hvcnQ="])
def test_a_wrong_key_says_what_a_key_is(key: str) -> None:
    with pytest.raises(ValueError, match=r"PEM|32"):
        session.public(key)
