"""``make faults``: the long forms, one after another, and the table of figures."""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import sys

from tests.faults import scenarios
from tests.faults.report import show
from tests.faults.rig import Rig


def main() -> int:
    """0 if nothing was lost or doubled, and nothing delivered again where all ended in order."""
    rig = Rig()
    reports = []
    try:
        rig.start()
        for scenario in (
            lambda: scenarios.killing_each_service(rig, commands=2000, kills_each=20),
            lambda: scenarios.broker_goes_away(rig, commands=1000, rows=1000, times=5, seconds=5.0),
            lambda: scenarios.store_goes_away(rig, commands=1000, times=5, seconds=3.0),
            lambda: scenarios.rolling_restart(rig, commands=1000, rounds=4),
            lambda: scenarios.three_replicas(rig, commands=500, seconds=60.0),
        ):
            reports.append(scenario())
            print(f"{reports[-1].scenario}: done", flush=True)
    finally:
        rig.end()
        show(reports)
    return 0 if reports and all(each.clean for each in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
