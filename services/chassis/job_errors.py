"""What a job could not do, every single piece of it: read in pages, however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.chassis.store import Store, answering, plain, session

_LAST = "~"  # sorts after every digit


@dataclass(frozen=True)
class JobError:
    """One error of a job. ``number`` counts them from 1, in the order they were found."""

    number: int
    error: dict[str, Any]


class JobErrors:
    """One document per error. Its id is the job and the number, so the index of ids is all it needs."""

    def __init__(self, database: Store) -> None:
        self._errors = database["job_errors"]

    def add(self, job: str, after: int, errors: Sequence[Mapping[str, Any]]) -> None:
        """Keep ``errors`` as those that follow number ``after``."""
        found = [{"_id": _id(job, number), "error": each} for number, each in enumerate(errors, after + 1)]
        self._errors.insert_many(plain(found), session=session())

    def read(self, job: str, after: int, limit: int) -> list[JobError]:
        """At most ``limit`` errors of ``job`` from number ``after + 1`` on."""
        wanted = {"_id": {"$gt": _id(job, after), "$lt": f"{job}:{_LAST}"}}
        with answering():
            found = list(self._errors.find(wanted, sort=[("_id", 1)], limit=limit))
        return [JobError(int(each["_id"].rpartition(":")[2]), each["error"]) for each in found]


def _id(job: str, number: int) -> str:
    return f"{job}:{number:09d}"
