"""Everything the platform publishes: importing this module fills the registry of event contracts."""

from __future__ import annotations

from services.chassis.contract import EventContract
from services.contracts import (  # noqa: F401 - each registers its contracts
    campus_events,
    evaluation_assessment_events,
    evaluation_events,
    evaluation_rating_events,
    feedback_events,
    notify_events,
    records_events,
)


def contracts() -> dict[str, type[EventContract]]:
    """Every published contract by its type, in the order of the types."""
    return {name: EventContract.registry[name] for name in sorted(EventContract.registry) if _ours(name)}


def _ours(name: str) -> bool:
    # Tests declare contracts of their own in the same registry.
    return EventContract.registry[name].__module__.startswith("services.contracts.")


def exchanges() -> list[str]:
    """The exchanges of the services' own events."""
    return sorted({each.exchange() for each in contracts().values() if each.exchange().endswith(".events")})
