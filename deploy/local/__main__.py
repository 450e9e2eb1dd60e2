"""``python -m deploy.local run|up|down|status|env``: what the Makefile calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.table import Table

from deploy.local import runner
from deploy.local.children import StartFailure, listens
from deploy.local.layout import ROOT, Layout
from deploy.local.platform import missing

SAMPLES = ("none", "small", "campus")
ADMINISTRATOR = {"number": "100001", "name": "平台管理员"}


@contextmanager
def _one_sentence() -> Iterator[None]:
    """What keeps the platform from running, as one sentence on standard error and exit code 1."""
    try:
        yield
    except StartFailure as failure:
        click.echo(str(failure), err=True)
        sys.exit(1)


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@click.option("--sample", type=click.Choice(SAMPLES), envvar="SAMPLE", default="small", show_default=True)
def run(sample: str) -> None:
    """Start the platform and keep it running until Ctrl-C."""
    with _one_sentence():
        runner.run(Layout.from_environment(), _say, sample=sample, load=load_sample)


@main.command()
@click.option("--sample", type=click.Choice(SAMPLES), envvar="SAMPLE", default="small", show_default=True)
def up(sample: str) -> None:
    """Start the platform behind and return when it is ready."""
    os.environ["SAMPLE"] = sample
    with _one_sentence():
        runner.up(Layout.from_environment(), _say)


@main.command()
def down() -> None:
    """Stop the platform that runs behind."""
    with _one_sentence():
        runner.down(Layout.from_environment(), _say)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(as_json: bool) -> None:
    """Say how each part is; exit code 1 unless all are ready."""
    with _one_sentence():
        layout = Layout.from_environment()
        found = runner.remembered(layout)
        if found is None:
            raise StartFailure(f"The platform does not run in {layout.folder}.")
        said = {name: [] if listens(port) else ["no answer"] for name, port in found["servers"].items()}
        said |= {name: missing(port) for name, port in found["parts"].items()}
    if as_json:
        click.echo(json.dumps({"ready": not any(said.values()), "parts": said, **found["addresses"]}))
    else:
        table = Table("part", "state")
        for name, lacks in sorted(said.items()):
            table.add_row(name, ", ".join(lacks) or "ready")
        Console().print(table)
        click.echo(f"The platform answers at {found['addresses']['GATEWAY_URL']}")
    sys.exit(1 if any(said.values()) else 0)


@main.command()
def env() -> None:
    """Print the addresses of the running platform, as lines NAME=value."""
    with _one_sentence():
        layout = Layout.from_environment()
        found = runner.remembered(layout)
        if found is None:
            raise StartFailure(
                f"The platform does not run in {layout.folder}: make run or make up starts it."
            )
        for name, value in found["addresses"].items():
            click.echo(f"{name}={value}")


def load_sample(layout: Layout, size: str) -> None:
    """Make the first administrator, then let it bring in the sample campus as any user would."""
    environment = {
        **layout.environment("records"),
        **layout.addresses(),
        "RUN_DIR": str(layout.folder),
        "ADMINISTRATOR": ADMINISTRATOR["number"],
    }
    first = [
        "services.records.bootstrap",
        "--number",
        ADMINISTRATOR["number"],
        "--name",
        ADMINISTRATOR["name"],
    ]
    _step("The first administrator could not be made", first, environment, quiet=True)
    _step("The sample campus could not be loaded", ["deploy.local.sample", "--size", size], environment)


def _step(failure: str, module: list[str], environment: dict[str, str], *, quiet: bool = False) -> None:
    command = [sys.executable, "-m", *module]
    stdout = subprocess.DEVNULL if quiet else None
    ended = subprocess.run(command, env=environment, cwd=ROOT, stdout=stdout, check=False)
    if ended.returncode:
        raise StartFailure(f"{failure} (exit code {ended.returncode}).")


if __name__ == "__main__":
    main(prog_name="python -m deploy.local")
