"""An HTTP interface as data: how a provider is asked, and how its answers are read.

The shipped shapes are the files in ``policies/providers``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.notify.channels.asking import Ask, Call
from services.notify.channels.model import Enquiry, Letter


@dataclass(frozen=True)
class Verdict:
    """How an answer of 2xx is read: success where the value at ``path`` is one of ``success`` (always, where
    ``path`` is empty); otherwise the meaning of the value in ``codes``, or ``otherwise``; ``unknown`` where
    there is no value.

    Meanings: ``refused`` for good, ``busy``, ``ours`` (our settings are wrong), ``token`` (ours is no longer
    taken), ``unknown``. ``refused_addresses`` is where the provider lists those that it did not take.
    """

    path: str = ""
    success: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = "unknown"
    id: str = "id"
    refused_addresses: str = ""


@dataclass(frozen=True)
class Query:
    """How the provider is asked. Its list is at ``items``, an entry ours where ``reference`` holds our
    reference; or the addresses themselves are listed, under each of ``delivered_lists`` and so on."""

    ask: Ask
    items: str = "items"
    reference: str = "reference"
    id: str = "id"
    status: str = "status"
    delivered: tuple[str, ...] = ("delivered",)
    failed: tuple[str, ...] = ("failed",)
    delivered_lists: tuple[str, ...] = ()
    failed_lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Token:
    """How a token for the other calls is fetched; it is used for ``seconds``."""

    ask: Ask
    verdict: Verdict
    path: str = "access_token"
    seconds: float = 6000.0


@dataclass(frozen=True)
class Reports:
    """What a report of the provider looks like: an object, or a list of them."""

    reference: str = "reference"
    status: str = "status"
    delivered: tuple[str, ...] = ("delivered",)
    failed: tuple[str, ...] = ("failed",)
    address: str = ""


@dataclass(frozen=True)
class Shape:
    """One provider's interface. A call goes to at most ``most_per_call`` addresses, with one text."""

    id: str
    send: Ask
    verdict: Verdict
    most_per_call: int = 1
    separator: str = ","
    query: Query | None = None
    token: Token | None = None
    reports: Reports | None = None
    polls: bool = False


def send_call(shape: Shape, call: str, letters: Sequence[Letter], own: Mapping[str, Any]) -> Call:
    """One request for all ``letters``, which say the same. ``own`` fills what the operator has set."""
    first = letters[0]
    return shape.send.filled(
        {
            **own,
            "reference": call,
            "address": first.address,
            "addresses": shape.separator.join(each.address for each in letters),
            "text": first.text,
            "template": first.template,
            "variables": dict(first.variables),
        }
    )


def query_call(shape: Shape, enquiry: Enquiry, own: Mapping[str, Any]) -> Call | None:
    """The question about one message; None where this provider cannot be asked about it."""
    if shape.query is None:
        return None
    values = {**own, "reference": enquiry.call, "address": enquiry.address}
    if enquiry.provider_id is not None:
        values["provider_id"] = enquiry.provider_id
    try:
        return shape.query.ask.filled(values)
    except KeyError:
        return None  # it can be asked by its own id only, which was never heard
