"""Lists asked from within: the call that answers outside, in the name of whoever a job belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from services.chassis import context
from services.chassis.application import Application
from services.chassis.authority import Authority
from services.chassis.errors import Forbidden, Invalid
from services.chassis.rpc import Rpc, calls_of
from services.contracts.records_rpc.parts import MOST_ITEMS, Listing

Answer = dict[str, Any]
_OWN = frozenset(Listing._declared_fields)


class Asking:
    """Scope, masking and audit of what is asked are those of the call itself: it is the same call."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._authority: Authority = application.authority

    def posts_held(self) -> list[str]:
        """The posts that count for the actor now, to be asked with."""
        return sorted(grant.id for grant in self._authority.grants(context.actor()))

    def try_out(self, method: str, query: Mapping[str, Any]) -> None:
        """Ask for as little as there is; raises what the call refuses, with the fields below ``query``."""
        if own := query.keys() & _OWN:
            fields_ = {name: ["export.paged_by_itself"] for name in sorted(own)}
            raise Invalid("export.paged_by_itself", fields={"query": fields_})
        try:
            self._call(method).perform({**query, **({"limit": 1} if self._is_paged(method) else {})})
        except Invalid as wrong:
            raise Invalid(wrong.code, params=wrong.params, fields={"query": wrong.fields}) from None

    def items(self, method: str, query: Mapping[str, Any], held: Sequence[str]) -> Iterator[list[Answer]]:
        """All items, page after page, as long as the actor holds every post of ``held``.

        The answer of a call that is no list counts as its one item. Raises ``Forbidden`` with
        ``export.posts_changed`` once a post is gone: what is seen with fewer posts is another list.
        """
        cursor, paged = None, self._is_paged(method)
        while True:
            answer = self.ask(method, {**query, **(_page(cursor) if paged else {})}, held)
            yield answer.get("items", [answer])
            cursor = answer.get("next")
            if cursor is None:
                return

    def ask(self, method: str, request: Mapping[str, Any], held: Sequence[str]) -> Answer:
        """The answer to one request, on the same condition as ``items``."""
        if not set(held) <= set(self.posts_held()):
            raise Forbidden("export.posts_changed")
        answer: Answer = self._call(method).perform(request)
        return answer

    def shape(self, method: str) -> type[Schema]:
        """The schema of the items that a call answers with, or of its one answer."""
        return shape_of(self._call(method))

    def _is_paged(self, method: str) -> bool:
        return issubclass(self._call(method).request, Listing)

    def _call(self, method: str) -> Rpc:
        return calls_of(self._application.container)[method]


def shape_of(call: Rpc) -> type[Schema]:
    """As ``Asking.shape``."""
    assert call.response is not None
    items = call.response._declared_fields.get("items")
    if isinstance(items, fields.List) and isinstance(items.inner, fields.Nested):
        return type(items.inner.schema)
    return call.response


def _page(cursor: str | None) -> Answer:
    return {"limit": MOST_ITEMS, "cursor": cursor}
