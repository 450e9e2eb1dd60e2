"""Items of a list as rows for people: names in the place of ids, words in the place of codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.chassis import context
from services.chassis.catalogue import Catalogue
from services.chassis.sheets.model import TEXT
from services.records.access import Access
from services.records.directory.store import Directory, found_by
from services.records.exports.model import FLAG, NUMBER, ORGANISATION, PEOPLE, PERSON, WORD, Column, value_of

Item = Mapping[str, Any]
_NATIVE = frozenset({PERSON, NUMBER, PEOPLE, ORGANISATION, FLAG, WORD})


class Sheets:
    """Rows in one language, for one actor: whoever may not read a person is shown no name of them."""

    def __init__(self, directory: Directory, access: Access, catalogue: Catalogue, language: str) -> None:
        self._directory = directory
        self._access = access
        self._catalogue = catalogue
        self._language = language
        self._people: dict[str, tuple[str, str] | None] = {}
        self._organisations: dict[str, str] = {}

    def head(self, title: str, columns: Sequence[Column]) -> dict[str, Any]:
        """The beginning of a sheet, as ``writing.write`` takes it. ``title`` is a code."""
        told = [
            {"title": self.text(each.title), "kind": TEXT if each.kind in _NATIVE else each.kind}
            for each in columns
        ]
        return {"title": self.text(title), "columns": told}

    def rows(self, columns: Sequence[Column], items: Sequence[Item]) -> list[list[Any]]:
        """A row of JSON values for each item."""
        self._meet(columns, items)
        return [[self._shown(column, value_of(item, column.field)) for column in columns] for item in items]

    def text(self, code: str) -> str:
        """The text of a code."""
        return self._catalogue.render(code)[self._language]

    def _shown(self, column: Column, value: Any) -> Any:
        if value is None:
            return None
        if column.kind in (PERSON, NUMBER):
            known = self._people.get(value)
            return known[0 if column.kind == PERSON else 1] if known else None
        if column.kind == PEOPLE:
            return "、".join(known[0] for each in value if (known := self._people.get(each)))
        if column.kind == ORGANISATION:
            return self._organisations.get(value)
        if column.kind == FLAG:
            return self.text("word.yes" if value else "word.no")
        if column.kind == WORD:
            code = f"{column.words}.{value}"
            return self.text(code) if code in self._catalogue else value
        if isinstance(value, Mapping):  # a text in each language
            return value[self._language]
        return "、".join(value) if isinstance(value, list) else value

    def _meet(self, columns: Sequence[Column], items: Sequence[Item]) -> None:
        """Read the names that ``items`` need and that are not known yet."""
        people = _ids(columns, items, (PERSON, NUMBER, PEOPLE)) - self._people.keys()
        for each in found_by(self._directory.people, "_id", people):
            self._people[each.id] = (
                (each.state["name"], each.state["number"]) if self._may_read(each.id, each.state) else None
            )
        organisations = _ids(columns, items, (ORGANISATION,)) - self._organisations.keys()
        for each in found_by(self._directory.organisations, "_id", organisations):
            self._organisations[each.id] = each.state["name"]

    def _may_read(self, person: str, state: Item) -> bool:
        actor = context.actor()
        return person == actor or self._access.reads_people(actor, state["organisation"])


def _ids(columns: Sequence[Column], items: Iterable[Item], kinds: Sequence[str]) -> set[str]:
    found: set[str] = set()
    fields = {column.field for column in columns if column.kind in kinds}
    for item in items:
        for field in fields:
            value = value_of(item, field)
            found.update(value if isinstance(value, list) else [value] if value else [])
    return found
