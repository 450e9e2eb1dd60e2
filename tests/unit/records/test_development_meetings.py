"""A step that names the record of its meeting says what that record says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.chassis.errors import Invalid
from services.records.development.meetings import require_agreement

COUNTS = {"entitled": 15, "present": 12, "written": 1, "in_favour": 12}
DOSSIER = {"organisation": "b", "person": "p"}
MEETING = {
    "organisation": "b",
    "kind": "branch_meeting",
    "state": "approved",
    "held_on": "2026-06-20",
    "votes": [{"matter": "full_membership", "person": "p", **COUNTS}],
}
STEP: dict[str, Any] = {"step": "full_meeting", "on": date(2026, 6, 20), "vote": {**COUNTS, "secret": True}}


def test_a_step_and_its_meeting_agree() -> None:
    require_agreement(STEP, DOSSIER, MEETING)
    require_agreement(STEP, DOSSIER, MEETING | {"state": "submitted"})
    require_agreement(STEP | {"vote": None}, DOSSIER, MEETING)


@pytest.mark.parametrize(
    ("step", "meeting", "field", "code"),
    [
        ({"step": "oath"}, {}, "activity", "activity_unneeded"),
        ({}, {"organisation": "another"}, "activity", "activity_unfit"),
        ({}, {"kind": "theme_day"}, "activity", "activity_unfit"),
        ({}, {"state": "recorded"}, "activity", "activity_unfit"),
        ({"on": date(2026, 6, 21)}, {}, "on", "activity_day"),
        ({"step": "branch_meeting"}, {}, "activity", "activity_no_vote"),
        ({}, {"votes": []}, "activity", "activity_no_vote"),
        ({"vote": {**COUNTS, "in_favour": 11}}, {}, "vote", "activity_vote_differs"),
    ],
)
def test_a_step_that_says_otherwise_than_its_meeting_is_refused(
    step: dict[str, Any], meeting: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        require_agreement(STEP | step, DOSSIER, MEETING | meeting)
    assert refused.value.fields == {field: [f"development.{code}"]}
    if code == "activity_vote_differs":
        assert refused.value.params == COUNTS
