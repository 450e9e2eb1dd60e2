"""``python -m gateway.contracts``: write the published documents anew from the code that runs."""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from gateway import asyncapi, openapi
from gateway.compatibility import broken
from gateway.published import contracts
from gateway.routes import ROUTES
from gateway.shapes import object_json

try:  # libyaml's emitter, where PyYAML has it: the same text in a quarter of the time
    from yaml import CSafeDumper as SafeDumper
except ImportError:
    from yaml import SafeDumper  # type: ignore[assignment]  # the same without libyaml

_HOME = Path(__file__).resolve().parent.parent
_HEAD = "# Made by `make contracts` from the code. Do not edit.\n"


def documents() -> dict[str, str]:
    """The text of every published document by the name of its file."""
    return {"openapi.yaml": _yaml(openapi.document(ROUTES)), "asyncapi.yaml": _yaml(asyncapi.document())}


def snapshots() -> dict[str, str]:
    """The JSON Schema of every published event by the name of its snapshot."""
    return {f"{name}.json": _json(object_json(contract)) for name, contract in contracts().items()}


def main(arguments: list[str] | None = None) -> int:
    """Write documents and snapshots; refuses, and writes nothing, where a published event would break."""
    parser = argparse.ArgumentParser(prog="python -m gateway.contracts", description=__doc__)
    parser.add_argument("--docs", type=Path, default=_HOME / "docs", help="folder of the documents")
    parser.add_argument("--snapshots", type=Path, default=_HOME / "tests" / "contract" / "snapshots")
    given = parser.parse_args(arguments)
    current = snapshots()
    problems = list(broken_promises(given.snapshots, current))
    if problems:
        for problem in problems:
            print(problem, file=sys.stderr)  # noqa: T201 - a command speaks to a person
        return 1
    for folder, files in ((given.docs, documents()), (given.snapshots, current)):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    return 0


def broken_promises(folder: Path, current: dict[str, str]) -> list[str]:
    """In words, what ``current`` breaks of the snapshots in ``folder``."""
    problems = []
    for path in sorted(folder.glob("*.json")):
        if path.name not in current:
            problems.append(f"{path.stem}: was published and has no contract any more")
            continue
        published = json.loads(path.read_text(encoding="utf-8"))
        problems += [f"{path.stem}: {each}" for each in broken(published, json.loads(current[path.name]))]
    return problems


class _Readable(SafeDumper):
    """Texts of several lines as they are read, and nothing said by reference to an earlier place."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _text)


def _yaml(document: dict[str, Any]) -> str:
    text = yaml.dump(document, Dumper=_Readable, sort_keys=False, allow_unicode=True, width=110)
    return f"{_HEAD}{text}"


def _json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
