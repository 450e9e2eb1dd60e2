"""The client's half of a ticket: made, blinded and unblinded where the person sits, never at the platform.

RSABSSA-SHA384-PSS-Randomized of RFC 9474, step by step, as ``docs/tickets.md`` tells it to clients in other
languages.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

RANDOM_BYTES = 32
SALT_BYTES = 48
_HASH_BYTES = 48


@dataclass(frozen=True)
class Blinded:
    """A ticket on its way: ``blinded`` is sent to be signed, ``message`` and ``inverse`` stay at home."""

    message: bytes
    blinded: bytes
    inverse: int


def loaded(public_key: str) -> rsa.RSAPublicKey:
    """The key of an issue, from SubjectPublicKeyInfo in base64."""
    key = serialization.load_der_public_key(base64.b64decode(public_key))
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("not an RSA key")
    return key


def new_ticket(public_key: str, label: str) -> Blinded:
    """A ticket that nobody else knows: random bytes and the label of its key, blinded at random."""
    message = secrets.token_bytes(RANDOM_BYTES) + label.encode()
    return blind(loaded(public_key), message, secrets.token_bytes(SALT_BYTES), None)


def blind(key: rsa.RSAPublicKey, message: bytes, salt: bytes, factor: int | None) -> Blinded:
    """RFC 9474, 4.2, over a prepared ``message``; a random blinding ``factor`` where None is given."""
    numbers = key.public_numbers()
    n, e = numbers.n, numbers.e
    encoded = int.from_bytes(_encoded(message, salt, n.bit_length() - 1))
    while factor is None:
        tried = secrets.randbelow(n)
        factor = tried if _has_inverse(tried, n) else None
    blinded = encoded * pow(factor, e, n) % n
    return Blinded(message, blinded.to_bytes((n.bit_length() + 7) // 8), pow(factor, -1, n))


def finalize(key: rsa.RSAPublicKey, ticket: Blinded, blind_signature: bytes) -> bytes:
    """The signature over the ticket (RFC 9474, 4.4); raises ``InvalidSignature`` for what is none."""
    n = key.public_numbers().n
    signature = int.from_bytes(blind_signature) * ticket.inverse % n
    found = signature.to_bytes((n.bit_length() + 7) // 8)
    key.verify(found, ticket.message, padding.PSS(padding.MGF1(hashes.SHA384()), SALT_BYTES), hashes.SHA384())
    return found


def handed_in(key_id: str, public_key: str, ticket: Blinded, blind_signature: str) -> dict[str, str]:
    """The ticket as it is spent."""
    signature = finalize(loaded(public_key), ticket, from_base64(blind_signature))
    return {"key": key_id, "message": to_base64(ticket.message), "signature": to_base64(signature)}


def to_base64(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(message: bytes, salt: bytes, bits: int) -> bytes:
    """EMSA-PSS-ENCODE with SHA-384 and MGF1 (RFC 8017, 9.1.1)."""
    size = (bits + 7) // 8
    digest = hashlib.sha384(bytes(8) + hashlib.sha384(message).digest() + salt).digest()
    block = bytes(size - len(salt) - _HASH_BYTES - 2) + b"\x01" + salt
    masked = bytearray(a ^ b for a, b in zip(block, _mgf1(digest, len(block)), strict=True))
    masked[0] &= 0xFF >> (8 * size - bits)
    return bytes(masked) + digest + b"\xbc"


def _mgf1(seed: bytes, length: int) -> bytes:
    blocks = range((length + _HASH_BYTES - 1) // _HASH_BYTES)
    return b"".join(hashlib.sha384(seed + count.to_bytes(4)).digest() for count in blocks)[:length]


def _has_inverse(number: int, n: int) -> bool:
    try:
        pow(number, -1, n)
    except ValueError:
        return False
    return True
