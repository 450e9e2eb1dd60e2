"""Opinions and measures are found by one field, whoever asks; indexes that nobody asks go."""

from __future__ import annotations

from services.chassis.documents import Document
from services.chassis.store import Store
from services.feedback.measures import store as measures
from services.feedback.opinions import store as opinions

_ENVELOPE = frozenset({"_id", "version", "sequence", "pending", "pending_since", "commands"})
_UNASKED = {
    "opinions": ("speaker_1_received_on_-1__id_-1", "activity_1_received_on_-1__id_-1"),
    "measures": ("owner_1_due_on_-1__id_-1",),
}


def up(database: Store) -> None:
    """Write what each is found by, and drop what earlier versions declared. The version stays."""
    for each in database["opinions"].find({"released": True}):
        marks = opinions.marks_of(opinions.read(_document(each)))
        database["opinions"].update_one({"_id": each["_id"]}, {"$set": {"found_by": marks}})
    for each in database["measures"].find():
        marks = measures.marks_of(measures.read(_document(each)))
        database["measures"].update_one({"_id": each["_id"]}, {"$set": {"found_by": marks}})
    for name, indexes in _UNASKED.items():
        declared = database[name].index_information()
        for index in indexes:
            if index in declared:
                database[name].drop_index(index)


def _document(found: dict[str, object]) -> Document:
    state = {name: value for name, value in found.items() if name not in _ENVELOPE}
    return Document(str(found["_id"]), 1, state)
