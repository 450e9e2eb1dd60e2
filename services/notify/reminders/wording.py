"""What a message says: a template filled with what is known of the thing that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.chassis.catalogue import Catalogue
from services.notify.contacts.store import OrganisationNames
from services.notify.reminders.model import Watch
from services.notify.templates.model import Template, day_label, period_label


@dataclass(frozen=True)
class Said:
    """A text as it goes out, and the values that filled it."""

    text: str
    variables: Mapping[str, str]


class Wording:
    """Fills templates with names and labels in the language of whoever reads them."""

    def __init__(self, names: OrganisationNames, catalogue: Catalogue) -> None:
        self._names = names
        self._catalogue = catalogue

    def of(self, template: Template, language: str, watch: Watch) -> Said:
        """What ``template`` says of ``watch``."""
        rule = f"rule.{watch.rule}"
        values = {
            "organisation": self._names.get(watch.organisation) or watch.organisation,
            "rule": self._catalogue.render(rule)[language] if rule in self._catalogue else watch.rule,
            "period": period_label(watch.period)[language],
            "due_on": day_label(watch.due_on)[language],
        }
        return filled(template, language, {name: values[name] for name in template.variables})


def filled(template: Template, language: str, values: Mapping[str, str]) -> Said:
    """``template`` with ``values``; raises ``ValueError`` unless they are exactly those declared."""
    return Said(template.render(language, values), template.filled(values))
