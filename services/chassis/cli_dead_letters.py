"""``jishi dead-letters``: the messages that were parked, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, TypeVar

import click

from services.chassis import dead_letters
from services.chassis.cli_frame import as_json, fail, one_service, service_names, settings, show, told
from services.chassis.dead_letters import DeadLetter
from services.chassis.errors import NotFound
from services.chassis.settings import Settings
from services.chassis.unread import is_unread

T = TypeVar("T")
_BACK_SECONDS = 3.0
_COLUMNS = ("id", "service", "reason", "consumer", "type", "attempts", "parked_at")
_unrouted = click.option("--unrouted", is_flag=True, help="What no queue took, instead of what was parked.")


@click.group("dead-letters")
def group() -> None:
    """Look at parked messages, send them back, or drop them."""


@group.command("list")
@one_service()
@_unrouted
@click.option(
    "--most",
    type=click.IntRange(1, dead_letters.MOST),
    default=1_000,
    show_default=True,
    help="At most so many of each service.",
)
@as_json
@told
def list_letters(service: str | None, unrouted: bool, most: int, as_json: bool) -> None:
    """List parked messages, oldest first; exit code 0 also when there are some.

    Where some are left out, that is said on standard error. With --unrouted, "unread" is the reason of
    events that no service reads: they are for whoever follows them live, and are no loss.
    """
    known = settings()
    rows: list[dict[str, Any]] = []
    for name in _places(service, unrouted):
        letters = dead_letters.browse(known.amqp_uri, name, most=dead_letters.MOST)
        rows += [_row(each) for each in letters[:most]]
        if len(letters) > most:
            there = f"{len(letters)}{' or more' if len(letters) == dead_letters.MOST else ''}"
            click.echo(f"{name}: the oldest {most} of {there}; --most shows more.", err=True)
    show(rows, _COLUMNS, as_json=as_json, empty="No message is parked.")


@group.command("show")
@click.argument("letter")
@click.option("--body", is_flag=True, help="Show the message itself, which may hold personal data.")
@_unrouted
@as_json
@told
def show_letter(letter: str, body: bool, unrouted: bool, as_json: bool) -> None:
    """Show one parked message: the reason, the consumer that failed, the trace."""
    found = _find(settings(), letter, unrouted)
    row = _row(found)
    if body:
        row["body"] = found.body.decode("utf-8", "replace")
    if as_json:
        click.echo(json.dumps(row, ensure_ascii=False, indent=2))
        return
    for name, value in row.items():
        if value not in (None, ""):
            click.echo(f"{name:<16} {value}")


@group.command()
@click.argument("letter", required=False)
@click.option("--all", "everything", is_flag=True, help="All of --service, or of --unrouted.")
@one_service()
@_unrouted
@as_json
@told
def replay(letter: str | None, everything: bool, service: str | None, unrouted: bool, as_json: bool) -> None:
    """Send LETTER, or all of a service, back to the consumer that failed, with new attempts.

    With --unrouted it goes to all whom it concerns now; where that is still nobody, it comes back.
    """
    known = settings()
    if everything == (letter is not None):
        raise click.UsageError("Name one LETTER, or --all with --service.")
    if letter is not None:
        found = _find(known, letter, unrouted)
        count = _once_back(lambda: dead_letters.replay(known.amqp_uri, found.service, found.id))
    elif service is None and not unrouted:
        raise click.UsageError("--all needs --service or --unrouted.")
    else:
        count = sum(dead_letters.replay(known.amqp_uri, place) for place in _places(service, unrouted))
    click.echo(json.dumps({"replayed": count}) if as_json else f"{count} sent back.")


@group.command()
@click.argument("letter")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_unrouted
@as_json
@told
def drop(letter: str, yes: bool, unrouted: bool, as_json: bool) -> None:
    """Delete one parked message for ever."""
    known = settings()
    found = _find(known, letter, unrouted)
    if not yes:
        click.confirm(
            f"Drop {found.id} ({found.reason}, for {found.consumer or 'nobody'}) for ever?", abort=True
        )
    _once_back(lambda: dead_letters.drop(known.amqp_uri, found.service, found.id))
    click.echo(json.dumps({"dropped": 1}) if as_json else "Dropped.")


def _places(service: str | None, unrouted: bool) -> list[str]:
    if unrouted and service:
        raise click.UsageError("What is unrouted belongs to no --service.")
    if unrouted:
        return [dead_letters.UNROUTED]
    return [service] if service else service_names()


def _find(known: Settings, letter: str, unrouted: bool) -> DeadLetter:
    parked = (
        each
        for service in _places(None, unrouted)
        for each in dead_letters.browse(known.amqp_uri, service, most=dead_letters.MOST)
    )
    found = next((each for each in parked if each.id == letter), None)
    return found or fail(f"No parked message has the id {letter}.")


def _once_back(take: Callable[[], T]) -> T:
    """Run ``take`` when the queue has back what was looked at: it takes a moment after the look has ended."""
    deadline = monotonic() + _BACK_SECONDS
    while True:
        try:
            return take()
        except NotFound:
            if monotonic() > deadline:
                raise
            sleep(0.1)


def _row(letter: DeadLetter) -> dict[str, Any]:
    """What is told of a letter: never its body, which may hold personal data."""
    return {
        "id": letter.id,
        "service": letter.service,
        "reason": "unread" if letter.reason == dead_letters.UNROUTED and is_unread(letter) else letter.reason,
        "detail": letter.detail,
        "consumer": letter.consumer,
        "type": letter.type,
        "attempts": letter.attempts,
        "first_failed_at": letter.first_failed_at,
        "parked_at": letter.parked_at,
        "exchange": letter.exchange,
        "routing_key": letter.routing_key,
        "traceparent": letter.traceparent,
        "message_id": letter.message_id,
        "bytes": len(letter.body),
    }
