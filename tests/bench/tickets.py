"""Tickets by the thousand: signed with the platform's own key, since nobody may draw as many."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from deploy.local.tour_tickets import RANDOM_BYTES, SALT_BYTES, to_base64
from services.chassis.settings import Settings
from services.chassis.vault import Vault
from tests.bench.ground import Ground

_PSS = padding.PSS(padding.MGF1(hashes.SHA384()), SALT_BYTES)


def tickets(stands: Ground) -> Iterator[dict[str, str]]:
    """Tickets to speak, without end. An unblinded signature is a signature, so these are as good as any."""
    told = requests.get(f"{stands.gateway}/api/v1/public/ticket-key", timeout=30).json()
    settings = Settings.from_environment("feedback", stands.layout.environment("feedback"))
    kept = stands.database("feedback")["ticket_keys"].find_one({"_id": told["key"]})
    assert kept is not None
    text = Vault(settings.field_key).open("feedback.ticket_key", kept["private"])
    key = serialization.load_der_private_key(base64.b64decode(text), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    while True:
        message = secrets.token_bytes(RANDOM_BYTES) + told["label"].encode()
        signature = key.sign(message, _PSS, hashes.SHA384())
        yield {"key": told["key"], "message": to_base64(message), "signature": to_base64(signature)}
