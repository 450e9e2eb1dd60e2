"""What the rules of the day say about an intended step: findings with rule, pack and article. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from services.chassis.months import months_after
from services.chassis.working_days import WorkingDays
from services.records.development import materials
from services.records.development.bounds import CHECKS, not_after, not_before
from services.records.development.history import History
from services.records.development.rulebook import Rulings
from services.records.development.steps import BY_ID, CANCEL, EXTEND, FAIL, PASS, Step
from services.records.votes import model as votes

State = Mapping[str, Any]
# Where the absence of one of these stops a later step, its own article says so; else the order of steps.
_OWN_RULE = frozenset({"contacts", "introducers", "political_review", "training", "pre_review"})


class Calendar(Protocol):
    """What the rules ask about working days; injected."""

    def between(self, first: date, last: date) -> WorkingDays:
        """Working days from ``first`` to ``last``, both counted; none where ``last`` is earlier."""


@dataclass(frozen=True)
class Finding:
    """One thing the rules say. ``params`` hold what would be accepted; ``at`` the field it is about."""

    code: str
    rule: str
    hardness: str
    pack: str | None
    article: str | None
    at: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What the rules have to know from elsewhere. ``full_members``: those of the people named who were that
    on the day of the step; ``places``: what is left of the quota; None without one. ``entitled``: how many
    had a vote at the branch on that day; None where the record of the meeting says it or not all vote.
    """

    calendar: Calendar
    full_members: Set[str] = frozenset()
    places: int | None = None
    entitled: int | None = None


def judge(history: History, intended: State, rulings: Rulings, facts: Facts) -> list[Finding]:
    """Everything that stands against ``intended`` on its day, the blocking first. Writes nothing.

    ``intended`` holds ``step``, ``on``, ``outcome`` (None: as if passed) and what the step is recorded with.
    ``rulings`` are those of that day. Raises ``Invalid`` where the counts of a vote contradict each other.
    """
    step = BY_ID[intended["step"]]
    if "order" not in rulings:
        return [Finding("development.no_pack", "packs", "block", None, None, "on")]
    found = [*_Judgement(history, step, intended, rulings, facts).findings()]
    return sorted(found, key=lambda finding: ("block", "warn", "info").index(finding.hardness))


class _Judgement:
    """One step under the rulings of one day."""

    def __init__(self, history: History, step: Step, intended: State, rulings: Rulings, facts: Facts) -> None:
        self._history = history
        self._step = step
        self._given = intended
        self._on: date = intended["on"]
        self._outcome = intended.get("outcome") or (PASS if step.outcomes else None)
        self._rulings = rulings
        self._facts = facts

    def findings(self) -> Iterator[Finding]:
        yield from self._order()
        yield from self._materials()
        if self._outcome not in (FAIL, CANCEL):
            yield from self._bounds()
            yield from self._checks()
        of_step = {
            "contacts": self._people,
            "introducers": self._people,
            "candidate_decision": self._publicity,
            "training": self._training,
            "branch_meeting": self._branch_meeting,
            "full_meeting": self._full_meeting,
        }.get(self._step.id)
        if of_step is not None:
            yield from of_step()

    def _found(self, code: str, rule: str, at: str, **params: Any) -> Iterator[Finding]:
        ruling = self._rulings.get(rule)
        if ruling is not None:
            pack, parameter = ruling.pack, ruling.parameter
            yield Finding(
                f"development.{code}", rule, parameter.hardness, pack.id, parameter.article, at, params
            )

    def _told(self, code: str, rule: str, hardness: str, at: str, **params: Any) -> Finding:
        """What is worth knowing beside a rule in force, and not as hard as the rule itself."""
        ruling = self._rulings[rule]
        article = ruling.parameter.article
        return Finding(f"development.{code}", rule, hardness, ruling.pack.id, article, at, params)

    def _order(self) -> Iterator[Finding]:
        history, step = self._history, self._step
        if history.failed("political_review") and step.id != "political_review" and step.number > 8:
            yield from self._found("political_review_failed", "political_review", "step", accepted=PASS)
        done = history.done(step.id)
        if not history.may_come(step) and done is not None:
            yield from self._found("already_done", "order", "step", done=done.isoformat())
        for earlier in step.after:
            when = history.done(earlier)
            if when is None:
                rule = earlier if earlier in _OWN_RULE and earlier in self._rulings else "order"
                yield from self._found("comes_after", rule, "step", earlier=earlier)
            elif self._on < when:
                yield from self._found(
                    "before_previous", "order", "on", earlier=earlier, earliest=when.isoformat()
                )

    def _materials(self) -> Iterator[Finding]:
        given = materials.given(self._given)
        for material in materials.of_step(self._step.id, self._rulings):
            if material not in given:
                yield from self._found("material_missing", "materials", "materials", material=material)

    def _bounds(self) -> Iterator[Finding]:
        history, step, rulings = self._history, self._step.id, self._rulings
        for bound in not_before(step, history, history.done, rulings):
            if self._on < bound.day:
                yield from self._found("too_early", bound.rule, "on", earliest=bound.day.isoformat())
        special = bool(self._given.get("special"))
        for bound in not_after(step, history, history.done, rulings, special=special):
            if self._on > bound.day:
                yield from self._found("too_late", bound.rule, "on", latest=bound.day.isoformat())

    def _checks(self) -> Iterator[Finding]:
        """Whether the periodic checks were kept up until the decision that builds on them."""
        for step, rule, start in CHECKS:
            decision = {"cultivation_check": "candidate_decision", "continued_check": "full_meeting"}[step]
            last = self._history.last_check(step, start)
            if self._step.id != decision or last is None or rule not in self._rulings:
                continue
            due = months_after(last, self._rulings[rule].value)
            if self._on > due:
                yield from self._found("check_overdue", rule, "on", due=due.isoformat())

    def _people(self) -> Iterator[Finding]:
        rule = self._step.id
        if rule not in self._rulings:
            return
        people = list(self._given.get("people") or ())
        wanted = self._rulings[rule].value
        least, most = (wanted["least"], wanted["most"]) if isinstance(wanted, Mapping) else (wanted, wanted)
        if not least <= len(set(people)) <= most or len(set(people)) != len(people):
            yield from self._found("people_count", rule, "people", least=least, most=most)
        if self._history.person in people or not set(people) <= self._facts.full_members:
            yield from self._found("not_full_members", rule, "people", least=least, most=most)

    def _publicity(self) -> Iterator[Finding]:
        if "publicity" not in self._rulings:
            return
        least = self._rulings["publicity"].value
        since: date | None = self._given.get("publicity_since")
        until: date | None = self._given.get("publicity_until")
        if since is None or until is None:
            yield from self._found("publicity_missing", "publicity", "publicity_since", least=least)
            return
        days = self._facts.calendar.between(since, until)
        if days.count < least:
            yield from self._found(
                "publicity_short", "publicity", "publicity_until", least=least, counted=days.count
            )
        if until >= self._on:
            yield from self._found("publicity_not_over", "publicity", "on", until=until.isoformat())
        if days.provisional:
            yield self._told("calendar_provisional", "publicity", "info", "publicity_until")

    def _training(self) -> Iterator[Finding]:
        if "training" not in self._rulings:
            return
        least = self._rulings["training"].value
        days, hours = self._given.get("training_days") or 0, self._given.get("training_hours") or 0
        if days < least["days"] and hours < least["hours"]:
            yield from self._found(
                "training_short", "training", "training_days", days=least["days"], hours=least["hours"]
            )

    def _branch_meeting(self) -> Iterator[Finding]:
        yield from self._vote()
        if self._outcome == PASS and self._facts.places is not None and self._facts.places < 1:
            yield from self._found("quota_used", "quota", "step", year=self._on.year, least=1)

    def _full_meeting(self) -> Iterator[Finding]:
        yield from self._vote()
        if self._outcome != EXTEND or "extension" not in self._rulings:
            return
        allowed = self._rulings["extension"].value
        months = self._given.get("extension_months")
        if months is None or not allowed["least"] <= months <= allowed["most"]:
            yield from self._found(
                "extension_length",
                "extension",
                "extension_months",
                least=allowed["least"],
                most=allowed["most"],
            )
        if len(self._history.extensions) >= allowed["times"]:
            yield from self._found("extended_before", "extension", "outcome", times=allowed["times"])

    def _vote(self) -> Iterator[Finding]:
        if "vote_present" not in self._rulings or "vote_in_favour" not in self._rulings:
            return
        given: State | None = self._given.get("vote")
        if given is None:
            yield from self._found("vote_missing", "vote_in_favour", "vote", accepted="vote")
            return
        decision = votes.decide(
            entitled=given["entitled"],
            present=given["present"],
            written=given["written"],
            in_favour=given["in_favour"],
            quorum=votes.Share.read(self._rulings["vote_present"].value),
            majority=votes.Share.read(self._rulings["vote_in_favour"].value),
        )
        yield from self._entitled(given)
        if not given["secret"]:
            yield from self._found("vote_open", "vote_secret", "vote", accepted="secret")
        if not decision.quorate:
            yield from self._found("vote_not_quorate", "vote_present", "vote", least=decision.least_present)
        elif self._outcome == FAIL and decision.carried:
            yield from self._found(
                "vote_carried", "vote_in_favour", "outcome", least=decision.least_in_favour
            )
        elif self._outcome != FAIL and not decision.carried:
            yield from self._found(
                "vote_not_carried", "vote_in_favour", "vote", least=decision.least_in_favour
            )

    def _entitled(self, vote: State) -> Iterator[Finding]:
        """Whether as many are said to be entitled as were by the records: these may lack who came late."""
        known = self._facts.entitled
        if known is not None and vote["entitled"] != known:
            yield self._told("entitled_differs", "vote_present", "warn", "vote", entitled=known)
