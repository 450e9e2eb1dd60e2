"""Providers over TLS: a certificate that nobody vouches for gets no byte of a message."""

from __future__ import annotations

import pytest

from services.chassis.clock import FixedClock
from services.notify.channels.aliyun import AliyunChannel
from services.notify.channels.http import HttpChannel
from services.notify.channels.mail import MailChannel
from services.notify.channels.model import Accepted, NotReceived
from services.notify.channels.providers import Way
from services.notify.channels.shape_files import shipped_shape
from services.notify.channels.tencent import TencentChannel

from .abroad import NOW, SECRET, TEMPLATES, Foreign, letters


def by_tls(foreign: Foreign) -> dict[str, Way]:
    """The ways whose trust is that of the machine."""
    at = {"host": "127.0.0.1", "sender": foreign.sender, "timeout": 20.0, "user": "party", "password": SECRET}
    own = {"corpid": "w", "agentid": "7", "secret": SECRET}
    url = f"https://127.0.0.1:{foreign.https_port}"
    return {
        "tls": MailChannel(**at, port=foreign.smtps_port, security="tls"),
        "starttls": MailChannel(**at, port=foreign.smtp_port, security="starttls"),
        "campus": HttpChannel(shipped_shape("campus"), f"{url}/sms", 20, FixedClock(NOW)),
        "wecom": HttpChannel(shipped_shape("wecom"), url, 20, FixedClock(NOW), own),
    }


def by_sdk(foreign: Foreign) -> dict[str, Way]:
    """Those whose SDK brings the certificates that it trusts."""
    account = {"key_id": "id", "secret": SECRET, "signature": "某某大学", "template_id": TEMPLATES.get}
    at = {**account, "timeout": 20.0, "endpoint": f"127.0.0.1:{foreign.https_port}", "protocol": "https"}
    return {"aliyun": AliyunChannel(**at), "tencent": TencentChannel(application="1400006666", **at)}


def test_whom_nobody_vouches_for_gets_nothing_and_who_is_trusted_gets_it_sealed(
    foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = letters("zhang@campus.example")
    answers = {name: way.send("call-1", to) for name, way in (by_tls(foreign) | by_sdk(foreign)).items()}
    assert answers == {key: [NotReceived("provider_unreachable")] for key in answers}
    assert foreign.taken() == []
    monkeypatch.setenv("SSL_CERT_FILE", str(foreign.certificate))
    answers = {name: way.send("call-2", to) for name, way in by_tls(foreign).items()}
    assert {name: type(answer) for name, [answer] in answers.items()} == dict.fromkeys(answers, Accepted)
    assert [each["provider"] for each in foreign.taken()] == ["mail", "mail", "campus", "wecom"]
