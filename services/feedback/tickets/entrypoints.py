"""Who handles what about tickets."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.feedback_rpc import tickets as calls
from services.feedback.application import Feedback

Request = dict[str, Any]
Answer = dict[str, Any]


class TicketsTable:
    """Who handles what about tickets."""

    feedback: Feedback

    @rpc(request=calls.GetTicketKey, response=calls.TicketKey, public=True)
    def get_ticket_key(self, request: Request) -> Answer:
        return self.feedback.tickets_to_speak.key()

    @rpc(request=calls.DrawTickets, response=calls.DrawnTickets)
    def draw_tickets(self, request: Request) -> Answer:
        return self.feedback.tickets_to_speak.draw(request["blinded"])
