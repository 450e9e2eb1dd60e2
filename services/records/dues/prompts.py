"""The daily turn that prompts organisations of arrears, and the list of what they were prompted with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial

from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.identity import derived_id
from services.records.directory.store import only
from services.records.dues import prompting as rules
from services.records.dues.asking import page_of
from services.records.dues.billing import Billing
from services.records.dues.office import Answer, Office, shown


class Prompts:
    """Once for each person and streak, however often the turn is run and on however many replicas."""

    def __init__(self, application: Application, office: Office, billing: Billing) -> None:
        self._office = office
        self._billing = billing
        self._catalogue = application.catalogue
        self._documents = application.bundled_documents("dues_prompts")
        application.indexes.declare(
            "dues_prompts", [("organisation", 1), ("state", 1), ("prompted_on", -1), ("_id", -1)]
        )
        application.indexes.declare("dues_prompts", [("organisation", 1), ("prompted_on", -1), ("_id", -1)])

    def turn(self, today: date) -> None:
        """Prompt every organisation of who has not paid for so many months in a row as the pack says."""
        for node in self._office.books_kept():
            self._turn(node, today)

    def listed(self, request: Answer) -> Answer:
        """What an organisation was prompted with, newest first; asks for a post there or above."""
        found = page_of(self._office, self._documents, request, only(request, "state"), by="prompted_on")
        return {"items": [self._told(each) for each in found.documents], "next": found.next}

    def _turn(self, node: str, today: date) -> None:
        streaks = {each["person"]: rules.streak(each) for each in self._billing.owing(node, today)}
        prompted: dict[str, list[Document]] = {}
        for each in self._documents.find({"organisation": node}, limit=0):
            prompted.setdefault(each.state["person"], []).append(each)
        for person, earlier in prompted.items():
            self._follow(earlier, streaks.get(person, []), today)
        pack = self._office.pack(today, self._office.directory.authority.path(node))
        new = []
        for person, months in streaks.items():
            if months and not any(rules.same(each.state, months) for each in prompted.get(person, [])):
                subject = derived_id("dues prompt", person, months[0])
                change = rules.prompt(subject, person, node, months, pack, today)
                new.append((subject, change.state, change.events))
        self._documents.create_many(new)

    def _follow(self, earlier: Iterable[Document], months: list[str], today: date) -> None:
        for each in earlier:
            self._documents.change(each.id, partial(rules.follow, months=months, today=today))

    def _told(self, prompt: Document) -> Answer:
        params = {**only(prompt.state, "from_month", "to_month"), **prompt.state["source"]}
        return {**shown(prompt), "text": self._catalogue.render("dues.prompt", params)}
