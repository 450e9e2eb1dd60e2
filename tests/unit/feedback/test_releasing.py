"""How often anonymous opinions are released is policy, and a policy that makes no sense is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from services.feedback import application
from services.feedback.opinions.releasing import load_interval

POLICIES = Path(application.__file__).parent / "policies"


def test_as_shipped_opinions_are_released_at_the_top_of_each_hour():
    assert load_interval(POLICIES, local=False) == timedelta(hours=1)


def test_on_one_machine_a_newcomer_need_not_wait_for_the_hour():
    assert load_interval(POLICIES, local=True) <= timedelta(minutes=1)


@pytest.mark.parametrize("every", ["0", "-5", "1441", "soon", "null", ".nan", ".inf"])
def test_an_interval_that_is_none_is_refused(tmp_path, every):
    (tmp_path / "releasing.yaml").write_text(f"release_every_minutes: {every}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="release_every_minutes"):
        load_interval(tmp_path, local=False)
