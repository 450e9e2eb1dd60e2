"""Ports for a copy of the platform that a test, a fault run or a benchmark starts."""

from __future__ import annotations

import random
import socket

from deploy.local.children import port_in_use
from deploy.local.layout import PORTS_USED

# Rows below those from which single ports are taken, and below those that Linux lends to connections.
_BASES = range(10_000, 22_000, PORTS_USED)
_claims: list[socket.socket] = []


def claim_port_base() -> int:
    """A ``PORT_BASE`` whose ports are free; claimed for the life of this process against runs beside.

    The last port of a copy is nobody's: whoever holds it bound holds the whole row.
    """
    for base in random.sample(_BASES, len(_BASES)):
        claim = socket.socket()
        try:
            claim.bind(("127.0.0.1", base + PORTS_USED - 1))
        except OSError:
            claim.close()
            continue
        if any(port_in_use(port) for port in range(base, base + PORTS_USED - 1)):
            claim.close()
            continue
        _claims.append(claim)
        return base
    raise AssertionError("no free ports")
