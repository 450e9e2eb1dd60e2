"""What belongs to a year, and where its attachments stand: never outside, never two in one place."""

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.archives import is_safe
from services.records.exports.table import LISTS
from services.records.ledger.model import PARTS, Part, attachment_path, quarters


def test_every_part_is_a_list_that_can_be_exported() -> None:
    assert {part.name for part in PARTS} <= set(LISTS)


def test_an_item_belongs_to_the_year_of_its_day() -> None:
    part = Part("dues_payments", lambda organisation, year: [], day="paid_on")
    assert part.keeps({"paid_on": "2026-12-31"}, 2026)
    assert not part.keeps({"paid_on": "2027-01-01"}, 2026)


def test_what_lasts_belongs_to_every_year_that_it_touches() -> None:
    part = Part("posts", lambda organisation, year: [], lasts=True)
    assert part.keeps({"since": "2020-01-01", "until": None}, 2026)
    assert part.keeps({"since": "2020-01-01", "until": "2026-01-01"}, 2026)
    assert part.keeps({"since": "2026-12-31", "until": "2030-01-01"}, 2026)
    assert not part.keeps({"since": "2027-01-01", "until": None}, 2026)
    assert not part.keeps({"since": "2020-01-01", "until": "2025-12-31"}, 2026)


def test_quarters_are_those_that_have_begun() -> None:
    assert quarters(2025, "2026-09-10") == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]
    assert quarters(2026, "2026-07-01") == ["2026-Q1", "2026-Q2", "2026-Q3"]
    assert quarters(2026, "2026-06-30") == ["2026-Q1", "2026-Q2"]
    assert quarters(2027, "2026-09-10") == []


@given(st.text(min_size=1), st.integers(1, 20), st.text())
def test_whatever_a_file_is_called_it_stays_inside(activity: str, number: int, name: str) -> None:
    assert is_safe(attachment_path(activity, "2026-03-10", number, name))


def test_the_ending_of_a_long_name_stays() -> None:
    path = attachment_path("0198-abcdefghijkl", "2026-03-10", 3, f"{'签到表' * 80}.pdf")
    assert path.startswith("attachments/2026-03-10 abcdefghijkl/03 签到表")
    assert path.endswith(".pdf")
    assert attachment_path("a", "2026-03-10", 1, "..") == "attachments/2026-03-10 a/01 _"
