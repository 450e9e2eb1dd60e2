"""Which providers there are: what an operator may say of each, and the channel that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml
from marshmallow import Schema, ValidationError, fields, post_load, validate

from services.chassis.clock import Clock
from services.chassis.settings import Settings, SettingsError
from services.notify.channels.breaker import Limits
from services.notify.channels.http import HttpChannel
from services.notify.channels.mail import SECURITY, MailChannel
from services.notify.channels.model import Answer, Channel, Enquiry, Finding, Letter
from services.notify.channels.shape import Reports, Shape
from services.notify.channels.shape_files import read_shape, shipped_shape

KINDS = ("http", "aliyun", "tencent", "smtp", "apprise")
FILE = "PROVIDERS_FILE"
INBOX = "inbox"
AT_SMS_URL = "campus"  # the name of the provider at ``SMS_URL``
SHORTEST_SECRET = 16


class Way(Protocol):
    """A way to one provider. A call goes to at most ``most_per_call`` recipients, who all get the same where
    ``one_text_per_call``; ``can_be_asked``: also when its answer was lost; ``polls``: it reports only so."""

    most_per_call: int
    one_text_per_call: bool
    can_be_asked: bool
    polls: bool

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        """Ask for all ``letters``, once, under the reference ``call``; an answer for each, in order."""

    def find(self, enquiry: Enquiry) -> Finding:
        """What the provider knows of one message."""


@dataclass(frozen=True)
class Definition:
    """One provider, as the operator describes it. ``secrets`` are left out of ``repr``."""

    name: str
    channel: Channel
    kind: str
    priority: int = 1
    limits: Limits = field(default_factory=Limits)
    most_at_once: int | None = None
    url: str = ""
    shape: Shape | None = None
    set: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)
    receipt_secret: str | None = field(default=None, repr=False)

    @property
    def reports(self) -> Shape | None:
        """The shape of its reports."""
        if self.shape is not None:
            return self.shape
        return _REPORTS_OF_SDKS.get(self.kind)

    @property
    def unreported(self) -> bool:
        """Whether nobody can report for it: without a secret no report is believed."""
        return self.receipt_secret is None


def read_providers(settings: Settings) -> list[Definition]:
    """The providers of ``PROVIDERS_FILE``; without it the one at ``SMS_URL``, if that is set.

    Raises ``SettingsError`` naming what is wrong; never with a secret.
    """
    path = settings.extra.get(FILE)
    if not path:
        return [_at_sms_url(settings)] if settings.sms_url else []
    try:
        raw = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        found: list[Definition] = _FileSchema(context_of(settings)).load(raw)["providers"]
    except (OSError, yaml.YAMLError) as wrong:
        raise SettingsError({FILE: f"cannot be read: {type(wrong).__name__}"}) from None
    except ValidationError as refused:
        raise SettingsError({FILE: f"is not valid: {refused.messages}"}) from None
    names = [each.name for each in found]
    if len(set(names)) < len(names):
        raise SettingsError({FILE: "is not valid: a name is given twice"})
    return found


def channel_of(
    definition: Definition, timeout: float, clock: Clock, template_id: Callable[[str], str | None]
) -> Way:
    """The way to a provider; raises ``SettingsError`` where its optional extra is not installed.

    ``template_id`` is the provider's id of one of our templates, where the operator's file has none.
    """
    own, secret = definition.set, definition.secret or ""
    if definition.kind == "http":
        assert definition.shape is not None
        values = {**own, "secret": secret} if definition.secret else own
        return HttpChannel(
            definition.shape, definition.url, timeout, clock, values, unreported=definition.unreported
        )
    if definition.kind == "smtp":
        return MailChannel(
            host=own["host"],
            port=int(own.get("port", "465")),
            sender=own["sender"],
            security=own.get("security", SECURITY[0]),
            user=own.get("user"),
            password=definition.secret,
            timeout=timeout,
        )
    try:
        return _by_sdk(definition, secret, timeout, template_id)
    except ImportError:
        raise SettingsError(
            {FILE: f"{definition.name}: install the extra jishi[{definition.kind}]"}
        ) from None


def _by_sdk(definition: Definition, secret: str, timeout: float, known: Callable[[str], str | None]) -> Way:
    # Imported here: each is an optional extra, and slow to import.
    own = definition.set

    def template_id(key: str) -> str | None:
        return definition.templates.get(key) or known(key)

    more = {name: own[name] for name in ("endpoint", "protocol", "region") if name in own}
    if definition.kind == "aliyun":
        from services.notify.channels.aliyun import AliyunChannel

        return AliyunChannel(
            key_id=own["key_id"],
            secret=secret,
            signature=own["signature"],
            template_id=template_id,
            timeout=timeout,
            unreported=definition.unreported,
            **more,
        )
    if definition.kind == "tencent":
        from services.notify.channels.tencent import TencentChannel

        return TencentChannel(
            key_id=own["key_id"],
            secret=secret,
            application=own["application"],
            signature=own["signature"],
            template_id=template_id,
            timeout=timeout,
            **more,
        )
    from services.notify.channels.wide import AppriseChannel

    return AppriseChannel(url=definition.url.replace("{secret}", secret), timeout=timeout)


def _at_sms_url(settings: Settings) -> Definition:
    return Definition(
        name=AT_SMS_URL,
        channel=Channel.SMS,
        kind="http",
        url=settings.sms_url or "",
        shape=shipped_shape("campus"),
        receipt_secret=settings.sms_receipt_token,
    )


# Tencent's reports name no reference of ours, only the number in an answer that may be lost: it is polled.
_REPORTS_OF_SDKS = {
    kind: read_shape(
        {
            "id": kind,
            "send": {"method": "POST", "url": ""},
            "verdict": {},
            "reports": reports,
        }
    )
    for kind, reports in {
        "aliyun": {
            "reference": "out_id",
            "address": "phone_number",
            "status": "success",
            "delivered": [True],
            "failed": [False],
        },
    }.items()
}
_NEEDED = {
    "http": (),
    "smtp": ("host", "sender"),
    "aliyun": ("key_id", "signature"),
    "tencent": ("key_id", "application", "signature"),
    "apprise": (),
}


_SIGNING = ("aliyun", "tencent")  # their SDKs sign each call


def context_of(settings: Settings) -> Mapping[str, str]:
    """The environment in which secrets are looked up by name."""
    return settings.extra


class _LimitsSchema(Schema):
    failures = fields.Integer(strict=True, validate=validate.Range(min=1))
    rest_seconds = fields.Float(validate=validate.Range(min=0.1))
    rate_per_second = fields.Float(validate=validate.Range(min=0))
    burst = fields.Integer(strict=True, validate=validate.Range(min=1))

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Limits:
        return Limits(**given)


class _DefinitionSchema(Schema):
    name = fields.String(required=True, validate=validate.Regexp(r"\A[a-z][a-z0-9-]{0,39}\Z"))
    channel = fields.String(required=True, validate=validate.OneOf([c for c in Channel if c != INBOX]))
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    priority = fields.Integer(strict=True)
    limits = fields.Nested(_LimitsSchema)
    most_at_once = fields.Integer(strict=True, validate=validate.Range(min=1, max=64))
    url = fields.String()
    shape = fields.Raw()
    set = fields.Dict(keys=fields.String(), values=fields.String())
    templates = fields.Dict(keys=fields.String(), values=fields.String())
    secret = fields.String(validate=validate.Regexp(r"\A[A-Z][A-Z0-9_]*\Z"))
    receipt_secret = fields.String(validate=validate.Regexp(r"\A[A-Z][A-Z0-9_]*\Z"))

    def __init__(self, environment: Mapping[str, str], **more: Any) -> None:
        super().__init__(**more)
        self._environment = environment

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Definition:
        kind = given["kind"]
        missing = [name for name in _NEEDED[kind] if name not in given.get("set", {})]
        if missing:
            raise ValidationError(f"{kind} needs {missing}", "set")
        if kind in _SIGNING and "secret" not in given:
            raise ValidationError("is needed", "secret")
        if kind in ("http", "apprise") and not given.get("url"):
            raise ValidationError("is needed", "url")
        shape = given.pop("shape", None)
        if kind == "http":
            try:
                given["shape"] = shipped_shape(shape) if isinstance(shape, str) else read_shape(shape)
            except ValueError as wrong:
                raise ValidationError(str(wrong), "shape") from None
        for name in ("secret", "receipt_secret"):
            if name in given:
                given[name] = self._secret(name, given[name])
        if len(given.get("receipt_secret") or "x" * SHORTEST_SECRET) < SHORTEST_SECRET:
            raise ValidationError(f"is shorter than {SHORTEST_SECRET} characters", "receipt_secret")
        return Definition(**{**given, "channel": Channel(given["channel"])})

    def _secret(self, field_name: str, variable: str) -> str:
        """The secret that the environment, or the file that it names, holds under ``variable``."""
        path = self._environment.get(f"{variable}_FILE")
        try:
            found = (
                Path(path).read_text(encoding="utf-8").strip() if path else self._environment.get(variable)
            )
        except (OSError, UnicodeDecodeError):
            found = None
        if not found:
            raise ValidationError(f"{variable} is not set", field_name)
        return found


class _FileSchema(Schema):
    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__()
        self.fields["providers"].inner = fields.Nested(_DefinitionSchema(environment))  # type: ignore[attr-defined]

    providers = fields.List(fields.Raw(), required=True)


def reports_of(definition: Definition) -> Reports | None:
    """How its reports are read; None where it makes none."""
    shape = definition.reports
    return shape.reports if shape else None
