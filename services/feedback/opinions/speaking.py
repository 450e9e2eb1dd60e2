"""Speaking: how an opinion comes in, by name and without one."""

from __future__ import annotations

import secrets
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Documents
from services.chassis.errors import Conflict, Invalid
from services.contracts.kinds import ROLES
from services.feedback.opinions import model as rules
from services.feedback.opinions import store
from services.feedback.opinions.receipts import code_from, opinion_of

Answered = dict[str, Any]


class Speaking:
    """Takes opinions; who answers each is decided here."""

    def __init__(self, application: Application, documents: Documents) -> None:
        self._documents = documents
        self._authority = application.authority
        self._clock = application.clock
        self._vault = application.vault

    def submit(self, request: Answered) -> Answered:
        """Take an opinion by name."""
        author = context.actor()
        opinion, events = self._received(self._documents.id_for_command(), request, author)
        document = self._documents.create(opinion.id, store.kept(opinion), events, respond=store.shown)
        return document.response or {}

    def submit_anonymously(self, request: Answered) -> Answered:
        """Take an opinion without a name and show its receipt, once. It waits for its batch.

        The code follows from the idempotency key, the request and a key outside the store, so a repeat
        is shown the same receipt though neither the code nor the idempotency key is kept.
        """
        asked = context.current()
        secret = (
            self._vault.fingerprint("receipt", f"{asked.idempotency_key}\x1f{asked.fingerprint}")
            if asked.idempotency_key
            else secrets.token_hex(32)
        )
        code = code_from(secret)
        with context.entered(context.Context()):
            opinion, events = self._received(opinion_of(code), request, None)
            try:
                self._documents.create(opinion.id, store.kept(opinion), events, anonymous=True)
            except Conflict:
                opinion = store.read(self._documents.get(opinion.id))  # the same one, sent again
        return {"receipt": code, "organisation": opinion.organisation, "received_on": opinion.received_on}

    def _received(self, id: str, request: Answered, author: str | None) -> Any:  # noqa: A002
        concerned = self._authority.node(request["organisation"])
        if concerned is None or not concerned.active:
            raise Invalid("organisation.unknown", fields={"organisation": ["organisation.unknown"]})
        about_head = request["about_head"]
        return rules.receive(
            id=id,
            path=self._authority.path(concerned.id),
            post_holders=self._authority.holders(concerned.id, ROLES) if about_head else (),
            category=request["category"],
            about_head=about_head,
            text=request["text"],
            today=self._clock.today(),
            author=author,
        )
