"""``jishi evaluation``: what an operator does with scores and obligations."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import click

from services.chassis.cli_frame import fail, told
from services.chassis.errors import Unavailable
from services.chassis.settings import Settings, SettingsError
from services.evaluation.application import Evaluation

SHOWN_SECONDS = 0.2


@click.group("evaluation")
def group() -> None:
    """What is computed from the ledger of evidence."""


@group.command()
@told
def rebuild() -> None:
    """Compute every standing and every sheet of duties anew from the ledgers, also while the service runs.

    Reads the settings of the evaluation service. All is computed beside what is shown; then what was wrong is
    exchanged by one switch, and the service publishes the corrections. What was right stays as it is, byte
    for byte. It can be repeated, and cut short it has changed nothing.
    """
    try:
        evaluation = Evaluation.for_test(Settings.from_environment("evaluation"))
    except SettingsError as wrong:
        fail(str(wrong))
    try:
        corrected = evaluation.rebuilding.run(_progress("standings"), _progress("sheets"))
    except Unavailable as failure:
        fail(f"{failure.code}: nothing was changed")
    click.echo(f"{corrected} corrected")
    evaluation.stop()


def _progress(what: str) -> Callable[[int, int], None]:
    """Says now and then how far it is, and at the end."""
    shown = 0.0

    def reached(done: int, total: int) -> None:
        nonlocal shown
        if done == total or monotonic() - shown > SHOWN_SECONDS:
            shown = monotonic()
            click.echo(f"\r{done}/{total} {what}", nl=done == total)

    return reached
