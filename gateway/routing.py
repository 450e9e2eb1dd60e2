"""What a route is: one declaration from which routing, validation and the published document follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields
from werkzeug.exceptions import MethodNotAllowed as NotForThisMethod
from werkzeug.exceptions import NotFound as NothingThere
from werkzeug.routing import Map, RequestRedirect, Rule

from gateway.refusals import MethodNotAllowed, NoSuchRoute
from services.contracts.records_rpc.parts import Nothing

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request
    from gateway.response import Response

_PLACE = re.compile(r"\{([a-z_]+)\}")
READING = ("GET", "HEAD")


class Access(Enum):
    """Whom a route lets in. What they may see and do there is decided by the service that is called."""

    SESSION = "session"  # whoever shows a genuine session token
    PUBLIC = "public"  # anybody; a session is not looked at
    ANONYMOUS = "anonymous"  # anybody; no session is looked at and no line is logged


@dataclass(frozen=True)
class Call:
    """A method of a service with its schemas: ``Call("records.get_activity", GetActivity, Activity)``.

    ``seconds`` is how long its answer is waited for.
    """

    method: str
    request: type[Schema]
    response: type[Schema]
    seconds: float = 5.0


@dataclass(frozen=True, eq=False)
class Route:
    """One address and method.

    ``call`` is what it does; fields of the call's request come from the path's places, from ``headers``,
    from ``If-Match`` (the field named by ``expects``) and for the rest from the query or the JSON body.
    Where one call is not enough, ``handler`` answers, and ``others`` names what it may call. What is not
    ``counted`` is not limited by address: probes, and what its handler counts itself. ``otherwise`` says what
    another status means with which the same shape is answered, instead of a problem. ``upload`` is how many
    bytes the file may have that it takes; 0 for a route that takes none.
    """

    method: str
    path: str
    summary: str
    tag: str
    call: Call | None = None
    status: int = 200
    access: Access = Access.SESSION
    permission: str = ""
    expects: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str | None = None
    handler: Callable[[Gateway, Request, Route], Response] | None = None
    others: tuple[Call, ...] = ()
    body: type[Schema] | None = None
    answers: tuple[type[Schema], ...] = ()
    upload: int = 0
    media_type: str = "application/json"
    local_only: bool = False
    logged: bool = True
    counted: bool = True
    otherwise: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The names of the path's places, in order."""
        return tuple(_PLACE.findall(self.path))

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Everything that the route may ask of services."""
        return ((self.call,) if self.call else ()) + self.others

    @cached_property
    def form(self) -> type[Schema]:
        """The schema of what the client sends: the call's request, or the handler's own form."""
        if self.body is not None:
            return self.body
        return self.call.request if self.call else Nothing

    @cached_property
    def shapes(self) -> tuple[type[Schema], ...]:
        """The schemas of a good answer, which is one of them; none where it is no object of ours."""
        return self.answers or ((self.call.response,) if self.call else ())

    @property
    def reads(self) -> bool:
        return self.method in READING

    @cached_property
    def declared(self) -> Mapping[str, fields.Field[Any]]:
        """The form's fields by the names that a client sends."""
        return {each.data_key or name: each for name, each in self.form._declared_fields.items()}

    @cached_property
    def client_fields(self) -> tuple[str, ...]:
        """Names of the form's fields that come by query or body."""
        elsewhere = {*self.places, *self.headers, self.expects}
        return tuple(name for name in self.declared if name not in elsewhere)

    @cached_property
    def operation(self) -> str:
        """The unique name of the operation in the published document: ``post_activities_submit``."""
        words = [word for word in self.path.removeprefix("/api/v1").split("/") if word]
        named = [f"by_{word[1:-1]}" if word.startswith("{") else word for word in words]
        return "_".join([self.method.lower(), *(named or ["root"])]).replace("-", "_").replace(".", "_")


class Table:
    """All routes, found by method and path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        rules = [
            Rule(_PLACE.sub(r"<\1>", route.path), methods=[route.method], endpoint=route)
            for route in self.routes
        ]
        taken: set[tuple[str, str]] = set()
        for route in self.routes:
            address = (route.method, _PLACE.sub("{}", route.path))
            if address in taken:
                raise ValueError(f"two routes claim {route.method} {route.path}")
            taken.add(address)
        self._unnamed = tuple(
            route.path.partition("/{")[0] for route in self.routes if route.access is Access.ANONYMOUS
        )
        self._map = Map(rules, strict_slashes=True, merge_slashes=False, redirect_defaults=False)
        self._adapter = self._map.bind("")

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, Any]]:
        """The route and the values of its places; raises ``NoSuchRoute`` or ``MethodNotAllowed``."""
        try:
            found: tuple[Route, Mapping[str, Any]] = self._adapter.match(path, method)
        except NotForThisMethod as wrong:
            allowed = ", ".join(sorted({*(wrong.valid_methods or ()), "OPTIONS"}))
            raise MethodNotAllowed(
                "method.not_allowed", params={"allowed": allowed}, headers={"Allow": allowed}
            ) from None
        except (NothingThere, RequestRedirect):
            raise NoSuchRoute("route.not_found") from None
        return found

    def may_be_anonymous(self, path: str) -> bool:
        """Whether ``path`` is, or is meant to be, an address at which nobody's instants are kept."""
        return path.startswith(self._unnamed)

    def methods(self, path: str) -> list[str]:
        """The methods that ``path`` takes; raises ``NoSuchRoute`` where there is nothing."""
        allowed = set(self._adapter.allowed_methods(path))
        if not allowed:
            raise NoSuchRoute("route.not_found")
        return sorted(allowed | {"OPTIONS"})
