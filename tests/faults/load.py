"""The load: chains of commands as branches give them, and the account of what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import eventlet
from eventlet.greenpool import GreenPool

from services.chassis.testing import wait_for
from tests.faults.rig import Branch, Rig

STEPS = 4  # plan, record, submit, approve: each is one command, one version, one event
COMMANDS_PER_CHAIN = STEPS + 1  # and an opinion
SETTLE_SECONDS = 300.0


@dataclass
class Account:
    """Accepted commands against their effects."""

    commands: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    notes: dict[str, object] = field(default_factory=dict)

    def compare(self, what: str, expected: int, found: int) -> None:
        if found < expected:
            self.lost.append(f"{what}: {found} of {expected}")
        if found > expected:
            self.doubled.append(f"{what}: {found} instead of {expected}")


class Load:
    """Chains under one label, so that several loads on one rig are told apart."""

    def __init__(self, rig: Rig, label: str) -> None:
        self._rig = rig
        self._label = label
        self._numbers: Iterator[int] = iter(range(10**9))
        self.activities: list[str] = []
        self.opinions: list[str] = []
        self._pool: GreenPool | None = None
        self._wanted = 0
        self._started = 0
        self._failure: BaseException | None = None
        self.accepted = 0

    # -- giving commands ------------------------------------------------------------------------

    def start(self, commands: int, *, at_once: int = 6) -> None:
        """Begin to give about ``commands`` commands, from ``at_once`` branches side by side."""
        self._wanted = -(-commands // COMMANDS_PER_CHAIN)
        self._pool = GreenPool(at_once)
        for number in range(at_once):
            self._pool.spawn_n(self._work, self._rig.branches[number % len(self._rig.branches)])

    @property
    def running(self) -> bool:
        return self._pool is not None and self._pool.running() > 0

    def wait_for_accepted(self, commands: int) -> None:
        """Return when that many were accepted, or the load has ended."""
        while self.accepted < commands and self.running:
            eventlet.sleep(0.02)

    def finish(self) -> None:
        """Return when every command was accepted; raises what went wrong in one of them."""
        assert self._pool is not None
        self._pool.waitall()
        if self._failure is not None:
            raise self._failure

    def _work(self, branch: Branch) -> None:
        try:
            while self._started < self._wanted and self._failure is None:
                self._started += 1
                self._chain(branch, f"{self._label} {next(self._numbers)}")
        except BaseException as failure:
            self._failure = failure

    def _chain(self, branch: Branch, title: str) -> None:
        calls = self._rig.calls
        secretary, dean = calls.sign_in(branch.secretary), calls.sign_in(self._rig.dean)
        today = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
        planned = {"organisation": branch.id, "kind": "theme_day", "title": title, "held_on": today}
        activity = str(self._give("POST", "/api/v1/activities", planned, secretary)["id"])
        self.activities.append(activity)
        recorded = {
            "attendance": [{"person": person, "state": "present"} for person in branch.people],
            "minutes": "学习有关文件，讨论并形成决议。",
        }
        address = f"/api/v1/activities/{activity}"
        self._give("PUT", f"{address}/record", recorded, secretary)
        self._give("POST", f"{address}/submit", {}, secretary)
        said = {"organisation": branch.id, "category": "service", "text": title}
        opinion = self._give("POST", "/api/v1/opinions", {**said, "mode": "named"}, secretary)
        self.opinions.append(str(opinion["id"]))
        self._give("POST", f"{address}/review", {"verdict": "approve"}, dean)

    def _give(self, method: str, path: str, body: dict[str, object], token: str) -> dict[str, object]:
        answer = self._rig.calls.command(method, path, body, token)
        self.accepted += 1
        return answer

    # -- what became of them ----------------------------------------------------------------------

    def account(self) -> Account:
        """Documents, events and the ledger against what was accepted, once everything has settled."""
        found = Account(self.accepted)
        self._await_settled()
        records, evaluation = self._rig.database("records"), self._rig.database("evaluation")
        feedback = self._rig.database("feedback")
        title = {"$regex": f"^{self._label} "}
        found.compare(
            "planned", len(self.activities), records["activities"].count_documents({"title": title})
        )
        found.compare("spoken", len(self.opinions), feedback["opinions"].count_documents({"text": title}))
        found.compare("distinct answers", len(self.activities), len(set(self.activities)))
        for activity in self.activities:
            document = records["activities"].find_one({"_id": activity}) or {"version": 0, "state": "gone"}
            found.compare(f"{activity} changes", STEPS, document["version"])
            if document["state"] != "approved":
                found.lost.append(f"{activity} is {document['state']}")
            self._compare_events(found, activity, STEPS)
            entered = evaluation["evidence"].count_documents({"activity": activity})
            found.compare(f"{activity} in the ledger", 1, entered)
        for opinion in self.opinions:
            self._compare_events(found, opinion, 1)
        self._compare_scores(found)
        return found

    def _compare_events(self, found: Account, subject: str, expected: int) -> None:
        heard = self._rig.ear.heard[subject]
        found.compare(f"{subject} events", expected, len(heard))
        for sequence, ids in heard.items():
            found.compare(f"{subject} event {sequence}", 1, len(ids))

    def _compare_scores(self, found: Account) -> None:
        for branch, entered, scored in self._scores():
            found.compare(f"{branch} records in the score", entered, scored)

    def _scores(self) -> Iterator[tuple[str, int, int]]:
        """Of each branch the records in the ledger, and those that its score counts."""
        ledger = self._rig.database("evaluation")["evidence"]
        dean = self._rig.calls.sign_in(self._rig.dean)
        for branch in self._rig.branches:
            entered = ledger.count_documents({"organisation": branch.id})
            yield branch.id, entered, self._rig.calls.get(f"/api/v1/scores/{branch.id}", dean)["evidence"]

    def _await_settled(self) -> None:
        evaluation = self._rig.database("evaluation")

        def settled() -> bool:
            ledger = evaluation["evidence"].count_documents({"activity": {"$in": self.activities}})
            if ledger < len(self.activities) or self._rig.backlog():
                return False
            self._rig.ear.read()
            heard = all(len(self._rig.ear.heard[each]) >= STEPS for each in self.activities)
            return heard and all(entered == scored for _, entered, scored in self._scores())

        try:
            wait_for(settled, SETTLE_SECONDS, every=0.5)
        except AssertionError:
            self._rig.ear.read()  # what is missing is told by the account
