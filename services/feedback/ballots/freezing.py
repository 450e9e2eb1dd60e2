"""Freezing an electorate when a round opens: worked out from the roster of that day, laid out once."""

from __future__ import annotations

from datetime import date
from typing import Any

from pymongo.errors import BulkWriteError

from services.chassis.application import Application
from services.chassis.contract import Change
from services.chassis.documents import Document, Documents
from services.chassis.identity import derived_id
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.store import Record, answering, is_duplicate
from services.feedback.ballots import electorate as rules
from services.feedback.ballots.electorate import Elector, Electorate, Paper
from services.feedback.ballots.model import SELF, State, give_up_opening, opened
from services.feedback.tickets.issuing import TicketKeys

Answered = dict[str, Any]
PURPOSE = "paper"
_AT_ONCE = 500
_KEYS_AT_ONCE = 20


class Freezing:
    """The papers and electors of rounds. Before a round is open nobody finds either."""

    def __init__(self, application: Application, documents: Documents, keys: TicketKeys) -> None:
        self.papers = application.database["ballot_papers"]
        self.electors = application.database["ballot_electors"]
        for collection in ("ballot_papers", "ballot_electors"):
            application.indexes.declare(collection, "round")
        self._documents = documents
        self._keys = keys
        self._authority = application.authority
        self._clock = application.clock

    def open(self, job: Job, checkpoint: Checkpoint) -> None:
        """The job that opens a round. Cut off and begun again it freezes the roster of then, and no other."""
        round = self._documents.get(job.params["round"])  # noqa: A001 - the domain's word
        if round.state["state"] != "opening":
            return
        # Frozen under a name of its own: what an attempt that was cut off left, or one that does not know
        # yet that it was taken over still writes, is of another roster and never found.
        edition = f"{round.id}:{job.token}"
        try:
            electorate = self.electorate(round, edition)
        except Exception:
            self._documents.change(round.id, lambda state: give_up_opening(state))
            raise
        sizes = electorate.sizes()
        keys = sorted(sizes)
        for at in range(0, len(keys), _KEYS_AT_ONCE):
            some = {paper: sizes[paper] for paper in keys[at : at + _KEYS_AT_ONCE]}
            self._keys.make(some, purpose=PURPOSE)
            checkpoint(done=at + len(some), total=len(keys))
        papers = [_paper(round.id, edition, each) for each in electorate.papers.values()]
        self._insert(self.papers, papers)
        # Laid out by an order that is random, before anybody draws: where a line lies tells nothing of when.
        lines = sorted(
            (_elector(round.id, edition, person, each) for person, each in electorate.electors.items()),
            key=lambda line: str(line["_id"]),
        )
        for at in range(0, len(lines), _AT_ONCE):
            self._insert(self.electors, lines[at : at + _AT_ONCE])
            checkpoint(cursor=at)
        today = self._clock.today()
        self._documents.change(
            round.id, lambda state: _once_opened(round.id, state, electorate, edition, today)
        )
        others = {"round": round.id, "edition": {"$ne": self._documents.get(round.id).state.get("edition")}}
        with answering():
            self.papers.delete_many(others)
            self.electors.delete_many(others)

    def elector(self, round: Document, person: str) -> Record | None:  # noqa: A002 - the domain's word
        """The line of ``person`` in the frozen electorate; None where there is none, or they are no part."""
        if "edition" not in round.state:
            return None
        with answering():
            return self.electors.find_one({"_id": _elector_id(round.state["edition"], person)})

    def electorate(self, round: Document, edition: str = "") -> Electorate:  # noqa: A002
        """Who would vote on what today; its papers are named by ``edition``."""
        asked, organisation = round.state["asked"], round.state["organisation"]
        inside = self._authority.subtree(organisation)
        people = [
            Elector(each.person, each.node, each.standing)
            for each in self._authority.everybody()
            if each.node in set(inside)
        ]
        limits = {"smallest": asked["smallest_cell"], "source": asked["source"]}
        if asked["subjects"] is None:
            (part,) = asked["parts"]
            return rules.surveying(
                edition,
                [each for each in people if not part["statuses"] or each.standing in part["statuses"]],
                {node: self._parent(node, organisation) for node in inside},
                part=part["name"],
                constituency=asked["smallest_constituency"],
                **limits,
            )
        subjects = self._chosen(asked["subjects"] | {"where": "within"}, organisation, people)
        electors_of = {
            part["name"]: self._chosen(part, organisation, people)
            for part in asked["parts"]
            if part["name"] != SELF
        }
        return rules.rating(edition, electors_of, subjects, **limits)

    def _chosen(self, rule: Answered, organisation: str, people: list[Elector]) -> list[str]:
        """Who holds one of the posts at the organisation, or above it; else who is of one of the statuses."""
        if rule["posts"]:
            path = self._authority.path(organisation)
            nodes = path[:-1] if rule["where"] == "above" else path[-1:]
            return [each for node in nodes for each in self._authority.holders(node, rule["posts"])]
        return [each.person for each in people if each.standing in rule["statuses"]]

    def _parent(self, node: str, root: str) -> str | None:
        found = self._authority.node(node)
        return found.parent if found is not None and node != root else None

    def _insert(self, collection: Any, lines: list[Record]) -> None:
        with answering():
            try:
                if lines:
                    collection.insert_many(lines, ordered=False)
            except BulkWriteError as partly:  # a job that was cut off is done again
                if not is_duplicate(partly):
                    raise


def _elector_id(edition: str, person: str) -> str:
    return derived_id("elector", edition, person)


def _once_opened(
    id: str,  # noqa: A002 - the field's name
    state: State,
    electorate: Electorate,
    edition: str,
    today: date,
) -> Change | None:
    if state["state"] != "opening":
        return None
    return opened(id, {**state, "edition": edition}, electorate, today)


def _paper(round: str, edition: str, paper: Paper) -> Record:  # noqa: A002 - the domain's word
    return {
        "_id": paper.id,
        "round": round,
        "edition": edition,
        "node": paper.node,
        "part": paper.part,
        "subject": paper.subject,
    }


def _elector(
    round: str,  # noqa: A002 - the domain's word
    edition: str,
    person: str,
    papers: tuple[str, ...],
) -> Record:
    return {
        "_id": _elector_id(edition, person),
        "round": round,
        "edition": edition,
        "person": person,
        "papers": list(papers),
    }
