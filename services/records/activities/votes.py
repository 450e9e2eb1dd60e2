"""The votes of a branch meeting as its record keeps them: counts that agree, and what they came to. No I/O.

Votes are secret: counts alone are kept, and nowhere who voted how.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from services.chassis.errors import Invalid
from services.chassis.policies import Ruling
from services.records.votes import model as counting

State = Mapping[str, Any]

VOTING_KIND = "branch_meeting"
_ADMITTING = ("vote_present", "vote_in_favour")
_RULES: Mapping[str, tuple[str, str]] = {
    "admission": _ADMITTING,
    "full_membership": _ADMITTING,
    "resolution": ("resolution_present", "resolution_in_favour"),
}
_ON_ONE_PERSON = frozenset({"admission", "full_membership"})
_COUNTS = ("entitled", "present", "written", "in_favour", "against", "abstained", "written_in_favour")


@dataclass(frozen=True)
class Voting:
    """Who had a vote on the day of the meeting, and the rules of that day."""

    electorate: counting.Electorate
    rulings: Mapping[str, Ruling]


@dataclass(frozen=True)
class _Voters:
    """People with a vote by the attendance list: all of them, those present, and those excused."""

    entitled: int
    present: int
    excused: int


def counted(kind: str, given: State, attendance: Sequence[State], voting: Voting | None) -> dict[str, Any]:
    """``{votes, elections, quorum, without_vote}`` of a record; each vote and election with its ``outcome``.

    Entitled is, by the attendance list, who was a full member on that day, less those without a vote (under
    留党察看): how many these are follows from the people, and where ``given`` says it, has to be that. Raises
    ``Invalid``: ``vote.kind_unfit`` where such a meeting does not vote, ``vote.no_pack``,
    ``vote.person_missing``, ``vote.person_twice``, ``vote.not_secret``, ``vote.without_vote_differs``,
    ``vote.entitled_differs``, ``vote.more_than_attended``, ``vote.sum_differs``, ``vote.candidate_twice``,
    and as ``votes.model`` does for counts that contradict each other.
    """
    votes, elections = given.get("votes") or (), given.get("elections") or ()
    said = given.get("without_vote")
    if kind != VOTING_KIND or voting is None:
        if votes or elections or said:
            field = "votes" if votes else "elections" if elections else "without_vote"
            raise Invalid.at(field, "vote.kind_unfit", accepted=VOTING_KIND)
        return {"votes": [], "elections": [], "quorum": None, "without_vote": 0}
    listed = {each["person"] for each in attendance if not each["guest"]}
    without = len(listed & voting.electorate.without)
    if said is not None and said != without:
        raise Invalid.at("without_vote", "vote.without_vote_differs", accepted=without)
    voters = _voters(attendance, voting.electorate.voters)
    seen: set[tuple[str, str | None]] = set()
    kept = []
    for place, vote in enumerate(votes):
        where = f"votes.{place}"
        kept.append(_vote(where, vote, voters, voting.rulings))
        subject = (vote["matter"], vote.get("person"))
        if subject[1] is not None and subject in seen:
            raise Invalid.at(f"{where}.person", "vote.person_twice")
        seen.add(subject)
    return {
        "votes": kept,
        "elections": [
            _election(f"elections.{place}", each, voters, voting.rulings)
            for place, each in enumerate(elections)
        ],
        "quorum": _quorum(voters, voting.rulings),
        "without_vote": without,
    }


def _voters(attendance: Sequence[State], voters: Set[str]) -> _Voters:
    states = [each["state"] for each in attendance if not each["guest"] and each["person"] in voters]
    return _Voters(len(states), states.count("present"), states.count("excused"))


def _quorum(voters: _Voters, rulings: Mapping[str, Ruling]) -> dict[str, Any] | None:
    """Whether the meeting could decide; None where nobody had a vote or no rule was in force."""
    ruling = rulings.get("resolution_present")
    if ruling is None or not voters.entitled:
        return None
    share = counting.Share.read(ruling.value)
    return {
        "entitled": voters.entitled,
        "present": voters.present,
        "quorate": share.exceeded_by(voters.present, voters.entitled),
        "least_present": share.least(voters.entitled),
        "pack": ruling.pack.id,
        "article": ruling.parameter.article,
    }


def _vote(where: str, vote: State, voters: _Voters, rulings: Mapping[str, Ruling]) -> dict[str, Any]:
    quorum, majority = _in_force(where, rulings, *_RULES[vote["matter"]])
    if vote["matter"] in _ON_ONE_PERSON:
        if vote.get("person") is None:
            raise Invalid.at(f"{where}.person", "vote.person_missing")
        secret = rulings.get("vote_secret")
        if secret is not None and not vote["secret"]:
            raise Invalid.at(f"{where}.secret", "vote.not_secret", **secret.cited, accepted="secret")
    _agree(where, vote, voters)
    cast = vote["present"] + vote["written"]
    if vote["in_favour"] + vote["against"] + vote["abstained"] != cast:
        raise Invalid.at(f"{where}.in_favour", "vote.sum_differs", cast=cast)
    if vote["written"] > voters.excused:
        raise Invalid.at(f"{where}.written", "vote.written_more_than_absent", most=voters.excused)
    least = max(0, vote["in_favour"] - vote["present"])
    if not least <= vote["written_in_favour"] <= min(vote["written"], vote["in_favour"]):
        most = min(vote["written"], vote["in_favour"])
        raise Invalid.at(f"{where}.written_in_favour", "vote.more_than_cast", most=most)
    with _at(where):
        outcome = counting.decide(
            entitled=vote["entitled"],
            present=vote["present"],
            written=vote["written"],
            in_favour=vote["in_favour"],
            quorum=counting.Share.read(quorum.value),
            majority=counting.Share.read(majority.value),
        )
    return {
        **{name: vote.get(name) for name in ("matter", "subject", "person", "secret")},
        **{name: vote[name] for name in _COUNTS},
        "outcome": {**vars(outcome), "rules": _named(quorum, majority)},
    }


def _election(where: str, given: State, voters: _Voters, rulings: Mapping[str, Ruling]) -> dict[str, Any]:
    quorum, majority, surplus = _in_force(
        where, rulings, "election_present", "election_votes", "election_surplus"
    )
    _agree(where, given, voters)
    received = {each["candidate"]: each["votes"] for each in given["candidates"]}
    if len(received) < len(given["candidates"]):
        raise Invalid.at(f"{where}.candidates", "vote.candidate_twice")
    with _at(where):
        outcome = counting.elect(
            entitled=given["entitled"],
            present=given["present"],
            seats=given["seats"],
            votes=received,
            quorum=counting.Share.read(quorum.value),
            majority=counting.Share.read(majority.value),
            surplus_percent=surplus.value,
        )
    return {
        **{name: given[name] for name in ("subject", "entitled", "present", "seats")},
        "candidates": [dict(each) for each in given["candidates"]],
        "outcome": {**vars(outcome), "rules": _named(quorum, majority, surplus)},
    }


def _agree(where: str, given: State, voters: _Voters) -> None:
    if given["entitled"] != voters.entitled:
        raise Invalid.at(f"{where}.entitled", "vote.entitled_differs", entitled=voters.entitled)
    if given["present"] > voters.present:
        raise Invalid.at(f"{where}.present", "vote.more_than_attended", most=voters.present)


def _in_force(where: str, rulings: Mapping[str, Ruling], *names: str) -> list[Ruling]:
    if any(name not in rulings for name in names):
        raise Invalid.at(where, "vote.no_pack")
    return [rulings[name] for name in names]


def _named(*rulings: Ruling) -> list[dict[str, str]]:
    return [each.cited for each in rulings]


@contextmanager
def _at(where: str) -> Iterator[None]:
    """What is wrong inside is told below ``where``."""
    try:
        yield
    except Invalid as wrong:
        fields = {f"{where}.{name}": codes for name, codes in wrong.fields.items()}
        raise Invalid(wrong.code, params=wrong.params, fields=fields) from None
