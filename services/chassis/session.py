"""Session tokens: short, signed by the gateway's Ed25519 key, checked by everybody with the public one."""

from __future__ import annotations

import base64
from collections import OrderedDict
from datetime import datetime, timedelta
from functools import lru_cache

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.chassis.errors import Unauthenticated
from services.chassis.identity import new_id

ISSUER = "jishi"
DEFAULT_TTL = timedelta(hours=8)
LONGEST_TOKEN = 2048
_CLOCK_SKEW = timedelta(seconds=30)
_REQUIRED = ["iss", "sub", "iat", "exp", "jti"]
_REMEMBERED = 4096


def new_keys() -> tuple[str, str]:
    """A fresh (private, public) pair, each one line of base64url: what the settings hold."""
    private = Ed25519PrivateKey.generate()
    return (
        base64.urlsafe_b64encode(private.private_bytes_raw()).decode(),
        base64.urlsafe_b64encode(private.public_key().public_bytes_raw()).decode(),
    )


def issue(private_key: str, person: str, ttl: timedelta, now: datetime) -> str:
    """A token that says for ``ttl`` from ``now``: the bearer is ``person`` (an id).

    ``private_key`` is PEM or base64url of the 32 raw bytes; raises ``ValueError`` for anything else.
    """
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "sub": person,
        "iat": issued,
        "exp": issued + int(ttl.total_seconds()),
        "jti": new_id(),
    }
    return jwt.encode(claims, private(private_key), algorithm="EdDSA")


def verify(public_key: str, token: str, now: datetime) -> str:
    """The person of a genuine token that has not ended.

    Raises ``Unauthenticated`` with ``session.invalid`` (forged, damaged, from the future) or
    ``session.ended``; the token is never part of the error. Raises ``ValueError`` for a key that is none.
    """
    known = _verified.get((public_key, token))
    if known is None:
        known = _check(public_key, token)
        _verified[(public_key, token)] = known
        while len(_verified) > _REMEMBERED:
            _verified.popitem(last=False)
    person, issued, ends = known
    instant = now.timestamp()
    if instant + _CLOCK_SKEW.total_seconds() < issued:
        raise Unauthenticated("session.invalid")
    if instant >= ends:
        raise Unauthenticated("session.ended")
    return person


# A signature is checked once per token and process: only genuine tokens are remembered, and their end
# is compared with the clock on every call.
_verified: OrderedDict[tuple[str, str], tuple[str, int, int]] = OrderedDict()


def _check(public_key: str, token: str) -> tuple[str, int, int]:
    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated("session.invalid")
    key = public(public_key)  # a wrong key is the operator's fault, which the caller must not be told is his
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["EdDSA"],
            issuer=ISSUER,
            # Times are compared above, with the injected clock instead of the machine's.
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        person, issued, ends = claims["sub"], int(claims["iat"]), int(claims["exp"])
    except (jwt.InvalidTokenError, TypeError, ValueError):
        raise Unauthenticated("session.invalid") from None
    if not isinstance(person, str) or not person:
        raise Unauthenticated("session.invalid")
    return person, issued, ends


@lru_cache(maxsize=8)
def private(key: str) -> Ed25519PrivateKey:
    """The private key that ``key`` spells; raises ``ValueError``."""
    if "BEGIN" not in key:
        return Ed25519PrivateKey.from_private_bytes(_raw(key))
    try:
        loaded = serialization.load_pem_private_key(_pem(key), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is under a password
        loaded = None
    if not isinstance(loaded, Ed25519PrivateKey):
        raise ValueError("is not an Ed25519 private key in PEM")
    return loaded


@lru_cache(maxsize=8)
def public(key: str) -> Ed25519PublicKey:
    """The public key that ``key`` spells; raises ``ValueError``."""
    if "BEGIN" not in key:
        return Ed25519PublicKey.from_public_bytes(_raw(key))
    try:
        loaded = serialization.load_pem_public_key(_pem(key))
    except (ValueError, UnsupportedAlgorithm):
        loaded = None
    if not isinstance(loaded, Ed25519PublicKey):
        raise ValueError("is not an Ed25519 public key in PEM")
    return loaded


def are_pair(private_key: str, public_key: str) -> bool:
    """Whether what one signs the other verifies; raises ``ValueError`` for what is no key."""
    return private(private_key).public_key() == public(public_key)


def _pem(key: str) -> bytes:
    # An environment variable often carries a PEM file with its line ends written as \n.
    return key.replace("\\n", "\n").encode()


def _raw(key: str) -> bytes:
    try:
        raw = base64.b64decode(key.strip().replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise ValueError("is neither PEM nor 32 bytes in base64")
    return raw
