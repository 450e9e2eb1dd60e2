"""Who calls: the person behind a session, with posts and organisations."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.errors import Forbidden, NotFound
from services.records.directory.people import People
from services.records.directory.store import Directory, shown

Answer = dict[str, Any]


class Callers:
    """Known by the session alone, whatever a request says."""

    def __init__(self, application: Application, directory: Directory, people: People) -> None:
        self._settings = application.settings
        self._authority = application.authority
        self._directory = directory
        self._people = people

    def identify(self, number: str) -> Answer:
        """Whose number it is: only where demonstrations are allowed."""
        if not self._settings.local:
            raise NotFound("people.not_found")
        return self._people.identify(number)

    def who_am_i(self) -> Answer:
        """The caller with today's posts and the organisations that they and the membership are of."""
        person = self._directory.people.get(context.actor())
        if not person.state["active"]:
            raise Forbidden("person.inactive", params={"accepted": "active"})
        posts = [
            {
                "id": grant.id,
                "role": grant.role,
                "organisation": grant.node,
                "since": grant.since,
                "until": grant.until,
            }
            for grant in self._authority.grants(person.id)
        ]
        mine = sorted({person.state["organisation"], *(post["organisation"] for post in posts)})
        organisations = self._directory.organisations.find({"_id": {"$in": mine}}, limit=0)
        return {
            **person.state,
            "person": person.id,
            "posts": posts,
            "organisations": [shown(each) for each in organisations],
        }
