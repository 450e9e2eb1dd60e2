"""Callers are told apart by address: as a trusted proxy says it, and as nobody else does."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.callers import Fingerprints, Peers, Proxies
from gateway.refusals import TooMany

PROXIES = Proxies(("10.0.0.0/8", "::1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("::1", "10.1.2.3", "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "nobody, ", "10.1.2.3"),
    ],
)
def test_a_client_is_whom_a_trusted_proxy_names_last(peer: str, forwarded: str, client: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    assert PROXIES.client(environ) == client


def test_an_address_holds_so_many_connections_and_no_more() -> None:
    peers = Peers(2, PROXIES)
    with peers.one_more("203.0.113.7"), peers.one_more("203.0.113.7"):
        with pytest.raises(TooMany), peers.one_more("203.0.113.7"):
            pass
        with peers.one_more("203.0.113.8"):
            pass
    with peers.one_more("203.0.113.7"):
        pass
    assert not peers._open


def test_a_proxy_in_front_holds_as_many_as_it_needs() -> None:
    peers = Peers(1, PROXIES)
    with peers.one_more("10.0.0.1"), peers.one_more("10.0.0.1"):
        pass


def at(host: str) -> dict[str, Any]:
    return {"REMOTE_ADDR": host}


def test_a_fingerprint_tells_one_from_another_for_a_day_and_names_nobody() -> None:
    day = date(2026, 3, 2)
    fingerprints = Fingerprints(PROXIES, lambda: day)
    first = fingerprints.of(at("203.0.113.7"))
    assert first == fingerprints.of(at("203.0.113.7"))
    assert first != fingerprints.of(at("203.0.113.8"))
    assert "203.0.113.7" not in first
    assert first != Fingerprints(PROXIES, lambda: day).of(at("203.0.113.7"))
    day = date(2026, 3, 3)
    assert first != fingerprints.of(at("203.0.113.7"))


def test_the_addresses_of_one_subscriber_are_one_caller() -> None:
    fingerprints = Fingerprints(PROXIES, lambda: date(2026, 3, 2))
    one = fingerprints.of(at("2001:db8:0:1::1"))
    assert one == fingerprints.of(at("2001:db8:0:1:ffff::2"))
    assert one != fingerprints.of(at("2001:db8:0:2::1"))
    assert fingerprints.of(at("::ffff:203.0.113.7")) != fingerprints.of(at("::ffff:203.0.113.8"))
    assert fingerprints.of(at("")) == fingerprints.of(at(""))
