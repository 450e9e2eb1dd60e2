"""From the pack to the limits of the rules; refuses one that it cannot read wholly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.chassis.figures import Figures
from services.chassis.policies import Pack, PackError, effective
from services.evaluation.anomalies.model import Limits

_NAMES = {
    "arrears": {"months": "arrears_months"},
    "hours_behind": {"from_month": "hours_from_month", "percent": "hours_behind_percent"},
    "reports_missing": {"in_a_row": "reports_in_a_row"},
    "attendance_falling": {
        "recent": "attendance_recent",
        "before": "attendance_before",
        "drop_percent": "attendance_drop_percent",
        "sigma_tenths": "attendance_sigma_tenths",
    },
    "silent": {"term_days": "silent_term_days"},
    "late_burst": {
        "recent": "late_recent",
        "least": "late_least",
        "chance_per_mille": "late_chance_per_mille",
    },
    "talk": {"days": "talk_days"},
}


def limits_of(packs: Sequence[Pack], day: date, figures: Sequence[Pack]) -> Limits:
    """What is in force on ``day``; raises ``PackError`` where a rule or a figure of it is missing.

    ``figures`` are the packs of what other services go by as well.
    """
    rulings = Figures.on(figures, day).settle_all(effective(packs, day))
    found: dict[str, Any] = {}
    for name, fields in _NAMES.items():
        ruling = rulings.get(name)
        value = ruling.value if ruling else None
        if not isinstance(value, dict) or set(value) != set(fields):
            raise PackError([f"anomalies: {name} needs {', '.join(fields)}"])
        for key, field in fields.items():
            if not isinstance(value[key], int) or isinstance(value[key], bool) or value[key] < 1:
                raise PackError([f"anomalies: {name}.{key} is no count"])
            found[field] = value[key]
    return Limits(pack=rulings["talk"].pack.id, **found)
