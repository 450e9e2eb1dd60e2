"""A rating as rows of a spreadsheet, and as a page to print, in one language. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from services.chassis.catalogue import Catalogue
from services.chassis.sheets.model import TEXT
from services.evaluation.indicators.model import Policy
from services.evaluation.ratings.model import final_band, final_points
from services.evaluation.scores.model import UNRATED, in_points

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML = "text/html; charset=utf-8"
_HEADS = ("organisation", "subject", "points", "earned", "band", "corrected", "note", "evidence")
_STYLE = (
    "@page{size:A4;margin:18mm}body{font:12pt/1.5 serif}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #444;padding:2pt 5pt;font-size:10pt;text-align:left}"
    "thead{display:table-header-group}tr{break-inside:avoid}.sign{margin-top:30mm}"
)


@dataclass(frozen=True)
class Report:
    """``entries`` of ``rating``, one after the other; whom ``names`` lacks stands by the id.

    ``names`` are those of organisations: evaluation knows nobody else's.
    """

    rating: Mapping[str, Any]
    policy: Policy
    entries: Sequence[Mapping[str, Any]]
    names: Mapping[str, str]
    catalogue: Catalogue
    language: str

    def rows(self) -> list[list[str]]:
        """What both say, as texts: one row a subject."""
        return [
            [
                self.names.get(each["organisation"], each["organisation"]),
                "" if each["subject"] == each["organisation"] else each["subject"],
                str(in_points(final_points(each))),
                self._title(each["earned"]),
                self._title(each["band"]),
                self._title(final_band(each)) if each["corrections"] else "",
                self._note(each),
                each["evidence_digest"][:16],
            ]
            for each in self.entries
        ]

    def page_to_print(self) -> bytes:
        """A whole HTML page for A4, without script and without anything from elsewhere."""
        head = "".join(f"<th>{escape(each)}</th>" for each in self._heads())
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(each)}</td>" for each in row) + "</tr>" for row in self.rows()
        )
        told = {**self.rating, "title": self.policy.title, "policy": self.policy.id}
        title, about = escape(self._text("title", **told)), escape(self._text("about", **told))
        page = (
            f'<!doctype html><html lang="{self.language}"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>{about}</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f'<p class="sign">{escape(self._text("sign"))}</p></body></html>'
        )
        return page.encode()

    def sheet(self) -> list[Any]:
        """What the chassis writes a workbook of: one sheet and its rows."""
        columns = [{"title": each, "kind": TEXT} for each in self._heads()]
        return [{"title": self._text("sheet"), "columns": columns}, self.rows()]

    def _heads(self) -> list[str]:
        return [self._text(f"head.{each}") for each in _HEADS]

    def _title(self, band: str) -> str:
        found = self.policy.band(band)
        titles = found.title if found else self.catalogue.render(f"score.band.{UNRATED}")
        return titles[self.language]

    def _note(self, entry: Mapping[str, Any]) -> str:
        notes = []
        if entry["decision"]:
            notes.append(self._text("decided", reason=entry["decision"]["reason"]))
        elif entry["tied"]:
            notes.append(self._text("tied", band=self._title(entry["tied"])))
        elif entry["capped"]:
            notes.append(self._text("capped", band=self._title(entry["capped"])))
        notes += [self._text("put_right", reason=each["reason"]) for each in entry["corrections"]]
        return self._text("between").join(notes)

    def _text(self, part: str, **told: Any) -> str:
        return self.catalogue.render(f"rating.report.{part}", told)[self.language]
