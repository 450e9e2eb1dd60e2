"""A line of the report, the ratio it holds, and the table on which all stand."""

from __future__ import annotations

import os
import platform as machine
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import click
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line of the report."""

    what: str
    floor: str
    measured: str
    ratio: str
    aim: str
    reached: bool


def ratio(
    what: str, unit: str, aim: float, rounds: int, floor: Callable[[], float], ours: Callable[[], float]
) -> Figure:
    """Floor and platform in turns; the median of the ratios against ``aim``."""
    floors, measured = [], []
    for number in range(rounds):
        floors.append(floor())
        measured.append(ours())
        click.echo(
            f"  {what}: round {number + 1}: floor {floors[-1]:.0f}, platform {measured[-1]:.0f} {unit}"
        )
    found = median(mine / bare for mine, bare in zip(measured, floors, strict=True))
    told = [f"{median(each):.0f} {unit}" for each in (floors, measured)]
    return Figure(what, told[0], told[1], f"{found:.2f}", f"≥ {aim}", found >= aim)


def report(figures: list[Figure]) -> None:
    """The table, and on which machine it was measured."""
    table = Table("", "floor", "platform", "ratio", "aim", "")
    for each in figures:
        table.add_row(
            each.what, each.floor, each.measured, each.ratio, each.aim, "yes" if each.reached else "NO"
        )
    Console(width=120).print(table)
    click.echo(
        f"{_processor()}, {os.cpu_count()} cores, Python {machine.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return machine.processor() or machine.machine()
