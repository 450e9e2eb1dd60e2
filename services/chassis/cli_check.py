"""``jishi check``: whether an installation's settings, stores, broker and queues are as they must be."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click
import eventlet
from pymongo.errors import PyMongoError

from services.chassis import broker, dead_letters, migrations
from services.chassis.cli_frame import (
    FAILED,
    as_json,
    database,
    service_names,
    show,
    told,
)
from services.chassis.cli_outbox import pending
from services.chassis.settings import OPERATOR_NEEDS, Settings, SettingsError
from services.chassis.store import Store, has_transactions
from services.chassis.subscriptions import owed
from services.chassis.unread import is_unread

OUTBOX_LATE_SECONDS = 60
_CHECK_SECONDS = 20.0


@click.command()
@as_json
@told
def check(as_json: bool) -> None:
    """Check settings, store, broker and queues; exit code 1 if anything is wrong."""
    rows = list(_findings())
    show(rows, ("what", "state", "detail"), as_json=as_json, empty="")
    if any(row["state"] == "wrong" for row in rows):
        sys.exit(FAILED)


Finding = dict[str, str]


def _found(what: str, state: str, detail: str = "") -> Finding:
    return {"what": what, "state": state, "detail": detail}


def _findings() -> Iterator[Finding]:
    try:
        known = Settings.from_environment("jishi", needs=OPERATOR_NEEDS)
    except SettingsError as wrong:
        for name, problem in sorted(wrong.problems.items()):
            yield _found(f"setting {name}", "wrong", problem)
        return
    yield _found("settings", "right", f"profile {known.profile}")
    yield from _store_findings(known)
    yield from _broker_findings(known)


def _store_findings(known: Settings) -> Iterator[Finding]:
    try:
        for name in service_names():
            with database(known, name) as opened:
                if not has_transactions(opened):
                    yield _found("store", "wrong", "it has no transactions: make it a replica set")
                    return
                outstanding = migrations.outstanding(opened, f"services.{name}.migrations")
                detail = f"{len(outstanding)} migrations outstanding: jishi migrate" if outstanding else ""
                yield _found(f"store of {name}", "look" if outstanding else "right", detail)
                yield from _own_findings(name, opened, known)
                for row in pending(opened, known.clock()):
                    late = row["oldest_seconds"] > OUTBOX_LATE_SECONDS
                    said = f"{row['documents']} documents, the oldest for {row['oldest_seconds']} s"
                    yield _found(f"outbox {name}.{row['collection']}", "wrong" if late else "right", said)
    except PyMongoError as error:
        yield _found("store", "wrong", f"does not answer ({type(error).__name__})")


def _own_findings(name: str, opened: Store, known: Settings) -> Iterator[Finding]:
    """What the service itself says of its database: ``found`` of its module ``findings``, if it has one."""
    if find_spec(f"services.{name}.findings"):
        own = import_module(f"services.{name}.findings")
        for what, detail in own.found(opened, known.clock().today()):
            yield _found(f"{name} {what}", "look", detail)


def _broker_findings(known: Settings) -> Iterator[Finding]:
    try:
        with eventlet.Timeout(_CHECK_SECONDS, TimeoutError("the broker did not answer")):
            connection = broker.connect(known.amqp_uri, name="jishi-check")
            with closing(connection):
                version = connection.server_properties.get("version", "unknown")
                yield _found("broker", "right", f"version {version}")
                if broker.probe_ladder(connection):
                    yield _found("policies", "right", "a waiting message comes back")
                else:
                    yield _found("policies", "wrong", "import deploy/rabbitmq/policies.json into the broker")
                yield from _queue_findings(connection)
        yield _unrouted_finding(known)
    except (OSError, broker.TopologyMismatch) as error:
        said = str(error) if isinstance(error, broker.TopologyMismatch) else type(error).__name__
        yield _found("broker", "wrong", said)


def _queue_findings(connection: Any) -> Iterator[Finding]:
    for each in owed():
        if broker.depth(connection.channel(), each.queue) is None:
            yield _found(f"queue {each.queue}", "wrong", f"does not exist: start {each.service}")
    for queue in map(broker.dead_letter_queue, service_names()):
        depth = broker.depth(connection.channel(), queue)
        if depth is None:
            yield _found(f"queue {queue}", "wrong", "does not exist: the service has never run")
        elif depth:
            yield _found(f"queue {queue}", "look", f"{depth} messages: jishi dead-letters list")
        else:
            yield _found(f"queue {queue}", "right", "empty")


def _unrouted_finding(known: Settings) -> Finding:
    """What no queue took. Events that no service reads are for whoever follows live: no loss."""
    what = f"queue {broker.UNROUTED}"
    with closing(broker.connect(known.amqp_uri, name="jishi-check")) as connection:
        depth = broker.depth(connection.channel(), broker.UNROUTED)
    if depth is None:
        return _found(what, "wrong", "does not exist: the service has never run")
    if not depth:
        return _found(what, "right", "empty")
    letters = dead_letters.browse(known.amqp_uri, dead_letters.UNROUTED, most=dead_letters.MOST)
    unexpected = sum(not is_unread(each) for each in letters)
    if unexpected:
        detail = f"{depth} messages, {unexpected} of them not expected: jishi dead-letters list --unrouted"
        return _found(what, "look", detail)
    if depth > dead_letters.MOST:
        return _found(what, "look", f"{depth} messages; the first {dead_letters.MOST} are read by no service")
    return _found(what, "right", f"{depth} messages, all of kinds that no service reads")
