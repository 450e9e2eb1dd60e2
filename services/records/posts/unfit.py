"""Posts that whoever holds them could not be given today, from before the rule. Found, and not ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from services.chassis.policies import Pack, effective, load_all
from services.chassis.store import Record, Store
from services.records.posts import model as rules

_AT_ONCE = 500
POLICIES = Path(__file__).parents[1] / "policies"


def packs() -> list[Pack]:
    """The packs of posts as they are delivered."""
    return load_all(POLICIES, "posts-*.yaml")


def unfit(database: Store, given_by: Sequence[Pack], today: date) -> Iterator[dict[str, Any]]:
    """Each with ``post``, ``organisation``, ``role``, ``person`` and ``political_status``; which rule, pack
    and article; and as ``accepted`` of which status they would have to be.

    By ids and without a name, for an operator. Reads all posts, and of the people only those who hold one.
    """
    asked = {"active": True, "role": {"$in": sorted(rules.STATUS_RULES)}}
    posts = [each for each in database["posts"].find(asked) if not rules.renew_slot(each, today)]
    statuses = _of(database, "people", "political_status", {each["person"] for each in posts})
    paths = _of(database, "organisations", "path", {each["organisation"] for each in posts})
    for each in sorted(posts, key=lambda post: str(post["_id"])):
        rulings = effective(given_by, today, paths[each["organisation"]])
        status = statuses[each["person"]]
        if rules.fits(each["role"], status, rulings):
            continue
        ruling = rulings[rules.STATUS_RULES[each["role"]]]
        yield {
            "post": each["_id"],
            "organisation": each["organisation"],
            "role": each["role"],
            "person": each["person"],
            "political_status": status,
            "accepted": ", ".join(ruling.value),
            **ruling.cited,
        }


def _of(database: Store, collection: str, field: str, ids: set[str]) -> dict[str, Any]:
    wanted, found = sorted(ids), dict[str, Any]()
    for start in range(0, len(wanted), _AT_ONCE):
        some: Record = {"_id": {"$in": wanted[start : start + _AT_ONCE]}}
        found.update((each["_id"], each[field]) for each in database[collection].find(some, {field: 1}))
    return found
