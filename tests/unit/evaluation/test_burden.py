"""The burden meter: all that an organisation and its people are asked for, once, where they belonged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import services.evaluation
from services.chassis.policies import load_all
from services.evaluation.duties.model import Sheet
from services.evaluation.duties.words import Value, Word, heard
from services.evaluation.obligations.exemptions import Exempt
from services.evaluation.scores.burden import Burden, Costs, burden, by_sheet

COSTS = Costs.of(load_all(Path(services.evaluation.__file__).parent / "policies", "burden-*.yaml")[0])
SINCE = date(2026, 1, 10)


def word(thing: str, kind: str, sequence: int = 1, **says: Value | date) -> Word:
    plain = {name: each.isoformat() if isinstance(each, date) else each for name, each in says.items()}
    return Word("owner", thing, kind, sequence, plain)


def spell(organisation: str, sequence: int, since: date | None = None) -> Word:
    says = {"status": "member", "organisation": organisation, "active": True, "since": since, "told": SINCE}
    return word(f"spell:{sequence}", "spell", sequence, **says)


def bill(month: int, organisation: str) -> Word:
    label = f"2026-{month:02}"
    return word(f"bill-{month}", "dues", organisation=organisation, label=label, due=date(2026, month, 28))


MOVED = (
    spell("branch", 1),
    spell("other", 2, date(2026, 5, 1)),
    bill(2, "branch"),
    bill(6, "other"),
    word("r-1", "thought_report", period="2026-Q1", state="handed_in", on=date(2026, 3, 20), late=False),
    word("r-1", "thought_report", 2, period="2026-Q1", state="returned"),
    word("c-1", "credit", on=date(2026, 3, 1), minutes=480, form="class", entered=True),
    word("c-2", "credit", on=date(2026, 6, 1), minutes=480, form="class", entered=True),
    word("c-3", "credit", on=date(2026, 3, 1), minutes=60, form="activity"),
    word("c-4", "credit", on=date(2026, 3, 1), minutes=60, form="class", entered=True),
    word("c-4", "credit", gone=True),
    word("talk", "talk_held", on=date(2026, 3, 1), gone=False),
)


def sheet(words: Iterable[Word], unit: str = "owner", exempt: Iterable[Exempt] = ()) -> Sheet:
    return Sheet(unit, SINCE, heard({}, words), exemptions={each.id: each for each in exempt})


def asked(found: Sheet, *organisations: str, year: int = 2026, least: int = 1) -> Burden:
    return burden(by_sheet(found, dict.fromkeys(organisations), COSTS), year, least=least)


def counts(found: Burden) -> dict[str, int]:
    return {kind: each.records for kind, each in found.kinds.items()}


def test_a_person_is_asked_where_they_belonged_that_day() -> None:
    exemption = Exempt("e", "owner", "talk", date(2026, 4, 1), date(2026, 12, 31), False, 2)
    found = sheet(MOVED, exempt=[exemption])
    before, after = asked(found, "branch"), asked(found, "other")
    assert counts(before) == {"dues": 1, "exemption": 1, "thought_report": 1, "training": 1}
    assert counts(after) == {"dues": 1, "training": 1}
    assert before.months.keys() == {"2026-02", "2026-03", "2026-04"}
    seconds = sum(COSTS.asked[kind][1] for kind in counts(before))
    assert (before.whole.records, before.whole.seconds) == (4, seconds)
    left = burden(by_sheet(found, {"branch": date(2026, 2, 28), "other": None}, COSTS), 2026)
    assert counts(left) == {"dues": 2, "training": 1}
    assert counts(asked(found, "branch", year=2025)) == counts(asked(found, "elsewhere")) == {}


def test_an_organisation_is_asked_for_what_has_a_day_of_its_own() -> None:
    of_branch = sheet(
        (
            word("t-1", "task", opened=date(2026, 3, 1), due=date(2027, 1, 5), gone=False),
            word("t-2", "task", opened=date(2026, 3, 1), due=date(2026, 4, 1), gone=True),
            word("o-1", "opinion", due=date(2026, 3, 9), late=False, gone=False),
            word("o-2", "opinion", gone=False),  # nothing of it is asked yet
            word("m-1", "democratic_life_report", opened=date(2026, 1, 15), done=None),
            word("term:2026", "committee_election", opened=date(2026, 2, 1), due=date(2029, 2, 1)),
            word("organisation", "organisation", committee=True),
        ),
        unit="branch",
    )
    assert counts(asked(of_branch, "branch")) == {"committee_election": 1, "opinion": 1, "task": 1}
    assert counts(asked(of_branch, "other")) == {}


def test_who_holds_no_post_is_told_of_no_few() -> None:
    dues = [bill(month, "branch") for month in range(1, 6)]
    report = word("r", "thought_report", period="2026-Q1", state="accepted", on=date(2026, 3, 2), late=False)
    found = asked(sheet([spell("branch", 1), *dues, report]), "branch", least=COSTS.shown_from)
    assert counts(found) == {"dues": 5}
    assert found.whole.seconds == sum(each.seconds for each in found.months.values())
    assert found.whole.seconds == 5 * COSTS.asked["dues"][1]


@given(st.permutations([*MOVED, *MOVED]))
def test_the_way_in_which_it_was_told_makes_no_difference(words: list[Word]) -> None:
    assert asked(sheet(words), "branch") == asked(sheet(MOVED), "branch")
