"""A rating as rows of a spreadsheet, and as a page to print. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from services.chassis.sheets.model import TEXT
from services.evaluation.indicators.model import Policy
from services.evaluation.ratings.model import final_band, final_points
from services.evaluation.scores.model import in_points

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML = "text/html; charset=utf-8"
_HEADS = ("党组织", "对象", "得分", "按分等次", "评定等次", "更正后等次", "说明", "证据摘要")
_STYLE = (
    "@page{size:A4;margin:18mm}body{font:12pt/1.5 serif}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #444;padding:2pt 5pt;font-size:10pt;text-align:left}"
    "thead{display:table-header-group}tr{break-inside:avoid}.sign{margin-top:30mm}"
)


def rows(policy: Policy, entries: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """What both say, as texts: one row a subject, by organisation."""
    return [
        [
            each["organisation"],
            "" if each["subject"] == each["organisation"] else each["subject"],
            str(in_points(final_points(each))),
            _title(policy, each["earned"]),
            _title(policy, each["band"]),
            _title(policy, final_band(each)) if each["corrections"] else "",
            _note(policy, each),
            each["evidence_digest"][:16],
        ]
        for each in entries
    ]


def page_to_print(rating: Mapping[str, Any], policy: Policy, entries: Sequence[Mapping[str, Any]]) -> bytes:
    """A whole HTML page for A4, without script and without anything from elsewhere."""
    head = "".join(f"<th>{escape(each)}</th>" for each in _HEADS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(each)}</td>" for each in row) + "</tr>"
        for row in rows(policy, entries)
    )
    title = escape(f"{policy.title} {rating['year']} 年度评级结果")
    about = escape(
        f"依据：{policy.title}（{policy.id}）　定案日期：{rating['closed_on']}　共 {rating['rated']} 个　"
        f"摘要：{rating['digest']}"
    )
    page = (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>{about}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        '<p class="sign">负责人（签字）：　　　　　　　　　日期：</p></body></html>'
    )
    return page.encode()


def sheet(policy: Policy, entries: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What the chassis writes a workbook of: one sheet and its rows."""
    columns = [{"title": each, "kind": TEXT} for each in _HEADS]
    return [{"title": "评级结果", "columns": columns}, rows(policy, entries)]


def _title(policy: Policy, band: str) -> str:
    found = policy.band(band)
    return found.title["zh"] if found else "未评定"


def _note(policy: Policy, entry: Mapping[str, Any]) -> str:
    notes = []
    if entry["decision"]:
        notes.append(f"并列，评议决定：{entry['decision']['reason']}")
    elif entry["tied"]:
        notes.append(f"并列于{_title(policy, entry['tied'])}名额，未予评定")
    elif entry["capped"]:
        notes.append(f"{_title(policy, entry['capped'])}名额已满")
    notes += [f"申诉更正：{each['reason']}" for each in entry["corrections"]]
    return "；".join(notes)
