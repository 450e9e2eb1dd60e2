"""``jishi migrate``: the numbered migrations of each service's database."""

from __future__ import annotations

from typing import Any

import click

from services.chassis import migrations
from services.chassis.cli_frame import as_json, database, one_service, service_names, settings, show, told


@click.command()
@one_service()
@click.option("--dry-run", is_flag=True, help="Only say what is outstanding.")
@as_json
@told
def migrate(service: str | None, dry_run: bool, as_json: bool) -> None:
    """Apply the outstanding migrations of each service's database, in order, each once."""
    known = settings()
    rows: list[dict[str, Any]] = []
    for name in [service] if service else service_names():
        package = f"services.{name}.migrations"
        with database(known, name) as opened:
            if dry_run:
                names = [each.name for each in migrations.outstanding(opened, package)]
            else:
                names = migrations.migrate(opened, package, known.clock())
        rows += [{"service": name, "migration": each} for each in names]
    show(rows, ("service", "migration"), as_json=as_json, empty="Nothing is outstanding.")
