"""Handling: what those who answer do with an opinion."""

from __future__ import annotations

from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.feedback.access import Access
from services.feedback.opinions import model as rules
from services.feedback.opinions import store
from services.feedback.opinions.reading import OpinionReading

Answered = dict[str, Any]


class Handling:
    """Every command asks who acts, on the opinion as it stands."""

    def __init__(self, application: Application, reading: OpinionReading, access: Access) -> None:
        self._documents = reading.documents
        self._reading = reading
        self._access = access
        self._clock = application.clock

    def decline(self, request: Answered) -> Answered:
        """Refuse an opinion with a reason."""
        person = context.actor()
        opinion = store.read(self._reading.readable(person, request["opinion"]))
        self._access.require_handler(person, opinion.organisation, opinion.kept_from)

        document = self._documents.change(
            opinion.id,
            store.decided_by(
                opinion.id, partial(rules.decline, reason=request["reason"], today=self._clock.today())
            ),
            expected_version=request.get("version"),
            respond=store.shown,
        )
        return document.response or {}
