"""What each event says of the things that somebody owes by: one table of all of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from services.chassis.contract import EventContract
from services.chassis.envelope import Event
from services.contracts import feedback_events as feedback
from services.contracts import records_events as records
from services.evaluation.duties.words import Word

KindOf = Callable[[str], str]  # of an organisation; raises where it is not known yet
Tell = Callable[[Event, date], Iterator[Word]]


def words_of(event: Event, *, on: date, kind_of: KindOf) -> list[Word]:
    """What ``event`` says, told on the campus day ``on``; nothing for one that is not in the table."""
    if event.contract is records.PostChanged:
        return list(_post(event, kind_of))
    tell = _TABLE.get(event.contract) if event.contract else None
    return list(tell(event, on)) if tell else []


def _word(event: Event, owner: str, thing: str, kind: str, **says: Any) -> Word:
    plain = {name: each.isoformat() if isinstance(each, date) else each for name, each in says.items()}
    return Word(owner, thing, kind, event.sequence, plain)


# -- the directory --------------------------------------------------------------------------------------


def _person(event: Event, on: date) -> Iterator[Word]:
    told = event.data
    yield _word(
        event,
        told["person"],
        f"spell:{event.sequence}",
        "spell",
        status=told["political_status"],
        organisation=told["organisation"],
        active=told["active"],
        since=told.get("since"),
        told=on,
    )


def _post(event: Event, kind_of: KindOf) -> Iterator[Word]:
    told = event.data
    yield _word(
        event,
        told["person"],
        told["post"],
        "post",
        role=told["role"],
        at=kind_of(told["organisation"]),
        since=told["since"],
        until=told["until"],
        active=told["active"],
        **({"committee_since": told["committee_since"]} if "committee_since" in told else {}),
    )


def _organisation(event: Event, on: date) -> Iterator[Word]:
    told = event.data
    owner, elected = told["organisation"], told.get("committee_elected_on")
    committee = told["has_committee"] and told["active"]
    yield _word(event, owner, "organisation", "organisation", committee=committee)
    if elected is not None and told.get("committee_due_on") is not None:
        due = told["committee_due_on"]
        label = f"{elected.year}–{due.year}"
        yield _word(
            event, owner, f"term:{elected}", "committee_election", opened=elected, due=due, label=label
        )


# -- activities -----------------------------------------------------------------------------------------


def activity(event: Event, on: date) -> Iterator[Word]:
    """A talk is of everybody who took part and says whom they met; a lecture is of who gave it; a life
    meeting is to be reported on."""
    told, gone = event.data, event.contract is not records.ActivityApproved
    thing, held = told["activity"], told["held_on"]
    if told["kind"] == "talk":
        concerned = set(told["concerned"])
        for person in told["concerned"]:
            says = {"on": held, "gone": gone}
            if "committee" in told:
                others, seated = concerned - {person}, set(told["committee"])
                says |= {"committee": bool(others & seated), "members": bool(others - seated)}
                says["seated"] = person in seated
            yield _word(event, person, thing, "talk_held", **says)
    elif told["kind"] == "party_lecture":
        for person in told.get("lecturers", ()):
            yield _word(event, person, thing, "lecture_given", on=held, gone=gone)
    elif told["kind"] == "democratic_life_meeting":
        owner = told["organisation"]
        says = {"opened": held, "due": held, "done": told.get("reported_on"), "gone": gone}
        yield _word(event, owner, thing, "democratic_life_report", **says)


PERSONAL_KINDS = ("talk", "party_lecture", "democratic_life_meeting")


# -- what persons do ------------------------------------------------------------------------------------


def _credit(event: Event, on: date) -> Iterator[Word]:
    told = event.data
    if event.contract is records.TrainingReversed:
        yield _word(event, told["person"], told["reverses"], "credit", gone=True)
        return
    says: dict[str, Any] = {"on": told["on"], "minutes": told["minutes"], "form": told["form"]}
    if told["origin"] == "entered":
        says["entered"] = True  # of the others, which are most, no byte
    yield _word(event, told["person"], told["credit"], "credit", **says)


def _report(event: Event, on: date) -> Iterator[Word]:
    told = event.data
    states = {
        records.ThoughtReportHandedIn: "handed_in",
        records.ThoughtReportAccepted: "accepted",
        records.ThoughtReportReturned: "returned",
    }
    says: dict[str, Any] = {"period": told["period"], "state": states[event.contract]}  # type: ignore[index]  # the table names these alone
    if event.contract is records.ThoughtReportHandedIn:
        says |= {"on": told["on"], "late": told["late"]}
    yield _word(event, told["person"], told["report"], "thought_report", **says)


def _bill(event: Event, on: date) -> Iterator[Word]:
    told = event.data
    says: dict[str, Any] = {
        "organisation": told["organisation"],
        "label": told["month"],
        "due": told["due_on"],
    }
    if event.contract is records.DuesSettled:
        says["done"] = told["settled_on"]
    elif event.contract is records.DuesReopened:
        says["done"] = None
    yield _word(event, told["person"], told["bill"], "dues", **says)


# -- what organisations owe by a day of its own ---------------------------------------------------------


def _task(event: Event, on: date) -> Iterator[Word]:
    told = event.data
    says: dict[str, Any] = {
        "due": told["due_on"],
        "gone": told["state"] in ("offered", "cancelled"),
        "restricted": told.get("restricted", False),
    }
    if event.contract is records.TaskCreated:
        says["opened"] = on
    elif event.contract is records.TaskDone:
        says["done"] = told["done_on"]
    elif event.contract is records.TaskConfirmed:
        says["confirmed"] = on
    if told["state"] in ("offered", "open"):
        says |= {"done": None, "confirmed": None}
    yield _word(event, told["organisation"], told["task"], "task", **says)


def _opinion(event: Event, on: date) -> Iterator[Word]:
    """Only the campus day is taken of it, which is all that is told of one that is anonymous."""
    told, contract = event.data, event.contract
    says: dict[str, Any] = {"gone": contract is feedback.OpinionMerged}
    if contract in (feedback.OpinionDueSoon, feedback.OpinionOverdue):
        says |= {"due": told["due_on"], "late": contract is feedback.OpinionOverdue}
    elif contract in (feedback.OpinionAdopted, feedback.OpinionDeclined):
        says["done"] = on
    elif contract is feedback.OpinionReopened:
        says |= {"done": None, "due": None, "late": False}
    if contract in (feedback.OpinionPaused, feedback.OpinionResumed):
        says["paused"] = contract is feedback.OpinionPaused
    yield _word(event, told["organisation"], told["opinion"], "opinion", **says)
    if contract is feedback.OpinionReassigned:
        yield _word(event, told["before"], told["opinion"], "opinion", gone=True)


_TABLE: Mapping[type[EventContract], Tell] = {
    records.PersonChanged: _person,
    records.OrganisationChanged: _organisation,
    records.ActivityApproved: activity,
    records.ActivityReturned: activity,
    records.TrainingCredited: _credit,
    records.TrainingReversed: _credit,
    records.ThoughtReportHandedIn: _report,
    records.ThoughtReportAccepted: _report,
    records.ThoughtReportReturned: _report,
    records.DuesBilled: _bill,
    records.DuesSettled: _bill,
    records.DuesReopened: _bill,
    records.DuesDeferred: _bill,
    records.TaskCreated: _task,
    records.TaskChanged: _task,
    records.TaskDone: _task,
    records.TaskConfirmed: _task,
    records.TaskCancelled: _task,
    feedback.OpinionDueSoon: _opinion,
    feedback.OpinionOverdue: _opinion,
    feedback.OpinionAdopted: _opinion,
    feedback.OpinionDeclined: _opinion,
    feedback.OpinionMerged: _opinion,
    feedback.OpinionReassigned: _opinion,
    feedback.OpinionReopened: _opinion,
    feedback.OpinionPaused: _opinion,
    feedback.OpinionResumed: _opinion,
}

OF_RECORDS = (
    records.PersonChanged,
    records.PostChanged,
    records.OrganisationChanged,
    records.TrainingCredited,
    records.TrainingReversed,
    records.ThoughtReportHandedIn,
    records.ThoughtReportAccepted,
    records.ThoughtReportReturned,
    records.DuesBilled,
    records.DuesSettled,
    records.DuesReopened,
    records.DuesDeferred,
    records.TaskCreated,
    records.TaskChanged,
    records.TaskDone,
    records.TaskConfirmed,
    records.TaskCancelled,
)
OF_FEEDBACK = tuple(each for each in _TABLE if each.exchange() == "feedback.events")
