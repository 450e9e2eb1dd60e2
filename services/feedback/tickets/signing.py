"""Signing blind: the issuer's and the acceptor's half of RSABSSA-SHA384-PSS-Randomized (RFC 9474).

Blinding and unblinding are the client's half and not here: a service that could do them would know too much.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from math import gcd

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

MODULUS_BITS = 2048
SALT_BYTES = 48
_EXPONENT = 65537
_HASH = hashes.SHA384()
_PADDING = padding.PSS(padding.MGF1(_HASH), SALT_BYTES)
_EXPONENT_MASK_BITS = 64


class SigningFailed(Exception):
    """A signature did not come out right: nothing of it may leave, since a faulty one gives the key away."""


class NotSignable(Exception):
    """What is to be signed is no number below the modulus, in as many bytes as the modulus has."""


@dataclass(frozen=True)
class SigningKey:
    """The private key of one issue of tickets. It signs nothing else: a blind signature is only a ticket."""

    _private: rsa.RSAPrivateNumbers = field(repr=False)

    @classmethod
    def new(cls, bits: int = MODULUS_BITS) -> SigningKey:
        """A key of its own for one issue; some tenths of a second."""
        return cls(rsa.generate_private_key(_EXPONENT, bits).private_numbers())

    @classmethod
    def from_text(cls, text: str) -> SigningKey:
        """What ``text`` told of."""
        key = serialization.load_der_private_key(base64.b64decode(text), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("not an RSA key")
        return cls(key.private_numbers())

    def text(self) -> str:
        """The key as text, to be sealed before it is kept."""
        der = self._private.private_key().private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return base64.b64encode(der).decode()

    @property
    def public(self) -> str:
        """The public key: SubjectPublicKeyInfo (DER) in base64, as WebCrypto's ``spki`` import takes it."""
        return public_text(self._private.public_numbers.public_key())

    def blind_sign(self, blinded: bytes) -> bytes:
        """The blind signature over ``blinded`` (RFC 9474, 4.3): the same for the same, so it can be repeated.

        ``cryptography`` offers no RSA without padding, so the private operation is done on integers, whose
        duration depends on them. Base and exponents are masked by fresh random numbers, so what is measured
        belongs to numbers that nobody knows, and the result is checked before it leaves.
        Raises ``NotSignable``, ``SigningFailed``.
        """
        key = self._private
        n, e = key.public_numbers.n, key.public_numbers.e
        size = (n.bit_length() + 7) // 8
        message = int.from_bytes(blinded)
        if len(blinded) != size or message >= n or gcd(message, n) != 1:
            raise NotSignable
        mask = _unit(n)
        masked = message * pow(mask, e, n) % n
        at_p = pow(masked, _masked_exponent(key.dmp1, key.p), key.p)
        at_q = pow(masked, _masked_exponent(key.dmq1, key.q), key.q)
        joined = at_q + key.q * (key.iqmp * (at_p - at_q) % key.p)
        signature = joined * pow(mask, -1, n) % n
        if pow(signature, e, n) != message:
            raise SigningFailed
        return signature.to_bytes(size)


def new_key_texts(number: int) -> list[str]:
    """New keys as text: to be made in a process of their own, where they hold nobody up."""
    return [SigningKey.new().text() for _ in range(number)]


def verified(public: str, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is one by the key whose public half is ``public`` over the prepared message."""
    try:
        _loaded(public).verify(signature, message, _PADDING, _HASH)
    except InvalidSignature:
        return False
    return True


def public_text(key: rsa.RSAPublicKey) -> str:
    """SubjectPublicKeyInfo (DER) in base64."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def from_base64(text: str) -> bytes | None:
    """The bytes of base64url without padding; None for any other text. One spelling for each value."""
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if to_base64(found) == text else None


def to_base64(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _loaded(public: str) -> rsa.RSAPublicKey:
    key = serialization.load_der_public_key(base64.b64decode(public))
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("not an RSA key")
    return key


def _unit(n: int) -> int:
    while True:
        found = secrets.randbelow(n)
        if gcd(found, n) == 1:
            return found


def _masked_exponent(exponent: int, prime: int) -> int:
    return exponent + secrets.randbits(_EXPONENT_MASK_BITS) * (prime - 1)
