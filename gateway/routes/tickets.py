"""Addresses of tickets: the key for everybody, and drawing one's own."""

from __future__ import annotations

from gateway.routing import Access, Call, Route
from services.contracts.feedback_rpc import tickets as rpc

ROUTES = (
    Route(
        "GET",
        "/api/v1/public/ticket-key",
        "The key under which tickets are drawn in this period",
        "tickets",
        call=Call("feedback.get_ticket_key", rpc.GetTicketKey, rpc.TicketKey, seconds=25.0),
        access=Access.PUBLIC,
    ),
    Route(
        "POST",
        "/api/v1/tickets",
        "Draw one's tickets of this period, signed blind",
        "tickets",
        call=Call("feedback.draw_tickets", rpc.DrawTickets, rpc.DrawnTickets, seconds=25.0),
        status=201,
        permission="whoever is on the roster",
    ),
)
