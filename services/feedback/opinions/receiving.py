"""Receiving: whatever way an opinion comes in, who answers it is decided here."""

from __future__ import annotations

from typing import Any

from services.chassis.application import Application
from services.chassis.contract import NewEvent
from services.chassis.errors import Invalid
from services.contracts.kinds import ROLES
from services.feedback.access import Access
from services.feedback.opinions import model as rules
from services.feedback.opinions.model import Opinion, Voice
from services.feedback.opinions.routing import Level, responsible
from services.feedback.opinions.rulebook import Rulebook
from services.feedback.opinions.subjects import Subjects

Answered = dict[str, Any]


class Receiving:
    """Checks what an opinion names and routes it; writes nothing."""

    def __init__(self, application: Application, access: Access, rules: Rulebook, subjects: Subjects) -> None:
        self._authority = application.authority
        self._clock = application.clock
        self._access = access
        self._rules = rules
        self._subjects = subjects

    def received(
        self,
        id: str,  # noqa: A002 - the field's name
        request: Answered,
        voice: Voice,
        channel: str = "web",
    ) -> tuple[Opinion, list[NewEvent]]:
        """The opinion that ``request`` asks for.

        Raises ``Invalid``: ``organisation.unknown``, ``opinion.category_unknown``,
        ``opinion.no_level_above``, ``subject.unknown``.
        """
        concerned = self._authority.node(request["organisation"])
        if concerned is None or not concerned.active:
            raise Invalid.at("organisation", "organisation.unknown")
        category = self._rules.category(request["category"])
        about_head = request["about_head"]
        for kind in ("activity", "task"):
            if kind in request:
                self._subjects.require(kind, request[kind])
        concerns = concerned.id
        holders = self._authority.holders(concerns, ROLES) if about_head else []
        return rules.receive(
            id=id,
            concerns=concerns,
            organisation=responsible(
                self._levels(concerns, holders if about_head else None),
                answered_by=category.answered_by,
                about_head=about_head,
            ),
            category=category.id,
            about_head=about_head,
            text=request["text"],
            today=self._clock.today(),
            voice=voice,
            channel="activity" if channel == "web" and "activity" in request else channel,
            speed=category.speed,
            activity=request.get("activity"),
            task=request.get("task"),
            post_holders=holders,
        )

    def _levels(self, concerns: str, holders: list[str] | None) -> list[Level]:
        """From the root down; about a head also whether somebody beside the holders can answer there."""
        levels = []
        for each in self._authority.path(concerns):
            node = self._authority.node(each)
            able = holders is None or not set(self._access.handlers_at(each)) <= set(holders)
            levels.append(Level(each, node.kind if node else "", able))
        return levels
