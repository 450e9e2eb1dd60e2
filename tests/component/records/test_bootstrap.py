"""The first administrator, made by the command that the runner and an operator use."""

from __future__ import annotations

import base64
import os
import sys

from eventlet.green import subprocess

from services.chassis.testing import wait_for
from tests.component.records.surroundings import Campus


def test_the_command_makes_an_administrator_once_and_tells_the_others(campus: Campus) -> None:
    settings = campus.settings
    environment = {
        **os.environ,
        "JISHI_PROFILE": "local",
        "AMQP_URI": settings.amqp_uri,
        "MONGO_URI": settings.mongo_uri,
        "DATABASE_PREFIX": settings.database_prefix,
        "FIELD_KEY": base64.b64encode(settings.field_key).decode(),
        "SESSION_PUBLIC_KEY": settings.session_public_key,
    }
    command = [sys.executable, "-m", "services.records.bootstrap", "--number", "A002", "--name", "另一位"]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *more], env=environment, capture_output=True, text=True, check=False)

    first, again = run(), run()
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    assert campus.root in first.stdout
    person = first.stdout.rsplit(maxsplit=1)[-1]
    wait_for(lambda: person in {each["data"]["person"] for each in campus.events("records.post.changed.v1")})
    posts = campus.call(campus.administrator, "list_posts", organisation=campus.root, active=True)["items"]
    assert {each["person"] for each in posts} == {campus.administrator, person}
    refused = run("--code", "不行")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
