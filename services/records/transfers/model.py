"""The life of a transfer: asked, then accepted, refused, withdrawn, or completed by its receipt. No I/O.

Three kinds: ``within`` the campus, where the receiving branch accepts; ``out`` of it, by a letter whose
receipt completes it; ``in`` from outside, completed as it is entered. Whatever the branch that is left says
meanwhile, membership changes with acceptance or completion and not before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.contract import Change, EventContract
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.contracts.records_events.transfers import (
    TransferAccepted,
    TransferAsked,
    TransferCompleted,
    TransferRedirected,
    TransferRefused,
    TransferWithdrawn,
)
from services.records.transfers.pack import TransferPack

State = Mapping[str, Any]

# Where members belong; what stands above a branch has its members in one.
RECEIVING = ("branch", "group")
ADMITTED = ("member", "probationary")


def ask_within(
    subject: str, given: State, person: State, destination: State, pack: TransferPack, *, by: str, today: date
) -> Change:
    """A transfer of ``person`` to another organisation of the campus is asked for.

    ``given``: ``person`` and ``destination`` (ids). Raises ``Invalid``: ``person.inactive``,
    ``transfer.nothing_to_transfer``, ``organisation.inactive``, ``transfer.destination_unfit``,
    ``transfer.already_there``.
    """
    _check_person(person)
    _check_destination(destination)
    if given["destination"] == person["organisation"]:
        raise Invalid.at("destination", "transfer.already_there")
    state = {
        **_begun("within", given["person"], by, today),
        "left": person["organisation"],
        "destination": given["destination"],
        "due_on": pack.due("answer_days", today).isoformat(),
        "source": pack.source("answer_days"),
    }
    return _asked(subject, state)


def ask_out(subject: str, given: State, person: State, pack: TransferPack, *, by: str, today: date) -> Change:
    """A letter of introduction was given to ``person`` for somewhere outside; its receipt is awaited.

    ``given``: ``person``, ``place``, ``letter_number``, ``letter_on``. Raises ``Invalid``:
    ``person.inactive``, ``transfer.nothing_to_transfer``, ``transfer.letter_in_future``.
    """
    _check_person(person)
    state = {
        **_begun("out", given["person"], by, today),
        "left": person["organisation"],
        **_letter(given, today),
        "due_on": pack.due("letter_days", given["letter_on"]).isoformat(),
        "source": pack.source("letter_days"),
    }
    return _asked(subject, state)


def enter_in(
    subject: str, given: State, destination: State, pack: TransferPack, *, by: str, today: date
) -> Change:
    """Somebody arrived from outside with a letter: completed as it is entered.

    ``given``: as ``ask_out`` with ``destination``, ``political_status`` and ``joined_on``; ``place`` is where
    they come from. Raises ``Invalid``: ``organisation.inactive``, ``transfer.destination_unfit``,
    ``transfer.letter_in_future``, ``transfer.joined_on_missing``, and ``transfer.letter_expired`` where the
    pack blocks it.
    """
    _check_destination(destination)
    if given["political_status"] in ADMITTED and given["joined_on"] is None:
        raise Invalid.at("joined_on", "transfer.joined_on_missing")
    letter, due = _letter(given, today), pack.due("letter_days", given["letter_on"])
    pack.require("letter_days", "transfer.letter_expired", "letter_on", today, due)
    state = {
        **_begun("in", given["person"], by, today),
        "destination": given["destination"],
        **letter,
        "due_on": due.isoformat(),
        "source": pack.source("letter_days"),
        "state": "completed",
        "decided_by": by,
        "decided_on": today.isoformat(),
        "receipt_on": today.isoformat(),
        "late": today > due,
    }
    state = {**_concerning(state)}
    return Change(state, [_event(TransferCompleted, subject, state, today, late=state["late"])])


def accept(
    subject: str, before: State, tasks: Sequence[str], *, receives: bool, by: str, today: date
) -> Change:
    """The receiving branch takes the person in.

    ``tasks``: what they are responsible for at the branch that is left, which names somebody else for it.
    Raises as ``_decided``, and ``Conflict("transfer.destination_ended")`` unless that branch ``receives``:
    what is accepted then is to withdraw it and ask for another.
    """
    state = {**_decided(before, "accepted", by, today), "tasks": list(tasks)}
    if not receives:
        raise Conflict("transfer.destination_ended", params={"accepted": "withdraw"})
    return Change(state, [_event(TransferAccepted, subject, state, today, tasks=list(tasks))])


def refuse(subject: str, before: State, *, comment: str | None, by: str, today: date) -> Change:
    """The receiving branch does not; raises as ``_decided``, and ``Invalid("transfer.comment_missing")``."""
    if not comment:
        raise Invalid.at("comment", "transfer.comment_missing", accepted="1 …")
    state = {**_decided(before, "refused", by, today), "comment": comment}
    return Change(state, [_event(TransferRefused, subject, state, today)])


def withdraw(subject: str, before: State, *, by: str, today: date) -> Change | None:
    """Whoever asked thinks better of it; None where that was done before."""
    if before["state"] == "withdrawn":
        return None
    state = _ended(before, "withdrawn", by, today)
    return Change(state, [_event(TransferWithdrawn, subject, state, today)])


def redirect(subject: str, before: State, ends: State, *, by: str, today: date) -> Change | None:
    """A running transfer goes on from, or to, the organisation that took over one of its ends.

    ``ends``: ``left`` or ``destination``. Where both ends are one now, there is nothing to transfer any more
    and it ends as withdrawn. What it was asked for at first stays in ``redirected``.
    """
    if before["state"] != "asked" or all(before[name] == node for name, node in ends.items()):
        return None
    first = before.get("redirected") or {name: before[name] for name in ("left", "destination")}
    state = {**before, **ends, "redirected": {**first, "on": today.isoformat()}}
    if state["left"] == state["destination"]:
        state = _concerning(_ended(state, "withdrawn", by, today))
        return Change(state, [_event(TransferWithdrawn, subject, state, today)])
    state = _concerning(state)
    return Change(state, [_event(TransferRedirected, subject, state, today)])


def complete(
    subject: str, before: State, pack: TransferPack, *, receipt_on: date, by: str, today: date
) -> Change:
    """The receipt says that the person was taken in outside; late where the letter was no longer valid.

    Raises ``Conflict("transfer.state")``, ``Conflict("transfer.kind")`` for one within the campus,
    ``Invalid("transfer.receipt_day")`` with the days that would do, and ``transfer.letter_expired`` where
    the pack blocks it.
    """
    _expect(before, "out")
    if not before["letter_on"] <= receipt_on.isoformat() <= today.isoformat():
        accepted = f"{before['letter_on']} … {today.isoformat()}"
        raise Invalid.at("receipt_on", "transfer.receipt_day", accepted=accepted)
    due = date.fromisoformat(before["due_on"])
    pack.require("letter_days", "transfer.letter_expired", "receipt_on", receipt_on, due)
    state = {
        **_ended(before, "completed", by, today),
        "receipt_on": receipt_on.isoformat(),
        "late": receipt_on > due,
    }
    return Change(state, [_event(TransferCompleted, subject, state, today, late=state["late"])])


def is_overdue(state: State, today: date) -> bool:
    """Whether an answer or a receipt is awaited past its day."""
    return bool(state["state"] == "asked" and state["due_on"] < today.isoformat())


# -- within ------------------------------------------------------------------------------------


def _check_person(person: State) -> None:
    if not person["active"]:
        raise Invalid.at("person", "person.inactive", accepted="active")
    if person["political_status"] == "none":
        raise Invalid.at("person", "transfer.nothing_to_transfer", accepted="member | probationary")


def _check_destination(destination: State) -> None:
    if not destination["active"]:
        raise Invalid.at("destination", "organisation.inactive", accepted="active")
    if destination["kind"] not in RECEIVING:
        raise Invalid.at("destination", "transfer.destination_unfit", accepted=", ".join(RECEIVING))


def _begun(kind: str, person: str, by: str, today: date) -> dict[str, Any]:
    blank = ("left", "destination", "place", "letter_number", "letter_on", "receipt_on")
    return {
        "kind": kind,
        "person": person,
        "state": "asked",
        **dict.fromkeys(blank),
        "asked_by": by,
        "asked_on": today.isoformat(),
        "decided_by": None,
        "decided_on": None,
        "comment": None,
        "late": False,
        "tasks": [],
        "redirected": None,
    }


def _letter(given: State, today: date) -> dict[str, Any]:
    if given["letter_on"] > today:
        raise Invalid.at("letter_on", "transfer.letter_in_future", accepted=f"… {today.isoformat()}")
    return {
        "place": given["place"],
        "letter_number": given["letter_number"],
        "letter_on": given["letter_on"].isoformat(),
    }


def _concerning(state: State) -> dict[str, Any]:
    """``state`` with the organisations whose posts may see it."""
    return {**state, "concerns": sorted({state["left"], state["destination"]} - {None})}


def _asked(subject: str, begun: State) -> Change:
    # One at a time for each person: the slot is unique, and left with the end of the transfer.
    state = {**_concerning(begun), "slot": begun["person"]}
    on, due = date.fromisoformat(state["asked_on"]), date.fromisoformat(state["due_on"])
    return Change(state, [_event(TransferAsked, subject, state, on, due_on=due)])


def _expect(before: State, kind: str) -> None:
    if before["kind"] != kind:
        raise Conflict("transfer.kind", params={"kind": before["kind"], "accepted": kind})
    if before["state"] != "asked":
        raise Conflict("transfer.state", params={"state": before["state"], "accepted": "asked"})


def _decided(before: State, outcome: str, by: str, today: date) -> dict[str, Any]:
    """Raises ``Conflict``: ``transfer.kind`` for one that leaves the campus, ``transfer.state`` once ended;
    ``Forbidden("transfer.own")`` to whom it is about."""
    _expect(before, "within")
    if by == before["person"]:
        raise Forbidden("transfer.own")
    return _ended(before, outcome, by, today)


def _ended(before: State, outcome: str, by: str, today: date) -> dict[str, Any]:
    if before["state"] != "asked":
        raise Conflict("transfer.state", params={"state": before["state"], "accepted": "asked"})
    state = {name: value for name, value in before.items() if name != "slot"}
    return {**state, "state": outcome, "decided_by": by, "decided_on": today.isoformat()}


def _event(contract: type[EventContract], subject: str, state: State, on: date, **more: Any) -> Any:
    facts = {"destination": state["destination"]} if state["destination"] is not None else {}
    return contract.of(
        transfer=subject,
        person=state["person"],
        kind=state["kind"],
        organisation=state["left"] or state["destination"],
        on=on,
        **facts,
        **more,
    )
