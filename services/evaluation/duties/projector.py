"""Folds what events say into sheets: a ledger, then one bulk of sheets and one of rows for many owners."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from services.chassis.authority import Authority
from services.chassis.clock import Clock
from services.chassis.context import Context
from services.chassis.envelope import Event
from services.chassis.errors import Permanent
from services.chassis.relay import Relay
from services.chassis.store import Store
from services.contracts.authority import said_of
from services.contracts.records_events import OrganisationChanged
from services.evaluation.duties.model import Sheet, SheetTurn, turn
from services.evaluation.duties.store import Sheets, Words
from services.evaluation.duties.telling import words_of
from services.evaluation.duties.words import Word, covers
from services.evaluation.obligations.exemptions import Exempt
from services.evaluation.obligations.store import DutyRows
from services.evaluation.projection.documents import Written
from services.evaluation.projection.rebuilding import read_ahead
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.projection.turning import AT_ONCE, Turning
from services.evaluation.projection.units import UnknownOrganisation

_ID = re.compile(r"\A[A-Za-z0-9:_-]{1,80}\Z")


class DutyProjector:
    """Every write to the sheets. Each can be repeated at any time: the second writes nothing."""

    def __init__(
        self,
        *,
        database: Store,
        clock: Clock,
        relay: Relay,
        rulebook: Callable[[], Rulebook],
        authority: Authority,
        rows: DutyRows,
    ) -> None:
        self._clock = clock
        self._rulebook = rulebook
        self._authority = authority
        self.words = Words(database)
        self.sheets = Sheets(database, clock, relay)
        self.turning: Turning[Sheet] = Turning(database, self.sheets, rows)

    def fold(self, events: Sequence[Event]) -> None:
        """Enter what the events say and turn the sheets that they touch.

        Raises ``UnknownOrganisation`` for a post at one that has not arrived yet, before anything is entered.
        """
        # So that posts of the same batch find where they are.
        self._authority.apply(said_of(each for each in events if each.contract is OrganisationChanged))
        told = [(event, word) for event in events for word in self._words(event)]
        if not told:
            return
        self.words.add([(event.id, word) for event, word in told])
        by_owner: dict[str, list[Word]] = {}
        causes: dict[str, Context] = {}
        for event, word in told:
            by_owner.setdefault(word.owner, []).append(word)
            causes[word.owner] = Context(
                correlationid=event.correlationid or event.id,
                causationid=event.id,
                traceparent=event.traceparent,
            )
        today, rulebook = self._clock.today(), self._rulebook()

        def decide(sheet: Sheet) -> SheetTurn:
            return turn(sheet, rulebook, today=today, words=by_owner[sheet.unit])

        self.turning.turn(by_owner, decide, causes, empty=partial(Sheet, as_of=today))

    def exempt(self, exempt: Exempt) -> None:
        """Take over what was decided of an exemption."""
        today, rulebook = self._clock.today(), self._rulebook()
        self.turning.turn(
            [exempt.owner],
            lambda sheet: turn(sheet, rulebook, today=today, exempt=[exempt]),
            empty=partial(Sheet, as_of=today),
        )

    def turn_the_day(self, today: date) -> None:
        """Open and age what everybody owes; a sheet on which nothing changes is not written."""
        rulebook = self._rulebook()
        self.turning.turn(self.sheets.units(), lambda sheet: turn(sheet, rulebook, today=today))

    def anew(self, owners: Sequence[str]) -> list[Written[Sheet]]:
        """What of ``owners`` is not as the ledger says; nothing is written."""
        return self.turning.decided_anew(owners, self._anew(None))

    def all_anew(self, reached: Callable[[int, int], None]) -> Iterator[Written[Sheet]]:
        """The same of everybody; ``reached`` is told how many are done, and of how many."""
        for some, ledger in read_ahead(self.words.of_each, self.sheets.units(), AT_ONCE, reached):
            yield from self.turning.decided_anew(some, self._anew(ledger))

    def _anew(self, ledger: Mapping[str, Sequence[Word]] | None) -> Callable[[Sheet], SheetTurn]:
        today, rulebook = self._clock.today(), self._rulebook()

        def decide(sheet: Sheet) -> SheetTurn:
            words = ledger.get(sheet.unit, ()) if ledger is not None else ()
            if ledger is None or not covers(words, sheet.things):
                # Something was folded since the ledger was read: after the sheet was met, it has it all.
                words = self.words.of(sheet.unit)
            return turn(sheet, rulebook, today=today, words=words, anew=True)

        return decide

    def _words(self, event: Event) -> list[Word]:
        on = event.time.astimezone(self._clock.zone).date()
        words = words_of(event, on=on, kind_of=self._kind_of)
        # Ids become names of fields in the store, where a point or a dollar sign means something.
        if not all(_ID.match(word.owner) and _ID.match(word.thing) for word in words):
            raise Permanent("contract_broken", "an owner or a thing is not an id")
        return words

    def _kind_of(self, organisation: str) -> str:
        node = self._authority.node(organisation)
        if node is None:
            raise UnknownOrganisation("unknown_organisation")
        return node.kind
