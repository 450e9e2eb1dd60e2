"""Texts for people, by code, in Chinese and English; never inside rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from services.chassis.strict_yaml import SafeLoader

LANGUAGES = ("zh", "en")
OWN_TEXTS = Path(__file__).parent / "texts"
_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::([a-z_.]+))?\}")


class CatalogueError(Exception):
    """A file of texts is not usable; names the file and the code."""


class Catalogue:
    """Texts by code. A later folder overrides an earlier one, code by code."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        self._texts = {language: dict(texts.get(language, {})) for language in LANGUAGES}

    @classmethod
    def load(cls, folders: Iterable[Path] = ()) -> Catalogue:
        """The chassis's own texts and those of ``folders``: of each part ``<part>.zh.yaml`` and
        ``<part>.en.yaml``, of the whole ``zh.yaml`` and ``en.yaml``.

        Raises ``CatalogueError`` for a text that is not text, or that only one language has.
        """
        texts: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
        for folder in (OWN_TEXTS, *folders):
            for language in LANGUAGES:
                said: dict[str, str] = {}
                for path in (folder / f"{language}.yaml", *sorted(folder.glob(f"*.{language}.yaml"))):
                    found = _read(path)
                    if twice := sorted(said.keys() & found.keys()):
                        raise CatalogueError(f"{path.name}: said by another part already: {twice}")
                    said.update(found)
                texts[language].update(said)
            lonely = set(texts["zh"]) ^ set(texts["en"])
            if lonely:
                raise CatalogueError(f"{folder.name}: in one language only: {sorted(lonely)}")
        return cls(texts)

    def __contains__(self, code: str) -> bool:
        return code in self._texts["zh"]

    @property
    def codes(self) -> frozenset[str]:
        """Every code that has a text."""
        return frozenset(self._texts["zh"])

    def render(self, code: str, params: Mapping[str, Any] | None = None) -> dict[str, str]:
        """The text in each language with ``{name}`` filled in; an unknown code renders as itself.

        A place without its parameter stays as it is. Parameters are inserted as text: they are never
        formatted, and their own braces mean nothing. ``{state:label}`` is filled with the text of
        ``label.<state>``: a word of the code, as people of that language call it; of several that are
        separated by ``, `` with the text of each.
        """
        return {language: self._filled(self._texts[language], code, params or {}) for language in LANGUAGES}

    def texts_of(self, fields: Any, params: Mapping[str, Any] | None = None) -> dict[str, dict[str, str]]:
        """The texts of all codes of this catalogue that stand among the messages in ``fields``."""
        return {code: self.render(code, params) for code in _leaves(fields) if code in self}

    @staticmethod
    def _filled(texts: Mapping[str, str], code: str, given: Mapping[str, Any]) -> str:
        def fill(place: re.Match[str]) -> str:
            name, labels = place.groups()
            if name not in given:
                return place.group(0)
            words = str(given[name])
            if labels is None:
                return words
            return ", ".join(texts.get(f"{labels}.{word}", word) for word in words.split(", "))

        return _PLACE.sub(fill, texts.get(code, code))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for below in value.values():
            yield from _leaves(below)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each)


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    loaded = yaml.load(path.read_text(encoding="utf-8"), SafeLoader) or {}
    if not isinstance(loaded, dict):
        raise CatalogueError(f"{path.name}: a mapping of codes to texts is expected")
    return dict(_flat(path, "", loaded))


def _flat(path: Path, prefix: str, texts: Mapping[Any, Any]) -> Iterable[tuple[str, str]]:
    for name, text in texts.items():
        code = f"{prefix}{name}"
        if isinstance(text, dict):
            yield from _flat(path, f"{code}.", text)
        elif isinstance(text, str):
            yield code, text.strip()
        else:
            raise CatalogueError(f"{path.name}: {code} is not a text")
