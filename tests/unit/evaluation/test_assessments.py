"""Who may assess whom: a post strictly above, and no interest."""

from __future__ import annotations

import pytest

from services.chassis.errors import Forbidden
from services.evaluation.assessments.model import REVIEWERS, Reviewer, Subject, require_fit
from services.evaluation.indicators.model import SECRETARY

OF = Subject(SECRETARY, "p-1", "branch", "branch", ("root", "college", "branch"))


def test_whoever_sits_above_assesses() -> None:
    require_fit(Reviewer("dean", (("secretary", "college"),), ("college",)), OF, REVIEWERS)


@pytest.mark.parametrize("posts", [(), (("secretary", "branch"),), (("group_leader", "college"),)])
def test_whoever_may_not_assess_is_told_who_may_and_where_they_sit(
    posts: tuple[tuple[str, str], ...],
) -> None:
    with pytest.raises(Forbidden) as refused:
        require_fit(Reviewer("other", posts), OF, REVIEWERS)
    assert refused.value.code == "permission.denied"
    assert refused.value.params == {"accepted": ", ".join(REVIEWERS), "where": "above"}
