"""One command starts all of it; what dies is started again; stopping leaves nothing; data stay."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from typing import Any

import psutil
import pymongo
import pytest
import requests

from deploy.local.layout import GATEWAY, ROOT, SERVICES, Layout
from services.chassis.testing import wait_for
from tests.component.local.conftest import Copy

_PARTS = {
    "broker",
    "store",
    "sms-sandbox",
    "records-0",
    "notify-0",
    "feedback-0",
    "evaluation-0",
    "evaluation-1",
    "gateway-0",
    "gateway-1",
}


def status(copy: Copy) -> dict[str, Any]:
    said = copy("status", "--json")
    told: dict[str, Any] = json.loads(said.out)
    return {**told, "code": said.code}


def pid_of(copy: Copy, module: str) -> int:
    """The pid of one replica; 0 if there is none at the moment."""
    return next((each.pid for each in copy.left() if each.cmdline()[-2:] == ["-m", module]), 0)


def test_every_part_is_ready_with_its_replicas(running: Copy) -> None:
    told = status(running)
    assert (told["code"], told["ready"]) == (0, True)
    assert set(told["parts"]) == _PARTS
    assert "ready" in running("status").out


def test_it_says_how_long_it_took_to_be_ready(running: Copy) -> None:
    said = (running.folder / "run" / "platform.log").read_text()
    [seconds] = re.findall(r"Ready after ([\d.]+) s", said)
    assert float(seconds) > 0  # how fast that is, is for the bench to say


def test_the_addresses_are_those_of_the_running_copy(running: Copy) -> None:
    addresses = running.addresses()
    assert list(addresses) == [
        "GATEWAY_URL",
        "AMQP_URI",
        "MONGO_URI",
        "SMS_SANDBOX_URL",
        "JISHI_PROFILE",
        "FIELD_KEY_FILE",
        "SESSION_PUBLIC_KEY_FILE",
    ]
    assert addresses["GATEWAY_URL"] == f"http://127.0.0.1:{running.port_base}"
    assert requests.get(f"{addresses['GATEWAY_URL']}/openapi.json", timeout=60).status_code == 200
    assert requests.get(f"{addresses['SMS_SANDBOX_URL']}/messages", timeout=60).json() == {"items": []}


def test_its_own_addresses_exported_are_no_servers_of_others(running: Copy) -> None:
    told = {"RUN_DIR": str(running.folder / "run"), "PORT_BASE": str(running.port_base)}
    assert Layout.from_environment({**told, **running.addresses()}).outside() == {}
    elsewhere = Layout.from_environment({**told, "AMQP_URI": "amqp://me:secret@broker.example:5672/x"})
    assert elsewhere.outside() == {"AMQP_URI": "broker.example:5672"}


def test_with_its_addresses_exported_each_process_is_told_the_same(
    running: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"RUN_DIR": str(running.folder / "run"), "PORT_BASE": str(running.port_base)}
    names = (*SERVICES, GATEWAY)
    before = [Layout.from_environment(told).environment(name) for name in names]
    exported = running.addresses()
    for name, value in exported.items():
        monkeypatch.setenv(name, value)
    layout = Layout.from_environment({**os.environ, **told})
    for name, plain in zip(names, before, strict=True):
        assert layout.environment(name) == {**plain, "GATEWAY_URL": exported["GATEWAY_URL"]}, name


def test_its_addresses_are_enough_for_an_operators_program(running: Copy) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "services.chassis.cli", "evaluation", "rebuild"],
        env={"PATH": os.environ["PATH"], **running.addresses()},
        cwd=ROOT,
        timeout=120,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_what_it_keeps_is_not_put_under_version_control(running: Copy) -> None:
    assert (running.folder / "run" / ".gitignore").read_text() == "*\n"


def test_everything_listens_on_loopback_alone(running: Copy) -> None:
    listening = [
        connection.laddr.ip
        for each in running.left()
        for connection in each.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) > 10
    assert set(listening) <= {"127.0.0.1", "::1"}


def test_keys_are_for_their_owner_alone(running: Copy) -> None:
    secrets = list((running.folder / "run" / "secrets").iterdir())
    kept = [
        *secrets,
        running.folder / "run" / "platform.json",
        running.folder / "run" / "broker" / "password",
    ]
    assert len(secrets) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_no_key_is_in_the_environment_or_the_command_of_a_process(running: Copy) -> None:
    keys = [
        path.read_text()
        for path in (running.folder / "run" / "secrets").iterdir()
        if "public" not in path.name
    ]
    for each in running.left():
        seen = " ".join([*each.cmdline(), *each.environ().values()])
        assert not [key for key in keys if key in seen], each.cmdline()


def test_a_second_copy_in_the_same_folder_is_refused(running: Copy) -> None:
    for command in ("up", "run"):
        said = running(command)
        assert said.code == 1
        assert "runs already" in said.err
        assert "\n" not in said.err


def test_a_killed_service_is_started_again(running: Copy) -> None:
    killed = pid_of(running, "services.feedback")
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: pid_of(running, "services.feedback") not in (0, killed))
    wait_for(lambda: status(running)["ready"])
    assert "feedback died and is started again." in (running.folder / "run" / "platform.log").read_text()


def test_a_killed_runner_takes_everything_along_and_the_data_stay(running: Copy) -> None:
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(running.addresses()["MONGO_URI"])
    client["kept"]["things"].insert_one({"_id": "1"})
    client.close()
    assert running.runner is not None
    running.runner.kill()
    wait_for(lambda: not running.left())
    assert running("status").code == 1

    assert running.start().code == 0
    client = pymongo.MongoClient(running.addresses()["MONGO_URI"])
    assert client["kept"]["things"].count_documents({}) == 1
    client.close()


def test_ctrl_c_stops_in_order_and_leaves_nothing(running: Copy) -> None:
    assert running.runner is not None
    running.runner.send_signal(signal.SIGINT)
    assert wait_for(lambda: not running.left())
    assert (running.folder / "run" / "platform.log").read_text().splitlines()[-1] == "Stopped."
    for log in (running.folder / "run" / "log").glob("*.log"):
        assert log.name == "sms-sandbox.log" or '"event": "stopped"' in log.read_text().splitlines()[-1], (
            log.name
        )
