"""``jishi records``: what an operator looks at in the records."""

from __future__ import annotations

import click

from services.chassis.cli_frame import as_json, database, settings, show, told
from services.records.posts.unfit import packs, unfit

_COLUMNS = ("post", "organisation", "role", "person", "political_status", "accepted", "pack", "article")


@click.group("records")
def group() -> None:
    """What is kept of organisations, people and posts."""


@group.command()
@as_json
@told
def posts(as_json: bool) -> None:
    """List posts that whoever holds them could not be given today, since they are from before the rule.

    Nothing is changed: whoever may withdraw a post decides, and it is on record under them.
    """
    known = settings()
    with database(known, "records") as opened:
        rows = list(unfit(opened, packs(), known.clock().today()))
    show(rows, _COLUMNS, as_json=as_json, empty="Every post is held by somebody who could be given it.")
