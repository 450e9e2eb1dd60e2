"""The burden meter: how many fields and minutes an organisation and its people were asked for. Pure.

Counted is what evaluation is told of: records of activities, and what stands on the sheets of the
organisation and of whoever belonged there on the day. Steps of a dossier, ballots and reviewers' grades
are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from services.chassis.policies import Pack
from services.contracts.evaluation_scores_rpc import BURDEN_KINDS
from services.evaluation.duties.model import Sheet
from services.evaluation.duties.people import home
from services.evaluation.duties.words import Thing
from services.evaluation.evidence.model import Evidence

# An opinion is told of by its day alone, whoever wrote it.
_OF_PERSONS = {"dues": "dues", "credit": "training", "thought_report": "thought_report"}
_OF_ORGANISATIONS = ("task", "opinion", "committee_election", "democratic_life_report")


@dataclass(frozen=True)
class Costs:
    """What is asked for: of a record ``fields`` of every form, ``details`` more by kind; times are seconds.

    ``asked``: of anything else fields and seconds, by kind. ``shown_from``: how many things of a kind there
    have to be for whoever holds no post to be told of them.
    """

    fields: int
    per_field: int
    minutes: int
    per_absentee: int
    seconds_per_absentee: int
    details: Mapping[str, int]
    asked: Mapping[str, tuple[int, int]]
    shown_from: int

    @classmethod
    def of(cls, pack: Pack) -> Costs:
        """What the pack says; raises ``KeyError`` where it lacks something."""
        return cls(
            fields=pack["form"]["fields"],
            per_field=pack["form"]["seconds_per_field"],
            minutes=pack["minutes"]["seconds"],
            per_absentee=pack["attendance"]["fields"],
            seconds_per_absentee=pack["attendance"]["seconds_per_field"],
            details=pack["details"],
            asked={kind: (pack[kind]["fields"], pack[kind]["seconds"]) for kind in BURDEN_KINDS},
            shown_from=pack["shown_from"],
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that somebody was asked to fill in, on which campus day, and what it took."""

    id: str
    kind: str
    on: date
    fields: int
    seconds: int


@dataclass
class Asked:
    """So many things, the fields that they asked for, and the seconds it took to fill them in."""

    records: int = 0
    fields: int = 0
    seconds: int = 0

    @property
    def minutes(self) -> int:
        return round(self.seconds / 60)

    def add(self, ask: Ask) -> None:
        self.records += 1
        self.fields += ask.fields
        self.seconds += ask.seconds


@dataclass(frozen=True)
class Burden:
    """What a year asked for: in all, by month (``2026-03``) and by kind."""

    whole: Asked
    months: Mapping[str, Asked]
    kinds: Mapping[str, Asked]


def asked_by(record: Evidence, costs: Costs) -> tuple[int, int]:
    """Fields and seconds of one record.

    Those present are one field, whoever was not is another each: nobody lists the whole branch by hand.
    """
    absent = max(record.expected - record.present, 0)
    form = costs.fields + costs.details.get(record.kind, 0)
    fields = form + absent * costs.per_absentee
    seconds = form * costs.per_field + absent * costs.seconds_per_absentee
    return fields, seconds + (costs.minutes if record.has_minutes else 0)


def by_records(records: Iterable[Evidence], costs: Costs) -> Iterator[Ask]:
    """What the approved ones of ``records`` asked for."""
    for each in records:
        if each.counts:
            yield Ask(each.activity, each.kind, each.held_on, *asked_by(each, costs))


def by_sheet(sheet: Sheet, organisations: Mapping[str, date | None], costs: Costs) -> Iterator[Ask]:
    """What asked the owner of ``sheet`` for something in the name of one of ``organisations``.

    Each counts until its last day, where it has one. A bill says by itself where it was asked for; what else
    a person did counts where they belonged that day. An exemption counts on its first day, whatever was
    decided of it.
    """

    def ours(organisation: str | None, on: date) -> bool:
        return organisation in organisations and on <= (organisations[organisation] or on)

    def at(on: date, told: object = None) -> str | None:
        return sheet.unit if sheet.unit in organisations else str(told or home(sheet.things, on))

    for id_, thing in sheet.things.items():
        kind, on = _of_person(thing) if thing.kind in _OF_PERSONS else _of_organisation(thing)
        if kind is None or on is None or thing["gone"]:
            continue
        if ours(sheet.unit if kind in _OF_ORGANISATIONS else at(on, thing["organisation"]), on):
            yield Ask(id_, kind, on, *costs.asked[kind])
    for id_, each in sheet.exemptions.items():
        if ours(at(each.first), each.first):
            yield Ask(id_, "exemption", each.first, *costs.asked["exemption"])


def _of_person(thing: Thing) -> tuple[str | None, date | None]:
    kind = _OF_PERSONS[thing.kind]
    if kind == "dues":
        return kind, _first_of(thing["label"])
    if kind == "training" and not thing["entered"]:
        return None, None  # an activity or another system said so: nobody filled anything in
    return kind, thing.day("on")


def _of_organisation(thing: Thing) -> tuple[str | None, date | None]:
    if thing.kind not in _OF_ORGANISATIONS:
        return None, None
    if thing.kind == "opinion":
        return thing.kind, thing.day("done") or thing.day("due")
    if thing.kind == "democratic_life_report":
        return thing.kind, thing.day("done")
    return thing.kind, thing.day("opened") or thing.day("due")


def _first_of(month: object) -> date | None:
    return date.fromisoformat(f"{month}-01") if month else None


def burden(asks: Iterable[Ask], year: int, *, least: int = 1) -> Burden:
    """What was asked for in ``year``, each thing once.

    Of a kind that sheets ask for and of which there are fewer than ``least``, nothing is in it.
    """
    of_year = {(each.kind, each.id): each for each in asks if each.on.year == year}
    count = Counter(kind for kind, _ in of_year)
    found = Burden(Asked(), {}, {})
    months: dict[str, Asked] = {}
    kinds: dict[str, Asked] = {}
    for (kind, _), each in of_year.items():
        if kind in BURDEN_KINDS and count[kind] < least:
            continue
        for total in (
            found.whole,
            months.setdefault(f"{each.on:%Y-%m}", Asked()),
            kinds.setdefault(kind, Asked()),
        ):
            total.add(each)
    return Burden(found.whole, dict(sorted(months.items())), dict(sorted(kinds.items())))
