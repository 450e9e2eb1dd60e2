"""Where everything of one local copy is: folders, ports, keys, and what each process is told."""

from __future__ import annotations

import base64
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.broker import Broker, BrokerPorts
from deploy.local.children import Child, StartFailure
from deploy.local.store import Store
from services.chassis.session import new_keys

ROOT = Path(__file__).parents[2]
SERVICES = ("records", "evaluation", "notify", "feedback")
GATEWAY = "gateway"
MODULES = {GATEWAY: "gateway", **{name: f"services.{name}" for name in SERVICES}}
MOST_REPLICAS = 9
_HEALTH = {"records": 10, "evaluation": 20, "notify": 30, "feedback": 40, GATEWAY: 50}
PORTS_USED = 60
_SERVERS = ("AMQP_URI", "MONGO_URI")


@dataclass(frozen=True)
class Ports:
    """The ports of one copy: the base for the gateway, the rest at fixed distances."""

    base: int = 7300

    def __post_init__(self) -> None:
        if not 1024 <= self.base <= 65535 - PORTS_USED:
            raise StartFailure(
                f"PORT_BASE is {self.base}, but must lie between 1024 and {65535 - PORTS_USED}."
            )

    @property
    def gateway(self) -> int:
        return self.base

    @property
    def amqp(self) -> int:
        return self.base + 1

    @property
    def store(self) -> int:
        return self.base + 2

    @property
    def sandbox(self) -> int:
        return self.base + 3

    @property
    def broker(self) -> BrokerPorts:
        return BrokerPorts(self.amqp, self.base + 4, self.base + 5, self.base + 6)

    def health(self, name: str, replica: int) -> int:
        return self.base + _HEALTH[name] + replica


@dataclass(frozen=True)
class Layout:
    """One copy of the platform on this machine; two with other folders and ports run side by side."""

    folder: Path
    ports: Ports = Ports()
    scale: Mapping[str, int] = field(default_factory=dict)
    amqp_uri: str | None = None
    mongo_uri: str | None = None
    ready_seconds: float = 90.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Layout:
        """The copy that RUN_DIR, PORT_BASE, SCALE, AMQP_URI and MONGO_URI describe."""
        given = os.environ if environment is None else environment
        base = given.get("PORT_BASE") or "7300"
        if not base.isdigit():
            raise StartFailure(f"PORT_BASE is {base!r}, but must be a number.")
        seconds = given.get("READY_SECONDS") or "90"
        if not seconds.isdigit():
            raise StartFailure(f"READY_SECONDS is {seconds!r}, but must be a whole number.")
        private = cls(
            folder=Path(given.get("RUN_DIR") or ".run").resolve(),
            ports=Ports(int(base)),
            scale=_scale(given.get("SCALE", "")),
            ready_seconds=float(seconds),
        )
        # Exported from ``make env``, this copy's own servers are no others.
        own = private.addresses() if private.keys.exists() else {}
        others = {name: given[name] for name in _SERVERS if given.get(name) and given[name] != own.get(name)}
        return replace(private, amqp_uri=others.get("AMQP_URI"), mongo_uri=others.get("MONGO_URI"))

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.gateway}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.sandbox}"

    def outside(self) -> dict[str, str]:
        """The servers that others run: by the variable that names each, where it is. No secret."""
        given = {"AMQP_URI": self.amqp_uri, "MONGO_URI": self.mongo_uri}
        return {name: urlsplit(uri).netloc.rpartition("@")[2] for name, uri in given.items() if uri}

    def replicas(self, name: str) -> int:
        return self.scale.get(name, 1)

    def broker(self) -> Broker | None:
        """The private node; ``None`` where AMQP_URI names another."""
        return None if self.amqp_uri else Broker(self.folder / "broker", self.ports.broker)

    def store(self) -> Store | None:
        """The embedded store; ``None`` where MONGO_URI names another."""
        return None if self.mongo_uri else Store(self.folder / "store", self.ports.store)

    def addresses(self) -> dict[str, str]:
        """What ``make env`` prints: how to reach the running platform, and where the keys are with which an
        operator's program reads what it keeps."""
        broker, store = self.broker(), self.store()
        return {
            "GATEWAY_URL": self.gateway_url,
            "AMQP_URI": self.amqp_uri or (broker.amqp_uri() if broker else ""),
            "MONGO_URI": self.mongo_uri or (store.uri if store else ""),
            "SMS_SANDBOX_URL": self.sandbox_url,
            "JISHI_PROFILE": "local",
            "FIELD_KEY_FILE": self.secret_file("field_key"),
            "SESSION_PUBLIC_KEY_FILE": self.secret_file("session_public_key"),
        }

    def servers(self) -> dict[str, int]:
        """The port of each server that this copy brings itself."""
        ports = {"broker": self.ports.amqp, "store": self.ports.store, "sms-sandbox": self.ports.sandbox}
        elsewhere = {"broker"} if self.amqp_uri else set()
        elsewhere |= {"store"} if self.mongo_uri else set()
        return {name: port for name, port in ports.items() if name not in elsewhere}

    def wanted_ports(self) -> dict[int, str]:
        """Every port that this copy listens on, and for what."""
        ports = {self.ports.gateway: "the gateway", self.ports.sandbox: "the SMS sandbox"}
        if not self.amqp_uri:
            broker = self.ports.broker
            ports |= {
                broker.amqp: "the message broker",
                broker.management: "the broker's management",
                broker.distribution: "the broker's node",
                broker.names: "the broker's name server",
            }
        if not self.mongo_uri:
            ports[self.ports.store] = "the store"
        for name in MODULES:
            for replica in range(self.replicas(name)):
                ports[self.ports.health(name, replica)] = f"the health of {name}"
        return ports

    # -- what each process is told --------------------------------------------------------------

    def child(self, name: str, replica: int = 0) -> Child:
        """One replica of a service or of the gateway."""
        return Child(
            f"{name} {replica + 1}" if self.replicas(name) > 1 else name,
            [sys.executable, "-m", MODULES[name]],
            log=self.folder / "log" / f"{name}-{replica}.log",
            environment=self.environment(name, replica),
            directory=ROOT,
        )

    def sandbox(self) -> Child:
        """The server that receives and shows the SMS."""
        return Child(
            "sms-sandbox",
            [sys.executable, "-m", "deploy.local.sms_sandbox"],
            log=self.folder / "log" / "sms-sandbox.log",
            environment={
                **_inherited(),
                "SMS_SANDBOX_PORT": str(self.ports.sandbox),
                "RECEIPT_URL": f"{self.gateway_url}/api/v1/receipts/campus",
                "SMS_RECEIPT_TOKEN_FILE": self.secret_file("sms_receipt_token"),
            },
            directory=ROOT,
        )

    def environment(self, name: str, replica: int = 0) -> dict[str, str]:
        """The environment of one process; secrets by the name of their file, out of sight of ``ps``."""
        addresses = self.addresses()
        told = {
            **_inherited(),
            "PYTHONUNBUFFERED": "1",
            "JISHI_PROFILE": "local",
            "AMQP_URI": addresses["AMQP_URI"],
            "HEALTH_PORT": str(self.ports.health(name, replica)),
            "SESSION_PUBLIC_KEY_FILE": self.secret_file("session_public_key"),
        }
        if name == GATEWAY:
            return told | {
                "HTTP_PORT": str(self.ports.gateway),
                "SESSION_PRIVATE_KEY_FILE": self.secret_file("session_private_key"),
            }
        told |= {"MONGO_URI": addresses["MONGO_URI"], "FIELD_KEY_FILE": self.secret_file("field_key")}
        if name == "notify":
            told |= {
                "SMS_URL": f"{self.sandbox_url}/sms",
                "SMS_RECEIPT_TOKEN_FILE": self.secret_file("sms_receipt_token"),
            }
        return told

    # -- keys -----------------------------------------------------------------------------------

    @property
    def keys(self) -> Path:
        return self.folder / "secrets"

    def secret_file(self, name: str) -> str:
        return str(self.keys / name)

    def make_secrets(self) -> None:
        """Make the keys of this copy, readable by its owner alone; those that exist stay."""
        folder = self.keys
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        (self.folder / ".gitignore").write_text("*\n")
        if not (folder / "session_private_key").exists():
            private, public = new_keys()
            _write_secret(folder / "session_public_key", public)
            _write_secret(folder / "session_private_key", private)
        if not (folder / "field_key").exists():
            _write_secret(folder / "field_key", base64.b64encode(secrets.token_bytes(32)).decode())
        if not (folder / "sms_receipt_token").exists():
            _write_secret(folder / "sms_receipt_token", secrets.token_urlsafe(24))


def _inherited() -> dict[str, str]:
    """The surroundings less what this file decides, so that nothing of another copy seeps in."""
    ours = ("SESSION_", "FIELD_KEY", "SMS_", "AMQP_URI", "MONGO_URI", "HEALTH_", "HTTP_PORT", "HTTP_HOST")
    make = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours + make)}


def _write_secret(path: Path, text: str) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text, encoding="ascii")
    unfinished.rename(path)


def _scale(text: str) -> dict[str, int]:
    scale = {}
    for part in text.replace(",", " ").split():
        name, _, count = part.partition("=")
        if name not in MODULES:
            raise StartFailure(f"SCALE names {name!r}, but there are only {', '.join(MODULES)}.")
        if not count.isdigit() or not 1 <= int(count) <= MOST_REPLICAS:
            raise StartFailure(f"SCALE gives {name} {count!r}, but must give 1 to {MOST_REPLICAS} replicas.")
        scale[name] = int(count)
    return scale
