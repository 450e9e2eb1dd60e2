"""A sheet: what was told of one person or organisation, what they owe by it, and how it turns.

On the sheet of a person is what they owe themselves; on that of an organisation, what it owes by a day that
another part of the platform sets. Pure: the same turn again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from services.chassis.months import months_after
from services.evaluation.duties.deeds import Deed, deeds_of
from services.evaluation.duties.people import Known, first_office, known
from services.evaluation.duties.words import Thing, Things, Value, Word, heard, of_kind
from services.evaluation.obligations.calendar import Period
from services.evaluation.obligations.exemptions import Exempt, covering
from services.evaluation.obligations.fulfilling import obligations, state_of
from services.evaluation.obligations.model import CASE, DUE_SOON, EXEMPTED, OVERDUE, Obligation, Owed, Rule
from services.evaluation.obligations.spans import began
from services.evaluation.obligations.telling import turned
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.projection.standing import Happened

# What has a due date of its own is told of by whoever sets the date; only what is reckoned here is not.
_WITHDRAWN = "withdrawn"  # in no row: a word that came later says that it was never owed
_TOLD_HERE = ("democratic_life_report", "new_secretary_training")


@dataclass(frozen=True, slots=True)
class Noted:
    """What was last told of an obligation: its state, the sequence of its last event, what its row showed."""

    state: str
    sequence: int
    shown: str


@dataclass(frozen=True)
class Sheet:
    """All that is known of one owner."""

    unit: str
    as_of: date
    things: Things = field(default_factory=dict)
    told: Mapping[str, Noted] = field(default_factory=dict)
    exemptions: Mapping[str, Exempt] = field(default_factory=dict)


@dataclass(frozen=True)
class SheetTurn:
    """What changes: ``after`` is the sheet then; ``obligations`` are those whose rows differ."""

    after: Sheet
    obligations: Sequence[Obligation] = ()
    events: Sequence[Happened] = ()
    withdrawn: Sequence[str] = ()


def turn(
    sheet: Sheet,
    rulebook: Rulebook,
    *,
    today: date,
    words: Iterable[Word] = (),
    exempt: Iterable[Exempt] = (),
    anew: bool = False,
) -> SheetTurn:
    """Fold ``words`` into ``sheet`` and bring it to ``today`` (never back).

    ``anew`` trusts nothing that was computed before. Independent of the order of the words; a sheet of
    which nothing changes but the day stays as it is.
    """
    things = heard({} if anew else sheet.things, words)
    exemptions = dict(sheet.exemptions)
    for each in exempt:
        before = exemptions.get(each.id)
        if before is None or each.sequence > before.sequence:
            exemptions[each.id] = each
    day = max(today, sheet.as_of)
    turning = replace(sheet, as_of=day, things=things, exemptions=exemptions)
    owed = {each.id: each for each in owed_by(turning, rulebook)}
    changed: list[Obligation] = []
    told: dict[str, Noted] = {}
    events: list[Happened] = []
    for now in owed.values():
        noted, shown = sheet.told.get(now.id), _shown(now)
        if not anew and noted is not None and (noted.state, noted.shown) == (now.state, shown):
            continue
        sequence = noted.sequence if noted else 0
        if now.rule.every != CASE or now.rule.id in _TOLD_HERE:
            state = noted.state if noted and noted.state != _WITHDRAWN else None
            for event in turned(state, now):
                sequence += 1
                events.append(Happened(now.id, sequence, event))
        told[now.id] = Noted(now.state, sequence, shown)
        changed.append(now)
    withdrawn = sorted(
        id_ for id_, noted in sheet.told.items() if id_ not in owed and noted.state != _WITHDRAWN
    )
    told.update({id_: replace(sheet.told[id_], state=_WITHDRAWN, shown="") for id_ in withdrawn})
    after = replace(turning, told={**sheet.told, **told})
    if replace(after, as_of=sheet.as_of) == sheet:
        after = sheet
    return SheetTurn(after, changed, events, withdrawn)


def _shown(now: Obligation) -> str:
    """Differs where the row does: eight bytes in place of all that it shows."""
    parts = (now.organisation, now.due_on.isoformat(), now.exemption or "", *now.taken)
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def owed_by(sheet: Sheet, rulebook: Rulebook) -> list[Obligation]:
    """Every obligation on the sheet as of its day."""
    person = known(sheet.things, sheet.as_of)
    found = list(_cases(sheet, rulebook, person))
    if person is not None:
        found += _in_periods(sheet, rulebook, person)
    return found


# -- what has a due date of its own --------------------------------------------------------------------


def _cases(sheet: Sheet, rulebook: Rulebook, person: Known | None) -> Iterator[Obligation]:
    reckoned = {**dict(_terms(sheet.things)), **dict(_first_class(sheet, rulebook, person))}
    for id_, thing in sorted({**sheet.things, **reckoned}.items()):
        due, opened = thing.day("due"), thing.day("opened")
        if due is None:
            continue
        rule = rulebook.case(thing.kind, min(opened or due, due))
        if rule is None:
            continue
        label = str(thing["label"] or due.isoformat())
        yield _case(sheet, rule, Period(CASE, label, min(opened or due, due), due), id_, thing, person)


def _case(
    sheet: Sheet, rule: Rule, period: Period, id_: str, thing: Thing, person: Known | None
) -> Obligation:
    exemption = covering(sheet.exemptions.values(), rule.id, period)
    owed = Owed(rule, period, exemption=exemption)
    done_on = thing.day("done") or thing.day("confirmed")
    state = state_of(owed, done_on, sheet.as_of)
    if rule.id == "opinion" and state == OVERDUE and not thing["late"]:
        state = DUE_SOON  # its clock stood still for a while: whoever reads it says when it has run out
    if thing["gone"] or (done_on is None and (thing["paused"] or exemption)):
        state = EXEMPTED
    personal = rule.owed_by == "person"
    told_in = str(thing["organisation"] or sheet.unit)
    return Obligation(
        rule,
        person.organisation if personal and person else told_in,
        period,
        state,
        (str(thing["by"] or id_),) if done_on and state != EXEMPTED else (),
        done_on if state != EXEMPTED else None,
        exemption=exemption if state == EXEMPTED else None,
        person=sheet.unit if personal else None,
        case=id_,
        posts_only=personal or bool(thing["restricted"]) or rule.id == "opinion",
    )


def _terms(things: Things) -> Iterator[tuple[str, Thing]]:
    """Terms of office: each ends with the election that begins the next, or with the committee itself."""
    ordered = sorted(of_kind(things, "committee_election"), key=lambda each: str(each[1]["opened"]))
    newest = max((thing.said["due"][0] for _, thing in ordered), default=0)
    now = things.get("organisation")
    over = now is not None and now.said["committee"][0] >= newest and not now["committee"]
    for place, (id_, thing) in enumerate(ordered, 1):
        said = dict(thing.said)
        if place < len(ordered):
            said["done"] = (0, ordered[place][1]["opened"])
        elif over:
            said["gone"] = (0, True)
        yield id_, Thing(thing.kind, said)


def _first_class(sheet: Sheet, rulebook: Rulebook, person: Known | None) -> Iterator[tuple[str, Thing]]:
    """A new secretary's first training class, by the post: the first one attended from its first day on.

    What was over before anybody was known is not held against them, nor what was not attended by whoever is
    secretary no more.
    """
    office = first_office(sheet.things, sheet.as_of) if person else None
    if person is None or office is None:
        return
    post, since, in_office = office
    rule = rulebook.case("new_secretary_training", since)
    if rule is None or (due := months_after(since, rule.months)) < person.since:
        return
    classes = [
        (each.held_on, each.activity)
        for each in deeds_of(sheet.unit, sheet.things)
        if each.kind == rule.fulfilled_by and each.counts and each.held_on >= since
    ]
    said: dict[str, Value] = {"opened": since.isoformat(), "due": due.isoformat()}
    if classes:
        on, credit = min(classes)
        said |= {"done": on.isoformat(), "by": credit}
    else:
        said["gone"] = not in_office
    yield post, Thing(rule.id, {name: (0, value) for name, value in said.items()})


# -- what is owed in every period ----------------------------------------------------------------------


def _in_periods(sheet: Sheet, rulebook: Rulebook, person: Known) -> Iterator[Obligation]:
    deeds = deeds_of(sheet.unit, sheet.things)
    by_rule: dict[str, list[Owed]] = {}
    calendar = rulebook.calendar
    periods = sorted(began(person.spans, sheet.as_of, calendar), key=lambda each: each[1].first)
    for owner, period, released in periods:
        for rule in rulebook.owed_as(owner, period.every, period.first):
            exemption = covering(sheet.exemptions.values(), rule.id, period)
            owed = Owed(rule, period, released, exemption, calendar)
            if owed.due_on >= person.since:  # what was over before anybody was known is not held against them
                by_rule.setdefault(rule.id, []).append(owed)
    for _, under in sorted(by_rule.items()):
        mine = [each for each in deeds if each.kind == under[-1].rule.fulfilled_by]
        for became in _became(under, sheet, mine):
            yield replace(became, organisation=person.organisation, person=sheet.unit, posts_only=True)


def _became(owed: Sequence[Owed], sheet: Sheet, deeds: Sequence[Deed]) -> Iterator[Obligation]:
    if not any(each.period for each in deeds):
        yield from obligations(owed, sheet.unit, today=sheet.as_of, evidence=deeds)
        return
    for each in owed:
        meant = [deed for deed in deeds if deed.period == each.period.label]
        yield from obligations([each], sheet.unit, today=sheet.as_of, evidence=meant)
