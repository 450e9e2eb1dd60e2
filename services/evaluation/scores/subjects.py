"""Whom a policy scores at and below an organisation, and what each is scored by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.chassis.authority import Authority
from services.evaluation.duties.people import status_on
from services.evaluation.duties.store import Sheets
from services.evaluation.duties.words import Things
from services.evaluation.evidence.marks import MarkLedger
from services.evaluation.evidence.model import Mark
from services.evaluation.indicators.model import MEMBER, ORGANISATION, SECRETARY, Policy
from services.evaluation.projection.model import owed_by
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.projection.scoring import material
from services.evaluation.projection.standing import Standing
from services.evaluation.projection.store import Standings
from services.evaluation.scores.methods import Material
from services.evaluation.scores.model import material_of

AT_ONCE = 100


@dataclass(frozen=True, order=True)
class Scored:
    """A subject and the organisation at which it is scored; of an organisation they are the same."""

    organisation: str
    subject: str


class Subjects:
    """Organisations, their secretaries, their members: looked up as they are now."""

    def __init__(self, authority: Authority, standings: Standings, marks: MarkLedger, sheets: Sheets) -> None:
        self._authority = authority
        self._standings = standings
        self._marks = marks
        self._sheets = sheets

    def at_and_below(self, organisation: str, subject_kind: str, kinds: Sequence[str]) -> list[Scored]:
        """Whom a policy for ``kinds`` may score there, in a fixed order; of several secretaries the first.

        Of who belongs there ``materials`` says who is graded: that depends on the day of the appraisal.
        """
        found: list[Scored] = []
        for id_ in self._authority.subtree(organisation):
            node = self._authority.node(id_)
            if node is None or node.kind not in kinds or not node.active:
                continue
            if subject_kind == ORGANISATION:
                found.append(Scored(id_, id_))
            elif subject_kind == SECRETARY:
                head = self.head(id_)
                found += [head] if head else []
            else:
                found += [Scored(id_, each) for each in self._authority.members(id_)]
        return sorted(found)

    def head(self, organisation: str, on: date | None = None) -> Scored | None:
        """Who is its secretary, or was ``on`` a day; of several the one who is it longest."""
        heads = self._authority.holders(organisation, ("secretary",), on=on)
        return Scored(organisation, heads[0]) if heads else None

    def materials(
        self, scored: Sequence[Scored], policy: Policy, rulebook: Rulebook, year: int
    ) -> Iterator[tuple[Scored, Material | None]]:
        """What each is scored by in ``year``, in the order given.

        None of whom nothing is known, and of a person whom ``policy`` does not grade.
        """
        subject_kind = policy.subject
        for first in range(0, len(scored), AT_ONCE):
            some = scored[first : first + AT_ONCE]
            met = {} if subject_kind == MEMBER else self._standings.met({each.organisation for each in some})
            marks = {} if subject_kind == ORGANISATION else self._marks.of({each.subject for each in some})
            sheets = self._sheets.met({each.subject for each in some}) if subject_kind == MEMBER else {}
            for each in some:
                mine = [mark for mark in marks.get(each.subject, {}).values() if mark.given_on.year == year]
                if subject_kind == MEMBER:
                    sheet = sheets.get(each.subject)
                    yield each, appraised(policy, mine, sheet.standing.things if sheet else {})
                    continue
                found = met.get(each.organisation)
                if found is None or not _is_measured(found.standing, year):
                    yield each, None
                    continue
                owed = owed_by(found.standing, rulebook)
                own = material(found.standing, owed, year)
                yield (
                    each,
                    own if subject_kind == ORGANISATION else material_of(own.records, own.obligations, mine),
                )


def appraised(policy: Policy, marks: Sequence[Mark], things: Things) -> Material | None:
    """What a person is graded by; None where nobody appraised them, or ``policy`` does not grade them.

    The political status counts that they had on the day of the appraisal, whatever they became since. A
    finding is no appraisal; where nothing else is there, its day counts. ``things`` are of their sheet.
    """
    if not marks:
        return None
    judged = [each for each in marks if each.family != "findings"] or marks
    status = status_on(things, max(each.given_on for each in judged))
    return material_of(marks=marks) if policy.grades(status) else None


def _is_measured(standing: Standing, year: int) -> bool:
    unit = standing.enrolled.get(standing.unit)
    return unit is not None and year >= unit.since.year
