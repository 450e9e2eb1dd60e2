"""What a process is told from outside: read once from the environment, checked as a whole, then fixed."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environs import Env, EnvValidationError
from marshmallow import ValidationError
from marshmallow.validate import URL, OneOf, Range, Regexp

from services.chassis import session
from services.chassis.clock import SystemClock

LOCAL = "local"
PRODUCTION = "production"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_SECRETS = (
    "SESSION_PUBLIC_KEY",
    "SESSION_PRIVATE_KEY",
    "FIELD_KEY",
    "SMS_RECEIPT_TOKEN",
    "AMQP_URI",
    "MONGO_URI",
)
_SCHEMES = {"AMQP_URI": ("amqp", "amqps"), "MONGO_URI": ("mongodb", "mongodb+srv")}
SERVICE_NEEDS = ("AMQP_URI", "MONGO_URI", "SESSION_PUBLIC_KEY", "FIELD_KEY")
GATEWAY_NEEDS = ("AMQP_URI", "SESSION_PUBLIC_KEY", "SESSION_PRIVATE_KEY")
OPERATOR_NEEDS = ("AMQP_URI", "MONGO_URI")
_PORT = Range(min=1, max=65535)
_WEB_ADDRESS = URL(schemes={"http", "https"}, require_tld=False)
# Texts that are printed in documents and examples: whoever runs with one of them runs with none.
_KNOWN_SECRETS = frozenset({"", "guest", "secret", "changeme", "change-me", "password", "jishi", "test"})


class SettingsError(Exception):
    """The environment is not usable; ``problems`` names every variable that is wrong, at once."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        said = "; ".join(f"{name}: {problem}" for name, problem in sorted(self.problems.items()))
        super().__init__(f"settings are not usable: {said}")


@dataclass(frozen=True)
class Settings:
    """One process's settings. Secrets are left out of ``repr``, so that they reach no log."""

    service: str
    profile: str = PRODUCTION
    amqp_uri: str = field(default="amqp://127.0.0.1:5672//", repr=False)
    mongo_uri: str = field(default="mongodb://127.0.0.1:27017", repr=False)
    database_prefix: str = "jishi"
    session_public_key: str = field(default="", repr=False)
    session_private_key: str | None = field(default=None, repr=False)
    field_key: bytes = field(default=b"", repr=False)
    sms_url: str | None = None
    sms_receipt_token: str | None = field(default=None, repr=False)
    health_host: str = "127.0.0.1"
    health_port: int | None = None
    http_host: str = "127.0.0.1"
    http_port: int = 7300
    campus_timezone: str = "Asia/Shanghai"
    log_level: str = "INFO"
    clock_offset: timedelta = timedelta()
    relay_enabled: bool = True
    drain_seconds: float = 20.0
    cors_origins: tuple[str, ...] = ()
    rate_per_second: float = 50.0
    rate_burst: int = 200
    connections_per_address: int = 500
    trusted_proxies: tuple[str, ...] = ()
    otel_endpoint: str | None = None
    # What one kind of process alone reads, by the variable's name.
    extra: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    @property
    def local(self) -> bool:
        """Whether this is one machine of one person, where demonstrations are allowed."""
        return self.profile == LOCAL

    @property
    def database_name(self) -> str:
        """The one database that the service owns: ``jishi_records``."""
        return f"{self.database_prefix}_{self.service}"

    def clock(self) -> SystemClock:
        """The clock of the process, in the campus time zone."""
        return SystemClock(ZoneInfo(self.campus_timezone), self.clock_offset)

    def for_service(self, service: str) -> Settings:
        """The same surroundings, as another service sees them."""
        return replace(self, service=service)

    @classmethod
    def from_environment(
        cls,
        service: str,
        environment: Mapping[str, str] | None = None,
        *,
        needs: Sequence[str] = SERVICE_NEEDS,
    ) -> Settings:
        """Read and check every variable; raises ``SettingsError`` that names all that is wrong at once.

        ``needs`` are the variables without which the process cannot work: what a process does not need
        (the gateway no store, an operator's tool no keys) it need not be given. A secret ``X`` may be
        given as ``X_FILE``, the name of a file that holds it. An empty variable counts as not set. The
        profile is production unless another is asked for: what is forgotten is refused, not allowed.
        """
        given = os.environ if environment is None else environment
        values, problems = _read(given, needs)
        settings = cls(service=service, **values)
        if settings.profile == PRODUCTION:
            problems = {**_unsafe_in_production(settings), **problems}
        if problems:
            raise SettingsError(problems)
        return settings


def _read(environment: Mapping[str, str], needs: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    problems: dict[str, str] = {}
    env = _GivenEnv(environment)
    secrets = {name: _secret(env, name, problems) for name in _SECRETS}
    values: dict[str, Any] = {
        "profile": env.str("JISHI_PROFILE", PRODUCTION, validate=OneOf((LOCAL, PRODUCTION))),
        "amqp_uri": secrets["AMQP_URI"] or "",
        "mongo_uri": secrets["MONGO_URI"] or "",
        "database_prefix": env.str("DATABASE_PREFIX", "jishi", validate=Regexp(r"\A[a-z][a-z0-9_]{0,30}\Z")),
        "session_public_key": secrets["SESSION_PUBLIC_KEY"] or "",
        "session_private_key": secrets["SESSION_PRIVATE_KEY"],
        "field_key": b"",
        "sms_url": env.str("SMS_URL", None, validate=_WEB_ADDRESS),
        "sms_receipt_token": secrets["SMS_RECEIPT_TOKEN"],
        "health_host": env.str("HEALTH_HOST", "127.0.0.1"),
        "health_port": env.int("HEALTH_PORT", None, validate=_PORT),
        "http_host": env.str("HTTP_HOST", "127.0.0.1"),
        "http_port": env.int("HTTP_PORT", 7300, validate=_PORT),
        "campus_timezone": env.str("CAMPUS_TIMEZONE", "Asia/Shanghai", validate=_zone),
        "log_level": env.str("LOG_LEVEL", "INFO", validate=OneOf(_LEVELS)),
        "clock_offset": timedelta(seconds=env.float("CLOCK_OFFSET_SECONDS", 0.0) or 0.0),
        "relay_enabled": env.bool("RELAY_ENABLED", True),
        "drain_seconds": env.float("DRAIN_SECONDS", 20.0, validate=Range(min=0)),
        "cors_origins": tuple(env.list("CORS_ORIGINS", []) or ()),
        "rate_per_second": env.float("RATE_PER_SECOND", 50.0, validate=Range(min=0.1)),
        "rate_burst": env.int("RATE_BURST", 200, validate=Range(min=1)),
        "connections_per_address": env.int("CONNECTIONS_PER_ADDRESS", 500, validate=Range(min=1)),
        "trusted_proxies": tuple(env.list("TRUSTED_PROXIES", [], validate=_networks) or ()),
        "otel_endpoint": env.str("OTEL_EXPORTER_OTLP_ENDPOINT", None, validate=_WEB_ADDRESS),
        "extra": MappingProxyType(dict(environment)),
    }
    if secrets["FIELD_KEY"]:
        try:
            values["field_key"] = _field_key(secrets["FIELD_KEY"])
        except ValueError as wrong:
            problems["FIELD_KEY"] = str(wrong)
    problems.update(_wrong_keys(secrets["SESSION_PUBLIC_KEY"], secrets["SESSION_PRIVATE_KEY"]))
    for name, schemes in _SCHEMES.items():
        if secrets[name] and not _starts_with(str(secrets[name]), schemes):
            problems[name] = f"does not start with {schemes[0]}://"
    for name in needs:
        if not secrets[name] and f"{name}_FILE" not in problems:
            problems.setdefault(name, "is not set")
    try:
        env.seal()
    except EnvValidationError as wrong:
        said = wrong.error_messages
        if isinstance(said, Mapping):
            problems.update({name: " ".join(map(str, texts)) for name, texts in said.items()})
    return values, problems


def _secret(env: _GivenEnv, name: str, problems: dict[str, str]) -> str | None:
    path: str | None = env.str(f"{name}_FILE", None)
    if not path:
        value: str | None = env.str(name, None)
        return value
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        problems[f"{name}_FILE"] = "names a file that cannot be read"
        return None


def _starts_with(uri: str, schemes: Sequence[str]) -> bool:
    return uri.split("://", 1)[0] in schemes and "://" in uri


def _networks(names: Sequence[str]) -> None:
    for name in names:
        try:
            ip_network(name)
        except ValueError:
            raise ValidationError(f"{name!r} is neither an address nor a network") from None


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError("is not the name of a time zone") from None


def _field_key(text: str) -> bytes:
    """32 bytes in base64 (either alphabet), the key under which fields are sealed at rest."""
    try:
        key = base64.b64decode(
            text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None
    if len(key) != 32:
        raise ValueError(f"holds {len(key)} bytes, not 32")
    return key


def _wrong_keys(public: str | None, private: str | None) -> dict[str, str]:
    """What is wrong with the session keys: with either, a process would start well and refuse everybody."""
    problems: dict[str, str] = {}
    for name, key, parse in (
        ("SESSION_PUBLIC_KEY", public, session.public),
        ("SESSION_PRIVATE_KEY", private, session.private),
    ):
        try:
            if key:
                parse(key)
        except ValueError as wrong:
            problems[name] = str(wrong)
    if public and private and not problems and not session.are_pair(private, public):
        problems["SESSION_PUBLIC_KEY"] = "does not belong to SESSION_PRIVATE_KEY"
    return problems


def _unsafe_in_production(settings: Settings) -> dict[str, str]:
    problems: dict[str, str] = {}
    if settings.clock_offset:
        problems["CLOCK_OFFSET_SECONDS"] = "is for the local profile only"
    if settings.field_key and len(set(settings.field_key)) < 8:
        problems["FIELD_KEY"] = "is a known or trivial key"
    if settings.sms_receipt_token is not None and (
        settings.sms_receipt_token.lower() in _KNOWN_SECRETS or len(settings.sms_receipt_token) < 16
    ):
        problems["SMS_RECEIPT_TOKEN"] = "is a known secret or shorter than 16 characters"
    # A client fills in guest for the half of a broker's credentials that is left out; a store's need not be
    # in its address (peer or x509).
    user, password = _credentials(settings.amqp_uri)
    if not user or password.lower() in _KNOWN_SECRETS:
        problems["AMQP_URI"] = "has a known or no password"
    if _credentials(settings.mongo_uri)[1].lower() in _KNOWN_SECRETS - {""}:
        problems["MONGO_URI"] = "has a known password"
    return problems


def _credentials(uri: str) -> tuple[str, str]:
    """User and password in ``uri``; empty where it has none."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "", ""
    return unquote(parts.username or ""), unquote(parts.password or "")


class _GivenEnv(Env):
    """An ``Env`` over a given mapping, so that a test need not change the process it runs in."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(eager=False)
        self._given = {name: value for name, value in environment.items() if value != ""}

    def _get_value(self, env_key: str, default: Any) -> Any:
        return self._given.get(env_key, default)
