"""The kinds of activities as they are shipped, the rules in numbers, and details that satisfy each kind."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from services.chassis.policies import Ruling, effective, load_all
from services.records.activities import kinds

POLICIES = Path(__file__).parents[3] / "services" / "records" / "policies"
SHARED = Path(__file__).parents[3] / "services" / "contracts" / "policies"
KINDS = kinds.load(POLICIES)
DETAILS: dict[str, dict[str, Any]] = {
    "party_lecture": {"speaker": "书记"},
    "organisational_life_meeting": {"criticism": True, "self_criticism": True},
    "democratic_appraisal": {"grades": {"excellent": 1, "qualified": 2}},
    "democratic_life_meeting": {"theme": "作风建设"},
    "joint_meeting": {"matters": ["年度预算"], "administration": ["dean"]},
    "study_session": {"theme": "党章", "duration": 90},
    "integrity_education": {"category": "warning"},
    "talk": {"topic": "thought"},
}


@cache
def conduct() -> dict[str, Ruling]:
    return effective(load_all(SHARED, "activity-conduct-*.yaml"), date(2026, 9, 10))
