"""Which unrouted events are no loss: those of known contracts that no service reads.

They are published for whoever follows them live, or for another system that is not there yet: while no
gateway is up, nobody takes them.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from services.chassis import subscriptions
from services.chassis.contract import EventContract
from services.chassis.dead_letters import DeadLetter

_CONTRACTS = "services.contracts"


def is_unread(letter: DeadLetter) -> bool:
    """Whether an unrouted message is an event as published, which no service was ever owed."""
    contract = _published().get(letter.type or "")
    return (
        contract is not None
        and (letter.exchange, letter.routing_key) == (contract.exchange(), contract.routing_key())
        and not letter.consumer  # it did not wait for a queue that is gone
        and not subscriptions.is_owed(letter.exchange, letter.routing_key)
    )


@cache
def _published() -> Mapping[str, type[EventContract]]:
    """The contracts of this installation by their types."""
    for found in pkgutil.iter_modules(import_module(_CONTRACTS).__path__, f"{_CONTRACTS}."):
        if found.name.endswith("_events"):
            import_module(found.name)
    return {
        name: contract
        for name, contract in EventContract.registry.items()
        if contract.__module__.startswith(f"{_CONTRACTS}.")
    }
