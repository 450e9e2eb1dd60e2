"""Where every point of a score comes from, as it is told: groups, lines, vetoes and their source. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.chassis.catalogue import Catalogue
from services.evaluation.indicators.model import Policy
from services.evaluation.scores.model import Breakdown, Line, Vetoed, in_points

Answer = dict[str, Any]


def reasons(texts: Catalogue, policy: Policy, worth: Breakdown) -> Answer:
    """Whoever it is the score of: the points of the lines add up to it, those of a group to the group.

    Each line names its article and the records, obligations and marks that it rests on.
    """
    return {
        "groups": _groups(policy, worth.lines),
        "lines": [_line(texts, policy, line) for line in worth.lines],
        "vetoes": [_veto(policy, each) for each in worth.vetoes],
        "source": _source(policy),
    }


def share(policy: Policy, indicator: str, points: int, most: int) -> Answer:
    """What an indicator, or a group, of ``policy`` gave, of at most how much; in hundredths."""
    return {
        "indicator": indicator,
        "title": title_of(policy, indicator),
        "points": in_points(points),
        "most": in_points(most),
    }


def title_of(policy: Policy, indicator: str) -> dict[str, str]:
    """Its title in both languages, or its id where the policy does not have it any more."""
    found = policy.indicator(indicator)
    return dict(found.title) if found else {"zh": indicator, "en": indicator}


def _groups(policy: Policy, lines: Sequence[Line]) -> list[Answer]:
    totals: dict[str, tuple[int, int]] = {}
    for line in lines:
        for group in line.within:
            points, most = totals.get(group, (0, 0))
            totals[group] = (points + line.points, most + line.most)
    return [share(policy, group, *total) for group, total in totals.items()]


def _line(texts: Catalogue, policy: Policy, line: Line) -> Answer:
    indicator = policy.indicator(line.indicator)
    assert indicator is not None, "a line is of an indicator of its policy"
    titles = {each.id: dict(each.title) for each in indicator.criteria}
    return {
        "indicator": line.indicator,
        "title": dict(indicator.title),
        "text": texts.render(f"score.because.{line.method}", _facts(line)),
        "article": indicator.article,
        "within": list(line.within),
        "points": in_points(line.points),
        "most": in_points(line.most),
        "records": list(line.records),
        "obligations": list(line.obligations),
        "marks": list(line.marks),
        "criteria": [
            {"criterion": id_, "title": titles[id_], "points": in_points(points)}
            for id_, points in line.criteria
        ],
    }


def _facts(line: Line) -> dict[str, Any]:
    """What fills the text. The texts say themselves what is given and what is taken away."""
    told: dict[str, Any] = dict(line.facts)
    for name in ("each", "at_most", "grade"):
        if name in told:
            told[name] = in_points(told[name])
    return {**told, "points": in_points(abs(line.points)), "most": in_points(line.most)}


def _veto(policy: Policy, vetoed: Vetoed) -> Answer:
    veto = next(each for each in policy.vetoes if each.id == vetoed.veto)
    return {
        "veto": veto.id,
        "title": dict(veto.title),
        "article": veto.article,
        "keeps_below": veto.keeps_below,
        "obligations": list(vetoed.obligations),
        "marks": list(vetoed.marks),
    }


def _source(policy: Policy) -> Answer:
    return {
        "pack": policy.id,
        "title": policy.title,
        "document_number": policy.document_number,
        "issuer": policy.issuer,
        "article": policy.article,
        "hardness": "info",
        "confidence": policy.confidence,
    }
