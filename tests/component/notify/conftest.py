"""Notify against the real store, the real broker and a real SMS provider's stand-in process."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from deploy.local.children import Child, free_ports, listens
from services.chassis.clock import FixedClock
from services.chassis.contract import NewEvent
from services.chassis.envelope import Event, from_wire, seal
from services.chassis.said import grant_said, node_said
from services.chassis.settings import Settings
from services.contracts.evaluation_events import ObligationExempted, ObligationFulfilled, ObligationOverdue
from services.notify import application as notify_application
from services.notify.application import Notify
from services.notify.contacts.store import Contact
from tests import grounds

from . import abroad

settings, database_prefix, vhost = grounds.settings, grounds.database_prefix, grounds.vhost
foreign_process, foreign = abroad.foreign_process, abroad.foreign

# university > faculty > branch, next door
TREE = {"university": None, "faculty": "university", "branch": "faculty", "next-door": "faculty"}
HEADS = {"university": "rector", "faculty": "dean", "branch": "secretary", "next-door": "neighbour"}
PHONES = {"rector": "13900000001", "dean": "13900000002", "secretary": "13900000003"}
PHONES["neighbour"] = "13900000004"
NOON = datetime(2026, 10, 5, 4, 0, tzinfo=UTC)  # 12:00 on campus


@dataclass
class Provider:
    """The SMS sandbox as a process of its own."""

    child: Child
    address: str

    @property
    def url(self) -> str:
        return f"{self.address}/sms"

    def taken(self) -> list[dict[str, str]]:
        """What it was asked to send, oldest first."""
        listed = requests.get(f"{self.address}/messages", timeout=60).json()["items"]
        return list(reversed(listed))

    def faults(self, **faults: Any) -> None:
        requests.put(f"{self.address}/faults", json=faults, timeout=60).raise_for_status()

    def reset(self) -> None:
        self.faults(fail_rate=0, fail_after_rate=0, delay_ms=0, drop_receipts=False, blind=False)
        requests.delete(f"{self.address}/messages", timeout=60).raise_for_status()


@pytest.fixture(scope="session")
def provider_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    (port,) = free_ports(1)
    child = Child(
        "sms-sandbox",
        [sys.executable, "-m", "deploy.local.sms_sandbox"],
        log=tmp_path_factory.mktemp("sandbox") / "log",
        environment={"SMS_SANDBOX_PORT": str(port)},
        directory=Path(__file__).parents[3],
    )
    child.start()
    child.wait_until(lambda: listens(port), 60)
    yield Provider(child, f"http://127.0.0.1:{port}")
    child.kill()


@pytest.fixture
def provider(provider_process: Provider) -> Provider:
    provider_process.reset()
    return provider_process


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture(scope="session")
def beginnings() -> dict[datetime, grounds.Laid]:
    """What a test with a campus begins with, by its instant, as the service made it for the first."""
    return {}


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped policies, but nobody waits seconds for a slow provider."""
    folder = tmp_path / "notify"
    shutil.copytree(notify_application.FOLDER, folder, ignore=shutil.ignore_patterns("*.py"))
    policy = folder / "policies" / "sending.yaml"
    sending = yaml.safe_load(policy.read_text(encoding="utf-8"))
    policy.write_text(yaml.safe_dump({**sending, "timeout_seconds": 1.0}), encoding="utf-8")
    monkeypatch.setattr(notify_application, "FOLDER", folder)


@pytest.fixture
def notify_settings(store: Any, database_prefix: str, provider: Provider) -> Settings:
    """Settings without a broker: nothing that uses them publishes."""
    from services.chassis.testing import settings_for_tests

    plain = settings_for_tests("amqp://127.0.0.1:1//", store.uri, database_prefix, "notify")
    return replace(plain, sms_url=provider.url)


@dataclass
class Desk:
    """The application on a small campus; time passes when a test says so."""

    application: Notify
    clock: FixedClock
    provider: Provider

    def tell(self, new: NewEvent, subject: str = "obligation-1", sequence: int = 1) -> None:
        """What a handler of the service does with one event."""
        self.application.follow([event(new, subject, sequence, self.clock)])

    def turn(self, **passes: float) -> None:
        """Let time pass, climb, send: as the timer and the sender do."""
        self.clock.advance(timedelta(**passes))
        self.application.remind()
        self.application.sender.run_once()

    def kept(self, **wanted: Any) -> list[tuple[str, str, str | None]]:
        """(step, state, reason) of every message, oldest first."""
        found, _ = self.application.messages.page([{}], None, 100, **wanted)
        return [(m.purpose.step, str(m.message.state), m.message.reason) for m in reversed(found)]

    def only_message(self) -> Any:
        ((stored,), _) = self.application.messages.page([{}], None, 100)
        return stored

    def wait_until_due(self) -> None:
        """Let time pass until something is to be done with the one message, and do it."""
        due = self.only_message().message.act_at
        self.clock.instant = max(self.clock.instant, due)
        self.application.sender.run_once()


def event(new: NewEvent, subject: str, sequence: int, clock: FixedClock) -> Event:
    return from_wire(seal(new, subject=subject, sequence=sequence, clock=clock))


def overdue(obligation: str = "obligation-1", organisation: str = "branch", **changes: Any) -> NewEvent:
    return ObligationOverdue.of(**_obligation(obligation, organisation, **changes))


def fulfilled(obligation: str = "obligation-1", organisation: str = "branch", **changes: Any) -> NewEvent:
    return ObligationFulfilled.of(**_obligation(obligation, organisation, **changes), late=True)


def exempted(obligation: str = "obligation-1", organisation: str = "branch", **changes: Any) -> NewEvent:
    return ObligationExempted.of(**_obligation(obligation, organisation, **changes))


def _obligation(obligation: str, organisation: str, **changes: Any) -> dict[str, Any]:
    return {
        "obligation": obligation,
        "organisation": organisation,
        "rule": "theme_day",
        "period": "2026-09",
        "due_on": date(2026, 9, 30),
        "pack": "frequency-national-2018",
        "article": "14",
        **changes,
    }


def furnish(application: Notify) -> None:
    """The small campus, as the events of records leave it."""
    since = date(2025, 9, 1)
    application.authority.apply(
        [
            *(node_said(node, parent=parent) for node, parent in TREE.items()),
            *(
                grant_said(f"post-{person}", person=person, role="secretary", node=node, since=since)
                for node, person in HEADS.items()
            ),
        ]
    )
    application.names.put([(node, f"{node}党支部", 0) for node in TREE])
    application.contacts.put(
        [
            Contact(person, application.vault.seal("phone", PHONES[person]), active=True)
            for person in HEADS.values()
        ]
    )


@pytest.fixture
def open_desk(
    notify_settings: Settings, clock: FixedClock, provider: Provider
) -> Iterator[Callable[..., Desk]]:
    """Another process of the same service, as far as the store can tell."""
    opened: list[Notify] = []

    def open_one(**changes: Any) -> Desk:
        application = Notify.for_test(replace(notify_settings, **changes), clock)
        opened.append(application)
        return Desk(application, clock, provider)

    yield open_one
    for application in opened:
        application.database.client.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    found = open_desk()
    furnish(found.application)
    return found
