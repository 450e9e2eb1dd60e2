"""The exchange of figures: what was asked of the platform, what was done to it, what was lost or doubled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass
class Report:
    """One scenario's figures. ``hurt`` counts kills and restarts, ``notes`` says what else was seen."""

    scenario: str
    commands: int = 0
    hurt: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    repeated: int = 0
    seconds: float = 0.0
    notes: dict[str, object] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Accepted commands equal effects, exactly."""
        return not self.lost and not self.doubled


def show(reports: Sequence[Report]) -> None:
    """The table, on standard output."""
    table = Table(title="Faults: accepted commands against their effects")
    for column in ("scenario", "commands", "kills", "lost", "doubled", "sent again", "seconds", "notes"):
        table.add_column(column, justify="left" if column in ("scenario", "notes") else "right")
    for each in reports:
        notes = ", ".join(f"{name} {value}" for name, value in each.notes.items())
        figures = (each.commands, each.hurt, len(each.lost), len(each.doubled), each.repeated)
        table.add_row(each.scenario, *map(str, figures), f"{each.seconds:.0f}", notes)
    console = Console(width=150)
    console.print(table)
    for each in reports:
        for what in (*each.lost[:10], *each.doubled[:10]):
            console.print(f"{each.scenario}: {what}")
