"""What each kind of activity is, as data: read strictly, every problem with its file, line and field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.chassis.policies import CONFIDENCE, PackError
from services.chassis.strict_yaml import Lines, YamlError, read
from services.contracts.kinds import ACTIVITY_KINDS, ORGANISATION_KINDS

STAGES = ("plan", "record", "submit")
ENTITLED = ("members", "posts", "participants")
VISIBILITY = ("open", "closed_record", "restricted")
MINUTES = ("submit", "optional")
# What each form of a detail has to say about itself.
FORMS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"most"}),
    "texts": frozenset({"most"}),
    "choice": frozenset({"of"}),
    "whole": frozenset({"least", "most"}),
    "flag": frozenset(),
    "date": frozenset(),
    "people": frozenset({"most"}),
    "counts": frozenset({"of"}),
}
_FILE = {"id", "title", "issuer", "kinds"}
_KIND = {"holders", "entitled", "visibility", "document", "article", "confidence", "minutes", "details"}
_Problems = Iterator[tuple[int, str]]


@dataclass(frozen=True)
class Detail:
    """One field that a kind has beside those of all. ``at`` is the stage from which it is required."""

    name: str
    form: str
    at: str | None = None
    least: int = 0
    most: int = 0
    of: tuple[str, ...] = ()
    must: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of activity, and the pack, document and article that say so."""

    name: str
    holders: frozenset[str]
    entitled: str
    visibility: str
    minutes: str
    details: Mapping[str, Detail]
    pack: str
    document: str
    article: str
    confidence: str
    verify: bool

    @property
    def restricted(self) -> bool:
        """Whether it is seen by participants, writers and reviewers alone."""
        return self.visibility == "restricted"

    @property
    def cited(self) -> dict[str, str]:
        """The kind and its source, as a refusal names them."""
        where = {"pack": self.pack, "document": self.document, "article": self.article}
        return {"rule": self.name, "kind": self.name, **where}


Kinds = Mapping[str, Kind]


def load(folder: Path, pattern: str = "activity-kinds-*.yaml") -> Kinds:
    """The kinds of the one file in ``folder``; raises ``PackError`` where there are more, or none."""
    paths = sorted(folder.glob(pattern))
    if len(paths) != 1:
        raise PackError(
            [f"{folder.name}: {len(paths)} files say what kinds of activities there are, not one"]
        )
    return parse(paths[0].read_text(encoding="utf-8"), paths[0].name)


def parse(text: str, name: str = "kinds") -> Kinds:
    """As ``load``, from text; raises ``PackError`` with every problem as ``file:line: what is wrong``."""
    try:
        loaded, lines = read(text)
    except YamlError as wrong:
        raise PackError([f"{name}:{wrong.line}: {wrong.problem}"]) from None
    problems = sorted(set(_file_problems(loaded, lines)))
    if problems:
        raise PackError([f"{name}:{line}: {problem}" for line, problem in problems])
    return {kind: _kind(kind, given, loaded["id"]) for kind, given in loaded["kinds"].items()}


def _kind(name: str, given: Mapping[str, Any], pack: str) -> Kind:
    details = {
        each: Detail(each, **{**said, "of": tuple(said.get("of", ()))})
        for each, said in given["details"].items()
    }
    return Kind(
        name=name,
        holders=frozenset(given["holders"]),
        details=details,
        pack=pack,
        verify=given.get("verify", False),
        **{key: given[key] for key in _KIND - {"holders", "details"}},
    )


def _file_problems(loaded: Any, lines: Lines) -> _Problems:
    if not isinstance(loaded, dict):
        yield 1, "a mapping is expected"
        return
    yield from _keys(loaded, lines, (), _FILE, _FILE)
    for key in sorted(_FILE - {"kinds"} & loaded.keys()):
        if not isinstance(loaded[key], str):
            yield lines.at(key), f"{key} is not a text"
    kinds = loaded.get("kinds")
    if not isinstance(kinds, dict):
        yield lines.at("kinds"), "kinds is not a mapping"
        return
    yield from _keys(kinds, lines, ("kinds",), set(ACTIVITY_KINDS), set(ACTIVITY_KINDS))
    for name in ACTIVITY_KINDS:
        if name in kinds:
            yield from _kind_problems(name, kinds[name], lines)


def _kind_problems(name: str, given: Any, lines: Lines) -> _Problems:
    where = ("kinds", name)
    if not isinstance(given, dict):
        yield lines.at(*where), f"{name} is not a mapping"
        return
    yield from _keys(given, lines, where, _KIND, _KIND | {"verify"})
    for key, allowed in (
        ("entitled", ENTITLED),
        ("visibility", VISIBILITY),
        ("minutes", MINUTES),
        ("confidence", CONFIDENCE),
    ):
        if key in given and given[key] not in allowed:
            yield lines.at(*where, key), f"{name}.{key} is none of {', '.join(allowed)}"
    for key in ("document", "article"):
        if key in given and not isinstance(given[key], str):
            yield lines.at(*where, key), f"{name}.{key} is not a text"
    holders = given.get("holders")
    if not isinstance(holders, list) or not holders or not set(map(str, holders)) <= set(ORGANISATION_KINDS):
        yield lines.at(*where, "holders"), f"{name}.holders names other than {', '.join(ORGANISATION_KINDS)}"
    if given.get("confidence") == "G" and given.get("verify") is not True:
        yield lines.at(*where), f"{name} is general knowledge: it needs verify: true"
    details = given.get("details")
    if not isinstance(details, dict):
        yield lines.at(*where, "details"), f"{name}.details is not a mapping"
        return
    for detail, said in details.items():
        yield from _detail_problems((*where, "details", str(detail)), said, lines)


def _detail_problems(where: tuple[str, ...], said: Any, lines: Lines) -> _Problems:
    field = f"{where[1]}.{where[-1]}"
    if not isinstance(said, dict) or said.get("form") not in FORMS:
        yield lines.at(*where), f"{field} has a form that is none of {', '.join(FORMS)}"
        return
    needed = {"form", *FORMS[said["form"]]}
    optional = {"at", "must"} if said["form"] == "flag" else {"at"}
    yield from _keys(said, lines, where, needed, needed | optional)
    if said.get("at", STAGES[0]) not in STAGES:
        yield lines.at(*where, "at"), f"{field}.at is none of {', '.join(STAGES)}"
    for key in ("least", "most"):
        if key in said and (type(said[key]) is not int or said[key] < 0):
            yield lines.at(*where, key), f"{field}.{key} is not a whole number"
    choices = said.get("of", ["one"])
    if not isinstance(choices, list) or not choices or not all(isinstance(each, str) for each in choices):
        yield lines.at(*where, "of"), f"{field}.of is not a list of words"


def _keys(
    given: Mapping[Any, Any], lines: Lines, where: tuple[str, ...], required: set[str], known: set[str]
) -> _Problems:
    place = f"{'.'.join(where[1:])}." if where[1:] else ""
    for missing in sorted(required - {key for key, value in given.items() if value is not None}):
        yield lines.at(*where), f"{place}{missing} is missing"
    for unknown in sorted(set(map(str, given)) - known):
        yield lines.at(*where, unknown), f"{place}{unknown} is not known"
