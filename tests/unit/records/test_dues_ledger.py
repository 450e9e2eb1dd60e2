"""The books: every entry sums to zero, and so do all accounts after any history."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.records.dues import ledger
from services.records.dues.ledger import Entry, Posting, Unbalanced
from services.records.dues.reconciliation import reconcile

FEN = st.integers(0, 10**9)


@given(fen=FEN, more=FEN)
def test_every_kind_of_entry_balances_and_so_does_its_reversal(fen: int, more: int) -> None:
    entries = [
        ledger.assessed("b", fen),
        ledger.relieved("b", fen),
        ledger.received("p", fen, more),
        ledger.drawn("p", fen),
        ledger.corrected("b", 1, fen - more),
        *(entry for _, entry in ledger.moved("p", fen, "here", "there")),
        ledger.given_back("p", "id", fen, more),
        ledger.spent("e", "education", fen),
    ]
    for entry in entries:
        undone = ledger.balances([entry, ledger.reversal(entry, "id")])
        assert set(undone.values()) <= {0}
    assert ledger.sums_to_zero(ledger.balances(entries))


@pytest.mark.parametrize("fens", [(1,), (1, -2), (0.5, -0.5), (True, -1)])
def test_an_entry_that_does_not_balance_cannot_be_made(fens: tuple[int, ...]) -> None:
    with pytest.raises(Unbalanced):
        Entry("x", "y", tuple(Posting(ledger.CASH, fen) for fen in fens))


class Books(RuleBasedStateMachine):
    """One member's account through bills, payments, reversals and relief, beside what is plainly counted."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.owed = self.ahead = self.cash = 0
        self.payments: list[tuple[int, int]] = []

    @rule(fen=FEN)
    def bill(self, fen: int) -> None:
        self.entries.append(ledger.assessed("b", fen))
        self.owed += fen

    @rule(fen=st.integers(1, 10**9))
    def pay(self, fen: int) -> None:
        found = ledger.allocate(fen, [("b", self.owed)])
        self.entries.append(ledger.received("p", found.allocated, found.rest))
        self.owed -= found.allocated
        self.ahead += found.rest
        self.cash += fen

    @rule()
    def draw(self) -> None:
        fen = min(self.ahead, self.owed)
        self.entries.append(ledger.drawn("p", fen))
        self.owed -= fen
        self.ahead -= fen

    @rule(fen=FEN)
    def waive(self, fen: int) -> None:
        fen = min(fen, self.owed)
        self.entries.append(ledger.relieved("r", fen))
        self.owed -= fen

    @rule(fen=FEN)
    def spend(self, fen: int) -> None:
        fen = min(fen, self.cash)
        self.entries.append(ledger.spent("e", "education", fen))
        self.cash -= fen

    @rule(number=st.integers(0, 50))
    def undo_spending(self, number: int) -> None:
        spent = [each for each in self.entries if each.kind == "spent"]
        if number < len(spent):
            entry = spent[number]
            self.entries.append(ledger.reversal(entry, "id"))
            self.cash += sum(each.fen for each in entry.postings if each.fen > 0)

    @invariant()
    def books_balance_and_say_what_was_counted(self) -> None:
        accounts = ledger.balances(self.entries)
        assert ledger.sums_to_zero(accounts)
        assert accounts.get(ledger.RECEIVABLE, 0) == self.owed
        assert -accounts.get(ledger.ADVANCE, 0) == self.ahead
        assert accounts.get(ledger.CASH, 0) == self.cash


Books.TestCase.settings = settings(max_examples=25, deadline=None)
TestBooks = Books.TestCase


def state(**more: object) -> dict[str, object]:
    paid = {"reference": "r", "person": "p", "amount_fen": 1500, "paid_on": "2026-09-10", "state": "received"}
    return {**paid, **more}


@pytest.mark.parametrize(
    ("ours", "outcome"),
    [
        (state(), "agreed"),
        (state(amount_fen=1501), "amount_differs"),
        (state(person="q"), "person_differs"),
        (state(paid_on="2026-09-11"), "day_differs"),
        (state(state="reversed"), "reversed"),
        (state(reference="s"), "missing"),
    ],
)
def test_each_line_of_a_statement_is_told_what_became_of_it(ours: dict[str, object], outcome: str) -> None:
    lines, unnamed = reconcile([state()], [("x", ours)])
    assert [each["outcome"] for each in lines] == [outcome]
    assert unnamed == (["x"] if outcome == "missing" else [])
