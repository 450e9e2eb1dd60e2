"""The stand-ins of ``foreign`` as a process for all tests, and the channels that lead to them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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
    https_port: int = 0
    smtps_port: int = 0
    certificate: Path = Path()

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


def certify(path: Path) -> None:
    """A key and a certificate of 127.0.0.1 that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stand-ins")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2120, 1, 1))
    at = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = builder.add_extension(at, critical=False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(secret + made.public_bytes(pem))


@pytest.fixture(scope="session")
def foreign_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    ports, certificate = free_ports(4), tmp_path_factory.mktemp("foreign") / "certificate.pem"
    certify(certificate)
    child = Child(
        "foreign",
        [sys.executable, "-m", "tests.component.notify.foreign", *map(str, (*ports, certificate))],
        log=certificate.with_name("log"),
        environment={},
        directory=Path(__file__).parents[3],
    )
    child.start()
    child.wait_until(lambda: all(map(listens, ports)), 60)
    port, smtp_port, https_port, smtps_port = ports
    yield Foreign(port, smtp_port, https_port=https_port, smtps_port=smtps_port, certificate=certificate)
    child.kill()


@pytest.fixture
def foreign(foreign_process: Foreign) -> Foreign:
    foreign_process.faults()
    requests.delete(f"http://127.0.0.1:{foreign_process.port}/taken", timeout=30)
    return foreign_process
