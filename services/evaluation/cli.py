"""``jishi evaluation``: what an operator does with scores and obligations."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import click

from services.chassis.cli_frame import fail, told
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

    Reads the settings of the evaluation service. What was right stays as it is, byte for byte, so that it can
    be repeated and, where it was cut short, begun again. What was wrong is exchanged, each standing with its
    rows at once; the service publishes the corrections.
    """
    try:
        evaluation = Evaluation.for_test(Settings.from_environment("evaluation"))
    except SettingsError as wrong:
        fail(str(wrong))
    evaluation.projector.rebuild_all(_progress("standings"))
    owners, told_of = evaluation.duties.sheets.units(), _progress("sheets")
    for done, owner in enumerate(owners, start=1):
        evaluation.duties.rebuild(owner)
        told_of(done, len(owners))
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
