"""``python -m services.evaluation.rebuild``: every standing and its rows, computed anew from the ledger."""

from __future__ import annotations

import sys

import click

from services.chassis import patch  # noqa: F401 - before anything that opens a socket
from services.chassis.settings import Settings, SettingsError
from services.evaluation.application import Evaluation


@click.command()
def main() -> None:
    """Compute every standing anew from the ledger of evidence, also while the service runs.

    What was right stays as it is, so that it can be repeated and, where it was cut short, begun again.
    What was wrong is corrected; the service publishes the corrections.
    """
    try:
        evaluation = Evaluation.for_test(Settings.from_environment("evaluation"))
    except SettingsError as wrong:
        raise click.ClickException(str(wrong)) from None
    units = evaluation.standings.units()
    for done, unit in enumerate(units, start=1):
        evaluation.projector.rebuild(unit)
        click.echo(f"\r{done}/{len(units)} standings", nl=done == len(units))
    evaluation.stop()


if __name__ == "__main__":
    sys.exit(main())
