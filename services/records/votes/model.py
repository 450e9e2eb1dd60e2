"""Whether a meeting may decide and what it decided: whole numbers compared, never fractions. No I/O.

How much is enough stands in policy packs as ``Share``; that it has to be exceeded stands here.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from services.chassis.errors import Invalid


@dataclass(frozen=True)
class Share:
    """A part of a whole, as written in a rule: one half is ``Share(1, 2)``."""

    part: int
    of: int

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Share:
        """The share in a pack's parameter, ``{part: 1, of: 2}``."""
        return cls(int(value["part"]), int(value["of"]))

    def exceeded_by(self, count: int, whole: int) -> bool:
        """Whether ``count`` is more than this share of ``whole``; exactly the share is not more."""
        return self.of * count > self.part * whole

    def least(self, whole: int) -> int:
        """The smallest number that exceeds this share of ``whole``: of half of 15 it is 8, of 16 it is 9."""
        return self.part * whole // self.of + 1


HALF = Share(1, 2)
FOUR_FIFTHS = Share(4, 5)


@dataclass(frozen=True)
class Electorate:
    """The full members of a day, and those of them who had no vote then, being under 留党察看.

    Who is still probationary is no full member. Source: 中国共产党章程第七条, 第四十一条.
    """

    members: Set[str]
    without: Set[str] = frozenset()

    @property
    def voters(self) -> frozenset[str]:
        """Who has a vote, elects and may stand."""
        return frozenset(self.members - self.without)


@dataclass(frozen=True)
class Decision:
    """What a meeting on one person came to. ``least_…`` is what would have been enough."""

    quorate: bool
    carried: bool
    least_present: int
    least_in_favour: int


def decide(
    *,
    entitled: int,
    present: int,
    written: int = 0,
    in_favour: int,
    quorum: Share = HALF,
    majority: Share = HALF,
) -> Decision:
    """Admission or 转正 of one person: both counts are held against who is entitled 应到, not who came.

    ``entitled`` and ``present`` count people with a vote alone. ``written`` are opinions that excused
    absentees sent before the meeting: they are votes, and ``in_favour`` includes those in favour; they are
    not presence. Raises ``Invalid`` (``vote.…``) for counts that contradict each other.
    """
    _whole(entitled=entitled, present=present, written=written, in_favour=in_favour)
    if entitled < 1:
        raise Invalid.at("entitled", "vote.nobody_entitled", least=1)
    _at_most("present", "vote.more_than_entitled", present, entitled)
    _at_most("written", "vote.written_more_than_absent", written, entitled - present)
    _at_most("in_favour", "vote.more_than_cast", in_favour, present + written)
    quorate = quorum.exceeded_by(present, entitled)
    return Decision(
        quorate=quorate,
        carried=quorate and majority.exceeded_by(in_favour, entitled),
        least_present=quorum.least(entitled),
        least_in_favour=majority.least(entitled),
    )


@dataclass(frozen=True)
class Election:
    """What an election came to. ``tied`` have as many votes each for fewer seats: they stand again."""

    quorate: bool
    enough_candidates: bool
    elected: tuple[str, ...]
    tied: tuple[str, ...]
    vacant: int
    least_present: int
    least_votes: int
    least_candidates: int


def least_candidates(seats: int, surplus_percent: int = 20) -> int:
    """How many candidates ``seats`` ask for: ``surplus_percent`` more, rounded up (5 -> 6, 6 -> 8)."""
    return seats + -(-seats * surplus_percent // 100)


def elect(
    *,
    entitled: int,
    present: int,
    seats: int,
    votes: Mapping[str, int],
    quorum: Share = FOUR_FIFTHS,
    majority: Share = HALF,
    surplus_percent: int = 20,
) -> Election:
    """An election of ``seats`` from the candidates in ``votes``, who are all that stood.

    The meeting needs more than ``quorum`` of those entitled; elected is who has more than ``majority`` of
    those *present*, by the number of votes up to the seats. Raises ``Invalid`` (``vote.…``) for counts that
    contradict each other.
    """
    _whole(entitled=entitled, present=present, seats=seats, **{f"votes.{who}": n for who, n in votes.items()})
    if entitled < 1:
        raise Invalid.at("entitled", "vote.nobody_entitled", least=1)
    if seats < 1:
        raise Invalid.at("seats", "vote.no_seat", least=1)
    _at_most("present", "vote.more_than_entitled", present, entitled)
    for candidate, received in votes.items():
        _at_most(f"votes.{candidate}", "vote.more_than_cast", received, present)
    # A ballot that names more people than there are seats is void: so many votes cannot have been cast.
    _at_most("votes", "vote.more_than_seats", sum(votes.values()), present * seats)
    quorate = quorum.exceeded_by(present, entitled)
    wanted = least_candidates(seats, surplus_percent)
    enough = len(votes) >= wanted
    ahead: list[str] = []
    tied: list[str] = []
    if quorate and enough:
        reached = {who: n for who, n in votes.items() if majority.exceeded_by(n, present)}
        ranked = sorted(reached, key=lambda who: (-reached[who], who))
        ahead = ranked[:seats]
        if len(ranked) > seats and reached[ranked[seats]] == reached[ranked[seats - 1]]:
            line = reached[ranked[seats]]
            tied = [who for who in ranked if reached[who] == line]
            ahead = [who for who in ahead if reached[who] > line]
    return Election(
        quorate=quorate,
        enough_candidates=enough,
        elected=tuple(ahead),
        tied=tuple(tied),
        vacant=seats - len(ahead),
        least_present=quorum.least(entitled),
        least_votes=majority.least(present),
        least_candidates=wanted,
    )


def _whole(**counts: int) -> None:
    for name, count in counts.items():
        if count < 0:
            raise Invalid.at(name, "vote.negative", least=0)


def _at_most(field: str, code: str, count: int, most: int) -> None:
    if count > most:
        raise Invalid.at(field, code, most=most)
