"""Talking: what authors say after they spoke, by name or by a receipt, and what handlers reply."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.context import Context
from services.chassis.errors import NotFound
from services.chassis.transactions import in_transaction
from services.feedback.access import Access
from services.feedback.opinions import dialogue, store
from services.feedback.opinions.attachments import Attachments
from services.feedback.opinions.dialogue import AUTHOR, HANDLER
from services.feedback.opinions.model import Opinion, makes_a_batch
from services.feedback.opinions.reading import OpinionReading
from services.feedback.opinions.rulebook import Rulebook
from services.feedback.opinions.showing import Showing

Answered = dict[str, Any]


class Talking:
    """Of an author in confidence no event says that they acted; nor of what is about a head."""

    def __init__(
        self,
        application: Application,
        reading: OpinionReading,
        access: Access,
        book: Rulebook,
        showing: Showing,
        attachments: Attachments,
        *,
        smallest_batch: int,
    ) -> None:
        self._smallest = smallest_batch
        self._clock = application.clock
        self._documents = reading.documents
        self._reading = reading
        self._access = access
        self._book = book
        self._showing = showing
        self._attachments = attachments
        self._database = application.database

    def reply(self, request: Answered) -> Answered:
        """A message of its author, or of who handles it; raises ``Forbidden`` to who only reads it."""
        person = context.actor()
        opinion = store.read(self._reading.readable(person, request["opinion"]))
        if self._reading.is_author(person, opinion):
            return self._by_author(request["opinion"], "reply", who=AUTHOR, by=None, text=request["text"])
        self._access.require_handler(person, opinion.organisation, opinion.kept_from)
        rule = partial(dialogue.reply, who=HANDLER, by=person, text=request["text"], **self._given())
        document = self._documents.change(
            opinion.id, store.decided_by(opinion.id, rule), respond=self._showing.to_handler
        )
        return document.response or {}

    def rate(self, request: Answered) -> Answered:
        """How content its author is with the answer."""
        return self._by_author(request["opinion"], "rate", rating=request["rating"])

    def reopen(self, request: Answered) -> Answered:
        """Its author has it answered anew."""
        return self._by_author(request["opinion"], "reopen", reason=request["reason"])

    def by_receipt(self, code: str, what: str, **said: Any) -> Answered:
        """What the holder of a receipt adds; it waits for the next batch, and nothing says who or when."""
        found = self._reading.followed(code)
        with context.entered(Context()):
            answering = self._answering(store.read(found))
            rule = partial(dialogue.hold, what=what, answering=answering, **self._given(), **said)
            # Who answers reads its version: one that grew would tell them the instant.
            document = self._documents.change(
                found.id, store.decided_by(found.id, rule), anonymous=True, unseen=True
            )
            return self._showing.to_author(document)

    def release_held(self) -> None:
        """Apply what holders of receipts added since the last batch; each by itself, also when repeated.

        Few wait for more, as opinions do, and all go in random order: else an hour would tell of one of them.
        """
        holding = self._documents.find(store.HELD, limit=0)
        since = [dialogue.held_since(store.read(each)) for each in holding]
        if not makes_a_batch(since, smallest=self._smallest, today=self._clock.today()):
            return
        random.SystemRandom().shuffle(holding)
        with context.entered(Context()):
            for each in holding:
                opinion = store.read(each)
                copies = self._attachments.copies(opinion.id, dialogue.held_files(opinion))
                if copies:
                    in_transaction(self._database, partial(self._release, opinion.id, copies))
                    self._attachments.forget(copies)
                else:
                    self._release(opinion.id, copies)

    def _release(self, id: str, copies: Mapping[str, Answered]) -> None:  # noqa: A002 - the field's name
        answering = self._answering(store.read(self._documents.get(id)))
        rule = partial(dialogue.release_held, copies=copies, answering=answering, **self._given())
        changed = self._documents.change(id, store.decided_by(id, rule), anonymous=True)
        if copies:
            self._attachments.exchange(store.read(changed), copies)

    def _by_author(self, id: str, what: str, **said: Any) -> Answered:  # noqa: A002 - the field's name
        person = context.actor()
        opinion = store.read(self._reading.readable(person, id))
        if not self._reading.is_author(person, opinion):
            raise NotFound("opinion.of_another_author")
        if what != "reply":
            said["answering"] = self._answering(opinion)
        rule = partial(_RULES[what], **self._given(), **said)
        document = self._documents.change(
            id,
            store.decided_by(id, rule),
            respond=self._showing.to_author,
            anonymous=opinion.covert,
        )
        return document.response or {}

    def _answering(self, opinion: Opinion) -> Opinion | None:
        """The one whose answer is that of ``opinion``, where it was merged: by then nothing parts them."""
        return self._showing.answering(opinion) if opinion.state == "merged" else None

    def _given(self) -> Answered:
        return {"today": self._clock.today(), "bounds": self._book.bounds()}


_RULES: Mapping[str, Callable[..., dialogue.Decided]] = {
    "reply": dialogue.reply,
    "rate": dialogue.rate,
    "reopen": dialogue.reopen,
}
