"""The surroundings of records: callers, a faculty to act in, systems that speak, and listeners."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import kombu
import openpyxl

from services.chassis.clock import FixedClock
from services.chassis.identity import new_id
from services.chassis.policies import load
from services.chassis.rpc_client import RpcClient
from services.chassis.session import issue
from services.chassis.settings import Settings
from services.chassis.testing import wait_for
from services.records.application import Records
from tests import grounds

POLICIES = Path(__file__).parents[3] / "services" / "records" / "policies"
# Of each step the papers that it is recorded with.
PAPERS: dict[str, list[str]] = load(POLICIES / "development-national-2026.yaml")["materials"]

# Asked for with this the store goes by its sparse index, as the sweeper does.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Campus:
    """The running service, calls to it in somebody's name, and what the others hear of it."""

    settings: Settings
    clock: FixedClock
    client: RpcClient
    application: Records
    root: str
    administrator: str
    heard: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    broker: kombu.Connection

    def token(self, person: str) -> str:
        assert self.settings.session_private_key
        return issue(self.settings.session_private_key, person, timedelta(hours=12), self.clock.now())

    def call(
        self, person: str | None, method: str, key: str | None = None, /, **request: Any
    ) -> dict[str, Any]:
        """``records.<method>`` as ``person``, or without a session."""
        return self.client.call(
            f"records.{method}",
            request,
            authorization=f"Bearer {self.token(person)}" if person else None,
            idempotency_key=key,
            timeout=60.0,
        )

    def organisation(self, code: str, kind: str, parent: str, **more: Any) -> str:
        made = self.call(
            self.administrator,
            "create_organisation",
            code=code,
            name=more.pop("name", f"组织 {code}"),
            kind=kind,
            parent=parent,
            founded_on="2019-03-01",
            **more,
        )
        return str(made["id"])

    def person(self, number: str, organisation: str, **more: Any) -> str:
        made = self.call(
            self.administrator,
            "create_person",
            number=number,
            name=more.pop("name", f"测试{number}"),
            political_status=more.pop("political_status", "member"),
            organisation=organisation,
            **more,
        )
        return str(made["id"])

    def post(self, person: str, role: str, organisation: str) -> str:
        made = self.call(
            self.administrator,
            "give_post",
            person=person,
            role=role,
            organisation=organisation,
            since="2026-01-01",
        )
        return str(made["id"])

    def upload(self, content: bytes, filename: str = "名册.xlsx") -> str:
        """The job that takes ``content`` over."""
        upload = self.call(self.administrator, "begin_upload", filename=filename, purpose="roster")["upload"]
        for part, start in enumerate(range(0, len(content), 400_000)):
            encoded = base64.b64encode(content[start : start + 400_000]).decode()
            self.call(self.administrator, "append_upload", upload=upload, part=part, content=encoded)
        started = self.call(self.administrator, "start_import", upload=upload, filename=filename)
        return str(started["job"])

    def imported(self, content: bytes, filename: str = "名册.xlsx", seconds: float = 60) -> dict[str, Any]:
        """The job of ``content``, at its end."""
        job = self.upload(content, filename)
        ends = ("done", "failed", "stopped")

        def ended() -> dict[str, Any] | None:
            found = self.call(self.administrator, "get_job", job=job)
            return found if found["state"] in ends else None

        found = wait_for(ended, seconds)
        assert found is not None
        return found

    def say(
        self,
        wire: dict[str, Any] | bytes,
        times: int = 1,
        *,
        exchange: str = "campus.events",
        key: str = "person.upserted",
        **properties: Any,
    ) -> None:
        """Publish on ``campus.events`` as another system does, or once more what was published elsewhere."""
        body = wire if isinstance(wire, bytes) else json.dumps(wire).encode()
        with self.broker.channel() as channel:
            for _ in range(times):
                channel.basic_publish(
                    _message(channel, body, **properties),
                    exchange=exchange,
                    routing_key=key,
                )

    def upsert(self, **said: Any) -> dict[str, Any]:
        """An event of the campus about a person; attributes of the envelope begin with an underscore."""
        sequence, time = said.pop("_sequence", 0), said.pop("_time", "2026-09-01T08:00:00Z")
        envelope: dict[str, Any] = {
            "specversion": "1.0",
            "id": new_id(),
            "type": "campus.person.upserted.v1",
            "source": "/campus/hr",
            "subject": said.get("number", "nobody"),
            "time": time,
            "data": said,
        }
        return {**envelope, "sequence": sequence} if sequence else envelope

    def settled(self) -> None:
        """Return when nothing waits to be published any more."""
        database, published = self.application.database, self.application.relay

        def settled() -> bool:
            return not published.backlog and not any(
                database[name].find_one({"pending_since": {"$gt": LONG_AGO}}, {"_id": 1})
                for name in grounds.written(database.name)
            )

        wait_for(settled)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What the others heard of one type, so far."""
        self.settled()
        self.drain()
        return [each for each in self.heard if each["type"] == kind]

    def drain(self) -> None:
        """Take over what has arrived at the listeners' queues."""
        for name, kept in (("heard", self.heard), ("rejected", self.rejected)):
            with self.broker.channel() as channel:
                known = {each["id"] for each in kept}
                while (message := channel.basic_get(name, no_ack=True)) is not None:
                    event = json.loads(message.body)
                    if event["id"] not in known:  # a sweeper may publish again what was just published
                        known.add(event["id"])
                        kept.append(event)


def _message(channel: Any, body: bytes, **properties: Any) -> Any:
    return channel.prepare_message(body, properties={"delivery_mode": 2, **properties})


def workbook(**sheets: Sequence[Sequence[Any]]) -> bytes:
    """An .xlsx as a person would have typed it."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@dataclass
class Faculty:
    """A faculty with two branches, a group in the first, and the people who act in the tests."""

    faculty: str
    branch: str
    neighbour: str
    group: str
    dean: str
    secretary: str
    next_door: str
    member: str
    groupie: str
