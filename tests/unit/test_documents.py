"""Documents are held to what exists: a command that is gone fails the document that shows it."""

import pytest

from tests.documents import problem_of


@pytest.mark.parametrize(
    "command",
    [
        "make",
        "make run SCALE='evaluation=3'",
        "PORT_BASE=7400 make -s env",
        "jishi dead-letters list --json",
        ".venv/bin/jishi events tail",
        "python3 -m services.records",
        "rabbitmqctl import_definitions deploy/rabbitmq/policies.json",
        "export $(make -s env)",
        "env $(make -s env) .venv/bin/jishi check",
    ],
)
def test_a_command_that_exists_passes(command: str) -> None:
    assert problem_of(command) is None


@pytest.mark.parametrize(
    "command",
    [
        "make rnu",
        "jishi dead-letter list",
        "jishi outbox --jsn",
        "python -m services.recrods",
        "frobnicate now",
        "env $(make -s vne) .venv/bin/jishi check",
        "env $(make -s env) .venv/bin/jishi chekc",
    ],
)
def test_a_command_that_is_gone_is_found(command: str) -> None:
    assert problem_of(command)
