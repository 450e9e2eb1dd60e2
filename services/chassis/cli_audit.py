"""``jishi audit``: whether every service's audit chain is whole, and where it ends."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

import click

from services.chassis.audit import Audit
from services.chassis.cli_frame import (
    FAILED,
    as_json,
    database,
    one_service,
    service_names,
    settings,
    show,
    told,
)

_COLUMNS = ("service", "state", "entries", "last", "hash", "first_broken", "detail")
_NOTED = re.compile(r"([a-z]+):(\d{1,18}):([0-9a-f]{64})")
Noted = tuple[int, str]


@click.command()
@one_service()
@click.option(
    "--noted",
    multiple=True,
    metavar="SERVICE:LAST:HASH",
    help="An end that was noted before: it must still be there. May be given several times.",
)
@as_json
@told
def audit(service: str | None, noted: tuple[str, ...], as_json: bool) -> None:
    """Recompute every service's audit chain; exit code 1 if one is broken.

    Note LAST and HASH outside the platform: a chain that was cut at its end looks whole, and only what
    was noted before tells.
    """
    known = settings()
    wanted = [service] if service else service_names()
    ends = _ends(noted, wanted)
    rows = []
    for name in wanted:
        with database(known, name) as opened:
            rows.append({"service": name, **_finding(Audit(opened, known.clock()), ends.get(name, []))})
    show(rows, _COLUMNS, as_json=as_json, empty="")
    if any(row["state"] != "whole" for row in rows):
        sys.exit(FAILED)


def _finding(chain: Audit, ends: Sequence[Noted]) -> dict[str, Any]:
    found = chain.examine()
    state, detail = "whole", ""
    if found.first_broken is not None:
        state, detail = "broken", f"entry {found.first_broken} does not follow from the one before it"
    for seq, noted in ends:
        if chain.hash_at(seq) != noted:
            state, detail = "broken", detail or f"entry {seq} is not the one that was noted"
    return {
        "state": state,
        "entries": found.entries,
        "last": found.last,
        "hash": found.hash,
        "first_broken": found.first_broken,
        "detail": detail,
    }


def _ends(noted: Sequence[str], services: Sequence[str]) -> dict[str, list[Noted]]:
    ends: dict[str, list[Noted]] = {}
    for each in noted:
        found = _NOTED.fullmatch(each)
        if found is None or found[1] not in services:
            raise click.BadParameter(
                f"{each} is no SERVICE:LAST:HASH of these services.", param_hint="--noted"
            )
        if int(found[2]):  # the end of an empty chain is nowhere
            ends.setdefault(found[1], []).append((int(found[2]), found[3]))
    return ends
