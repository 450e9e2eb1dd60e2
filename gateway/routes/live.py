"""The address of live updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.response import Response
from gateway.routing import Call, Route
from gateway.visibility import Post, Scope
from services.chassis import session
from services.chassis.errors import Forbidden, Unavailable
from services.contracts.records_rpc.activities import RestrictedReach
from services.contracts.records_rpc.directory import ListOrganisations, Myself, Organisations
from services.contracts.records_rpc.parts import MOST_ITEMS, Nothing

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request

WHO = Call("records.who_am_i", Nothing, Myself)
TREE = Call("records.list_organisations", ListOrganisations, Organisations)
RESTRICTED = Call("records.restricted_reach", Nothing, RestrictedReach)
_MOST_PAGES = 100


def follow(gateway: Gateway, request: Request, route: Route) -> Response:
    """The events that the caller may see, as they happen, until either side ends it."""
    if gateway.live.full or gateway.draining:
        raise Unavailable("service.unavailable")
    token = (request.authorization or "").removeprefix("Bearer ")

    def check() -> None:
        session.verify(gateway.settings.session_public_key, token, gateway.clock.now())

    person = request.person
    assert person is not None, "the address asks for a session"
    stream = gateway.live.stream(person, lambda: standing(gateway, request), check)
    return Response(
        200,
        content_type="text/event-stream; charset=utf-8",
        headers=[("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")],
        stream=stream,
        closes=True,
    )


def standing(gateway: Gateway, request: Request) -> Scope:
    """Where the caller stands, asked of records with the caller's own session."""
    me = gateway.ask(WHO, {}, request)
    paths = {each["id"]: tuple(each["path"]) for each in me["organisations"]}
    posts = tuple(
        Post(each["role"], each["organisation"], paths.get(each["organisation"], (each["organisation"],)))
        for each in me["posts"]
    )
    covered: set[str] = set()
    for post in posts:
        if post.organisation not in covered:
            covered.update(_below(gateway, request, post.organisation))
    reach = gateway.ask(RESTRICTED, {}, request)
    confided = None if reach["everything"] else frozenset(reach["organisations"])
    return Scope(
        me["person"],
        me["organisation"],
        posts,
        frozenset(covered),
        confided,
        paths.get(me["organisation"], (me["organisation"],)),
        me["political_status"],
    )


def _below(gateway: Gateway, request: Request, organisation: str) -> set[str]:
    found = {organisation}
    asked: dict[str, Any] = {"within": organisation, "limit": MOST_ITEMS}
    for _ in range(_MOST_PAGES):
        try:
            page = gateway.ask(TREE, asked, request)
        except Forbidden:
            return found
        found.update(each["id"] for each in page["items"])
        if page["next"] is None:
            return found
        asked["cursor"] = page["next"]
    return found


ROUTES = (
    Route(
        "GET",
        "/api/v1/live",
        "Events as they happen (Server-Sent Events)",
        "live",
        handler=follow,
        others=(WHO, TREE, RESTRICTED),
        media_type="text/event-stream",
        permission="each event to whom it concerns: members, posts at the organisation or above",
    ),
)
