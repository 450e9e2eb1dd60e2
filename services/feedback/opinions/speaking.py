"""Speaking: how an opinion comes in, by name and without one."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Documents
from services.chassis.errors import Conflict, Invalid
from services.contracts.kinds import ROLES
from services.feedback.opinions import model as rules
from services.feedback.opinions import store
from services.feedback.opinions.receipts import code_of, opinion_of
from services.feedback.tickets.issuing import TicketsToSpeak

Answered = dict[str, Any]


class Speaking:
    """Takes opinions; who answers each is decided here."""

    def __init__(self, application: Application, documents: Documents, tickets: TicketsToSpeak) -> None:
        self._documents = documents
        self._tickets = tickets
        self._authority = application.authority
        self._clock = application.clock

    def submit(self, request: Answered) -> Answered:
        """Take an opinion by name."""
        author = context.actor()
        opinion, events = self._received(self._documents.id_for_command(), request, author)
        document = self._documents.create(opinion.id, store.kept(opinion), events, respond=store.shown)
        return document.response or {}

    def submit_anonymously(self, request: Answered) -> Answered:
        """Take an opinion without a name and show its receipt. It waits for its batch.

        The code follows from the ticket, and the opinion's id from the code, so that the ticket is spent by
        the very write that keeps the opinion, once and for ever. Sent again with the same words it is
        answered the same; with others it raises ``Conflict("ticket.spent")``.
        """
        with context.entered(context.Context()):
            code = code_of(self._tickets.accepted(request["ticket"]))
            opinion, events = self._received(opinion_of(code), request, None)
            try:
                self._documents.create(opinion.id, store.kept(opinion), events, anonymous=True)
            except Conflict:
                met = store.read(self._documents.get(opinion.id))
                opinion = rules.same_again(met, opinion)
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
