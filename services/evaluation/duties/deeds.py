"""What a person did that may fulfil what they owe: read from what was told of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.evaluation.duties.words import Thing, Things, of_kind
from services.evaluation.obligations.explaining import NO_COMMITTEE, NO_MEMBER


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a person did that may fulfil what they owe."""

    activity: str
    organisation: str  # the person: whose it is
    kind: str
    held_on: date
    amount: int = 1
    period: str = ""  # the one it was handed in for, where it was for one
    counts: bool = True
    expected: int = 0
    present: int = 0
    barred: str = ""  # why it is none of its kind, where it is not withdrawn and does not count


def deeds_of(person: str, things: Things) -> list[Deed]:
    """What the person did, in a fixed order; also what counts no more, which an explanation names."""
    found = []
    for id_, thing in of_kind(things, "credit", "thought_report", "talk_held", "lecture_given"):
        on = thing.day("on")
        if on is None:
            continue  # taken back before it was told of
        counts = not thing["gone"]
        if thing.kind == "credit":
            minutes = thing["minutes"]
            amount = minutes if isinstance(minutes, int) else 0
            found.append(Deed(id_, person, "training_minutes", on, amount, counts=counts))
            if thing["form"] == "class":
                kinds = ("training_class", "new_secretary_training")
                found += [Deed(id_, person, kind, on, counts=counts) for kind in kinds]
        elif thing.kind == "thought_report":
            found.append(_report(id_, person, thing, on))
        elif thing.kind == "talk_held":
            found += _talk(id_, person, thing, on)
        else:
            found.append(Deed(id_, person, thing.kind, on, counts=counts))
    return found


def _talk(id_: str, person: str, thing: Thing, on: date) -> Iterator[Deed]:
    """One talk as a talk with anybody, of the committee with somebody, with somebody of it, with a member.

    That of the committee is one in which it is on either side: of whoever sits on it with anybody.

    Of one that nobody told of who was there it is not known: it counts as each, as it did.
    """
    counts, known = not thing["gone"], thing["committee"] is not None
    yield Deed(id_, person, "talk_held", on, counts=counts)
    for kind, met, why_not in (
        ("talk_of_committee", thing["committee"] or (thing["seated"] and thing["members"]), NO_COMMITTEE),
        ("talk_with_committee", thing["committee"], NO_COMMITTEE),
        ("talk_with_members", thing["members"], NO_MEMBER),
    ):
        barred = why_not if counts and known and not met else ""
        yield Deed(id_, person, kind, on, counts=counts and not barred, barred=barred)


def _report(id_: str, person: str, thing: Thing, on: date) -> Deed:
    """What was handed in in time and again after it was returned is as early as it was at first."""
    period = str(thing["period"])
    quarter_ends = _last_of_quarter(period)
    day = min(on, quarter_ends) if not thing["late"] else on
    return Deed(id_, person, "thought_report", day, period=period, counts=thing["state"] != "returned")


def _last_of_quarter(label: str) -> date:
    year, quarter = int(label[:4]), int(label[6])
    after = date(year + (quarter == 4), quarter % 4 * 3 + 1, 1)
    return date.fromordinal(after.toordinal() - 1)
