"""``python -m deploy.local.sample``: makes a sample campus as a workbook, imports it over HTTP."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import click
import requests
from openpyxl import Workbook
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.campus import SIZES, Campus, Identity, generate

_READY_SECONDS = 30.0
_STALLED_SECONDS = 180.0  # a machine that has much else to do takes its time for a bunch of rows


def write(campus: Campus, path: Path) -> None:
    """The campus as the workbook that a user would import: one sheet each for 党组织, 人员, 组织生活."""
    book = Workbook(write_only=True)
    for title, rows in (
        ("党组织", campus.organisations),
        ("人员", campus.people),
        ("组织生活", campus.activities),
    ):
        sheet = book.create_sheet(title)
        columns = list(rows[0]) if rows else []
        sheet.append(columns)
        for row in rows:
            sheet.append([row[column] for column in columns])
    book.save(path)


class Loading:
    """The import of a workbook through the public address, as an administrator's client does it."""

    def __init__(self, gateway: str, number: str) -> None:
        self._api = f"{gateway}/api/v1"
        self._http = requests.Session()
        token = self._answered("POST", "/sessions/demo", json={"number": number})["token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def start(self, path: Path) -> str:
        """The id of the job that imports the file at ``path``."""
        body = path.read_bytes()
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        started = self._answered("POST", "/imports/roster", files={"file": (path.name, body, kind)})
        job: str = started["job"]
        return job

    def job(self, job: str) -> dict[str, Any]:
        """The job with its progress."""
        return self._answered("GET", f"/jobs/{job}")

    def _answered(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        """The answer, asked for again while the first administrator's post is still on its way."""
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            response = self._http.request(method, self._api + path, timeout=30, **given)
            if response.ok:
                found: dict[str, Any] = response.json()
                return found
            if response.status_code not in (403, 404, 503) or time.monotonic() > deadline:
                _fail(f"{method} {path} answered {response.status_code}: {_told(response)}")
            time.sleep(0.3)


def load(gateway: str, number: str, path: Path) -> dict[str, Any]:
    """Import the workbook and show how it goes; ends the program with a sentence where it fails."""
    loading = Loading(gateway, number)
    job = loading.start(path)
    console = Console()
    with Progress(
        TextColumn("Sample campus"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    ) as progress:
        task = progress.add_task("rows", total=None)
        moved, last = time.monotonic(), -1
        while True:
            view = loading.job(job)
            progress.update(task, completed=view["done"], total=view["total"])
            if view["state"] not in ("queued", "running"):
                break
            if view["done"] != last:
                moved, last = time.monotonic(), view["done"]
            if time.monotonic() - moved > _STALLED_SECONDS:
                _fail("The import does not move on.")
            time.sleep(0.2)
    if view["state"] != "done" or view["error_count"]:
        _fail(
            f"The import ended as {view['state']}, {view['error_count']} rows refused: {view['errors'][:3]}"
        )
    return view


def remember(identities: list[Identity], path: Path) -> None:
    """Whom to sign in as, for ``make run`` to show and for the tour to use."""
    wanted = [vars(each) for each in identities]
    path.write_text(json.dumps(wanted, ensure_ascii=False, indent=1), encoding="utf-8")


def shown(campus: Campus, administrator: str, name: str) -> list[Identity]:
    """One of each kind of user: enough to look around with."""
    first = campus.organisations[1]["组织代码"]
    branches = [str(row["组织代码"]) for row in campus.organisations if row["组织类别"] == "党支部"]
    wanted = {
        f"secretary of {first}": "above",
        f"secretary of {branches[0]}": "secretary",
        f"secretary of {branches[2]}": "owing",
        f"secretary of {branches[-1]}": "stranger",
        f"member of {branches[0]}": "member",
    }
    found = [
        Identity(wanted[each.key], each.number, each.name, each.role)
        for each in campus.identities
        if each.key in wanted
    ]
    return [Identity("administrator", administrator, name, "组织部"), *found]


def _told(response: requests.Response) -> str:
    try:
        said: Mapping[str, Any] = response.json()
    except ValueError:
        return response.reason
    return str(said.get("detail") or said.get("title"))


def _fail(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)


@click.command(help=__doc__)
@click.option("--size", type=click.Choice(list(SIZES)), default="small", show_default=True)
@click.option("--seed", type=int, default=1921, show_default=True)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the history; today if left out."
)
@click.option(
    "--gateway", envvar="GATEWAY_URL", help="Address to import to; if left out, only the file is made."
)
@click.option("--administrator", envvar="ADMINISTRATOR", default="100001", show_default=True)
@click.option(
    "--folder", envvar="RUN_DIR", type=click.Path(path_type=Path), default=Path(), help="Where files go."
)
def main(
    size: str, seed: int, until: datetime | None, gateway: str | None, administrator: str, folder: Path
) -> None:
    last_day: date = until.date() if until else datetime.now(ZoneInfo("Asia/Shanghai")).date()
    campus = generate(SIZES[size], last_day, seed=seed)
    path = folder / f"sample-{size}.xlsx"
    write(campus, path)
    if gateway:
        load(gateway, administrator, path)
        remember(shown(campus, administrator, "平台管理员"), folder / "identities.json")
    else:
        click.echo(f"{path}: {len(campus.people)} people, {len(campus.activities)} activities")


if __name__ == "__main__":
    main()
