"""``make faults``: the long forms, one after another, and the table of figures.

``python -m tests.faults --only broker`` for one of them.
"""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import sys
from collections.abc import Callable, Mapping

import click

from tests.faults import scenarios
from tests.faults.report import Report, show
from tests.faults.rig import Rig
from tests.faults.sending import sender_dies_again_and_again


SCENARIOS: Mapping[str, Callable[[Rig], Report]] = {
    "services": lambda rig: scenarios.killing_each_service(rig, commands=2000, kills_each=20),
    "broker": lambda rig: scenarios.broker_goes_away(rig, commands=1000, rows=1000, times=5, seconds=5.0),
    "store": lambda rig: scenarios.store_goes_away(rig, commands=1000, times=5, seconds=3.0),
    "rolling": lambda rig: scenarios.rolling_restart(rig, commands=1000, rounds=4),
    "sending": lambda rig: sender_dies_again_and_again(
        rig, messages=10_000, kills=30, seconds=4.0, settle_seconds=900.0
    ),
    "replicas": lambda rig: scenarios.three_replicas(rig, commands=500, seconds=60.0),
}


@click.command(help=__doc__)
@click.option("--only", type=click.Choice(list(SCENARIOS)), multiple=True, help="Which; all unless told.")
def main(only: tuple[str, ...]) -> None:
    """Ends with 0 if nothing was lost or doubled, and nothing delivered again where all ended in order."""
    rig = Rig()
    reports = []
    try:
        rig.start()
        for name in only or SCENARIOS:
            reports.append(SCENARIOS[name](rig))
            print(f"{reports[-1].scenario}: done", flush=True)
    finally:
        rig.end()
        show(reports)
    sys.exit(0 if reports and all(each.clean for each in reports) else 1)


if __name__ == "__main__":
    main()
