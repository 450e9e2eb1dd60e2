"""``jishi records``: what an operator looks at in the records."""

from __future__ import annotations

from functools import partial

import click

from services.chassis.cli_frame import as_json, database, fail, settings, show, told
from services.chassis.settings import Settings, SettingsError
from services.records.application import Records
from services.records.directory.numbers import tell_marks
from services.records.directory.telling import TOLD, tell_anew
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


@group.command()
@told
def numbers() -> None:
    """Tell anew of people entered before marks of numbers were told, so that others find them by theirs.

    Reads the settings of the records service, also while it runs; it publishes what is told. Whoever has a
    mark is left alone: this can be cut short and repeated.
    """
    records = _records()
    try:
        count = tell_marks(records.directory, records.clock, partial(_reached, "people"))
    finally:
        records.stop()
    click.echo(f"{count} told anew")


@group.command()
@click.argument("of", nargs=-1, type=click.Choice(TOLD))
@told
def tell(of: tuple[str, ...]) -> None:
    """Tell anew of all organisations, people and posts, or of those named, to whoever lost what they knew.

    Reads the settings of the records service, also while it runs; it publishes what is told. Nothing else
    changes, and whoever knows it all takes nothing from it: this can be cut short and repeated.
    """
    records = _records()
    try:
        counts = {
            each: tell_anew(records.directory, records.clock, each, partial(_reached, each))
            for each in of or TOLD
        }
    finally:
        records.stop()
    click.echo("told anew: " + ", ".join(f"{count} {each}" for each, count in counts.items()))


def _records() -> Records:
    try:
        return Records.for_test(Settings.from_environment("records"))
    except SettingsError as wrong:
        fail(str(wrong))


def _reached(of: str, done: int, total: int) -> None:
    click.echo(f"\r{done}/{total} {of}", nl=done == total)
