"""What records' events say of who may do what, in the words of the chassis's ``Authority``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from services.chassis.said import Said, grant_said, member_said, node_said
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged


class Told(Protocol):
    """An event, as far as it is read here."""

    @property
    def type(self) -> str:
        """Of the contract."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What it says."""

    @property
    def sequence(self) -> int:
        """Its number among those of its subject."""


def said_of(events: Iterable[Told], *, standings: bool = False) -> list[Said]:
    """What is said of nodes, members and grants, in the order of ``events``; others say nothing of them.

    ``standings``: whether to keep also as what a person belongs, for who has to know the political status.
    """
    return [said for event in events if (said := _said(event, standings))]


def _said(event: Told, standings: bool) -> Said | None:
    told = event.data
    if event.type == OrganisationChanged.type:
        return node_said(
            told["organisation"],
            parent=told["parent"],
            path=told["path"],
            kind=told["kind"],
            active=told["active"],
            sequence=event.sequence,
        )
    if event.type == PersonChanged.type:
        return member_said(
            told["person"],
            told["organisation"],
            told["active"],
            standing=told["political_status"] if standings else "",
            sequence=event.sequence,
        )
    if event.type == PostChanged.type:
        return grant_said(
            told["post"],
            person=told["person"],
            role=told["role"],
            node=told["organisation"],
            since=told["since"],
            until=told["until"],
            active=told["active"],
            sequence=event.sequence,
        )
    return None
