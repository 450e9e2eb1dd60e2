"""Who is at the other end, told by address alone: enough to count, in memory, and never written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
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
