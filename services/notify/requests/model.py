"""What another system may ask for: rules of a request, and no more is sent than a template allows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.chassis.errors import Permanent
from services.notify.templates.model import Template

FURTHEST = timedelta(days=30)
# In the name of the university nobody is sent to an address that it does not know.
_ADDRESS = re.compile(r"://|www\.|\.(com|cn|net|org|top|xyz|cc)\b", re.IGNORECASE)


def check_allowed(template: str, allowed: Collection[str]) -> None:
    """Raises ``Permanent("template_not_allowed")`` for a template that other systems may not use."""
    if template not in allowed:
        raise Permanent("template_not_allowed", "template")


def check(said: Mapping[str, Any], template: Template, now: datetime) -> None:
    """Raises ``Permanent`` where ``said`` breaks a rule; its detail names fields, never a value."""
    if ("person" in said) == ("organisation" in said):
        raise Permanent("recipient_unclear", "person, organisation")
    odd = set(said["variables"]) ^ set(template.variables)
    if odd:
        raise Permanent("variables_differ", f"variables: {', '.join(template.variables)}")
    for name in template.variables:
        if _ADDRESS.search(said["variables"][name]):
            raise Permanent("variable_unfit", f"variables.{name}")
    if "not_before" in said and said["not_before"] > now + FURTHEST:
        raise Permanent("not_before_too_far", "not_before")
