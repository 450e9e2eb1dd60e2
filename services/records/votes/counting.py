"""Questions about votes: counted by the packs in force on the day of the meeting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.clock import Clock
from services.chassis.errors import Invalid
from services.chassis.policies import Pack, Ruling, effective
from services.records.access import Access
from services.records.votes import model as rules
from services.records.votes.electorates import Electorates

Answer = dict[str, Any]


class Counting:
    """Counts what it is told; every answer names the packs and articles that it is by."""

    def __init__(self, packs: Sequence[Pack], clock: Clock, electorates: Electorates, access: Access) -> None:
        self._packs = list(packs)
        self._clock = clock
        self._electorates = electorates
        self._access = access

    def decision(self, request: Answer) -> Answer:
        """What a meeting on one person came to."""
        quorum, majority = self._rulings(request.get("on"), "vote_present", "vote_in_favour")
        entitled = self._entitled(request)
        counted = rules.decide(
            entitled=entitled,
            present=request["present"],
            written=request["written"],
            in_favour=request["in_favour"],
            quorum=rules.Share.read(quorum.value),
            majority=rules.Share.read(majority.value),
        )
        return {**vars(counted), "entitled": entitled, "rules": _named(quorum, majority)}

    def election(self, request: Answer) -> Answer:
        """Who was elected. Raises as ``elect``."""
        entitled = self._entitled(request)
        counted, rulings = self.elect({**request, "entitled": entitled})
        return {**vars(counted), "entitled": entitled, "rules": _named(*rulings.values())}

    def elect(self, request: Answer) -> tuple[rules.Election, dict[str, Ruling]]:
        """What an election came to, and the rulings it was counted by, by name.

        Raises ``Invalid``: ``vote.candidate_twice``, and as the rule of that name.
        """
        names = ("election_present", "election_votes", "election_surplus")
        quorum, majority, surplus = rulings = self._rulings(request.get("on"), *names)
        votes = {each["candidate"]: each["votes"] for each in request["votes"]}
        if len(votes) < len(request["votes"]):
            raise Invalid.at("votes", "vote.candidate_twice")
        counted = rules.elect(
            entitled=request["entitled"],
            present=request["present"],
            seats=request["seats"],
            votes=votes,
            quorum=rules.Share.read(quorum.value),
            majority=rules.Share.read(majority.value),
            surplus_percent=surplus.value,
        )
        return counted, dict(zip(names, rulings, strict=True))

    def ruling(self, name: str, on: date) -> Ruling:
        """The rule of that name in force on a day; raises ``Invalid("vote.no_pack")``."""
        [found] = self._rulings(on, name)
        return found

    def _entitled(self, request: Answer) -> int:
        """As many as are said, or as had a vote at the ``organisation`` on that day, for its readers.

        Raises ``Invalid("vote.entitled_one")`` unless it is told in one of these ways.
        """
        organisation = request.get("organisation")
        if (organisation is None) == (request.get("entitled") is None):
            raise Invalid.at("entitled", "vote.entitled_one", accepted="entitled | organisation")
        if organisation is None:
            return int(request["entitled"])
        self._access.require_reader(context.actor(), organisation)
        day = request.get("on") or self._clock.today()
        return len(self._electorates.required("organisation", organisation, day).voters)

    def _rulings(self, on: date | None, *names: str) -> list[Ruling]:
        in_force = effective(self._packs, on or self._clock.today())
        if any(name not in in_force for name in names):
            raise Invalid.at("on", "vote.no_pack")
        return [in_force[name] for name in names]


def _named(*rulings: Ruling) -> list[Answer]:
    return [each.cited for each in rulings]
