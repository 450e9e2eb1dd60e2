"""Trends as a spreadsheet: by organisation, topic and month, with what may be shown and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.errors import NotFound
from services.chassis.files.kept import Files
from services.chassis.offload import offloaded
from services.chassis.sheets.model import COUNT, TEXT
from services.feedback.names import Names
from services.feedback.opinions.rulebook import Rulebook
from services.feedback.trends.model import Shown
from services.feedback.trends.projection import Trends

WRITE = "services.chassis.sheets.writing:write"
WRITING_SECONDS = 20.0
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HOLDER = "trends"
KEPT = timedelta(days=1)


class TrendSheets:
    """A sheet of an organisation and those directly below it. Whoever made it fetches it, and nobody else."""

    def __init__(
        self, application: Application, files: Files, trends: Trends, book: Rulebook, names: Names
    ) -> None:
        self._catalogue = application.catalogue
        self._audit = application.audit
        self._files = files
        self._trends = trends
        self._book = book
        self._names = names
        files.guard(HOLDER, _require_own)

    def made(self, organisation: str, language: str) -> dict[str, Any]:
        """The file, kept for a day; raises as ``Trends.seen``. On record before anything leaves."""
        actor = context.actor()
        months, tables = self._trends.tables(organisation)
        self._audit.append("trends.exported", actor, "organisation", organisation)
        title = self._text("trends.sheet", language)
        with offloaded(WRITE, timeout=WRITING_SECONDS) as work:
            work.feed({"title": title, "columns": self._columns(months, language)})
            work.feed(list(self._rows(tables, language)))
            return self._files.store(f"{title}.xlsx", XLSX, work.answer(), HOLDER, actor, forget_after=KEPT)

    def _columns(self, months: Sequence[str], language: str) -> list[dict[str, str]]:
        named = ("organisation", "kind", "title")
        texts = [{"title": self._text(f"trends.{each}", language), "kind": TEXT} for each in named]
        counts = [{"title": each, "kind": COUNT} for each in months]
        return [*texts, *counts, {"title": self._text("trends.total", language), "kind": COUNT}]

    def _rows(self, tables: Sequence[tuple[str, Shown]], language: str) -> Iterator[list[Any]]:
        names = self._names.of([organisation for organisation, _ in tables])
        titles = {
            **{f"category:{each.id}": each.titles[language] for each in self._book.categories().values()},
            **{f"topic:{each.id}": each.titles[language] for each in self._book.topics().values()},
        }
        for organisation, rows in tables:
            for mark, counts in rows.items():
                kind, _, named = mark.partition(":")
                total = sum(each for each in counts if each is not None)
                shown = [names[organisation], self._text(f"trends.{kind}", language), titles.get(mark, named)]
                yield [*shown, *counts, total]

    def _text(self, code: str, language: str) -> str:
        return self._catalogue.render(code)[language]


def _require_own(holder: str) -> None:
    if holder != context.actor():
        raise NotFound("files.not_found")
