"""Papers of the steps: which are asked for, which are there, and outlines to begin with. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.chassis.errors import Invalid
from services.records.development.history import History
from services.records.development.rulebook import RuleBook, Rulings
from services.records.development.steps import BY_ID, STEPS

State = Mapping[str, Any]
THERE, MISSING, WANTED, LATER = "there", "missing", "wanted", "later"


@dataclass(frozen=True)
class Paper:
    """One paper of one step. ``on`` is the day of the step that it is with; None where that is to come."""

    step: str
    number: int
    code: str
    state: str
    on: date | None
    attachments: tuple[State, ...]
    rule: State


def of_step(step: str, rulings: Rulings) -> list[str]:
    """The codes of the papers that ``step`` is recorded with, as the pack of the day names them."""
    ruling = rulings.get("materials")
    return list(ruling.value.get(step, ())) if ruling is not None else []


def given(intended: State) -> set[str]:
    """The papers that a step is recorded with: named, or attached."""
    attached = {each["material"] for each in intended.get("attachments") or ()}
    return attached | set(intended.get("materials") or ())


def require_known(intended: State, rulings: Rulings) -> None:
    """Raises ``Invalid("development.material_unfit")`` for what is attached as none of the step's papers."""
    wanted = of_step(intended["step"], rulings)
    unfit = {
        f"attachments.{position}.material": ["development.material_unfit"]
        for position, each in enumerate(intended.get("attachments") or ())
        if each["material"] not in wanted
    }
    if unfit:
        params = {"accepted": ", ".join(wanted) or "–", **cited(rulings)}
        raise Invalid("development.material_unfit", params=params, fields=unfit)


def cited(rulings: Rulings) -> dict[str, str]:
    """Where the papers are asked for."""
    ruling = rulings.get("materials")
    if ruling is None:
        return {}
    return {**ruling.cited, "hardness": ruling.parameter.hardness}


def papers(dossier: State, book: RuleBook, today: date) -> list[Paper]:
    """Every paper of the way: of steps that were done by the pack of their day, else by that of ``today``.

    ``missing`` are those of a step that was recorded without them, ``wanted`` those of steps that may come
    next. A periodic step has its papers each time.
    """
    history = History(dossier)
    return [paper for step in STEPS for paper in _of(step.id, history, book, today)]


def outline(title: str, template: str) -> str:
    """A paper to begin with, as Markdown: its title, and a heading for each part that it has to say."""
    parts = [part.strip(" .。") for part in template.replace("；", ";").split(";")]
    return "\n\n".join([f"# {title}", *(f"## {part}\n" for part in parts if part)]) + "\n"


def _of(step: str, history: History, book: RuleBook, today: date) -> Iterator[Paper]:
    entries = [entry for entry in history.entries if entry["step"] == step]
    for entry in entries:
        on = date.fromisoformat(entry["on"])
        attached = entry.get("attachments", ())
        for code in of_step(step, rulings := book.on(on)):
            state = THERE if code in given(entry) else MISSING
            files = tuple(each for each in attached if each["material"] == code)
            yield Paper(step, BY_ID[step].number, code, state, on, files, cited(rulings))
    if entries or history.ending is not None:
        return
    ready = all(history.done(earlier) is not None for earlier in BY_ID[step].after)
    for code in of_step(step, rulings := book.on(today)):
        yield Paper(step, BY_ID[step].number, code, WANTED if ready else LATER, None, (), cited(rulings))
