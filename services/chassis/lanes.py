"""In which order a bunch of documents tells its events: one lane for each subject. No store, no broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis import outbox
from services.chassis.errors import origin
from services.chassis.outbox import Woken
from services.chassis.publishing import Outgoing
from services.chassis.store import Record


@dataclass(frozen=True)
class Leaving:
    """An event of the document number ``at``; without a ``message`` it is broken, as ``origin`` says."""

    at: int
    sequence: int
    message: Outgoing | None
    origin: tuple[str, ...] = ()


@dataclass
class Lane:
    """The events of one subject that have not left, the next one first."""

    subject: str
    events: list[Leaving]


def lanes_of(documents: Sequence[Woken]) -> list[Lane]:
    """The events of ``documents`` by subject, in order.

    A subject may be told of in several: in its own document and in bundles. A broken event has its place,
    since those after it have to wait; one that does not even tell its subject stands for its document's.
    """
    lanes: dict[str, Lane] = {}
    for at, document in enumerate(documents):
        for envelope in document.envelopes or ():
            subject, leaving = _leaving(at, document, envelope)
            lanes.setdefault(subject, Lane(subject, [])).events.append(leaving)
    for lane in lanes.values():
        lane.events.sort(key=lambda each: each.sequence)
    return list(lanes.values())


def _leaving(at: int, document: Woken, envelope: Record) -> tuple[str, Leaving]:
    try:
        message = outbox.outgoing(envelope)
        return str(envelope["subject"]), Leaving(at, int(envelope.get("sequence", 0)), message)
    except Exception as broken:
        known = envelope if isinstance(envelope, dict) else {}
        sequence = known.get("sequence", 0)
        number = sequence if isinstance(sequence, int) else 0
        return str(known.get("subject", document.id)), Leaving(at, number, None, tuple(origin(broken)))
