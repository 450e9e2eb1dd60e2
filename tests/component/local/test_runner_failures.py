"""What keeps the platform from running is one clear sentence and an exit code, never a hang."""

import socket
import stat
from pathlib import Path

import pytest

from deploy.local.store import Store
from tests.component.local.conftest import Copy


def _program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def _is_one_sentence(said: str) -> bool:
    return "\n" not in said and "Traceback" not in said and len(said) > 20


def test_a_port_in_use_is_named(copy: Copy) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", copy.port_base + 2))
        other.listen()
        said = copy("run")
    assert said.code == 1
    assert _is_one_sentence(said.err)
    assert f"Port {copy.port_base + 2}" in said.err
    assert "PORT_BASE" in said.err


def test_a_missing_broker_is_named(copy: Copy) -> None:
    said = copy("run", RABBITMQ_SERVER="/nowhere/rabbitmq-server")
    assert said.code == 1
    assert _is_one_sentence(said.err)
    assert "/nowhere/rabbitmq-server is not on this machine" in said.err


def test_a_broker_that_ends_while_starting_is_told_with_its_last_words(copy: Copy, tmp_path: Path) -> None:
    broken = _program(tmp_path / "broken", "echo no space left; exit 3")
    said = copy("run", RABBITMQ_SERVER=broken)
    assert said.code == 1
    assert _is_one_sentence(said.err)
    assert "The message broker ended while starting (exit code 3): no space left" in said.err


def test_a_broker_that_does_not_come_up_is_not_waited_for_without_end(copy: Copy, tmp_path: Path) -> None:
    silent = _program(tmp_path / "silent", "exec sleep 600")
    said = copy("run", RABBITMQ_SERVER=silent, READY_SECONDS="8")
    assert said.code == 1
    assert _is_one_sentence(said.err)
    assert "The message broker did not come up within 8 s" in said.err


def test_a_service_that_dies_while_starting_is_named_with_its_reason(
    copy: Copy, vhost: str, store: Store
) -> None:
    said = copy("run", CAMPUS_TIMEZONE="Mars/Olympus", AMQP_URI=vhost, MONGO_URI=store.uri)
    assert said.code == 1
    assert _is_one_sentence(said.err)
    assert "ended while starting (exit code 78): settings.not_usable" in said.err
    assert "CAMPUS_TIMEZONE is not the name of a time zone" in said.err


@pytest.mark.parametrize(
    ("name", "value"),
    [("SCALE", "evaluatoin=3"), ("SCALE", "gateway=0"), ("PORT_BASE", "80"), ("PORT_BASE", "many")],
)
def test_a_wrong_choice_is_named(copy: Copy, name: str, value: str) -> None:
    said = copy("run", **{name: value})
    assert said.code == 1
    assert _is_one_sentence(said.err)
    assert name in said.err


def test_running_behind_tells_the_same_sentence(copy: Copy) -> None:
    said = copy("up", RABBITMQ_SERVER="/nowhere/rabbitmq-server")
    assert said.code == 1
    assert _is_one_sentence(said.err)
    assert "/nowhere/rabbitmq-server is not on this machine" in said.err


@pytest.mark.parametrize("command", ["status", "env"])
def test_asking_a_platform_that_does_not_run_fails(copy: Copy, command: str) -> None:
    said = copy(command)
    assert said.code == 1
    assert "does not run" in said.err


def test_stopping_a_platform_that_does_not_run_is_fine(copy: Copy) -> None:
    assert copy("down").code == 0


def test_a_run_folder_that_cannot_be_made_is_named(copy: Copy, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = copy("run", RUN_DIR=str(tmp_path / "file" / "run"))
    assert said.code == 1
    assert _is_one_sentence(said.err)
