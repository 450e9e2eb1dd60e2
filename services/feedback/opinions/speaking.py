"""Speaking: how an opinion comes in, by name and without one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.chassis import context
from services.chassis.contract import Change
from services.chassis.errors import Conflict
from services.chassis.files.attaching import Attaching
from services.feedback.opinions import store
from services.feedback.opinions.model import NOBODY, same_again
from services.feedback.opinions.reading import OpinionReading
from services.feedback.opinions.receipts import code_of, opinion_of
from services.feedback.opinions.receiving import Receiving
from services.feedback.opinions.showing import Showing
from services.feedback.tickets.issuing import TicketsToSpeak

Answered = dict[str, Any]


class Speaking:
    """Takes opinions from whoever comes by themselves."""

    def __init__(
        self,
        reading: OpinionReading,
        receiving: Receiving,
        showing: Showing,
        tickets: TicketsToSpeak,
        attaching: Attaching,
    ) -> None:
        self._documents = reading.documents
        self._attaching = attaching
        self._reading = reading
        self._receiving = receiving
        self._showing = showing
        self._tickets = tickets

    def submit(self, request: Answered) -> Answered:
        """Take an opinion by name or in confidence, with what is attached to it.

        In confidence only what can be stripped is taken, as a number and not by its name.
        """
        author = context.actor()
        voice = self._reading.voices.of(author, request["mode"])
        # The id of what tells no actor tells no instant either: events carry it, and the campus day alone.
        covert = request["mode"] != "named" or request["about_head"]
        id = self._documents.id_for_command(anonymous=covert)  # noqa: A001 - the field's name
        opinion, events = self._receiving.received(id, request, voice)

        def make(attached: list[Answered]) -> Change:
            return Change(store.kept(replace(opinion, attachments=tuple(attached))), events)

        document = self._attaching.created(
            id,
            request["attachments"],
            make,
            self._showing.to_author,
            nameless=request["mode"] != "named",
        )
        return document.response or {}

    def submit_anonymously(self, request: Answered) -> Answered:
        """Take an opinion without a name and show its receipt. It waits for its batch.

        The code follows from the ticket, and the opinion's id from the code, so that the ticket is spent by
        the very write that keeps the opinion, once and for ever. Sent again with the same words it is
        answered the same; with others it raises ``Conflict("ticket.spent")``.
        """
        with context.entered(context.Context()):
            code = code_of(self._tickets.accepted(request["ticket"]))
            opinion, events = self._receiving.received(opinion_of(code), request, NOBODY)
            try:
                self._documents.create(opinion.id, store.kept(opinion), events, anonymous=True)
            except Conflict:
                met = store.read(self._documents.get(opinion.id))
                opinion = same_again(met, opinion)
        return {"receipt": code, "organisation": opinion.organisation, "received_on": opinion.received_on}
