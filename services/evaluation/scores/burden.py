"""The burden meter: how many fields and minutes an organisation's records asked of its people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.chassis.policies import Pack
from services.evaluation.evidence.model import Evidence


@dataclass(frozen=True)
class Costs:
    """What a record costs: ``fields`` of every form, ``details`` more by kind; times are seconds."""

    fields: int
    per_field: int
    minutes: int
    per_absentee: int
    seconds_per_absentee: int
    details: Mapping[str, int]

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
        )


@dataclass
class Asked:
    """So many records, the fields that they asked for, and the seconds it took to fill them in."""

    records: int = 0
    fields: int = 0
    seconds: int = 0

    @property
    def minutes(self) -> int:
        return round(self.seconds / 60)

    def add(self, fields: int, seconds: int) -> None:
        self.records += 1
        self.fields += fields
        self.seconds += seconds


@dataclass(frozen=True)
class Burden:
    """What a year asked for: in all, by month (``2026-03``) and by kind of activity."""

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


def burden(records: Iterable[Evidence], costs: Costs) -> Burden:
    """What the approved ``records`` of one year asked for."""
    found = Burden(Asked(), {}, {})
    months: dict[str, Asked] = {}
    kinds: dict[str, Asked] = {}
    for each in records:
        if each.counts:
            fields, seconds = asked_by(each, costs)
            for total in (
                found.whole,
                months.setdefault(f"{each.held_on:%Y-%m}", Asked()),
                kinds.setdefault(each.kind, Asked()),
            ):
                total.add(fields, seconds)
    return Burden(found.whole, dict(sorted(months.items())), dict(sorted(kinds.items())))
