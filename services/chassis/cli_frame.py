"""What every ``jishi`` command shares: settings, the list of services, tables or JSON, clear errors."""

from __future__ import annotations

import json
import logging
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn, ParamSpec

import click
import structlog
from kombu.exceptions import KombuError
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.table import Table

import services
from services.chassis.catalogue import Catalogue
from services.chassis.errors import Refusal
from services.chassis.settings import OPERATOR_NEEDS, Settings, SettingsError
from services.chassis.store import Store, connect

FAILED = 1
P = ParamSpec("P")
Row = Mapping[str, Any]

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def service_names() -> list[str]:
    """Every service of this installation: the packages that have a ``service`` module."""
    return [
        each.name
        for each in pkgutil.iter_modules(services.__path__)
        if each.ispkg and _has_service_module(each.name)
    ]


def _has_service_module(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(f"services.{name}.service") is not None


def one_service() -> Callable[[Callable[P, None]], Callable[P, None]]:
    """The option ``--service``; all services where it is not given."""
    return click.option("--service", type=click.Choice(service_names()), help="Only this service.")


def settings() -> Settings:
    """AMQP_URI and MONGO_URI of the environment; ends the program with one sentence where they are wrong."""
    try:
        return Settings.from_environment("jishi", needs=OPERATOR_NEEDS)
    except SettingsError as wrong:
        fail(str(wrong))


@contextmanager
def database(known: Settings, service: str) -> Iterator[Store]:
    """The database of one service."""
    opened = connect(known.mongo_uri, known.for_service(service).database_name)
    try:
        yield opened
    finally:
        opened.client.close()


def fail(sentence: str) -> NoReturn:
    """End with one sentence on standard error and exit code 1."""
    click.echo(sentence, err=True)
    sys.exit(FAILED)


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what may go wrong into one sentence and an exit code; keep the libraries' chatter out."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        logging.getLogger("amqp").setLevel(logging.ERROR)  # what was under way as a channel closed is no news
        try:
            command(*arguments, **options)
        except Refusal as refusal:
            fail(Catalogue.load().render(refusal.code, refusal.params)["en"])
        except PyMongoError as error:
            fail(f"The store does not answer ({type(error).__name__}).")
        except (OSError, KombuError) as error:
            fail(f"The message broker does not answer ({type(error).__name__}).")
        except KeyboardInterrupt:
            sys.exit(130)

    return run


def show(rows: Sequence[Row], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Rows as a table for people, or as a JSON array that holds every field."""
    if as_json:
        click.echo(json.dumps(list(rows), ensure_ascii=False, default=str, indent=2))
        return
    if not rows:
        click.echo(empty)
        return
    table = Table(*columns, header_style="bold")
    for row in rows:
        table.add_row(*("" if row.get(name) is None else str(row[name]) for name in columns))
    # Where nobody looks (a pipe, a file), columns are as wide as they must be instead of cut to 80.
    Console(width=None if sys.stdout.isatty() else 240, highlight=False).print(table)
