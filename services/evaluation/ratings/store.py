"""Ratings in the store: one document a rating, one an entry, one an appeal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.identity import derived_id


class Results:
    """What was taken down is never written over: decisions and corrections stand beside it."""

    def __init__(self, application: Application) -> None:
        self.ratings = application.documents("ratings")
        self.entries = application.bundled_documents("rating_entries")
        self.appeals = application.documents("appeals")
        application.indexes.declare("ratings", [("year", 1), ("_id", 1)])
        application.indexes.declare("rating_entries", [("rating", 1), ("organisation", 1), ("_id", 1)])
        application.indexes.declare("rating_entries", [("public_in", 1), ("organisation", 1)], sparse=True)
        application.indexes.declare("appeals", [("rating", 1), ("_id", 1)])

    def entry_of(self, rating: str, subject: str) -> Document:
        """What ``subject`` got; raises ``NotFound("rating.entry_not_found")``."""
        found = self.entries.find_one({"_id": entry_id(rating, subject)})
        if found is None:
            raise NotFound("rating.entry_not_found")
        return found

    def entries_of(self, rating: str) -> list[Document]:
        """All entries, by organisation."""
        return self.entries.find({"rating": rating}, sort=[("organisation", 1), ("_id", 1)], limit=0)

    def taken_down(self, rating: str) -> list[Mapping[str, Any]]:
        """The states of ``entries_of``."""
        return [each.state for each in self.entries_of(rating)]


def entry_id(rating: str, subject: str) -> str:
    """The same for every job that closes the rating."""
    return derived_id("rating_entry", rating, subject)
