"""Previews: what a template would say of something that is owed, and how long that is."""

from __future__ import annotations

from typing import Any

from services.chassis.errors import Invalid, NotFound
from services.notify.access import Access
from services.notify.reminders.store import Watches
from services.notify.reminders.wording import Said, Wording, filled
from services.notify.templates.model import LANGUAGES, Template
from services.notify.templates.register import Templates, sized

Answer = dict[str, Any]


class Previewing:
    """Fills a version, or a draft, with real data that the caller may see; nothing is written or sent."""

    def __init__(self, templates: Templates, watches: Watches, wording: Wording, access: Access) -> None:
        self._templates = templates
        self._watches = watches
        self._wording = wording
        self._access = access

    def preview(self, request: Answer) -> Answer:
        """What it says in each language, with its size.

        Raises ``NotFound("obligation.not_found")`` for what is not reminded of, or what the caller may not
        see; ``Invalid`` where the values are not those of the template.
        """
        template = self._templates.drafted(request)
        said = {language: self._said(template, language, request) for language in LANGUAGES}
        return {
            "template": template.id,
            "version": template.version,
            "provider_templates": template.provider_templates,
            "texts": {
                language: {"text": each.text, "variables": each.variables, "size": sized(each.text)}
                for language, each in said.items()
            },
        }

    def _said(self, template: Template, language: str, request: Answer) -> Said:
        if request["obligation"] is not None:
            watch, _ = self._watches.get(request["obligation"])
            if watch is None or not self._access.sees_duties(watch.organisation):
                raise NotFound("obligation.not_found")
            if template.kind != watch.kind:
                code, params = "template.other_kind", {"accepted": watch.kind}
                raise Invalid(code, params=params, fields={"template": [code]})
            return self._wording.of(template, language, watch)
        given = request["values"] or {}
        if set(given) != set(template.variables):
            code, params = "template.values_differ", {"accepted": ", ".join(template.variables) or "-"}
            raise Invalid(code, params=params, fields={"values": [code]})
        return filled(template, language, given)
