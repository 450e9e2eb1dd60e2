"""One platform of real processes for the short forms of all scenarios."""

from collections.abc import Iterator

import pytest

from tests.faults.rig import Rig


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    built = Rig()
    try:
        built.start()
        yield built
    finally:
        built.end()
