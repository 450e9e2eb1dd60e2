"""What the chassis's component tests share: a database of their own and a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from deploy.local.store import Store as StoreServer
from services.chassis.clock import FixedClock
from services.chassis.store import Store, connect


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 10, 4, 0, tzinfo=UTC))


@pytest.fixture
def database(store: StoreServer, database_name: str) -> Iterator[Store]:
    database = connect(store.uri, database_name)
    yield database
    database.client.drop_database(database_name)
    database.client.close()
