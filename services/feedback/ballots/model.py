"""The rules of a ballot round: its states, what a ballot answers, and what a result is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.contracts.feedback_events.ballots import RoundClosed, RoundOpened, RoundPublished
from services.feedback.ballots.electorate import Electorate
from services.feedback.ballots.suppression import AtLeast, Told, suppress
from services.feedback.cells import Counts

LONGEST_DAYS = 92
SELF = "self"
_HUNDREDTH = Decimal("0.01")
State = dict[str, Any]


def draft(
    *, kind: str, organisation: str, title: str, closes_on: date, asked: Mapping[str, Any], today: date
) -> State:
    """A round that nobody knows of yet, with its questions and weights ``asked`` as the pack has them."""
    _require_closing(closes_on, today)
    return {
        "kind": kind,
        "organisation": organisation,
        "title": title,
        "closes_on": closes_on,
        "state": "draft",
        "asked": dict(asked),
    }


def require(state: Mapping[str, Any], *allowed: str) -> None:
    """Raises ``Conflict("round.is_<state>")`` unless the round is in one of the states ``allowed``."""
    if state["state"] not in allowed:
        raise Conflict(f"round.is_{state['state']}")


def begin(state: State, step: str, today: date) -> Change:
    """Let nothing else happen to a round while its job opens (``opening``) or counts (``closing``) it."""
    require(state, "draft" if step == "opening" else "open", step)
    if step == "opening":
        _require_closing(date.fromisoformat(str(state["closes_on"])), today)
    return Change({**state, "state": step})


def give_up_opening(state: State) -> Change | None:
    """Back to a draft, since there is no electorate for it; None where another job opened it meanwhile."""
    return Change({**state, "state": "draft"}) if state["state"] == "opening" else None


def opened(id: str, state: State, electorate: Electorate, today: date) -> Change:  # noqa: A002
    """The electorate is frozen, and whoever is in it may vote."""
    require(state, "opening")
    after = {
        **state,
        "state": "open",
        "opened_on": today,
        "electors": sum(map(bool, electorate.electors.values())),
        "nodes": [[node, above] for node, above in electorate.nodes.items()],
        "subjects": list(electorate.subjects),
        "left_out": list(electorate.left_out),
    }
    happened = RoundOpened.of(
        round=id,
        kind=state["kind"],
        organisation=state["organisation"],
        closes_on=date.fromisoformat(str(state["closes_on"])),
    )
    return Change(after, [happened])


# -- a ballot ----------------------------------------------------------------------------------------


def checked(asked: Mapping[str, Any], answers: Mapping[str, str]) -> list[int]:
    """The places of the chosen choices, by question; raises ``Invalid`` naming each answer that is wrong."""
    known = {question["name"] for question in asked["questions"]}
    wrong = {name: ["ballot.unknown_question"] for name in answers if name not in known}
    chosen = []
    for question in asked["questions"]:
        names = [choice["name"] for choice in question["choices"]]
        answer = answers.get(question["name"])
        if answer in names:
            chosen.append(names.index(answer))
        else:
            wrong[question["name"]] = ["ballot.unanswered" if answer is None else "ballot.unknown_choice"]
    if wrong:
        raise Invalid("ballot.invalid", fields={"answers": wrong})
    return chosen


# -- the result --------------------------------------------------------------------------------------


def counted(asked: Mapping[str, Any], votes: Mapping[tuple[int, ...], int]) -> tuple[Counts, ...]:
    """How often each choice was made, by question. ``votes``: how many ballots chose just so."""
    return tuple(
        tuple(
            sum(number for chosen, number in votes.items() if chosen[at] == choice)
            for choice in range(len(question["choices"]))
        )
        for at, question in enumerate(asked["questions"])
    )


def closed(
    id: str,  # noqa: A002 - the field's name
    state: State,
    leaves: Mapping[str, tuple[Counts, ...]],
    selves: Mapping[str, Sequence[int]],
    today: date,
) -> Change:
    """The result is what may be told, and what may not be told is not kept."""
    require(state, "closing")
    asked = state["asked"]
    told = suppress(leaves, dict(state["nodes"]), smallest=asked["smallest_cell"])
    results = [_shown(node, cell, asked) for node, cell in sorted(told.items())]
    scores = [
        {
            "subject": each,
            "points": points(asked, each, told, selves.get(each)),
            "own": _rounded(_of_self(asked, selves[each])) if each in selves else None,
        }
        for each in state["subjects"]
    ]
    after = {**state, "state": "closed", "closed_on": today, "results": results, "scores": scores}
    happened = RoundClosed.of(
        round=id,
        kind=state["kind"],
        organisation=state["organisation"],
        closed_on=today,
        smallest_cell=asked["smallest_cell"],
        results=results,
        scores=scores,
    )
    return Change(after, [happened])


def points(
    asked: Mapping[str, Any], subject: str, told: Mapping[str, Told], own: Sequence[int] | None
) -> Decimal | None:
    """The weighted points of somebody who was rated, 0 to 100 to a hundredth, from what is told alone.

    Of a part that is told vaguely the choice of nearly all counts; of one that is hidden nothing: as the
    questionnaire says, the other parts share its weight (``renormalise``) or it counts as ``zero``. None
    where no part is told.
    """
    total, weights = Decimal(0), 0
    for part in asked["parts"]:
        if part["name"] == SELF:
            value = _of_self(asked, own) if own is not None else None
        else:
            cell = told.get(f"{subject}/{part['name']}")
            value = _of_cell(asked, cell) if cell is not None else None
        if value is None and asked["missing_part"] == "renormalise":
            continue
        weights += part["weight"]
        total += part["weight"] * (value or Decimal(0))
    if not weights or all(told[node].ballots is None for node in told if node.startswith(f"{subject}/")):
        return None
    return _rounded(total / weights)


def _rounded(points: Decimal | None) -> Decimal | None:
    return None if points is None else points.quantize(_HUNDREDTH, ROUND_HALF_UP)


def published(id: str, state: State, today: date) -> Change:  # noqa: A002 - the field's name
    """Everybody whom the round is about may read its result, and it counts from now on."""
    require(state, "closed")
    happened = RoundPublished.of(
        round=id,
        kind=state["kind"],
        organisation=state["organisation"],
        published_on=today,
        closed_on=date.fromisoformat(str(state["closed_on"])),
        smallest_cell=state["asked"]["smallest_cell"],
        results=state["results"],
        scores=state["scores"],
    )
    return Change({**state, "state": "published", "published_on": today}, [happened])


def _of_self(asked: Mapping[str, Any], own: Sequence[int]) -> Decimal:
    exactly = tuple(
        tuple(int(at == chosen) for at in range(len(question["choices"])))
        for question, chosen in zip(asked["questions"], own, strict=True)
    )
    return _weighted(asked, exactly) or Decimal(0)


def _of_cell(asked: Mapping[str, Any], cell: Told) -> Decimal | None:
    return _weighted(asked, cell.answers)


def _weighted(asked: Mapping[str, Any], answers: Sequence[Counts | AtLeast | None]) -> Decimal | None:
    if not answers:
        return None
    total, weights = Decimal(0), 0
    for question, said in zip(asked["questions"], answers, strict=True):
        values = [choice["value"] for choice in question["choices"]]
        if said is None:
            return None
        if isinstance(said, AtLeast):
            mean = Decimal(values[said.choice])
        else:
            mean = Decimal(sum(v * n for v, n in zip(values, said, strict=True))) / sum(said)
        total += question["weight"] * mean
        weights += question["weight"]
    return total / weights


def _shown(node: str, cell: Told, asked: Mapping[str, Any]) -> dict[str, Any]:
    answers = []
    for question, said in zip(
        asked["questions"], cell.answers or (None,) * len(asked["questions"]), strict=True
    ):
        names = [choice["name"] for choice in question["choices"]]
        vague = said if isinstance(said, AtLeast) else None
        answers.append(
            {
                "question": question["name"],
                "counts": list(said) if isinstance(said, tuple) else None,
                "mostly": names[vague.choice] if vague else None,
                "at_least": vague.ballots if vague else None,
            }
        )
    return {
        "node": node,
        "ballots": cell.ballots,
        "answers": answers,
        "points": _rounded(_of_cell(asked, cell)),
    }


def _require_closing(closes_on: date, today: date) -> None:
    if not 0 <= (closes_on - today).days <= LONGEST_DAYS:
        raise Invalid(
            "rounds.closes_out_of_range",
            params={"days": LONGEST_DAYS},
            fields={"closes_on": ["rounds.closes_out_of_range"]},
        )
