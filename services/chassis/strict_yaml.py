"""YAML that refuses what hides mistakes: keys given twice, other tags, floats; and knows every line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

try:  # libyaml's parser, where PyYAML has it: texts and packs are read in a tenth of the time
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]  # the same without libyaml

__all__ = ["Lines", "SafeLoader", "YamlError", "read"]


class YamlError(Exception):
    """The text is not usable YAML, from ``line`` on."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"{line}: {problem}")
        self.line = line
        self.problem = problem


@dataclass(frozen=True)
class Lines:
    """Where each key stands, and each item of a list, whose key is ``[0]``."""

    by_path: Mapping[tuple[str, ...], int]

    def at(self, *path: str) -> int:
        """The line of ``path``, or of the nearest key above it."""
        while path and path not in self.by_path:
            path = path[:-1]
        return self.by_path.get(path, 1)


class _Loader(SafeLoader):
    """Numbers with a point become ``Decimal``: what is written is what is reckoned with."""


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    text = str(loader.construct_scalar(node)).replace("_", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise YamlError(node.start_mark.line + 1, "this number is not decimal") from None
    if not number.is_finite():
        raise YamlError(node.start_mark.line + 1, "this number is not finite")
    return number


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)


def read(text: str) -> tuple[Any, Lines]:
    """What the text says, and the line of every key; raises ``YamlError``."""
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise YamlError(1, "nothing is written here")
        lines: dict[tuple[str, ...], int] = {(): node.start_mark.line + 1}
        _walk(node, (), lines)
        return loader.construct_document(node), Lines(lines)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        raise YamlError(mark.line + 1 if mark else 1, wrong.problem or "not YAML") from None
    except (yaml.YAMLError, ValueError) as wrong:
        raise YamlError(1, f"not YAML: {type(wrong).__name__}") from None
    finally:
        if loader is not None:
            loader.dispose()


def _walk(node: yaml.Node, path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError(key.start_mark.line + 1, "a key is not a plain text")
            at = (*path, str(key.value))
            if at in lines:
                raise YamlError(key.start_mark.line + 1, f"{key.value} is given twice")
            lines[at] = key.start_mark.line + 1
            _walk(value, at, lines)
    elif isinstance(node, yaml.SequenceNode):
        for position, each in enumerate(node.value):
            at = (*path, f"[{position}]")
            lines[at] = each.start_mark.line + 1
            _walk(each, at, lines)
