"""Imports under faults: rosters that are being taken over while the broker is away."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import requests

from services.chassis.testing import wait_for
from tests.faults.load import Account
from tests.faults.rig import ADMINISTRATOR, Rig

HEADERS = "姓名,学号/工号,性别,政治面貌,所在党支部,手机号"
SETTLE_SECONDS = 300.0


class Rosters:
    """Rosters of new people: every row owes one person and one event."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._stamp = f"R{time.monotonic_ns() % 10**9:09}"
        self._rows = 0

    @property
    def _people(self) -> dict[str, Any]:
        return {"number": {"$regex": f"^{self._stamp}"}}

    def begin(self, rows: int) -> None:
        """Hand in a roster of ``rows`` people of the faculty; its job has begun or is about to."""
        lines = [
            f"新党员{number},{self._stamp}{number:05},男,正式党员,石油工程学院党委,13811{number:06}"
            for number in range(self._rows, self._rows + rows)
        ]
        key = uuid4().hex

        def handed_in() -> list[requests.Response]:
            """None where the platform is too busy to answer: it is repeated with its key then."""
            answer = requests.post(
                f"{self._rig.layout.gateway_url}/api/v1/imports/roster?filename=roster.csv",
                data="\n".join([HEADERS, *lines]).encode("utf-8-sig"),
                headers={
                    "Content-Type": "text/csv",
                    "Idempotency-Key": key,
                    "Authorization": f"Bearer {self._rig.calls.sign_in(ADMINISTRATOR)}",
                },
                timeout=30,
                proxies={"http": "", "https": ""},
            )
            return [] if answer.status_code == 503 else [answer]

        [answer] = wait_for(handed_in, SETTLE_SECONDS, every=0.5)
        assert answer.status_code == 202, answer.text
        self._rows += rows

    def written(self) -> int:
        """People in the store by now."""
        return int(self._rig.database("records")["people"].count_documents(self._people))

    def account(self, found: Account) -> None:
        """One person and one event for each row."""

        def settled() -> bool:
            if self.written() < self._rows or self._rig.backlog():
                return False
            self._rig.ear.read()
            return all(self._rig.ear.heard[each] for each in self._ids())

        wait_for(settled, SETTLE_SECONDS, every=0.5)
        found.compare("rows of rosters", self._rows, self.written())
        for person in self._ids():
            heard = self._rig.ear.heard[person]
            found.compare(f"{person} events", 1, len(heard))
            found.compare(f"{person} event 1", 1, len(heard[1]))
        found.notes["rows"] = self._rows

    def _ids(self) -> list[str]:
        people = self._rig.database("records")["people"]
        return [str(each["_id"]) for each in people.find(self._people, {"_id": 1})]
