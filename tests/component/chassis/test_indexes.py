"""Indexes against the real store: declared together, and named where one exists otherwise."""

import pytest

from services.chassis.indexes import IndexClash, Indexes
from services.chassis.store import Store


def test_an_index_that_exists_otherwise_is_named(database: Store) -> None:
    Indexes(database).declare("a", "number")
    Indexes(database).declare("a", "number")
    with pytest.raises(IndexClash, match="number"):
        Indexes(database).declare("a", "number", unique=True)


def test_indexes_declared_together_are_there_at_the_end(database: Store) -> None:
    indexes = Indexes(database)
    with indexes.together():
        indexes.declare("a", "number")
        Indexes(database).declare("a", [("kind", 1), ("_id", -1)])
        Indexes(database).declare("a", "number")
        indexes.declare("b", "number", unique=True)
        assert database.list_collection_names() == []
    assert set(database["a"].index_information()) == {"_id_", "number_1", "kind_1__id_-1"}
    assert database["b"].index_information()["number_1"]["unique"]
    indexes.declare("c", "number")
    assert "number_1" in database["c"].index_information()


def test_of_indexes_declared_together_the_one_that_exists_otherwise_is_named(database: Store) -> None:
    indexes = Indexes(database)
    indexes.declare("a", "number")

    def declare() -> None:
        with indexes.together():
            indexes.declare("a", "word")
            indexes.declare("a", "number", unique=True)

    with pytest.raises(IndexClash, match=r"a: \[\('number', 1\)\]"):
        declare()
