"""Who is at the other end, told by address alone: enough to count, in memory, and never written down."""

from __future__ import annotations

import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from gateway.refusals import TooMany


class Proxies:
    """The proxies in front, by network: what they say of whom they speak for is believed."""

    def __init__(self, networks: Collection[str]) -> None:
        self._networks = [ip_network(each) for each in networks]

    def trusts(self, host: str) -> bool:
        """Whether ``host`` is one of them."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in each for each in self._networks)

    def client(self, environ: Mapping[str, Any]) -> str:
        """The address of the client: the last one in ``X-Forwarded-For`` that is not a proxy of ours.

        Whatever stands before it, the client may have written itself.
        """
        host: str = environ.get("REMOTE_ADDR", "")
        for before in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            if not before.strip() or not self.trusts(host):
                break
            host = before.strip()
        return host


class Fingerprints:
    """Addresses as texts that tell one from another today, and from which no address can be found.

    The key is random, kept in memory alone, and forgotten with its day.
    """

    def __init__(self, proxies: Proxies, today: Callable[[], date]) -> None:
        self._proxies = proxies
        self._today = today
        self._day: date | None = None
        self._key = b""

    def of(self, environ: Mapping[str, Any]) -> str:
        """The fingerprint of the client that asks."""
        today = self._today()
        if today != self._day:
            self._day, self._key = today, secrets.token_bytes(32)
        return hmac.digest(self._key, _subscriber(self._proxies.client(environ)).encode(), "sha256").hex()


class Peers:
    """The connections that are open, by address: one that holds very many leaves room for others."""

    def __init__(self, most: int, proxies: Proxies) -> None:
        self._most = most
        self._proxies = proxies
        self._open: Counter[str] = Counter()

    @contextmanager
    def one_more(self, host: str) -> Iterator[None]:
        """Count a connection of ``host`` for a block; raises ``TooMany`` where it has enough."""
        if self._open[host] >= self._most and not self._proxies.trusts(host):
            raise TooMany("connections.too_many", closes=True)
        self._open[host] += 1
        try:
            yield
        finally:
            self._open[host] -= 1
            if not self._open[host]:
                del self._open[host]


def _subscriber(host: str) -> str:
    """The address, or for IPv6 the network of 64 bits in which one subscriber has all addresses."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((int(address) >> 64 << 64, 64)))
    return host
