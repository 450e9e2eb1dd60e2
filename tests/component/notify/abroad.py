"""The stand-ins of ``foreign`` as a process for all tests, and the channels that lead to them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local.children import Child, free_ports, listens
from services.chassis.clock import FixedClock
from services.notify.channels.aliyun import AliyunChannel
from services.notify.channels.http import HttpChannel
from services.notify.channels.mail import MailChannel
from services.notify.channels.model import Enquiry, Letter
from services.notify.channels.providers import Way
from services.notify.channels.shape_files import shipped_shape
from services.notify.channels.tencent import TencentChannel
from services.notify.channels.wide import AppriseChannel

NOW = datetime(2026, 10, 5, 4, 0, tzinfo=UTC)
TEMPLATES = {"reminder-again.v2": "SMS_1"}
SECRET = "a-secret-of-the-account"
ZHANG, LI = "13900000001", "13900000002"
BY_HTTP = ("aliyun", "tencent", "wecom", "dingtalk")


@dataclass
class Foreign:
    """The stand-ins, and the channels that lead to them."""

    port: int
    smtp_port: int
    sender: str = "party@campus.example"
    user: str | None = "party"

    def taken(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"http://127.0.0.1:{self.port}/taken", timeout=30).json()
        return found

    def asked(self) -> list[str]:
        """The addresses of the questions that were asked, one by one."""
        found: list[str] = requests.get(f"http://127.0.0.1:{self.port}/asked", timeout=30).json()
        return found

    def faults(self, **faults: Any) -> None:
        requests.put(f"http://127.0.0.1:{self.port}/faults", json=faults, timeout=30)

    def way(self, kind: str, timeout: float = 20.0, port: int | None = None) -> Way:
        endpoint = f"127.0.0.1:{port or self.port}"
        account: dict[str, Any] = {
            "key_id": "id",
            "secret": SECRET,
            "signature": "某某大学",
            "template_id": TEMPLATES.get,
            "timeout": timeout,
            "endpoint": endpoint,
            "protocol": "http",
        }
        if kind == "aliyun":
            return AliyunChannel(**account)
        if kind == "tencent":
            return TencentChannel(application="1400006666", **account)
        if kind == "mail":
            return MailChannel(
                host="127.0.0.1",
                port=port or self.smtp_port,
                sender=self.sender,
                timeout=timeout,
                security="none",
                user=self.user,
                password=SECRET,
            )
        if kind == "apprise":
            return AppriseChannel(url=f"json://{endpoint}/{{address}}", timeout=timeout)
        if kind == "campus":
            endpoint += "/sms"
        own = {"corpid": "ww1", "agentid": "7", "appkey": "k", "secret": SECRET}
        return HttpChannel(shipped_shape(kind), f"http://{endpoint}", timeout, FixedClock(NOW), own)


def letters(*addresses: str) -> list[Letter]:
    given = {"period": "九月", "due_on": "9月30日"}
    return [Letter(f"m-{each}", each, "请尽快召开", "reminder-again.v2", given) for each in addresses]


def enquiry(address: str, call: str = "call-1", provider_id: str | None = None) -> Enquiry:
    return Enquiry(f"m-{address}", call, address, NOW, provider_id)


@pytest.fixture(scope="session")
def foreign_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    port, smtp_port = free_ports(2)
    child = Child(
        "foreign",
        [sys.executable, "-m", "tests.component.notify.foreign", str(port), str(smtp_port)],
        log=tmp_path_factory.mktemp("foreign") / "log",
        environment={},
        directory=Path(__file__).parents[3],
    )
    child.start()
    child.wait_until(lambda: listens(port) and listens(smtp_port), 60)
    yield Foreign(port, smtp_port)
    child.kill()


@pytest.fixture
def foreign(foreign_process: Foreign) -> Foreign:
    foreign_process.faults()
    requests.delete(f"http://127.0.0.1:{foreign_process.port}/taken", timeout=30)
    return foreign_process
