"""Voting: drawing tickets by name, and casting ballots without one."""

from __future__ import annotations

import random
from contextlib import suppress
from functools import partial
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Forbidden, NotFound, Unavailable
from services.chassis.store import Record, answering
from services.chassis.transactions import in_transaction, session
from services.feedback.ballots import model as rules
from services.feedback.ballots.freezing import PURPOSE
from services.feedback.ballots.rounds import Rounds
from services.feedback.tickets import model as tickets
from services.feedback.tickets.issuing import TicketKeys
from services.feedback.tickets.signing import from_base64

Answered = dict[str, Any]
_ATTEMPTS = 5
_AT_ONCE = 100


class Voting:
    """What is kept of a draw and of a ballot have nothing in common but the round and the paper."""

    def __init__(self, application: Application, rounds: Rounds, keys: TicketKeys) -> None:
        self._rounds = rounds
        self._keys = keys
        self._clock = application.clock
        self._database = application.database
        application.indexes.declare("ballots", "fresh", sparse=True)

    # -- by name -------------------------------------------------------------------------------

    def papers(self, id: str) -> Answered:  # noqa: A002 - the field's name
        """The papers on which the one who is signed in may vote."""
        round, line = self._mine(id)  # noqa: A001 - the domain's word
        with answering():
            found = {each["_id"]: each for each in self._rounds.freezing.papers.find({"round": round.id})}
        items = []
        for paper in line["papers"]:
            key = self._keys.find(paper)
            assert key is not None
            items.append(
                {
                    **found[paper],
                    "paper": paper,
                    "public_key": key.public,
                    "label": tickets.label(paper).decode(),
                    "electors": key.size,
                    "drawn": paper in line.get("drawn", {}),
                }
            )
        return {"items": items, "may_rate_myself": self._asks_for_self(round, line["person"])}

    def draw(self, request: Answered) -> Answered:
        """Sign tickets for papers of the one who is signed in: each once, again for the same message alone.

        Nobody has a paper on which they themselves are rated. Raises ``Forbidden`` for any other paper.
        """
        round, line = self._mine(request["round"])  # noqa: A001 - the domain's word
        rules.require(round.state, "open")
        signed = []
        for asked in request["papers"]:
            if asked["paper"] not in line["papers"]:
                raise Forbidden("ballot.not_your_paper", params={"source": round.state["asked"]["source"]})
            key = self._keys.find(asked["paper"])
            assert key is not None
            blinded = from_base64(asked["blinded"]) or b""
            digest = tickets.digest_of([blinded])
            tickets.require_as_drawn(line.get("drawn", {}).get(key.id, digest), digest)
            (signature,) = self._keys.sign(key, [blinded])
            self._note(line["_id"], key.id, digest)
            signed.append({"paper": key.id, "signature": signature})
        return {"items": signed}

    def rate_myself(self, request: Answered) -> Answered:
        """Keep what somebody who is rated says of themselves: by name, since there is but one who can."""
        round, line = self._mine(request["round"])  # noqa: A001 - the domain's word
        self._require_open(round)
        if not self._asks_for_self(round, line["person"]):
            raise Forbidden("ballot.not_your_paper", params={"source": round.state["asked"]["source"]})
        chosen = rules.checked(round.state["asked"], request["answers"])
        with answering():
            self._rounds.freezing.electors.update_one({"_id": line["_id"]}, {"$set": {"self": chosen}})
        return {"round": round.id}

    # -- without a name ------------------------------------------------------------------------

    def cast(self, request: Answered) -> Answered:
        """Keep a ballot, or change the one that the same ticket cast before; refused once the round closes.

        The ballot's id is a hash of the ticket, so that there is one for each. Raises as
        ``TicketKeys.accepted``, ``Conflict("round.is_closed")`` and ``Invalid`` for answers that do not fit.
        """
        with context.entered(context.Context()):
            ticket = self._keys.accepted(request["ticket"], PURPOSE, self._clock.today())
            with answering():
                paper = self._rounds.freezing.papers.find_one({"_id": ticket.key})
            if paper is None:
                raise NotFound("rounds.not_found")
            round = self._rounds.documents.get(paper["round"])  # noqa: A001 - the domain's word
            self._require_open(round)
            chosen = rules.checked(round.state["asked"], request["answers"])
            kept = {"$set": {"chosen": chosen}}
            new = {"$setOnInsert": {"round": round.id, "paper": paper["_id"], "fresh": True}}
            for _ in range(_ATTEMPTS):
                with answering(), suppress(DuplicateKeyError):  # the same ticket at the same instant
                    self._rounds.ballots.update_one({"_id": tickets.mark_of(ticket)}, kept | new, upsert=True)
                    break
            else:
                raise Unavailable("document.contended")
            # Looked at again after the write: whatever was written while it is open is counted.
            self._require_open(self._rounds.documents.get(round.id))
            return {"paper": paper["_id"]}

    def shuffle(self) -> None:
        """Write what came in since the last time anew, in random order: how ballots lie tells nothing.

        What was written in the instant in which its round was counted, and refused, is forgotten.
        """
        with answering():
            met = {each["_id"]: each["round"] for each in self._rounds.ballots.find({"fresh": True})}
        counted = {each for each in set(met.values()) if self._is_counted(each)}
        for mark in [each for each, round in met.items() if round in counted]:  # noqa: A001 - the domain's word
            with answering():
                self._rounds.ballots.delete_one({"_id": mark})
        fresh = [each for each, round in met.items() if round not in counted]  # noqa: A001 - the domain's word
        random.SystemRandom().shuffle(fresh)  # all of them: piece by piece the pieces would keep their order
        for at in range(0, len(fresh), _AT_ONCE):
            in_transaction(self._database, partial(self._rewrite, fresh[at : at + _AT_ONCE]))

    # -- within --------------------------------------------------------------------------------

    def _rewrite(self, marks: list[str]) -> None:
        for mark in marks:
            ballot = self._rounds.ballots.find_one({"_id": mark, "fresh": True}, session=session())
            if ballot is None:
                continue  # counted and gone, or another replica was here
            self._rounds.ballots.delete_one({"_id": mark}, session=session())
            ballot.pop("fresh")
            self._rounds.ballots.insert_one(ballot, session=session())

    def _is_counted(self, round: str) -> bool:  # noqa: A002 - the domain's word
        return self._rounds.documents.get(round).state["state"] in ("closed", "published")

    def _require_open(self, round: Document) -> None:  # noqa: A002 - the domain's word
        if round.state["state"] != "open" or self._clock.today().isoformat() > round.state["closes_on"]:
            raise Conflict("round.is_closed")

    def _mine(self, id: str) -> tuple[Document, Record]:  # noqa: A002 - the field's name
        round = self._rounds.documents.get(id)  # noqa: A001 - the domain's word
        line = self._rounds.freezing.elector(round, context.actor())
        if line is None:
            raise NotFound("rounds.not_found")
        return round, line

    def _asks_for_self(self, round: Document, person: str) -> bool:  # noqa: A002 - the domain's word
        parts = {part["name"] for part in round.state["asked"]["parts"]}
        return rules.SELF in parts and person in round.state["subjects"]

    def _note(self, line: str, paper: str, digest: str) -> None:
        """Add a draw, all of them sorted: in which order somebody drew is kept nowhere."""
        for _ in range(_ATTEMPTS):
            with answering():
                found = self._rounds.freezing.electors.find_one({"_id": line}) or {}
                drawn = found.get("drawn", {})
                if paper in drawn:
                    tickets.require_as_drawn(drawn[paper], digest)
                    return
                guard = {"_id": line, "drawn": drawn} if drawn else {"_id": line, "drawn": {"$exists": False}}
                changed = {"$set": {"drawn": dict(sorted({**drawn, paper: digest}.items()))}}
                if self._rounds.freezing.electors.update_one(guard, changed).matched_count:
                    return
        raise Unavailable("document.contended")
