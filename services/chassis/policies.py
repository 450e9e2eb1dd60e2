"""Policy packs: rules as files with their source, level and days in force; read strictly, merged by level."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.chassis.strict_yaml import Lines, YamlError, read

LEVELS = ("national", "provincial", "university", "organisation")
HARDNESS = ("block", "warn", "info")
CONFIDENCE = ("C", "S", "G")
DIRECTIONS = ("higher", "lower")
_ID = re.compile(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z")
_REQUIRED = ("id", "title", "issuer", "level", "effective_from", "parameters")
_KNOWN = {*_REQUIRED, "document_number", "effective_to", "scope"}
_PARAMETER_REQUIRED = ("value", "article", "hardness", "confidence")
_PARAMETER_KNOWN = {*_PARAMETER_REQUIRED, "unit", "verify", "tighter"}


class PackError(Exception):
    """A pack is not usable; ``problems`` names each as ``file:line: what is wrong``."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Parameter:
    """One rule of a pack. Numbers with a point are ``Decimal``, exactly as written.

    ``tighter`` says which way is stricter: for a number one of ``DIRECTIONS``; for a mapping, a direction
    by key. What declares none may not be changed by a lower level at all.
    """

    name: str
    value: Any
    unit: str | None
    article: str
    hardness: str
    confidence: str
    verify: bool
    tighter: Any = None


@dataclass(frozen=True)
class Pack:
    """A regulation as data. ``scope`` binds it to one node's subtree; None stands for everybody."""

    id: str
    title: str
    document_number: str | None
    issuer: str
    level: str
    effective_from: date
    effective_to: date | None
    parameters: Mapping[str, Parameter]
    scope: str | None = None

    def covers(self, day: date) -> bool:
        """Whether the pack is in force on ``day``; both its ends count."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)

    def __getitem__(self, name: str) -> Any:
        """The value of a parameter; raises ``KeyError`` for one the pack does not have."""
        return self.parameters[name].value


@dataclass(frozen=True)
class Ruling:
    """The parameter that counts, and the pack it is from: every verdict names both."""

    parameter: Parameter
    pack: Pack

    @property
    def value(self) -> Any:
        return self.parameter.value

    @property
    def cited(self) -> dict[str, str]:
        """Which rule, of which pack, in which article: as refusals, remarks and verdicts name them."""
        return {"rule": self.parameter.name, "pack": self.pack.id, "article": self.parameter.article}


def in_force(packs: Iterable[Pack], day: date, path: Sequence[str] = ()) -> list[Pack]:
    """The packs in force on ``day`` at the node whose ids from the root are ``path``; national first."""
    found = [each for each in packs if each.covers(day) and (each.scope is None or each.scope in path)]
    return sorted(found, key=lambda pack: (LEVELS.index(pack.level), pack.effective_from, pack.id))


def effective(packs: Iterable[Pack], day: date, path: Sequence[str] = ()) -> dict[str, Ruling]:
    """What counts on ``day``: the lowest level's parameter, which is at least as strict as those above.

    Raises ``PackError`` where a lower level would loosen, or where two packs of one level disagree.
    """
    rulings: dict[str, Ruling] = {}
    problems: list[str] = []
    for pack in in_force(packs, day, path):
        for name, parameter in pack.parameters.items():
            above = rulings.get(name)
            if above is not None:
                if above.pack.level == pack.level and above.value != parameter.value:
                    problems.append(
                        f"{pack.id}: {name} is set otherwise by {above.pack.id} of the same level"
                    )
                elif not at_least_as_strict(above.parameter, parameter.value):
                    problems.append(f"{pack.id}: {name} is looser than {above.pack.id}")
                elif HARDNESS.index(parameter.hardness) > HARDNESS.index(above.parameter.hardness):
                    problems.append(f"{pack.id}: {name} is softer than in {above.pack.id}")
            # Which way is stricter is decided once, at the top: a lower level cannot turn it round.
            settled = parameter if above is None else replace(parameter, tighter=above.parameter.tighter)
            rulings[name] = Ruling(settled, pack)
    if problems:
        raise PackError(problems)
    return rulings


def at_least_as_strict(above: Parameter, value: Any) -> bool:
    """Whether ``value`` at a lower level keeps what ``above`` asks for."""
    if isinstance(above.value, dict):
        return _mapping_strict(above.value, above.tighter or {}, value)
    return _number_strict(above.value, above.tighter, value)


def _mapping_strict(above: Mapping[str, Any], tighter: Mapping[str, str], value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != set(above):
        return False
    return all(_number_strict(above[key], tighter.get(key), value[key]) for key in above)


def _number_strict(above: Any, tighter: str | None, value: Any) -> bool:
    if value == above:
        return True
    if tighter is None or not (_is_number(above) and _is_number(value)):
        return False
    return bool(value > above if tighter == "higher" else value < above)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


# -- reading ------------------------------------------------------------------------------------


def load(path: Path) -> Pack:
    """The pack in the file; raises ``PackError`` with every problem and its line."""
    return parse(path.read_text(encoding="utf-8"), path.name)


def load_all(folder: Path, pattern: str = "*.yaml") -> list[Pack]:
    """Every pack of a folder; raises ``PackError`` for all that is wrong in any of them."""
    packs: list[Pack] = []
    problems: list[str] = []
    for path in sorted(folder.glob(pattern)):
        try:
            packs.append(load(path))
        except PackError as refused:
            problems.extend(refused.problems)
    seen: dict[str, int] = {}
    for pack in packs:
        seen[pack.id] = seen.get(pack.id, 0) + 1
    problems.extend(
        f"{folder.name}: {each} is the id of {count} packs" for each, count in seen.items() if count > 1
    )
    if problems:
        raise PackError(problems)
    return packs


def parse(text: str, name: str = "pack") -> Pack:
    """As ``load``, from text."""
    try:
        loaded, lines = read(text)
    except YamlError as wrong:
        raise PackError([f"{name}:{wrong.line}: {wrong.problem}"]) from None
    problems = [f"{name}:{line}: {problem}" for line, problem in sorted(_pack_problems(loaded, lines))]
    if problems:
        raise PackError(problems)
    return Pack(
        id=loaded["id"],
        title=loaded["title"],
        document_number=loaded.get("document_number"),
        issuer=loaded["issuer"],
        level=loaded["level"],
        effective_from=loaded["effective_from"],
        effective_to=loaded.get("effective_to"),
        scope=loaded.get("scope"),
        parameters={
            each: Parameter(
                name=each,
                value=given["value"],
                unit=given.get("unit"),
                article=str(given["article"]),
                hardness=given["hardness"],
                confidence=given["confidence"],
                verify=given.get("verify", False),
                tighter=given.get("tighter"),
            )
            for each, given in loaded["parameters"].items()
        },
    )


def _pack_problems(loaded: Any, lines: Lines) -> Iterator[tuple[int, str]]:
    if not isinstance(loaded, dict):
        yield 1, "a mapping is expected"
        return
    yield from _keys(loaded, lines, (), _REQUIRED, _KNOWN)
    for key in ("title", "issuer", "document_number", "scope"):
        if loaded.get(key) is not None and not isinstance(loaded[key], str):
            yield lines.at(key), f"{key} is not a text"
    if "id" in loaded and not (isinstance(loaded["id"], str) and _ID.match(loaded["id"])):
        yield lines.at("id"), "id is not lower-case words joined by hyphens"
    if "level" in loaded and loaded["level"] not in LEVELS:
        yield lines.at("level"), f"level is none of {', '.join(LEVELS)}"
    for key in ("effective_from", "effective_to"):
        if loaded.get(key) is not None and not isinstance(loaded[key], date):
            yield lines.at(key), f"{key} is not a date"
    first, last = loaded.get("effective_from"), loaded.get("effective_to")
    if isinstance(first, date) and isinstance(last, date) and last < first:
        yield lines.at("effective_to"), "effective_to is before effective_from"
    parameters = loaded.get("parameters", {})
    if not isinstance(parameters, dict):
        yield lines.at("parameters"), "parameters is not a mapping"
        return
    for name, given in parameters.items():
        yield from _parameter_problems(name, given, lines)


def _parameter_problems(name: Any, given: Any, lines: Lines) -> Iterator[tuple[int, str]]:
    where = ("parameters", str(name))
    if not isinstance(name, str):
        yield lines.at(*where), f"{name} is not a text: a parameter's name is quoted"
        return
    if not isinstance(given, dict):
        yield lines.at(*where), f"{name} is not a mapping"
        return
    yield from _keys(given, lines, where, _PARAMETER_REQUIRED, _PARAMETER_KNOWN)
    for key, allowed in (("hardness", HARDNESS), ("confidence", CONFIDENCE)):
        if key in given and given[key] not in allowed:
            yield lines.at(*where, key), f"{key} is none of {', '.join(allowed)}"
    if not isinstance(given.get("verify", False), bool):
        yield lines.at(*where, "verify"), "verify is neither true nor false"
    if given.get("confidence") == "G" and given.get("verify") is not True:
        yield lines.at(*where), f"{name} is general knowledge: it needs verify: true"
    tighter, value = given.get("tighter"), given.get("value")
    directions = tighter.values() if isinstance(tighter, dict) else [tighter]
    if tighter is not None and (
        isinstance(tighter, dict) != isinstance(value, dict)
        or any(each not in DIRECTIONS for each in directions)
    ):
        yield lines.at(*where, "tighter"), "tighter is neither higher nor lower (by key, for a mapping)"


def _keys(
    given: Mapping[str, Any], lines: Lines, where: tuple[str, ...], required: Sequence[str], known: set[str]
) -> Iterator[tuple[int, str]]:
    for missing in sorted(set(required) - {key for key, value in given.items() if value is not None}):
        yield lines.at(*where), f"{missing} is missing"
    for unknown in sorted(set(map(str, given)) - known):
        yield lines.at(*where, unknown), f"{unknown} is not known"
