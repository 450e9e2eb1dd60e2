"""Fields that are sealed at rest and while they travel, and their masks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = "v1"
KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBroken(Exception):
    """The sealed text is not readable: another key, another field, or it was changed."""


class Vault:
    """Seals short texts, and the parts of a file, by AES-256-GCM, bound to the name of their field.

    ``key`` is 32 bytes from outside the database; ``retired`` keys still open what they sealed. Sealing
    the same text twice gives two texts; ``fingerprint`` is the same each time, for lookups.
    """

    def __init__(self, key: bytes, *, retired: Sequence[bytes] = ()) -> None:
        keys = [key, *retired]
        if any(len(each) != KEY_BYTES for each in keys):
            raise ValueError(f"a field key has {KEY_BYTES} bytes")
        self._kid = _kid(key)
        self._sealers = {_kid(each): AESGCM(_derived(each, b"seal")) for each in keys}
        self._lookup = _derived(key, b"lookup")

    def seal(self, field: str, text: str) -> str:
        """``v1.<key id>.<base64>``; opened only under the same ``field``."""
        sealed = self._encrypted(field, text.encode())
        return f"{VERSION}.{self._kid}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, field: str, sealed: str) -> str:
        """The text; raises ``SealBroken``, which never holds a part of it."""
        version, _, rest = sealed.partition(".")
        kid, _, body = rest.partition(".")
        try:
            raw = base64.b64decode(body, altchars=b"-_", validate=True)
            return self._decrypted(field, version, kid, raw).decode()
        except (binascii.Error, ValueError):
            raise SealBroken("the seal does not hold") from None

    def seal_bytes(self, field: str, content: bytes) -> bytes:
        """As ``seal``, a third smaller: ``v1.<key id>.`` and then bytes."""
        return f"{VERSION}.{self._kid}.".encode() + self._encrypted(field, content)

    def open_bytes(self, field: str, sealed: bytes) -> bytes:
        """As ``open``, of what ``seal_bytes`` sealed."""
        version, _, rest = sealed.partition(b".")
        kid, _, raw = rest.partition(b".")
        return self._decrypted(field, version.decode("ascii", "replace"), kid.decode("ascii", "replace"), raw)

    def fingerprint(self, field: str, text: str) -> str:
        """A keyed hash by which an equal text is found; it cannot be reversed without the key."""
        return hmac.new(self._lookup, f"{field}\x1f{text}".encode(), hashlib.sha256).hexdigest()

    def _encrypted(self, field: str, content: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._sealers[self._kid].encrypt(nonce, content, field.encode())

    def _decrypted(self, field: str, version: str, kid: str, raw: bytes) -> bytes:
        sealer = self._sealers.get(kid)
        if version != VERSION or sealer is None:
            raise SealBroken("sealed by an unknown key")
        try:
            return sealer.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], field.encode())
        except (InvalidTag, ValueError):
            raise SealBroken("the seal does not hold") from None


def mask_phone(phone: str) -> str:
    """What is shown of a number: ``13812345678`` -> ``138****5678``; of a short one nothing but its end."""
    if len(phone) >= 11:
        return f"{phone[:-8]}****{phone[-4:]}"
    return "*" * max(len(phone) - 2, 0) + phone[-2:] if len(phone) > 4 else "*" * len(phone)


def mask_address(address: str) -> str:
    """What is shown of any other address: ``zhang@campus.example`` -> ``z***``."""
    return f"{address[:1]}***"


def mask_id_number(number: str) -> str:
    """What is shown of an identity number: region and end, ``110101********1234``, never the day of birth."""
    return f"{number[:6]}{'*' * 8}{number[-4:]}" if len(number) == 18 else "*" * len(number)


def _kid(key: bytes) -> str:
    return hashlib.sha256(b"jishi key id" + key).hexdigest()[:8]


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"jishi " + purpose).derive(key)
