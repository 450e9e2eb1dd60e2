"""How often anonymous opinions are released is policy, and a policy that makes no sense is refused."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from services.feedback import application
from services.feedback.opinions.model import makes_a_batch
from services.feedback.opinions.releasing import load_rules

POLICIES = Path(application.__file__).parent / "policies"


def test_as_shipped_opinions_are_released_at_the_top_of_each_hour():
    assert load_rules(POLICIES, local=False).every == timedelta(hours=1)
    assert load_rules(POLICIES, local=False).smallest_batch == 5


def test_on_one_machine_a_newcomer_need_not_wait_for_the_hour():
    assert load_rules(POLICIES, local=True).every <= timedelta(minutes=1)
    assert load_rules(POLICIES, local=True).smallest_batch == 1


@pytest.mark.parametrize("every", ["0", "-5", "1441", "soon", "null", ".nan", ".inf"])
def test_an_interval_that_is_none_is_refused(tmp_path, every):
    (tmp_path / "releasing.yaml").write_text(f"release_every_minutes: {every}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="release_every_minutes"):
        load_rules(tmp_path, local=False)


def test_few_wait_for_more_but_no_longer_than_to_the_next_day():
    today = date(2026, 3, 10)
    assert not makes_a_batch([], smallest=5, today=today)
    assert not makes_a_batch([today] * 4, smallest=5, today=today)
    assert makes_a_batch([today] * 5, smallest=5, today=today)
    assert makes_a_batch([today, today - timedelta(days=1)], smallest=5, today=today)
