"""From the text of a policy file to a policy; every problem with its line and its field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from services.chassis.policies import PackError
from services.chassis.strict_yaml import Lines, YamlError, read
from services.evaluation.indicators.measures import VETO, Registry
from services.evaluation.indicators.model import (
    APPRAISED,
    MEMBER,
    WEIGHED,
    WHOLE,
    Band,
    Cap,
    Criterion,
    Indicator,
    Measure,
    Policy,
    Veto,
    collisions,
)
from services.evaluation.indicators.schemas import WEIGHTS, PolicyForm

MOST_BYTES = 100_000
MOST_DEPTH = 4
Path_ = tuple[str, ...]
Problem = tuple[Path_, str]


def load_policies(folder: Path, registry: Registry, pattern: str = "scoring-*.yaml") -> tuple[Policy, ...]:
    """The policies of a folder; raises ``PackError`` for all that is wrong in any of them."""
    found: list[Policy] = []
    problems: list[str] = []
    for path in sorted(folder.glob(pattern)):
        try:
            found.append(parse(path.read_text(encoding="utf-8"), registry, path.name))
        except PackError as refused:
            problems.extend(refused.problems)
    if problems:
        raise PackError(problems)
    return require_one_each(found)


def require_one_each(policies: Sequence[Policy]) -> tuple[Policy, ...]:
    """The same policies; raises ``PackError`` where on some day two are in force for one subject."""
    problems = [
        f"{first.id} and {second.id} are both in force for one {subject}"
        for first, second, subject in collisions(policies)
    ]
    problems += [
        f"{id_} is the id of {count} policies"
        for id_, count in Counter(each.id for each in policies).items()
        if count > 1
    ]
    if problems:
        raise PackError(problems)
    return tuple(policies)


def parse(text: str, registry: Registry, name: str = "policy") -> Policy:
    """The policy that ``text`` says; raises ``PackError`` whose problems are ``name:line: field: what``."""
    if len(text.encode()) > MOST_BYTES:
        raise PackError([f"{name}:1: is longer than {MOST_BYTES} bytes"])
    try:
        loaded, lines = read(text)
    except YamlError as wrong:
        raise PackError([f"{name}:{wrong.line}: {wrong.problem}"]) from None
    except RecursionError:
        raise PackError([f"{name}:1: is nested too deep"]) from None
    if not isinstance(loaded, dict):
        raise PackError([f"{name}:1: a mapping is expected"])
    try:
        given = PolicyForm().load(loaded)
    except ValidationError as refused:
        raise _refused(name, lines, list(_leaves(refused.messages, ()))) from None
    except RecursionError:
        raise PackError([f"{name}:1: is nested too deep"]) from None
    problems = [*_together(given), *_registered(given, registry)]
    if problems:
        raise _refused(name, lines, problems)
    return _policy(given)


def _refused(name: str, lines: Lines, problems: Sequence[Problem]) -> PackError:
    placed = sorted((lines.at(*path), _field(path), what) for path, what in problems)
    return PackError([f"{name}:{line}: {field}: {what}" for line, field, what in placed])


def _field(path: Path_) -> str:
    return ".".join(path).replace(".[", "[") or "policy"


def _leaves(messages: Any, path: Path_) -> Iterator[Problem]:
    """Paths as the map of lines has them: a place in a list is ``[0]``."""
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            at = path if key == "_schema" else (*path, f"[{key}]" if isinstance(key, int) else str(key))
            yield from _leaves(below, at)
    elif isinstance(messages, list):
        for each in messages:
            yield path, _said(str(each))


def _said(message: str) -> str:
    """marshmallow's own words as part of a sentence."""
    known = {"Missing data for required field.": "is missing", "Unknown field.": "is not known"}
    return known.get(message, message)


# -- what fields mean together ------------------------------------------------------------------------


def _together(given: Mapping[str, Any]) -> Iterator[Problem]:
    whole = WEIGHTS[given["weights"]]
    yield from _weights(given["indicators"], whole, ("indicators",), depth=1)
    for part in ("deductions", "bonuses"):
        for at, each in enumerate(given.get(part, ())):
            method = part.removesuffix("es" if part == "bonuses" else "s")
            if each.get("method") != method:
                yield (part, f"[{at}]", "method"), f"is not {method}"
    yield from _once(given)
    bands = [each["name"] for each in given["bands"]]
    leasts = [each["least"] for each in given["bands"]]
    if leasts != sorted(set(leasts), reverse=True):
        yield ("bands",), "do not come best first"
    if leasts[-1] != 0:
        yield ("bands", f"[{len(leasts) - 1}]", "least"), "the lowest band does not begin at 0"
    for at, each in enumerate(given.get("vetoes", ())):
        if each["keeps_below"] not in bands[:-1]:
            yield (
                ("vetoes", f"[{at}]", "keeps_below"),
                f"is no band with another below it: {', '.join(bands[:-1])}",
            )
    for at, each in enumerate(given.get("caps", ())):
        if each["band"] not in bands[:-1]:
            yield ("caps", f"[{at}]", "band"), f"is no band with another below it: {', '.join(bands[:-1])}"
        if each["share"] >= each["of_every"]:
            yield ("caps", f"[{at}]", "share"), "is not less than of_every"
    if "ungraded" in given:
        if given["subject"] != MEMBER:
            yield ("ungraded",), f"belongs to a policy of {MEMBER} alone"
        elif not set(APPRAISED) - set(given["ungraded"]):
            yield ("ungraded",), "leaves nobody who would be graded"
    first, last = given["effective_from"], given.get("effective_to")
    if last is not None and last < first:
        yield ("effective_to",), "is before effective_from"


def _weights(
    indicators: Sequence[Mapping[str, Any]], whole: int, path: Path_, *, depth: int
) -> Iterator[Problem]:
    if depth > MOST_DEPTH:
        yield path, f"is more than {MOST_DEPTH} levels deep"
        return
    total = 0
    for at, each in enumerate(indicators):
        where = (*path, f"[{at}]")
        if "indicators" not in each and each["method"] not in WEIGHED:
            yield (*where, "method"), f"{each['method']} does not belong here, but in deductions or bonuses"
        elif "weight" not in each:
            yield where, "weight is missing"
        else:
            total += each["weight"]
            if "indicators" in each:
                yield from _weights(
                    each["indicators"], each["weight"], (*where, "indicators"), depth=depth + 1
                )
        criteria = each.get("criteria")
        if criteria and sum(criterion["weight"] for criterion in criteria) != 100:
            added = sum(criterion["weight"] for criterion in criteria)
            yield (*where, "criteria"), f"the weights add up to {added}, not to 100"
    if total != whole:
        yield path, f"the weights add up to {total}, not to {whole}"


def _once(given: Mapping[str, Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, each in _all(given):
        if each["id"] in seen:
            yield (*path, "id"), f"{each['id']} is the id of another as well"
        seen.add(each["id"])
    names = [each["name"] for each in given["bands"]]
    for at, name in enumerate(names):
        if name in names[:at]:
            yield ("bands", f"[{at}]", "name"), f"{name} is the name of another as well"


def _all(given: Mapping[str, Any]) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    for part in ("indicators", "deductions", "bonuses", "vetoes"):
        yield from _below(given.get(part, ()), (part,))


def _below(indicators: Sequence[Mapping[str, Any]], path: Path_) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    for at, each in enumerate(indicators):
        where = (*path, f"[{at}]")
        yield where, each
        yield from _below(each.get("indicators", ()), (*where, "indicators"))


def _registered(given: Mapping[str, Any], registry: Registry) -> Iterator[Problem]:
    for path, each in _all(given):
        is_veto = path[0] == "vetoes"
        node = Indicator(
            id=each["id"],
            title=each["title"],
            article=each["article"],
            method=VETO if is_veto else each.get("method"),
            measure=_measure(each.get("measure")),
            criteria=_criteria(each),
        )
        for field, what in registry.problems(node, given["subject"]):
            yield (*path, *field.split(".")), what


# -- the policy ---------------------------------------------------------------------------------------


def _policy(given: Mapping[str, Any]) -> Policy:
    unit = WHOLE // WEIGHTS[given["weights"]]
    missing = given["missing_part"]
    return Policy(
        id=given["id"],
        title=given["title"],
        issuer=given["issuer"],
        document_number=given.get("document_number"),
        level=given["level"],
        confidence=given["confidence"],
        sample=given["sample"],
        effective_from=given["effective_from"],
        effective_to=given.get("effective_to"),
        subject=given["subject"],
        kinds=tuple(dict.fromkeys(given["kinds"])),
        ungraded=tuple(given.get("ungraded", ())),
        missing=missing,
        indicators=tuple(_indicator(each, unit, missing) for each in given["indicators"]),
        deductions=tuple(_indicator(each, unit, missing) for each in given.get("deductions", ())),
        bonuses=tuple(_indicator(each, unit, missing) for each in given.get("bonuses", ())),
        vetoes=tuple(
            Veto(
                id=each["id"],
                title=each["title"],
                article=each["article"],
                measure=_require_measure(each["measure"]),
                at_least=each["at_least"],
                keeps_below=each["keeps_below"],
            )
            for each in given.get("vetoes", ())
        ),
        bands=tuple(Band(each["name"], each["title"], each["least"] * 100) for each in given["bands"]),
        caps=tuple(
            Cap(each["band"], each["share"], each["of_every"], each["article"])
            for each in given.get("caps", ())
        ),
    )


def _indicator(given: Mapping[str, Any], unit: int, missing: str) -> Indicator:
    own = given.get("missing_part", missing)
    return Indicator(
        id=given["id"],
        title=given["title"],
        article=given["article"],
        weight=given.get("weight", 0) * unit,
        method=given.get("method"),
        measure=_measure(given.get("measure")),
        missing=own,
        target=given.get("target_percent", 100),
        made_up=given.get("made_up_percent", 50),
        full_at=given.get("full_at", 1),
        each=int(given.get("each", 0) * 100),
        at_most=int(given.get("at_most", 0) * 100),
        criteria=_criteria(given),
        parts=tuple(_indicator(each, unit, own) for each in given.get("indicators", ())),
    )


def _criteria(given: Mapping[str, Any]) -> tuple[Criterion, ...]:
    return tuple(Criterion(each["id"], each["title"], each["weight"]) for each in given.get("criteria", ()))


def _measure(written: str | None) -> Measure | None:
    return None if written is None else _require_measure(written)


def _require_measure(written: str) -> Measure:
    family, name, *part = written.split(".")
    return Measure(family, name, part[0] if part else None)
