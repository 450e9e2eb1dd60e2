"""What is taken down of a score when its year is closed, and hashes that say it is the same. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from services.evaluation.scores.methods import Material
from services.evaluation.scores.model import Breakdown

State = Mapping[str, Any]


def evidence_digest(material: Material) -> str:
    """SHA-256 of all that a score rests on: the same evidence gives the same hash on every replica."""
    told = [
        [[each.activity, *each.packed()] for each in material.records],
        [[each.id, each.state, list(each.taken)] for each in material.obligations],
        [[each.id, *each.packed()] for each in material.marks],
    ]
    return _sha256(told)


def snapshot(worth: Breakdown) -> dict[str, Any]:
    """A breakdown as it is kept: every line with its reasons."""
    return {
        "policy": worth.policy,
        "points": worth.points,
        "band": worth.band,
        "evidence": worth.evidence,
        "lines": [
            {
                "indicator": line.indicator,
                "method": line.method,
                "points": line.points,
                "most": line.most,
                "facts": dict(line.facts),
                "records": list(line.records),
                "obligations": list(line.obligations),
                "marks": list(line.marks),
                "within": list(line.within),
            }
            for line in worth.lines
        ],
        "vetoes": [{"veto": each.veto, "keeps_below": each.keeps_below} for each in worth.vetoes],
    }


def digest(entries: Iterable[State]) -> str:
    """SHA-256 over all entries as they were taken down."""
    told = [
        [each["subject"], each["points"], each["earned"], each["evidence_digest"], each["breakdown"]]
        for each in sorted(entries, key=lambda each: str(each["subject"]))
    ]
    return _sha256(told)


def _sha256(told: Any) -> str:
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
