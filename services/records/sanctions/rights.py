"""Who has no vote and neither elects nor stands on a day, as those ask who count votes and give posts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial

from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.errors import Invalid
from services.chassis.policies import Pack, effective
from services.records.directory.store import found_by
from services.records.posts.model import as_high
from services.records.sanctions import model as rules

COLLECTION = "sanctions"


class Rights:
    """Says of whom it is asked whether, and nothing of why, since when and until when."""

    def __init__(self, application: Application, packs: list[Pack]) -> None:
        self.documents = application.documents(COLLECTION)
        self._packs = packs
        self._clock: Clock = application.clock
        indexes = application.indexes
        indexes.declare(COLLECTION, "slot", unique=True, sparse=True)
        for field in ("person", "organisation"):
            indexes.declare(COLLECTION, [(field, 1), ("decided_on", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("decided_on", -1), ("_id", -1)])

    def lost_by(self, people: Iterable[str], day: date) -> frozenset[str]:
        """Those of ``people`` who were under probation on ``day``. One find for each twenty of them."""
        found = found_by(self.documents, "person", people)
        return frozenset(each.state["person"] for each in found if rules.lasts(each.state, day))

    def require(self, person: str, role: str, kind: str, path: Sequence[str]) -> None:
        """See that ``person`` may be given ``role`` today at an organisation of ``kind``.

        ``path``: the ids from the root to it, by which packs of lower levels count.

        Raises ``Invalid`` with rule, pack, article and the first day on which it could be given:
        ``post.without_rights`` for a member under probation, who may hold no post, and ``post.too_soon`` for
        a post as high as those that ended with one. For who may read of it alone.
        """
        today = self._clock.today()
        ruling = effective(self._packs, today, path).get(rules.POSTS_BARRED)
        for each in found_by(self.documents, "person", [person]):
            high = as_high(role, kind, each.state.get("posts", ()))
            barred = rules.barred_until(each.state, ruling) if high else None
            if rules.lasts(each.state, today):
                first = barred or rules.day_after(each.state)
                raise Invalid.at(
                    "person", "post.without_rights", **each.state["source"], accepted=_from(first)
                )
            if barred is not None and ruling is not None and today < barred:
                raise Invalid.at("person", "post.too_soon", **ruling.cited, accepted=_from(barred))

    def follow(self, person: str, organisation: str) -> None:
        """Who belongs elsewhere concerns who is responsible there; within the running transaction."""
        running = self.documents.find_one({"slot": person})
        if running is not None:
            self.documents.change(running.id, partial(rules.follow, running.id, organisation=organisation))


def _from(first: date) -> str:
    return f"{first.isoformat()} …"
