"""The running platform: started side by side, watched, started again when a part dies, stopped in order."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from deploy.local.children import Child, StartFailure, port_in_use
from deploy.local.layout import MODULES, Layout

STOP_SECONDS = 25.0
MOST_RESTARTS, RESTARTS_WITHIN = 5, 60.0
Say = Callable[[str], None]


class Platform:
    """One copy of the platform, driven by one thread: its children end when that thread does."""

    def __init__(self, layout: Layout, say: Say = lambda text: None) -> None:
        self.layout = layout
        self._say = say
        self.broker = layout.broker()
        self.store = layout.store()
        self.sandbox: Child | None = None
        # (name, replica) of every process that speaks health, in the order in which they are stopped.
        self.processes: dict[tuple[str, int], Child] = {}
        self._restarts: dict[str, deque[float]] = {}

    def start(self) -> None:
        """Start everything at once; raises ``StartFailure`` where something is missing or in the way."""
        self._check_ports()
        self.layout.folder.mkdir(parents=True, exist_ok=True)
        self.layout.make_secrets()
        try:
            if self.broker is not None:
                self.broker.start()
            if self.store is not None:
                self.store.start()
            for name in reversed(MODULES):
                for replica in range(self.layout.replicas(name)):
                    self.start_process(name, replica)
            self.sandbox = self.layout.sandbox()
            self.sandbox.start()
        except BaseException:
            self.kill()
            raise

    def start_process(self, name: str, replica: int = 0) -> Child:
        """Start one replica, again where it ran before."""
        child = self.layout.child(name, replica)
        self.processes[name, replica] = child
        child.start()
        return child

    def _check_ports(self) -> None:
        for port, use in self.layout.wanted_ports().items():
            if port_in_use(port):
                raise StartFailure(
                    f"Port {port} ({use}) is in use by another program: "
                    "end that program, or choose other ports with PORT_BASE."
                )

    # -- readiness ------------------------------------------------------------------------------

    def wait_ready(self, seconds: float | None = None) -> None:
        """Wait until every part does its work; raises ``StartFailure`` if one ends, or takes longer."""
        seconds = self.layout.ready_seconds if seconds is None else seconds
        deadline = time.monotonic() + seconds
        waiting = self._readiness()
        while waiting:
            for child in (*self._servers(), *self.processes.values()):
                child.expect_alive()
            waiting = [(child, ready) for child, ready in waiting if not ready()]
            if waiting and time.monotonic() > deadline:
                raise waiting[0][0].late(seconds)
            time.sleep(0.05)

    def _readiness(self) -> list[tuple[Child, Callable[[], bool]]]:
        parts: list[tuple[Child, Callable[[], bool]]] = []
        if self.broker is not None:
            parts.append((self.broker.children[-1], self.broker.ready))
        if self.store is not None:
            parts.append((self.store.children[-1], self.store.ready))
        for (name, replica), child in self.processes.items():
            parts.append((child, partial(_is_ready, self.layout.ports.health(name, replica))))
        return parts

    def state(self) -> list[tuple[str, int | None, str]]:
        """(name, pid, state) of every part."""
        rows = [(child.name, child.pid, "ready" if child.alive else "ended") for child in self._servers()]
        for (name, replica), child in self.processes.items():
            said = missing(self.layout.ports.health(name, replica)) if child.alive else ["ended"]
            rows.append((child.name, child.pid, ", ".join(said) or "ready"))
        return rows

    def _servers(self) -> list[Child]:
        return [
            *(self.broker.children if self.broker else ()),
            *(self.store.children if self.store else ()),
            *([self.sandbox] if self.sandbox else ()),
        ]

    # -- watching -------------------------------------------------------------------------------

    def tend(self) -> None:
        """Start again what has died since; raises ``StartFailure`` for what dies over and over."""
        if self.broker is not None and any(not child.alive for child in self.broker.children):
            self._count("The message broker")
            self.broker.kill()
            self.broker.start()
        if self.store is not None and not self.store.alive:
            self._count("The store")
            self.store.start()
        if self.sandbox is not None and not self.sandbox.alive:
            self._count("The SMS sandbox")
            self.sandbox.start()
        for (name, replica), child in list(self.processes.items()):
            if not child.alive:
                self._count(child.name)
                self.start_process(name, replica)

    def _count(self, name: str) -> None:
        now = time.monotonic()
        restarts = self._restarts.setdefault(name, deque())
        restarts.append(now)
        while now - restarts[0] > RESTARTS_WITHIN:
            restarts.popleft()
        if len(restarts) > MOST_RESTARTS:
            raise StartFailure(
                f"{name} died {len(restarts)} times within a minute (see {self.layout.folder}/log)."
            )
        self._say(f"{name} died and is started again.")

    # -- the end --------------------------------------------------------------------------------

    def stop(self) -> list[str]:
        """Drain the processes, then end the servers; the names of those that had to be killed."""
        processes = list(self.processes.values())
        with ThreadPoolExecutor(max_workers=16) as side_by_side:
            # The gateway first: what it has begun still finds the services.
            gateways = [child for (name, _), child in self.processes.items() if name == "gateway"]
            list(side_by_side.map(lambda child: child.stop(STOP_SECONDS), gateways))
            list(side_by_side.map(lambda child: child.stop(STOP_SECONDS), processes))
            ends = [each.stop for each in (self.broker, self.store, self.sandbox) if each is not None]
            list(side_by_side.map(lambda end: end(STOP_SECONDS), ends))
        return [child.name for child in processes if (child.exit_code or 0) < 0]

    def kill(self) -> None:
        """End everything as a power cut does."""
        for child in (*self.processes.values(), *reversed(self._servers())):
            child.kill()


def _is_ready(health_port: int) -> bool:
    return not missing(health_port)


def missing(health_port: int, seconds: float = 2.0) -> list[str]:
    """What a process lacks to be ready; nothing if it is."""
    connection = http.client.HTTPConnection("127.0.0.1", health_port, timeout=seconds)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/readyz")
            said = json.loads(connection.getresponse().read())
            return list(map(str, said.get("missing", ())))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            return ["no answer"]
