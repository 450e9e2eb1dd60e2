"""The twenty-five steps as data: whose act each is, what it follows, what is decided at it.

What people call them stands in the catalogue under ``development_step.<id>``; every number, and every paper,
in a policy pack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STAGES = ("application", "activist", "candidate", "admission", "probation")
BRANCH, ABOVE = "branch", "above"
PASS, FAIL, EXTEND, CANCEL = "pass", "fail", "extend", "cancel"
DECIDED = (PASS, FAIL)
# Once the extension of a probation is approved these begin anew.
PROBATION_CYCLE = ("continued_check", "full_application", "full_meeting", "full_approval")


@dataclass(frozen=True)
class Step:
    """One step. ``actor``: who may record it, the organisation itself or a level strictly above.

    ``after``: steps that have to be done, on the same day at the latest. ``outcomes``: what may be decided;
    empty where there is nothing to decide. ``periodic`` steps come any number of times.
    """

    number: int
    id: str
    stage: str
    actor: str
    after: tuple[str, ...]
    outcomes: tuple[str, ...] = ()
    periodic: bool = False


STEPS: tuple[Step, ...] = (
    Step(1, "application", "application", BRANCH, ()),
    Step(2, "talk", "application", BRANCH, ("application",)),
    Step(3, "activist_decision", "activist", BRANCH, ("talk",)),
    Step(4, "activist_filing", "activist", BRANCH, ("activist_decision",)),
    Step(5, "contacts", "activist", BRANCH, ("activist_decision",)),
    Step(6, "cultivation_check", "activist", BRANCH, ("contacts",), periodic=True),
    Step(7, "candidate_decision", "candidate", BRANCH, ("activist_filing", "contacts", "cultivation_check")),
    Step(8, "candidate_filing", "candidate", BRANCH, ("candidate_decision",)),
    Step(9, "introducers", "candidate", BRANCH, ("candidate_decision",)),
    Step(10, "political_review", "candidate", BRANCH, ("candidate_filing",), DECIDED),
    Step(11, "training", "candidate", BRANCH, ("candidate_filing",)),
    Step(
        12, "committee_review", "admission", BRANCH, ("introducers", "political_review", "training"), DECIDED
    ),
    Step(13, "pre_review", "admission", ABOVE, ("committee_review",), DECIDED),
    Step(14, "volunteer_book", "admission", BRANCH, ("pre_review",)),
    Step(15, "branch_meeting", "admission", BRANCH, ("pre_review", "volunteer_book"), DECIDED),
    Step(16, "talk_above", "admission", ABOVE, ("branch_meeting",)),
    Step(17, "approval", "admission", ABOVE, ("talk_above",), DECIDED),
    Step(18, "filing_above", "admission", ABOVE, ("approval",)),
    Step(19, "join_branch", "probation", BRANCH, ("approval",)),
    Step(20, "oath", "probation", BRANCH, ("approval", "join_branch")),
    Step(21, "continued_check", "probation", BRANCH, ("join_branch",), periodic=True),
    Step(22, "full_application", "probation", BRANCH, ("join_branch",)),
    Step(
        23,
        "full_meeting",
        "probation",
        BRANCH,
        ("oath", "continued_check", "full_application"),
        (PASS, EXTEND, CANCEL, FAIL),
    ),
    Step(24, "full_approval", "probation", ABOVE, ("full_meeting",), DECIDED),
    Step(25, "archive", "probation", BRANCH, ("full_approval",)),
)
BY_ID: Mapping[str, Step] = {step.id: step for step in STEPS}
STEP_IDS = tuple(BY_ID)
OUTCOMES = (PASS, FAIL, EXTEND, CANCEL)
