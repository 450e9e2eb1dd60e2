"""Codes of the national standards: GB/T 4762 political status, GB/T 2261.1 sex. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.errors import Invalid
from services.contracts.kinds import POLITICAL_STATUS_CODES

State = Mapping[str, Any]

# GB/T 4762: whoever is one of these has this code and no other.
IMPLIED: Mapping[str, str] = {"member": "01", "probationary": "02"}
# League, other parties, none by choice, masses: what somebody is besides their way into the Party.
OTHERS = tuple(code for code in POLITICAL_STATUS_CODES if code not in IMPLIED.values())
# GB/T 2261.1
SEX_CODES: Mapping[str, str] = {"male": "1", "female": "2", "unknown": "0", "unspecified": "9"}


def status_code(person: State) -> str | None:
    """The GB/T 4762 code of a person; None where it is not known which of 03 to 13."""
    return IMPLIED.get(person["political_status"], person["political_status_code"])


def kept_code(status: str, given: str | None, before: str | None) -> str | None:
    """The code to keep beside ``status``: none where the status implies it, else what was ``given`` or kept.

    Raises ``Invalid("person.code_unfit")``, naming the codes that fit, for one that belongs to another
    status. Source: GB/T 4762.
    """
    implied = IMPLIED.get(status)
    fitting = OTHERS if implied is None else (implied,)
    if given is not None and given not in fitting:
        accepted = ", ".join(fitting)
        raise Invalid.at("political_status_code", "person.code_unfit", rule="GB/T 4762", accepted=accepted)
    return None if implied is not None else given if given is not None else before
