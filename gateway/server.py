"""The gateway's process: a port that several may share, one connection to the broker, a clean end."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

import eventlet
from eventlet import wsgi
from greenlet import GreenletExit

from gateway.application import Gateway
from gateway.callers import Peers, Proxies
from gateway.live import Live
from gateway.protocol import KEEP_ALIVE_SECONDS, SOCKET_SECONDS, Protocol
from gateway.routes import ROUTES
from gateway.routing import Table
from services.chassis import session
from services.chassis.errors import Refusal
from services.chassis.rpc_client import RpcClient
from services.chassis.runtime import configured, run
from services.chassis.settings import GATEWAY_NEEDS, Settings

MOST_CONNECTIONS = 2000
_BACKLOG = 1024
_PROBE_SECONDS = 1.5
_LAST_ARRIVALS_SECONDS = 0.2


class Server:
    """Listens, answers, drains. ``port`` is the one that was bound."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.port = 0
        clock = settings.clock()
        self._calls = RpcClient(settings.amqp_uri, name="jishi-gateway-calls")
        self._live = Live(settings.amqp_uri, clock)
        self.gateway = Gateway(settings, clock, self._calls, self._live, Table(ROUTES))
        self._peers = Peers(settings.connections_per_address, Proxies(settings.trusted_proxies))
        self._pool = eventlet.GreenPool(MOST_CONNECTIONS)
        self._acceptor: Any = None
        self._listener: Any = None

    def begin(self) -> None:
        """Bind and accept; raises ``OSError`` for a taken port, ``ValueError`` for keys that are none."""
        session.private(self.settings.session_private_key or "")
        session.public(self.settings.session_public_key)
        address = (self.settings.http_host, self.settings.http_port)
        # Replicas share a port by name; a port that the system chooses is nobody else's.
        listener = eventlet.listen(address, backlog=_BACKLOG, reuse_port=address[1] != 0)
        self._listener = listener
        self.port = listener.getsockname()[1]
        self._live.start()
        self.connected()
        self._acceptor = eventlet.spawn(
            wsgi.server,
            listener,
            self.gateway,
            protocol=partial(Protocol, peers=self._peers),
            custom_pool=self._pool,
            keepalive=KEEP_ALIVE_SECONDS,
            socket_timeout=SOCKET_SECONDS,
            # Its log has addresses and whole request lines; its errors are tracebacks.
            log_output=False,
            log_x_forwarded_for=False,
            debug=False,
        )

    def connected(self) -> bool:
        """Whether calls would reach the broker; tries to connect where they would not."""
        if not self._calls.connected:
            with suppress(Refusal):
                # Nobody answers to this name: the broker says so at once, over a fresh connection.
                self._calls.call("gateway.probe", {}, timeout=_PROBE_SECONDS)
        return self._calls.connected

    @property
    def in_flight(self) -> int:
        """Connections that are open, the idle ones included."""
        return int(self._pool.running())

    def drain(self) -> None:
        """Take no new connections, end the streams, and return when every begun answer was sent."""
        self.gateway.draining = True
        self._live.stop()
        # Connections that the kernel has completed already are still accepted and answered.
        eventlet.sleep(_LAST_ARRIVALS_SECONDS)
        if self._acceptor is not None:
            self._acceptor.kill()
            # eventlet closes it only when the last answer was sent: until then the kernel would go on
            # completing connections that nobody accepts, instead of leaving them to another replica.
            self._listener.close()
            with suppress(GreenletExit):
                self._acceptor.wait()
        self._calls.close()

    def abandon(self) -> None:
        """Let go of everything at once."""
        self._calls.close()


def main() -> NoReturn:
    """Run a gateway until it is told to stop; never returns."""
    settings = configured("gateway", GATEWAY_NEEDS)
    server = Server(settings)
    sys.exit(
        run(
            settings,
            begin=server.begin,
            drain=server.drain,
            abandon=server.abandon,
            in_flight=lambda: server.in_flight,
            checks={"broker": server.connected},
        )
    )
