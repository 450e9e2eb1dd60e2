"""Who answers for an organisation today, and what a person may choose; no store, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from marshmallow import ValidationError, validate

from services.chassis.errors import Conflict, Invalid

CONSENTS = ("mandatory", "unless_refused", "asked_first")


class Level(StrEnum):
    """Whom a rung reminds: whoever heads the organisation, its deputies, or whoever heads the level above."""

    OWN = "own"
    DEPUTY = "deputy"
    ABOVE = "above"


@dataclass(frozen=True)
class Answering:
    """A person who answers for ``organisation``, and as what: ``head``, ``deputy`` or ``delegate``.

    ``vacancy``: nobody does at the level that was asked for, and this is the next above it that has somebody.
    """

    person: str
    organisation: str
    answers_as: str
    vacancy: bool = False

    @property
    def label(self) -> str:
        """``head``, or ``head_for_vacancy``: how it is kept with a message."""
        return f"{self.answers_as}_for_vacancy" if self.vacancy else self.answers_as


class Offices(Protocol):
    """What is asked about an organisation as it stands today; injected."""

    def heads(self, organisation: str) -> Sequence[str]:
        """Who holds the post of its head."""

    def deputies(self, organisation: str) -> Sequence[str]:
        """Who holds the post of a deputy."""

    def delegate(self, organisation: str, person: str) -> str | None:
        """To whom ``person`` has delegated today what concerns ``organisation``."""

    def parent(self, organisation: str) -> str | None:
        """The organisation above it."""


def responsible(offices: Offices, organisation: str, levels: Iterable[Level]) -> tuple[Answering, ...] | None:
    """Whoever answers for ``organisation`` at ``levels``, each once; None where there is no such level.

    At one level: the head, or whom the head delegated it to; without a head the deputies. Where nobody is
    found, whoever answers at the next level above that has somebody.
    """
    found: dict[str, Answering] = {}
    wanted = set(levels)
    start: str | None = organisation
    if Level.OWN in wanted:
        _add(found, _at(offices, organisation))
    if Level.DEPUTY in wanted:
        deputies = [Answering(each, organisation, "deputy") for each in offices.deputies(organisation)]
        _add(found, deputies)
    if Level.ABOVE in wanted:
        start = offices.parent(organisation)
        if start is None:
            return tuple(found.values()) or None
        _add(found, _at(offices, start))
    if not found and start is not None:
        _add(found, _above_a_vacancy(offices, start))
    return tuple(found.values())


def _at(offices: Offices, organisation: str) -> list[Answering]:
    heads = offices.heads(organisation)
    if not heads:
        return [Answering(each, organisation, "deputy") for each in offices.deputies(organisation)]
    found = []
    for head in heads:
        to = offices.delegate(organisation, head)
        found.append(Answering(to or head, organisation, "delegate" if to else "head"))
    return found


def _above_a_vacancy(offices: Offices, organisation: str) -> list[Answering]:
    seen = {organisation}
    above = offices.parent(organisation)
    while above is not None and above not in seen:
        found = _at(offices, above)
        if found:
            return [Answering(each.person, above, each.answers_as, vacancy=True) for each in found]
        seen.add(above)
        above = offices.parent(above)
    return []


def _add(found: dict[str, Answering], more: Iterable[Answering]) -> None:
    for each in more:
        found.setdefault(each.person, each)


# -- delegations --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Delegation:
    """``person`` lets ``to`` answer reminders about ``organisation`` from ``since`` to the end of ``until``.

    It gives no right: what ``to`` may do or read follows from posts alone.
    """

    organisation: str
    person: str
    to: str
    since: date
    until: date
    reason: str
    by: str
    ended_on: date | None = None

    def counts(self, today: date) -> bool:
        """Whether it is in force on ``today``; one that was ended counts no more on that day."""
        ended = self.ended_on is not None and self.ended_on <= today
        return self.since <= today <= self.until and not ended


def check_delegation(
    asked: Delegation, others: Iterable[Delegation], *, heads: Sequence[str], today: date, most_days: int
) -> None:
    """Raises ``Invalid`` or ``Conflict`` where ``asked`` is none that may be made."""
    if asked.person not in heads:
        raise Invalid("delegation.not_head", fields={"person": ["delegation.not_head"]})
    if asked.to == asked.person:
        raise Invalid("delegation.to_oneself", fields={"to": ["delegation.to_oneself"]})
    if asked.since < today or asked.until < asked.since:
        params = {"first": today.isoformat()}
        raise Invalid("delegation.days", params=params, fields={"since": ["delegation.days"]})
    if (asked.until - asked.since).days >= most_days:
        code, params = "delegation.too_long", {"most": str(most_days)}
        raise Invalid(code, params=params, fields={"until": [code]})
    for other in others:
        ended = other.ended_on is not None and other.ended_on <= asked.since
        if other.person == asked.person and not ended and _overlap(asked, other):
            raise Conflict("delegation.overlaps", params={"until": other.until.isoformat()})


def _overlap(one: Delegation, other: Delegation) -> bool:
    return one.since <= other.until and other.since <= one.until


# -- preferences --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preferences:
    """What a person chose. ``channels``: the ways to them, the first wanted first; ``kinds``: of which kinds
    of notices that may be refused they said yes or no; ``language`` None: as the platform is set."""

    channels: tuple[str, ...] = ()
    kinds: Mapping[str, bool] | None = None
    language: str | None = None

    def ways(self, standard: Sequence[str]) -> tuple[str, ...]:
        """Every way to the person: those chosen, then the others of ``standard``, so that none is lost."""
        return tuple(dict.fromkeys((*self.channels, *standard)))

    def refusal(self, kind: str, consent: str) -> str | None:
        """Why a notice of ``kind`` is not sent to the person; None where it may be."""
        said = (self.kinds or {}).get(kind)
        if consent == "mandatory":
            return None
        if said is False:
            return "declined"
        return "no_consent" if consent == "asked_first" and said is None else None


def check_kinds(said: Mapping[str, Any], consents: Mapping[str, str], *, pack: str, article: str) -> None:
    """Raises ``Invalid`` for a kind that there is not, or a mandatory one that is refused."""
    for kind, wanted in said.items():
        if kind not in consents:
            code, params = "preferences.kind_unknown", {"accepted": ", ".join(sorted(consents))}
            raise Invalid(code, params=params, fields={"kinds": [code]})
        if consents[kind] == "mandatory" and not wanted:
            params = {
                "kind": kind,
                "pack": pack,
                "article": article,
                "accepted": ", ".join(sorted(each for each, how in consents.items() if how != "mandatory")),
            }
            raise Invalid("preferences.mandatory", params=params, fields={"kinds": ["preferences.mandatory"]})


# -- own addresses ------------------------------------------------------------------------------


@dataclass(frozen=True)
class CodeRules:
    """``minutes`` a code counts, ``most_a_day`` of them for a person, wrong ``guesses`` that end one."""

    minutes: int
    most_a_day: int
    guesses: int


# A user id of WeCom or DingTalk. Both take lists of them: what parts a list, or names everybody (``@all``),
# is no id.
_USER_ID = validate.Regexp(r"\A[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}\Z")
_FITS: Mapping[str, validate.Validator] = {
    "email": validate.Email(),
    "wecom": _USER_ID,
    "dingtalk": _USER_ID,
    "other": validate.Regexp(r"\A[A-Za-z0-9_.@+:#~-]{1,100}\Z"),
}
_ACCEPTED = {
    "email": "name@example.edu.cn",
    "wecom": "A-Z a-z 0-9 _ - . @, 1-64",
    "dingtalk": "A-Z a-z 0-9 _ - . @, 1-64",
    "other": "A-Z a-z 0-9 _ . @ + : # ~ -, 1-100",
}


def check_address(channel: str, address: str) -> None:
    """Raises ``Invalid("address.unfit")``, never with the address, where it is none of ``channel``."""
    try:
        _FITS[channel](address)
    except ValidationError:
        raise Invalid.at("address", "address.unfit", accepted=_ACCEPTED[channel]) from None


def code_asked(
    state: Mapping[str, Any],
    channel: str,
    proof: str,
    now: datetime,
    today: date,
    rules: CodeRules,
    source: tuple[str, str],
) -> dict[str, Any]:
    """An address book with a code more, in the place of one before; raises ``Conflict`` beyond a day's.

    ``proof`` is a keyed hash of whose it is, channel, address and code: none of them is kept.
    """
    day = today.isoformat()
    asked = state["asked"]["times"] if state["asked"]["on"] == day else 0
    if asked >= rules.most_a_day:
        params = {"most": rules.most_a_day, "pack": source[0], "article": source[1]}
        raise Conflict("address.too_many_codes", params=params)
    until = now + timedelta(minutes=rules.minutes)
    code = {"proof": proof, "until": until, "guesses": rules.guesses}
    return {
        **state,
        "asked": {"on": day, "times": asked + 1},
        "codes": {**state["codes"], channel: code},
    }


def code_shown(
    state: Mapping[str, Any], channel: str, proof: str, sealed: str, now: datetime
) -> tuple[dict[str, Any], bool]:
    """An address book after somebody named a code, and whether it was the one; raises ``Conflict`` where none
    waits. A wrong one leaves one guess less, and the last of them no code."""
    waiting = state["codes"].get(channel)
    codes = {each: code for each, code in state["codes"].items() if each != channel}
    if waiting is None or waiting["until"] <= now:
        raise Conflict("address.no_code")
    if waiting["proof"] == proof:
        kept = {"sealed": sealed, "since": now}
        return {**state, "codes": codes, "addresses": {**state["addresses"], channel: kept}}, True
    left = waiting["guesses"] - 1
    if left > 0:
        codes[channel] = {**waiting, "guesses": left}
    return {**state, "codes": codes}, False
