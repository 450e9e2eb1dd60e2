"""Whom something is addressed to, and by which marks it finds its readers: one reading for all. Pure.

An audience names organisations, each with all below it, and whom of them it means: holders of ``roles``,
people of ``political_statuses``, whoever is either; everybody who belongs there where neither is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

EVERYBODY = "everybody"  # the mark of what is open to the public


def marks(audience: Mapping[str, Any]) -> list[str]:
    """The marks under which what is addressed to ``audience`` is kept, sorted.

    >>> marks({"organisations": ["o"], "roles": ["secretary"], "political_statuses": []})
    ['o role secretary']
    """
    meant = [
        *(_role(each) for each in audience["roles"]),
        *(_status(each) for each in audience["political_statuses"]),
    ] or [_ALL]
    return sorted({f"{node} {word}" for node in audience["organisations"] for word in meant})


def marks_of_reader(
    home: Sequence[str], political_status: str, posts: Iterable[tuple[str, Sequence[str]]]
) -> list[str]:
    """The marks that reach a person, sorted; a few for each level of the tree.

    ``home`` leads from the root to where the person belongs and is empty for whoever belongs nowhere any
    more; ``posts`` are the roles held today, each with the path of its organisation.
    """
    reached = {f"{node} {word}" for node in home for word in (_ALL, _status(political_status))}
    reached.update(f"{node} {_role(role)}" for role, path in posts for node in path)
    return sorted(reached)


_ALL = "all"


def _role(role: str) -> str:
    return f"role {role}"


def _status(political_status: str) -> str:
    return f"status {political_status}"
