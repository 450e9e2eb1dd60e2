"""Who may do what, where: a projection of nodes, grants and members, and the questions asked of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from threading import Lock
from typing import Any

from pymongo.client_session import ClientSession

from services.chassis.clock import Clock
from services.chassis.errors import NotFound
from services.chassis.grants import Grant, Member, Node, chain, denied, permits
from services.chassis.indexes import Indexes
from services.chassis.latest import Latest
from services.chassis.said import GRANTS, MEMBERS, NODES, Said
from services.chassis.store import Record, Store, answering
from services.chassis.transactions import on_commit, session

CACHED_SECONDS = 2.0
CACHED_PERSONS = 5_000
# How long a change of the tree may stay unseen of which nobody told: its writer died right then, was of a
# release that does not tell, or a failover took back what it told.
READ_ANEW_SECONDS = 60.0
_TREE = {"_id": "tree"}


class Authority:
    """A service's projection of nodes, grants and members, fed from the events of their owner.

    Answers are at most ``CACHED_SECONDS`` old, and fresh at once in the process that applied a change.
    """

    def __init__(self, database: Store, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._nodes = database[NODES]
        self._grants = database[GRANTS]
        self._members = database[MEMBERS]
        self._revisions = database["authority_revision"]
        self._known: dict[str, Node] = {}
        self._known_as: int | None = None  # the revision of the tree that is known
        self._known_until = 0.0
        self._anew_at = 0.0
        self._revising: ClientSession | None = None
        self._reading = Lock()
        self._applied = 0
        self._granted: dict[str, tuple[float, list[Grant]]] = {}

    def declare(self) -> None:
        """The indexes that the questions below use."""
        indexes = Indexes(self._database)
        indexes.declare(GRANTS, "person")
        indexes.declare(GRANTS, [("node", 1), ("role", 1)])
        indexes.declare(MEMBERS, "node")

    # -- what the owner's events said ----------------------------------------------------------

    def apply(self, said: Iterable[Said]) -> list[Said]:
        """Take over what was said, many at once, and answer with what was news: see ``Latest``."""
        told = list(said)
        news: list[Said] = []
        for kept in (self._nodes, self._grants, self._members):
            words = [each.word for each in told if each.of == kept.name]
            fresh = Latest(kept).apply(words) if words else []
            if fresh:
                # Before the next collection: if that fails, these are news no more when they come again.
                self._changed(kept.name)
            news += [Said(kept.name, word) for word in fresh]
        return news

    # -- questions -----------------------------------------------------------------------------

    def node(self, node: str) -> Node | None:
        """The node as it was last applied."""
        return self._tree().get(node)

    def path(self, node: str) -> list[str]:
        """The ids from the root down to ``node``; raises ``NotFound("node.not_found")``."""
        found = chain(node, self._tree())
        if not found:
            raise NotFound("node.not_found")
        return list(found)

    def subtree(self, node: str) -> list[str]:
        """``node`` and all below it, active or not; raises ``NotFound("node.not_found")``."""
        tree = self._tree()
        if node not in tree:
            raise NotFound("node.not_found")
        below: dict[str, list[str]] = {}
        for each in tree.values():
            if each.parent is not None:
                below.setdefault(each.parent, []).append(each.id)
        found = {node: None}
        waiting = [node]
        while waiting:
            for child in below.get(waiting.pop(), ()):
                if child not in found:
                    found[child] = None
                    waiting.append(child)
        return list(found)

    def may(self, person: str | None, roles: Iterable[str], node: str, *, above: bool = False) -> bool:
        """Whether ``person`` holds one of ``roles`` today at ``node`` or an ancestor (see ``permits``)."""
        if person is None:
            return False
        granted = self._of(person)
        return permits(granted, set(roles), node, self._tree(), self._clock.today(), above=above)

    def require(self, person: str | None, roles: Iterable[str], node: str, *, above: bool = False) -> None:
        """As ``may``; raises ``NotFound("node.not_found")`` or what ``denied`` says."""
        wanted = list(roles)
        if node not in self._tree():
            raise NotFound("node.not_found")
        if not self.may(person, wanted, node, above=above):
            raise denied(wanted, "above" if above else "here_or_above")

    def grants(self, person: str) -> list[Grant]:
        """The grants of ``person`` that count today, at active nodes."""
        tree, today = self._tree(), self._clock.today()
        return [
            grant
            for grant in self._of(person)
            if grant.holds(today) and grant.node in tree and tree[grant.node].active
        ]

    def scope(self, person: str, roles: Iterable[str] | None = None) -> set[str]:
        """Every node at or below a grant of ``person`` (with one of ``roles``, where given)."""
        wanted = None if roles is None else set(roles)
        found: set[str] = set()
        for grant in self.grants(person):
            if (wanted is None or grant.role in wanted) and grant.node not in found:
                found.update(self.subtree(grant.node))
        return found

    def reaches_everything(self, person: str, roles: Collection[str] | None = None) -> bool:
        """Whether ``person`` holds a post (one of ``roles``, where given) at the root of the tree today."""
        return any(
            len(self.path(grant.node)) == 1
            for grant in self.grants(person)
            if roles is None or grant.role in roles
        )

    def holders(self, node: str, roles: Iterable[str], *, on: date | None = None) -> list[str]:
        """Who holds one of ``roles`` at exactly ``node`` today, or held it ``on`` a day; longest first."""
        wanted: dict[str, Any] = {"node": node, "role": {"$in": list(roles)}}
        if on is None:
            wanted["active"] = True
        with answering():
            grants = sorted(map(_grant, self._grants.find(wanted)), key=lambda each: (each.since, each.id))
        day = on or self._clock.today()
        return list(dict.fromkeys(grant.person for grant in grants if grant.held(day)))

    def belongs(self, person: str) -> str | None:
        """The node that ``person`` belongs to; None for an unknown or inactive person."""
        with answering():
            found = self._members.find_one({"_id": person})
        return found["node"] if found and found["active"] else None

    def members(self, node: str) -> list[str]:
        """Who belongs to exactly ``node``."""
        with answering():
            found = self._members.find({"node": node, "active": True}, {"_id": 1}).sort("_id", 1)
            return [each["_id"] for each in found]

    def population(self) -> int:
        """How many belong to any node."""
        with answering():
            return self._members.count_documents({"active": True})

    def everybody(self) -> Iterator[Member]:
        """Who belongs to any node, with where and as what: reads all of them, for work that is done once."""
        with answering():
            for each in self._members.find({"active": True}):
                yield Member(each["_id"], each["node"], each.get("standing", ""))

    # -- within --------------------------------------------------------------------------------

    def _changed(self, collection: str) -> None:
        """What is remembered of it holds no more, for whoever asks in this transaction and after it."""
        if collection == GRANTS:
            self._granted.clear()
            on_commit(self._granted.clear)
        if collection != NODES:
            return
        self._forget_tree()
        on_commit(self._forget_tree)
        if session() is None or session() is not self._revising:  # once a transaction
            self._revising = session()
            on_commit(self._revise)

    def _revise(self) -> None:
        """Tell the other processes. Not in the transaction: there all who change any node would collide."""
        with answering():
            self._revisions.update_one(_TREE, {"$inc": {"revision": 1}}, upsert=True)

    def _forget_tree(self) -> None:
        self._known_until = 0.0
        self._known_as = None
        self._applied += 1

    def _tree(self) -> Mapping[str, Node]:
        if self._known_until < time.monotonic():
            with self._reading:  # one asks for all who wait
                if self._known_until < time.monotonic():
                    self._read_tree()
        return self._known

    def _read_tree(self) -> None:
        """Read the whole tree only where it is another than the one known, and now and then all the same."""
        applied = self._applied
        with answering():
            # Before the nodes: what changes in between is found by the next look.
            found = self._revisions.find_one(_TREE) or {"revision": 0}
            if found["revision"] != self._known_as or self._anew_at < time.monotonic():
                self._known = {each["_id"]: _node(each) for each in self._nodes.find({})}
                self._anew_at = time.monotonic() + READ_ANEW_SECONDS
        if applied == self._applied:  # else a change was applied meanwhile: look again
            self._known_as = found["revision"]
            self._known_until = time.monotonic() + CACHED_SECONDS

    def _of(self, person: str) -> list[Grant]:
        until, granted = self._granted.get(person, (0.0, []))
        if until < time.monotonic():
            with answering():
                granted = [_grant(each) for each in self._grants.find({"person": person, "active": True})]
            if len(self._granted) >= CACHED_PERSONS:
                self._granted.clear()
            self._granted[person] = (time.monotonic() + CACHED_SECONDS, granted)
        return granted


def _node(found: Record) -> Node:
    return Node(found["_id"], found["parent"], tuple(found["path"]), found["kind"], found["active"])


def _grant(found: Record) -> Grant:
    return Grant(
        found["_id"],
        found["person"],
        found["role"],
        found["node"],
        date.fromisoformat(found["since"]),
        date.fromisoformat(found["until"]) if found["until"] else None,
        found["active"],
    )
