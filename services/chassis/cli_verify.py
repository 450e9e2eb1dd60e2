"""``jishi verify``: whether a pack is whole, told by nothing but the pack itself."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from services.chassis.archives import Examined, Problem, examine
from services.chassis.cli_frame import FAILED, as_json, show

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SENTENCES = {
    "unreadable": "this is no zip file that can be read",
    "too_many_entries": "it has more entries than a pack may have",
    "bomb": "it would grow beyond measure when it is unpacked",
    "surplus": "it holds bytes that belong to none of its entries",
    "unsafe_path": "its path leads elsewhere, or it is no plain file",
    "duplicate": "there is another entry of this name",
    "manifest_missing": "it has no manifest.json",
    "manifest_unreadable": "the manifest is not one",
    "manifest_altered": "the manifest is not what its digest says",
    "format_unknown": "the manifest has a format that this version does not know",
    "missing": "the manifest names it and it is not there",
    "extra": "it is there and the manifest does not name it",
    "altered": "it is not what the manifest says",
    "other_digest": "the digest is not the one that was noted",
}


@click.command()
@click.argument("pack", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--digest",
    metavar="HEX",
    help="The digest that was noted when the pack was made: the job's result and the audit chain have it.",
)
@as_json
def verify(pack: Path, digest: str | None, as_json: bool) -> None:
    """Examine a ledger pack offline; exit code 1 if it is not what was made.

    Every file has to be there, unaltered, and nothing else. Whoever alters a pack can also write its
    manifest anew: only a digest that was noted elsewhere tells, so give it by --digest.
    """
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise click.BadParameter("64 hexadecimal digits are expected.", param_hint="--digest")
    found = examine(pack)
    problems = list(found.problems)
    if digest is not None and found.manifest is not None and found.manifest["digest"] != digest:
        problems.append(Problem("other_digest"))
    if as_json:
        click.echo(json.dumps(_told(found, problems), ensure_ascii=False, indent=2))
    elif problems:
        rows = [{"path": _shown(each.path), "problem": _SENTENCES[each.problem]} for each in problems]
        show(rows, ("path", "problem"), as_json=False, empty="")
    else:
        click.echo(f"Whole: {found.files} files, digest {(found.manifest or {})['digest']}.")
    if problems:
        sys.exit(FAILED)


def _told(found: Examined, problems: list[Problem]) -> dict[str, Any]:
    about = {name: value for name, value in (found.manifest or {}).items() if name != "files"}
    state = "broken" if problems else "whole"
    named = [asdict(each) for each in problems]
    return {"state": state, "files": found.files, "manifest": about or None, "problems": named}


def _shown(path: str | None) -> str:
    """A name that somebody else chose, as a terminal may show it."""
    return escape("".join(each if each.isprintable() else "�" for each in path or "(the pack)"))
