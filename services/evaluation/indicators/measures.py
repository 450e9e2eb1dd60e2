"""What may be measured, by which methods, of whom; and what may never be, with the reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from services.chassis.policies import Pack
from services.contracts.kinds import ACTIVITY_KINDS, ROUND_KINDS
from services.evaluation.indicators.model import MEMBER, ORGANISATION, SECRETARY, Indicator, Measure

BALLOT_PARTS = ("self", "peer", "mass", "organisation")
VETO = "veto"


@dataclass(frozen=True)
class Family:
    """Measures of one kind. ``names`` None: any; ``parts`` are those that the third word may be.

    ``methods`` count a measure without a part, ``part_methods`` one with a part.
    """

    methods: tuple[str, ...]
    subjects: tuple[str, ...]
    names: tuple[str, ...] | None = None
    parts: tuple[str, ...] = ()
    part_methods: tuple[str, ...] = ()


_ORGANISED = (ORGANISATION, SECRETARY)
# A secretary is measured by the records of the organisation: nothing is measured of a person by themselves.
FAMILIES: Mapping[str, Family] = {
    "obligations": Family(("ratio",), _ORGANISED, None, ("missed", "late"), ("deduction", VETO)),
    "records": Family(
        ("capped_count", "bonus"),
        _ORGANISED,
        (*ACTIVITY_KINDS, "all"),
        ("late", "without_minutes"),
        ("deduction",),
    ),
    "timeliness": Family(("timeliness",), _ORGANISED, (*ACTIVITY_KINDS, "all")),
    "attendance": Family(("attendance",), _ORGANISED, (*ACTIVITY_KINDS, "all")),
    "assessments": Family(("manual_grade",), (*_ORGANISED, MEMBER)),
    "ballots": Family(("ballot",), (*_ORGANISED, MEMBER), ROUND_KINDS, BALLOT_PARTS, ("ballot",)),
    "findings": Family(("deduction", "bonus", VETO), (*_ORGANISED, MEMBER)),
}


@dataclass(frozen=True)
class Forbidden:
    """What may not be scored: ``words`` that name it, and why, with the document that says so."""

    id: str
    words: tuple[str, ...]
    reason: Mapping[str, str]
    pack: str
    document: str
    article: str

    def named_in(self, text: str) -> bool:
        """Whether ``text`` names it; neither case nor width nor what joins the words matters."""
        plain = _plain(text)
        return any(_plain(word) in plain for word in self.words)


def forbidden(packs: Sequence[Pack]) -> tuple[Forbidden, ...]:
    """What the packs forbid, each with its reason in both languages."""
    return tuple(
        Forbidden(
            id=name,
            words=tuple(parameter.value["words"]),
            reason=parameter.value["reason"],
            pack=pack.id,
            document=pack.document_number or pack.title,
            article=parameter.article,
        )
        for pack in packs
        for name, parameter in pack.parameters.items()
    )


class Registry:
    """Says of an indicator what is wrong with it: not known, not by this method, or not to be scored."""

    def __init__(self, refused: Sequence[Forbidden]) -> None:
        self.refused = tuple(refused)

    def problems(self, indicator: Indicator, subject: str) -> Iterator[tuple[str, str]]:
        """Pairs of the field and what is wrong with it."""
        for field, text in (
            ("measure", str(indicator.measure or "")),
            ("id", indicator.id),
            *(("title", title) for title in indicator.title.values()),
            # What reviewers are asked to grade is scored as well, whatever the indicator is called.
            *(
                (f"criteria.[{at}]", text)
                for at, each in enumerate(indicator.criteria)
                for text in (each.id, *each.title.values())
            ),
        ):
            for each in self.refused:
                if each.named_in(text):
                    yield (
                        field,
                        (
                            f"{each.id} may not be scored ({each.document}): {each.reason['en']} "
                            f"{each.reason['zh']}"
                        ),
                    )
                    return
        if indicator.measure is not None and indicator.method is not None:
            yield from self.measure_problems(indicator.measure, indicator.method, subject)

    def measure_problems(self, measure: Measure, method: str, subject: str) -> Iterator[tuple[str, str]]:
        """The same of what is measured, by ``method`` or as a veto."""
        family = FAMILIES.get(measure.family)
        if family is None:
            yield "measure", f"{measure} is not known: the families are {', '.join(FAMILIES)}"
            return
        if family.names is not None and measure.name not in family.names:
            yield "measure", f"{measure.name} is none of {', '.join(family.names)}"
        if measure.part is not None and measure.part not in family.parts:
            allowed = ", ".join(family.parts) or "nothing"
            yield "measure", f"{measure.part} is none of what {measure.family} are told apart by: {allowed}"
        by = family.methods if measure.part is None else family.part_methods
        if method not in by:
            yield "method", f"{measure} is not measured by {method}, but by {', '.join(by)}"
        if subject not in family.subjects:
            yield (
                "measure",
                f"{measure.family} are not measured of a {subject}, but of {', '.join(family.subjects)}",
            )


def _plain(text: str) -> str:
    """Without case, width (``ＬＩＫＥＳ``) and whatever joins words."""
    return "".join(each for each in normalize("NFKC", text).casefold() if each.isalnum())
