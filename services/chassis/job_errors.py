"""What a job could not do, every single piece of it: read in pages, however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.chassis.indexes import Indexes
from services.chassis.store import Store, answering, plain
from services.chassis.transactions import session


@dataclass(frozen=True)
class JobError:
    """One error of a job. ``number`` counts them from 1, in the order they were found."""

    number: int
    error: dict[str, Any]


class JobErrors:
    """One document per error, its id the job and the number."""

    def __init__(self, database: Store) -> None:
        self._database = database
        self._errors = database["job_errors"]

    def declare(self) -> None:
        """The index by which a page is found: the embedded store walks none for a range of ids."""
        Indexes(self._database).declare("job_errors", [("job", 1), ("number", 1)])

    def add(self, job: str, after: int, errors: Sequence[Mapping[str, Any]]) -> None:
        """Keep ``errors`` as those that follow number ``after``."""
        found = [
            {"_id": f"{job}:{number:09d}", "job": job, "number": number, "error": each}
            for number, each in enumerate(errors, after + 1)
        ]
        self._errors.insert_many(plain(found), session=session())

    def read(self, job: str, after: int, limit: int) -> list[JobError]:
        """At most ``limit`` errors of ``job`` from number ``after + 1`` on."""
        wanted = {"job": job, "number": {"$gt": after}}
        with answering():
            found = list(self._errors.find(wanted, sort=[("number", 1)], limit=limit))
        return [JobError(each["number"], each["error"]) for each in found]
