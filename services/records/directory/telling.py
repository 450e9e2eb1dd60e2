"""The directory told anew as it is, to whoever lost what they kept of it. Nothing else is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.chassis.bundles import BundledDocuments, Decide
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.errors import Contended
from services.chassis.store import reading_all
from services.records.directory import model as organisations
from services.records.directory import persons
from services.records.directory.store import Directory
from services.records.posts import model as posts

AT_ONCE = 500
ORGANISATIONS, PEOPLE, POSTS = "organisations", "people", "posts"
TOLD = (ORGANISATIONS, PEOPLE, POSTS)  # in this order, so that most of what is told finds what it is about

State = Mapping[str, Any]


def tell_anew(directory: Directory, clock: Clock, of: str, reached: Callable[[int, int], None]) -> int:
    """Tell of every one of ``of`` (one of ``TOLD``) what was last told of it, by one more event; of how many.

    Also of what is dissolved, has left or was withdrawn: others count by it. Whoever knows it already takes
    it over once more and changes nothing. Each is written with its event, so it can be cut short and
    repeated. ``reached(done, total)`` is called as it goes on. Raises ``Contended`` where others held on to
    some of them: it is to be repeated.
    """
    documents: BundledDocuments = getattr(directory, of)
    with reading_all():
        found = list(documents.collection.find({}, {"path": 1} if of == ORGANISATIONS else {"_id": 1}))
    # Whatever stands above is told of first.
    ids = [
        str(each["_id"]) for each in sorted(found, key=lambda each: (len(each.get("path", ())), each["_id"]))
    ]
    seats: dict[str, State] = {}
    if of == POSTS:
        with reading_all():
            known = directory.organisations.collection.find({}, {"has_committee": 1})
            seats = {str(each["_id"]): each for each in known}

    def decide(subject: str, state: State) -> Change:
        if of == ORGANISATIONS:
            return Change(dict(state), [organisations.organisation_event(subject, state)])
        if of == PEOPLE:
            return persons.tell_person(subject, state)
        return posts.tell_post(subject, state, seats[state["organisation"]], clock.today())

    return tell_each(documents, ids, decide, reached)


def tell_each(
    documents: BundledDocuments, ids: Sequence[str], decide: Decide, reached: Callable[[int, int], None]
) -> int:
    """Write what ``decide`` says of each of ``ids``, some at a time; of how many. Raises as ``tell_anew``."""
    told, held = 0, 0
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        written = documents.change_many(some, decide)
        told, held = told + len(written.documents), held + len(written.held)
        reached(first + len(some), len(ids))
    if held:
        raise Contended("store.contended")
    return told
