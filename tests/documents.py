"""How a document's code blocks are tested: Python runs, commands must exist, data must be readable."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import yaml
from sybil import Example
from sybil.parsers.markdown import CodeBlockParser

from services.chassis.cli import main as jishi
from services.chassis.contract import EventContract

ROOT = Path(__file__).parents[1]
_SUBSTITUTED = re.compile(r"\$\(([^)]*)\)")
_VARIABLE = re.compile(r"^[A-Z][A-Z0-9_]*=")
# Programs of the machine itself, which an example may call.
_PROGRAMS = {"cd", "cp", "curl", "git", "export", "eval", "docker", "kubectl", "sudo", "apt-get", "openssl"}
_PROGRAMS |= {"rabbitmqctl", "mongodump", "mongorestore"}


class ConsoleBlockParser(CodeBlockParser):
    """``console`` blocks: a line after ``$`` must name a target of the Makefile, or a command of ``jishi``.

    What such a line prints is not compared: running it would start a platform.
    """

    language = "console"

    def evaluate(self, example: Example) -> str | None:
        for line in str(example.parsed).splitlines():
            if line.startswith("$ "):
                problem = problem_of(line[2:])
                if problem:
                    return f"{line}: {problem}"
        return None


class DataBlockParser(CodeBlockParser):
    """``json`` and ``yaml`` blocks must be readable."""

    def evaluate(self, example: Example) -> str | None:
        try:
            json.loads(example.parsed) if self.language == "json" else yaml.safe_load(example.parsed)
        except (ValueError, yaml.YAMLError) as wrong:
            return f"not {self.language}: {wrong}"
        return None


def problem_of(command: str) -> str | None:
    """What is wrong with a command that a document shows; ``None`` if nothing is."""
    within = [problem_of(each) for each in _SUBSTITUTED.findall(command)]
    if any(within):
        return next(filter(None, within))
    outside = shlex.split(_SUBSTITUTED.sub("", command), comments=True)
    words = [word for word in outside if not _VARIABLE.match(word)]
    if words[:1] == ["env"]:
        words = words[1:]
    if not words:
        return None
    program, *arguments = words
    if program == "make":
        return _problem_of_make(arguments)
    if program.rpartition("/")[2] == "jishi":
        return _problem_of_jishi(arguments)
    if program.rpartition("/")[2] in {"python", "python3"} and arguments[:1] == ["-m"]:
        return None if _module_exists(arguments[1]) else f"there is no module {arguments[1]}"
    return None if program in _PROGRAMS else f"{program} is not known to the tests of documents"


def _problem_of_make(arguments: list[str]) -> str | None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    unknown = [each for each in arguments if not each.startswith("-") and each not in targets]
    return f"the Makefile has no target {unknown[0]}" if unknown else None


def _problem_of_jishi(arguments: list[str]) -> str | None:
    command: click.Command = jishi
    context = click.Context(command)
    for word in arguments:
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.get_command(context, word)
            if found is None:
                return f"jishi has no command {word}"
            command = found
        elif word.startswith("--"):
            options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
            if word.split("=")[0] not in options:
                return f"{command.name} has no option {word}"
    return None


def _module_exists(name: str) -> bool:
    path = ROOT / Path(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists() or name in {"venv", "pip"}


def remember_contracts(namespace: dict[str, Any]) -> None:
    """Before a document: what it declares for the sake of an example must not outlive it."""
    namespace["_contracts"] = dict(EventContract.registry)


def forget_contracts(namespace: dict[str, Any]) -> None:
    """After a document."""
    EventContract.registry.clear()
    EventContract.registry.update(namespace["_contracts"])
