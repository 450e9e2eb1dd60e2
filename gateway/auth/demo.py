"""The demonstration sign-in: whoever knows a number is let in. It exists in the local profile only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import Schema, fields

from gateway import forms
from gateway.response import Response, of_json
from gateway.routing import Access, Call, Route
from services.chassis import session
from services.contracts.records_rpc.directory import NUMBER, Identified, IdentifyPerson

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request

IDENTIFY = Call("records.identify_person", IdentifyPerson, Identified)


class DemoSignIn(Schema):
    """A campus number 学号/工号; no secret is asked for."""

    number = fields.String(required=True, validate=NUMBER)


class Session(Schema):
    """A token for ``Authorization: Bearer …``, and the seconds for which it is good."""

    token = fields.String(required=True)
    expires_in = fields.Integer(required=True)


def sign_in(gateway: Gateway, request: Request, route: Route) -> Response:
    """A session for the person who has the number; ``NotFound`` where nobody has."""
    asked = forms.gathered(route, request)
    person = gateway.ask(IDENTIFY, asked, request)["person"]
    key = gateway.settings.session_private_key
    assert key is not None, "the gateway does not start without its private key"
    token = session.issue(key, person, session.DEFAULT_TTL, gateway.clock.now())
    return of_json(
        {"token": token, "expires_in": int(session.DEFAULT_TTL.total_seconds())},
        route.status,
    )


ROUTES = (
    Route(
        "POST",
        "/api/v1/sessions/demo",
        "Sign in by number alone, for demonstrations",
        "sessions",
        access=Access.PUBLIC,
        status=201,
        handler=sign_in,
        others=(IDENTIFY,),
        body=DemoSignIn,
        answers=(Session,),
        local_only=True,
    ),
)
