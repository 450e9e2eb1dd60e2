"""A private RabbitMQ node: own name, ports and folders, on loopback; never the machine's own service."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.local.children import Child, StartFailure, free_ports, listens
from services.chassis.management import Management

# Debian's scripts below, not the wrapper in /usr/sbin: that one changes the user and writes to /var.
SCRIPTS = (Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), Path("/opt/rabbitmq/sbin/rabbitmq-server"))
POLICIES = Path(__file__).parents[1] / "rabbitmq" / "policies.json"
_USER = "jishi"
_CONFIG = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
load_definitions = {definitions}
disk_free_limit.absolute = 200MB
vm_memory_high_watermark.relative = 0.4
raft.wal_max_size_bytes = 33554432
log.file.level = info
"""


def _policies() -> dict[str, Any]:
    definitions: dict[str, Any] = json.loads(POLICIES.read_text(encoding="utf-8"))
    return definitions


@dataclass(frozen=True)
class BrokerPorts:
    """The four ports of a node, all on loopback."""

    amqp: int
    management: int
    distribution: int
    names: int

    @classmethod
    def free(cls) -> BrokerPorts:
        return cls(*free_ports(4))


def server_script() -> Path | None:
    """RabbitMQ's own start script, or the one RABBITMQ_SERVER names; ``None`` where there is none."""
    named = os.environ.get("RABBITMQ_SERVER")
    if named:
        return Path(named)
    return next((script for script in SCRIPTS if script.exists()), None)


class Broker:
    """A node in ``folder``. Started again in the same folder it has the same messages."""

    def __init__(
        self, folder: Path, ports: BrokerPorts | None = None, *, ends_with_parent: bool = True
    ) -> None:
        self.folder = folder.resolve()
        self.ports = ports or BrokerPorts.free()
        self._ends_with_parent = ends_with_parent
        self._node: Child | None = None
        # The node's name server, in the foreground: RabbitMQ would leave a daemon behind.
        self._names: Child | None = None

    @property
    def password(self) -> str:
        path = self.folder / "password"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(18))
        return path.read_text()

    @property
    def management(self) -> Management:
        return Management(f"http://127.0.0.1:{self.ports.management}", _USER, self.password)

    def amqp_uri(self, vhost: str = "/") -> str:
        return f"amqp://{_USER}:{self.password}@127.0.0.1:{self.ports.amqp}/{quote(vhost, safe='')}"

    @property
    def children(self) -> list[Child]:
        return [child for child in (self._names, self._node) if child is not None]

    @property
    def alive(self) -> bool:
        return self._node is not None and self._node.alive

    def start(self) -> None:
        """Start the node and return at once; ``wait_ready`` says when it can be used."""
        script = server_script()
        if script is None:
            raise StartFailure("RabbitMQ is not installed: apt-get install rabbitmq-server, or set AMQP_URI.")
        environment = self._environment()
        names = shutil.which("epmd")
        if names is None:
            raise StartFailure("RabbitMQ cannot start: epmd (package erlang-base) is not on this machine.")
        self._names = self._child("The broker's name server", [names], "names.log", environment)
        self._names.start()
        self._node = self._child("The message broker", [str(script)], "broker.log", environment)
        self._node.start()

    def _child(self, name: str, command: list[str], log: str, environment: dict[str, str]) -> Child:
        return Child(
            name,
            command,
            log=self.folder / log,
            environment=environment,
            directory=self.folder,
            ends_with_parent=self._ends_with_parent,
        )

    def _environment(self) -> dict[str, str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        config, plugins = self.folder / "rabbitmq.conf", self.folder / "enabled_plugins"
        config.touch(mode=0o600)
        config.write_text(
            _CONFIG.format(
                amqp=self.ports.amqp,
                management=self.ports.management,
                definitions=self._write_definitions(),
            )
        )
        plugins.write_text("[rabbitmq_management].\n")
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RABBITMQ_", "ERL_", "NOTIFY_SOCKET"))
        }
        return {
            **inherited,
            "HOME": str(self.folder),  # Erlang's cookie lives there
            "ERL_EPMD_PORT": str(self.ports.names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "jishi@localhost",
            "RABBITMQ_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.folder / "generated"),
            "RABBITMQ_SCHEMA_DIR": str(self.folder / "schema"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_NODE_PORT": str(self.ports.amqp),
            "RABBITMQ_DIST_PORT": str(self.ports.distribution),
            # The script then becomes the node instead of watching over it: one program, one pid to end.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_SERVER_START_ARGS": "+B i",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _write_definitions(self) -> Path:
        """The user, its rights and the policies: read before the first client is let in, so that nobody
        ever meets a broker without them."""
        salt = secrets.token_bytes(4)
        digest = hashlib.sha256(salt + self.password.encode()).digest()
        definitions = {
            "users": [
                {
                    "name": _USER,
                    "password_hash": base64.b64encode(salt + digest).decode(),
                    "hashing_algorithm": "rabbit_password_hashing_sha256",
                    "tags": "administrator",
                }
            ],
            "vhosts": [{"name": "/"}],
            "permissions": [{"user": _USER, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}],
            "policies": _policies().get("policies", []),
        }
        path = self.folder / "definitions.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(definitions), encoding="utf-8")
        return path

    def ready(self) -> bool:
        """Whether clients are served."""
        return listens(self.ports.amqp) and self.management.answers()

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Wait until clients are served; raises ``StartFailure`` if it ends before, or takes longer."""
        if self._node is None:
            raise StartFailure("The message broker was not started.")
        self._node.wait_until(self.ready, seconds)

    def apply_policies(self, vhost: str = "/") -> None:
        """Set the policies that the chassis counts on, from the file that operators import."""
        self.management.apply_policies(_policies(), vhost)

    def stop(self, seconds: float = 30.0) -> None:
        """End the node in order; what is durable is kept."""
        if self._node is not None:
            self._node.stop(seconds)
        if self._names is not None:
            self._names.kill()

    def kill(self) -> None:
        """End the node as a power cut does."""
        for child in reversed(self.children):
            child.kill()
