"""Calling rounds: drafting, opening with a frozen electorate, closing with a count, publishing, reading."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.errors import Conflict, NotFound
from services.chassis.grants import denied
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.pages import page
from services.chassis.policies import effective
from services.chassis.store import Record, answering
from services.feedback.access import READERS
from services.feedback.ballots import model as rules
from services.feedback.ballots.electorate import require_tellable
from services.feedback.ballots.freezing import Freezing
from services.feedback.tickets.issuing import TicketKeys

Answered = dict[str, Any]
CALLERS = ("secretary", "deputy_secretary", "organisation_commissioner", "organiser", "administrator")
OPENING, CLOSING = "feedback.open_round", "feedback.close_round"
_SOME = 100
_NEWEST_FIRST = (("closes_on", -1),)


class Rounds:
    """One document a round. Its ballots lie elsewhere, and are gone once they are counted."""

    def __init__(self, application: Application, keys: TicketKeys) -> None:
        self.documents = application.documents("rounds")
        self.freezing = Freezing(application, self.documents, keys)
        self.ballots = application.database["ballots"]
        application.indexes.declare("rounds", [("organisation", 1), ("closes_on", -1), ("_id", -1)])
        application.indexes.declare("rounds", [("state", 1), ("closes_on", 1)])
        application.indexes.declare("ballots", "round")
        self._packs = application.packs("ballots-*.yaml")
        self._authority = application.authority
        self._clock = application.clock
        self._jobs = application.jobs
        self._jobs.work(OPENING, self.freezing.open)
        self._jobs.work(CLOSING, self._close)

    # -- commands ------------------------------------------------------------------------------

    def draft(self, request: Answered) -> Answered:
        """Call a round for an organisation in which one holds a post, or above which."""
        organisation = request["organisation"]
        self._authority.require(context.actor(), CALLERS, organisation)
        today = self._clock.today()
        state = rules.draft(
            kind=request["kind"],
            organisation=organisation,
            title=request["title"],
            closes_on=request["closes_on"],
            asked=self._asked(request["kind"], organisation, today),
            today=today,
        )
        made = self.documents.create(self.documents.id_for_command(), state, respond=self._shown)
        return made.response or {}

    def open(self, request: Answered) -> Answered:
        """Freeze the electorate and make the keys, by a job; the round is open when it is done.

        That nobody could be told anything is refused at once.
        """
        round = self._called(request["round"])  # noqa: A001 - the domain's word
        if round.state["state"] == "draft":
            require_tellable(self.freezing.electorate(round), round.state["asked"])
        return self._begin(request, "opening", OPENING)

    def close(self, request: Answered) -> Answered:
        """Take no more ballots, and count them by a job."""
        return self._begin(request, "closing", CLOSING)

    def publish(self, request: Answered) -> Answered:
        """Let everybody whom the round is about read its result."""
        round = self._called(request["round"])  # noqa: A001 - the domain's word
        decide = partial(rules.published, round.id, today=self._clock.today())
        return self._changed(round.id, decide, request.get("version"))

    def close_what_is_over(self, today: date) -> None:
        """Close every open round whose last day has passed.

        One that is closing gets its job again, since the one that began it may have died in between.
        """
        for state in ("closing", "open"):  # an ``$in`` beside the day would use no index
            over = {"state": state, "closes_on": {"$lt": today.isoformat()}}
            for found in self.documents.find(over, limit=0):
                self.documents.change(found.id, lambda met: rules.begin(met, "closing", today))
                self._jobs.create(CLOSING, None, {"round": found.id})

    # -- questions -----------------------------------------------------------------------------

    def one(self, id: str) -> Answered:  # noqa: A002 - the field's name
        """The round; its result to those who call it once closed, to all it is about once published."""
        person, round = context.actor(), self._known(id)  # noqa: A001 - the domain's word
        calls = self._authority.may(person, READERS, round.state["organisation"])
        if not calls and (round.state["state"] in {"draft", "opening"} or not self._concerns(person, round)):
            raise NotFound("rounds.not_found")
        shown = self._shown(round)
        if not calls and round.state["state"] != "published":
            shown |= {"results": None, "scores": None}
        return shown

    def several(self, request: Answered) -> Answered:
        """Rounds of an organisation and below it: to those who may read there."""
        organisation = request["organisation"]
        self._authority.require(context.actor(), READERS, organisation)
        wanted: Answered = {"organisation": {"$in": self._authority.subtree(organisation)}}
        if "state" in request:
            wanted["state"] = request["state"]
        found = page(
            self.documents, wanted, order=_NEWEST_FIRST, limit=request["limit"], cursor=request["cursor"]
        )
        return {"items": [self._shown(each) for each in found.documents], "next": found.next}

    # -- jobs ----------------------------------------------------------------------------------

    def _close(self, job: Job, checkpoint: Checkpoint) -> None:
        id = job.params["round"]  # noqa: A001 - the field's name
        round = self.documents.get(id)  # noqa: A001 - the domain's word
        if round.state["state"] == "closing":
            leaves, selves = self._counted(round), self._selves(round)
            today = self._clock.today()
            self.documents.change(id, lambda state: rules.closed(id, state, leaves, selves, today))
        checkpoint(done=1, total=2)
        # What is left of a round is its result: nobody can ever ask these how somebody voted.
        while some := self._some(self.ballots, {"round": id}):
            with answering():
                self.ballots.delete_many({"_id": {"$in": some}})
            checkpoint(done=1)
        for at, line in enumerate(self._some(self.freezing.electors, {"round": id}, limit=0)):
            with answering():
                self.freezing.electors.update_one({"_id": line}, {"$unset": {"drawn": "", "self": ""}})
            if at % _SOME == 0:
                checkpoint(done=1)
        checkpoint(done=2)

    def _counted(self, round: Document) -> Mapping[str, tuple[rules.Counts, ...]]:  # noqa: A002
        node_of = {each["_id"]: each["node"] for each in self.freezing.papers.find({"round": round.id})}
        votes: dict[str, Counter[tuple[int, ...]]] = defaultdict(Counter)
        with answering():
            # By id: one that is just being written anew may be met twice.
            found = self.ballots.find({"round": round.id}, {"paper": 1, "chosen": 1})
            once = {each["_id"]: (each["paper"], tuple(each["chosen"])) for each in found}
        for paper, chosen in once.values():
            votes[node_of[paper]][chosen] += 1
        return {node: rules.counted(round.state["asked"], each) for node, each in votes.items()}

    def _selves(self, round: Document) -> dict[str, list[int]]:  # noqa: A002 - the domain's word
        if not round.state["subjects"]:
            return {}
        with answering():
            rated = self.freezing.electors.find({"round": round.id}, {"person": 1, "self": 1})
            return {each["person"]: each["self"] for each in rated if "self" in each}

    # -- within --------------------------------------------------------------------------------

    def _begin(self, request: Answered, step: str, kind: str) -> Answered:
        round = self._called(request["round"])  # noqa: A001 - the domain's word
        today = self._clock.today()
        answer = self._changed(
            round.id, lambda state: rules.begin(state, step, today), request.get("version")
        )
        self._jobs.create(kind, context.actor(), {"round": round.id})
        return answer

    def _changed(self, id: str, decide: Any, version: int | None) -> Answered:  # noqa: A002
        changed = self.documents.change(id, decide, expected_version=version, respond=self._shown)
        return changed.response or {}

    def _known(self, id: str) -> Document:  # noqa: A002 - the field's name
        return self.documents.get(id)

    def _called(self, id: str) -> Document:  # noqa: A002 - the field's name
        round, person = self._known(id), context.actor()  # noqa: A001 - the domain's word
        if not self._authority.may(person, CALLERS, round.state["organisation"]):
            if self._authority.may(person, READERS, round.state["organisation"]):
                raise denied(CALLERS, "here_or_above")
            raise NotFound("rounds.not_found")
        return round

    def _concerns(self, person: str, round: Document) -> bool:  # noqa: A002 - the domain's word
        return self.freezing.elector(round, person) is not None

    def _asked(self, kind: str, organisation: str, today: date) -> Answered:
        rulings = effective(self._packs, today, self._authority.path(organisation))
        if kind not in rulings:
            raise Conflict("rounds.not_in_force", params={"kind": kind})
        ruling = rulings[kind]
        return {
            **ruling.value,
            "smallest_cell": rulings["smallest_cell"].value,
            "smallest_constituency": rulings["smallest_constituency"].value,
            "source": f"{ruling.pack.id} {ruling.parameter.article}",
        }

    def _some(self, collection: Any, wanted: Record, limit: int = _SOME) -> list[str]:
        with answering():
            return [each["_id"] for each in collection.find(wanted, {"_id": 1}, limit=limit)]

    def _shown(self, document: Document) -> Answered:
        state = document.state
        asked = state["asked"]
        return {
            **state,
            "id": document.id,
            "version": document.version,
            "closes_on": _date(state["closes_on"]),
            "questions": asked["questions"],
            "parts": asked["parts"],
            "smallest_cell": asked["smallest_cell"],
            "source": asked["source"],
            "electors": state.get("electors"),
            "left_out": state.get("left_out", []),
            "results": state.get("results"),
            "scores": state.get("scores"),
        }


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
