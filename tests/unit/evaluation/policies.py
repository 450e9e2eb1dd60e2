"""Small scoring policies for tests of what is done with them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import services.evaluation
from services.chassis.policies import load_all
from services.evaluation.indicators.measures import Registry, forbidden
from services.evaluation.indicators.model import Band, Indicator, Measure, Policy

FOLDER = Path(services.evaluation.__file__).parent / "policies"
FREQUENCY = load_all(FOLDER, "frequency-*.yaml")
SHARED = FOLDER.parents[1] / "contracts" / "policies"
FIGURES = [*load_all(SHARED, "training-*.yaml"), *load_all(SHARED, "activity-conduct-*.yaml")]
REGISTRY = Registry(forbidden(load_all(FOLDER, "forbidden-measures-*.yaml")))
BANDS = (("excellent", 90), ("good", 80), ("fair", 60), ("poor", 0))


def leaf(id_: str, weight: int, method: str, measure: str, **more: Any) -> Indicator:
    """An indicator of so many points."""
    family, name, *part = measure.split(".")
    counted = Measure(family, name, part[0] if part else None)
    title = {"zh": id_, "en": id_}
    return Indicator(id_, title, "第一条", weight * 100, method=method, measure=counted, **more)


def group(id_: str, *parts: Indicator) -> Indicator:
    """A group that is worth what its parts are."""
    title = {"zh": id_, "en": id_}
    return Indicator(id_, title, "第一条", sum(each.weight for each in parts), parts=parts)


def policy(*indicators: Indicator, **more: Any) -> Policy:
    """A policy for branches, in force since 2018."""
    usual: dict[str, Any] = {
        "id": "scoring",
        "title": "办法",
        "issuer": "组织部",
        "level": "university",
        "confidence": "S",
        "effective_from": date(2018, 10, 28),
        "subject": "organisation",
        "kinds": ("branch",),
        "bands": tuple(Band(name, {"zh": name, "en": name}, least * 100) for name, least in BANDS),
    }
    return Policy(indicators=indicators, **{**usual, **more})
