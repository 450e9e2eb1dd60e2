"""The ledger of marks: what reviewers and ballots gave, append-only, one entry per event and subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo.errors import BulkWriteError

from services.chassis.envelope import Event
from services.chassis.indexes import Indexes
from services.chassis.store import Record, Store, answering, is_duplicate
from services.contracts.evaluation_assessment_events import (
    AssessmentGiven,
    AssessmentWithdrawn,
    FindingRecorded,
)
from services.contracts.feedback_events import RoundPublished
from services.evaluation.evidence.model import Mark, unpacked_mark


class MarkLedger:
    """Entries are only ever added. What counts of a subject is the newest word on each mark."""

    def __init__(self, database: Store) -> None:
        self._entries = database["marks"]
        Indexes(database).declare("marks", "subject")

    def add(self, events: Sequence[Event]) -> set[str]:
        """Enter what is not yet entered; the subjects that the events are about."""
        entries = [entry for event in events for entry in entries_of(event)]
        if entries:
            with answering():
                try:
                    self._entries.insert_many(entries, ordered=False)
                except BulkWriteError as failed:
                    if not is_duplicate(failed):
                        raise
        return {entry["subject"] for entry in entries}

    def of(self, subjects: Iterable[str]) -> dict[str, dict[str, Mark]]:
        """By subject its marks that count, by their id."""
        with answering():
            found = list(self._entries.find({"subject": {"$in": sorted(subjects)}}))
        return {
            subject: counting([each for each in found if each["subject"] == subject])
            for subject in {each["subject"] for each in found}
        }


def counting(entries: Iterable[Mapping[str, Any]]) -> dict[str, Mark]:
    """The marks that count after all ``entries``, whatever their order: the newest word on each."""
    newest: dict[str, tuple[int, bool, Mark]] = {}
    for each in entries:
        for id_, packed in each["marks"]:
            known = newest.get(id_)
            if known is None or each["sequence"] > known[0]:
                newest[id_] = (each["sequence"], each["counts"], unpacked_mark(id_, packed))
    return {id_: mark for id_, (_, counts, mark) in sorted(newest.items()) if counts}


def entries_of(event: Event) -> list[Record]:
    """What an event says, by subject. Of a round one entry for each who was rated."""
    by_subject: dict[str, list[Mark]] = {}
    for each in marks_of(event):
        by_subject.setdefault(each.subject, []).append(each)
    counts = event.type in (AssessmentGiven.type, FindingRecorded.type, RoundPublished.type)
    return [
        {
            "_id": f"{event.id}:{subject}",
            "subject": subject,
            "sequence": event.sequence,
            "counts": counts,
            "marks": [[each.id, each.packed()] for each in marks],
        }
        for subject, marks in sorted(by_subject.items())
    ]


def marks_of(event: Event) -> list[Mark]:
    """The marks of one event."""
    if event.type == RoundPublished.type:
        return list(_of_round(event.data))
    told = event.data
    assessed = event.type in (AssessmentGiven.type, AssessmentWithdrawn.type)
    return [
        Mark(
            id=told["assessment"] if assessed else told["finding"],
            family="assessments" if assessed else "findings",
            name=told["name"],
            part=None,
            subject=told["subject"],
            given_on=told["on"],
            points=0,
            criteria=tuple((id_, points * 100) for id_, points in sorted(told.get("grades", {}).items())),
        )
    ]


def _of_round(told: Mapping[str, Any]) -> Iterable[Mark]:
    """Of each person the whole and, as far as it may be told, each part; of a survey each organisation.

    It counts by the day on which it was closed; published without its result, as once, it says nothing.
    """

    def mark(subject: str, part: str | None, points: Any) -> Mark:
        id_ = f"{told['round']}/{part}" if part else told["round"]
        return Mark(id_, "ballots", told["kind"], part, subject, told["closed_on"], int(points * 100))

    for score in told.get("scores", ()):
        if score["points"] is not None:
            yield mark(score["subject"], None, score["points"])
        if score.get("own") is not None:
            yield mark(score["subject"], "self", score["own"])
    for cell in told.get("results", ()):
        subject, _, part = cell["node"].partition("/")
        if cell.get("points") is not None:
            yield mark(subject, part or None, cell["points"])
