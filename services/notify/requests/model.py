"""What another system may ask for: rules of a request, and no more is sent than a template allows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.chassis.errors import Permanent
from services.notify.messages.model import Purpose
from services.notify.templates.model import Template

RECIPIENTS = ("number", "person", "organisation")
FURTHEST = timedelta(days=30)
# In the name of the university nobody is sent to an address that it does not know.
_ADDRESS = re.compile(r"://|www\.|\.(com|cn|net|org|top|xyz|cc)\b", re.IGNORECASE)


def check_allowed(template: str, allowed: Collection[str]) -> None:
    """Raises ``Permanent("template_not_allowed")`` for a template that other systems may not use."""
    if template not in allowed:
        raise Permanent("template_not_allowed", "template")


def check(said: Mapping[str, Any], template: Template, now: datetime) -> None:
    """Raises ``Permanent`` where ``said`` breaks a rule; its detail names fields, never a value."""
    if sum(name in said for name in RECIPIENTS) != 1:
        raise Permanent("recipient_unclear", ", ".join(RECIPIENTS))
    odd = set(said["variables"]) ^ set(template.variables)
    if odd:
        raise Permanent("variables_differ", f"variables: {', '.join(template.variables)}")
    for name in template.variables:
        if _ADDRESS.search(said["variables"][name]):
            raise Permanent("variable_unfit", f"variables.{name}")
    if "not_before" in said and said["not_before"] > now + FURTHEST:
        raise Permanent("not_before_too_far", "not_before")


def is_the_same(before: Purpose, again: Purpose) -> bool:
    """Whether two requests under one reference ask for one message: by template, values and whom it is for.

    The version of the template is that of the day on which it was asked, and who answers for an organisation,
    or where somebody belongs, may have changed since: neither makes it another request.
    """
    return _asked(before) == _asked(again)


def _asked(purpose: Purpose) -> tuple[Any, ...]:
    template = purpose.template.rpartition(".v")[0]
    to_person = purpose.recipient is not None and purpose.answers_as is None
    whom = ("person", purpose.recipient) if to_person else ("organisation", purpose.organisation)
    return template, dict(purpose.variables), whom
