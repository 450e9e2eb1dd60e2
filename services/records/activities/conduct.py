"""What a record has to show before it is handed in, beyond its fields: quorum, report, grades. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from services.chassis.errors import Invalid
from services.chassis.policies import Ruling

State = Mapping[str, Any]
Rulings = Mapping[str, Ruling]
Remark = dict[str, Any]
_Found = tuple[str, str, str, dict[str, Any]]  # the rule, the field, the code, and what would be accepted


def judged(state: State, today: date, rulings: Rulings) -> list[Remark]:
    """What the reviewer is told beside the record: rules that warn and were not kept.

    A broken rule that blocks raises ``Invalid`` at its field: ``activity.too_few_present``,
    ``activity.report_late``, ``activity.too_many_excellent``, ``activity.more_graded_than_entitled``. Shares
    are compared in whole numbers: two of three are enough of three, one of three is not.
    """
    remarks = []
    for rule, field, code, accepted in _broken(state, today, rulings):
        ruling = rulings[rule]
        told = {**ruling.cited, **accepted}
        if ruling.parameter.hardness == "block":
            raise Invalid.at(field, code, **told)
        remarks.append({"code": code, "rule": rule, "hardness": ruling.parameter.hardness, "params": told})
    return remarks


def _broken(state: State, today: date, rulings: Rulings) -> Iterator[_Found]:
    if state["kind"] == "democratic_life_meeting":
        yield from _leading(state, today, rulings)
    grades = state["details"].get("grades")
    if grades:
        yield from _grades(state, grades, rulings)


def _leading(state: State, today: date, rulings: Rulings) -> Iterator[_Found]:
    if "leading_present" in rulings:
        share, expected = rulings["leading_present"].value, state["expected"]
        if share["of"] * state["present"] < share["part"] * expected:
            least = -(-share["part"] * expected // share["of"])
            accepted = {"least": least, "expected": expected, "present": state["present"]}
            yield "leading_present", "attendance", "activity.too_few_present", accepted
    if "leading_report_days" in rulings:
        latest = date.fromisoformat(state["held_on"]) + timedelta(
            days=int(rulings["leading_report_days"].value)
        )
        reported = state["details"].get("reported_on", today.isoformat())
        if reported > latest.isoformat():
            accepted = {"latest": latest.isoformat()}
            yield "leading_report_days", "details.reported_on", "activity.report_late", accepted


def _grades(state: State, grades: Mapping[str, int], rulings: Rulings) -> Iterator[_Found]:
    total = sum(grades.values())
    if "excellent_share" not in rulings:
        return
    share = rulings["excellent_share"].value
    if total > state["expected"]:
        code = "activity.more_graded_than_entitled"
        yield "excellent_share", "details.grades", code, {"most": state["expected"], "graded": total}
    most = share["part"] * total // share["of"]
    if grades.get("excellent", 0) > most:
        code, accepted = "activity.too_many_excellent", {"most": most, "graded": total}
        yield "excellent_share", "details.grades.excellent", code, accepted
