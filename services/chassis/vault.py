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
    """Seals short texts by AES-256-GCM, bound to the name of their field.

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
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._sealers[self._kid].encrypt(nonce, text.encode(), field.encode())
        return f"{VERSION}.{self._kid}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, field: str, sealed: str) -> str:
        """The text; raises ``SealBroken``, which never holds a part of it."""
        version, _, rest = sealed.partition(".")
        kid, _, body = rest.partition(".")
        sealer = self._sealers.get(kid)
        if version != VERSION or sealer is None:
            raise SealBroken("sealed by an unknown key")
        try:
            raw = base64.b64decode(body, altchars=b"-_", validate=True)
            return sealer.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], field.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise SealBroken("the seal does not hold") from None

    def fingerprint(self, field: str, text: str) -> str:
        """A keyed hash by which an equal text is found; it cannot be reversed without the key."""
        return hmac.new(self._lookup, f"{field}\x1f{text}".encode(), hashlib.sha256).hexdigest()


def mask_phone(phone: str) -> str:
    """What is shown of a number: ``13812345678`` -> ``138****5678``; of a short one nothing but its end."""
    if len(phone) >= 11:
        return f"{phone[:-8]}****{phone[-4:]}"
    return "*" * max(len(phone) - 2, 0) + phone[-2:] if len(phone) > 4 else "*" * len(phone)


def _kid(key: bytes) -> str:
    return hashlib.sha256(b"jishi key id" + key).hexdigest()[:8]


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"jishi " + purpose).derive(key)
