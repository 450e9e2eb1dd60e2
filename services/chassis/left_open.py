"""Transactions that a killed process left open: ended by the next process on the same machine.

By itself a store ends them only after a minute, and until then nobody can write what they hold.
"""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path
from typing import Any

import structlog
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure

SESSIONS = "sessions"  # which process runs transactions in which
_watched: set[str] = set()
_noted: set[bytes] = set()
_log = structlog.get_logger(__name__)


def watch(database: Database[dict[str, Any]]) -> int:
    """End the transactions of processes of this machine that are gone, and let this one's be ended so; how
    many sessions were ended.

    Where a process is taken for gone that is not (its numbers are seen from another container), its
    transaction is lost as in a race, and run again.
    """
    _watched.add(database.name)
    noted = list(database[SESSIONS].find({"machine": platform.node()}))
    gone = [each["_id"] for each in noted if _began(each["pid"]) != each["began"]]
    if not gone:
        return 0
    try:
        database.client.admin.command("killSessions", [{"id": each} for each in gone])
    except OperationFailure as refused:
        _log.warning("sessions.not_ended", reason=refused.code)  # then the minute has to pass
    database[SESSIONS].delete_many({"_id": {"$in": gone}})
    return len(gone)


def note(database: Database[dict[str, Any]], session: ClientSession) -> None:
    """Keep that the transactions of ``session`` are this process's, before its first one begins.

    The driver uses few sessions again and again: this is one write for each of them.
    """
    if database.name not in _watched:
        return
    id = session.session_id["id"]  # noqa: A001 - the field's name
    began = _began(os.getpid())
    if began is None or bytes(id) in _noted:
        return
    mine = {"_id": id, "machine": platform.node(), "pid": os.getpid(), "began": began}
    with contextlib.suppress(DuplicateKeyError):  # it was kept, and the store's answer was lost
        database[SESSIONS].insert_one(mine)
    _noted.add(bytes(id))


def _began(pid: int) -> str | None:
    """When the process began, in ticks of the machine: numbers are given again. None where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *more = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return None if state == "Z" else more[18]
