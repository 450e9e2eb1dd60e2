"""Receipts of mandatory bulletins: who was to read, who has, and the turn that tells when it is overdue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document, Documents
from services.chassis.envelope import Event
from services.chassis.errors import Conflict
from services.chassis.identity import derived_id
from services.chassis.pages import page
from services.records.access import Access, not_a_reader
from services.records.bulletins import receipts as rules
from services.records.bulletins.addressing import Addressing
from services.records.directory.store import Directory, found_by
from services.records.membership import model as membership

Answer = dict[str, Any]
RECEIPTS = "bulletin_receipts"
AUDIENCES = "bulletin_audiences"
CLOSED_AT_ONCE = 50


class Reading:
    """One receipt a person and bulletin; of one that need not be read nothing is kept at all.

    Whoever is to read is known by name, by organisation, as of the day of publication: that is written by a
    reader of the event, so that publishing to thousands stays one write.
    """

    def __init__(
        self, application: Application, directory: Directory, access: Access, addressing: Addressing
    ) -> None:
        self.receipts = application.documents(RECEIPTS)
        self.audiences = application.bundled_documents(AUDIENCES)
        indexes = application.indexes
        indexes.declare(RECEIPTS, "place")
        indexes.declare(AUDIENCES, [("bulletin", 1), ("organisation", 1), ("_id", 1)])
        indexes.declare(AUDIENCES, [("bulletin", 1), ("expected", 1)])
        indexes.declare(AUDIENCES, [("state", 1), ("read_by", 1)])
        self._directory = directory
        self._access = access
        self._addressing = addressing
        self._audit: Audit = application.audit
        self._clock: Clock = application.clock

    # -- who is to read ------------------------------------------------------------------------

    def follow(self, events: Sequence[Event]) -> None:
        """Write down who is to read what was published; repeated it changes nothing."""
        for event in events:
            if event.data["mandatory"]:
                self._expect(event.data)

    def _expect(self, bulletin: Any) -> None:
        met = rules.addressed(bulletin, self._readers(bulletin, bulletin["published_on"]))
        written: list[tuple[str, Answer, Sequence[Any]]] = [
            (
                derived_id("bulletin audience", bulletin["bulletin"], organisation),
                rules.expect(bulletin, organisation, people),
                (),
            )
            for organisation, people in met.items()
        ]
        self.audiences.create_many(written)

    def _readers(self, bulletin: Any, day: date) -> list[rules.Reader]:
        """Everybody who may be meant: who belonged, or held a post, within the audience on that day."""
        authority = self._directory.authority
        within = {node for each in bulletin["organisations"] for node in authority.subtree(each)}
        posts: dict[str, list[tuple[str, list[str]]]] = {}
        for each in found_by(self._directory.posts, "organisation", within) if bulletin["roles"] else ():
            held = each.state
            if held["since"] <= day.isoformat() <= (held["until"] or "9999"):
                path = authority.path(held["organisation"])
                posts.setdefault(held["person"], []).append((held["role"], path))
        people = {each.id: each for each in found_by(self._directory.people, "belonged", within)}
        people |= {each.id: each for each in found_by(self._directory.people, "_id", {*posts} - {*people})}
        readers = []
        for person in people.values():
            spell = membership.on(person.state["spells"], day)
            if spell is None or not spell["active"]:
                continue
            home = spell["organisation"]
            readers.append(
                rules.Reader(
                    person.id,
                    authority.path(home),
                    self._addressing.unit(home),
                    spell["political_status"],
                    posts.get(person.id, ()),
                )
            )
        return readers

    # -- reading -------------------------------------------------------------------------------

    def read(self, bulletin: Document) -> Answer:
        """The caller has read it. Said again, by whatever key, it is the first day that stands.

        Raises ``Conflict("bulletin.not_readable")`` for what is not published, or was taken down.
        """
        actor, state = context.actor(), bulletin.state
        if state["state"] != "published":
            raise Conflict("bulletin.not_readable", params={"state": state["state"]})
        if not state["mandatory"]:
            return {"bulletin": bulletin.id, "recorded": False, "read_on": None}
        receipt = receipt_of(bulletin.id, actor)
        kept = {
            "bulletin": bulletin.id,
            "person": actor,
            "place": _place(bulletin.id, self._counted_with(bulletin.id, actor)),
            "edition": state["edition"],
            "read_on": self._clock.today().isoformat(),
        }
        try:
            met = self.receipts.create(receipt, kept)
        except Conflict as taken:
            if taken.code != f"{RECEIPTS}.exists":
                raise
            met = self.receipts.get(receipt)
        return {"bulletin": bulletin.id, "recorded": True, "read_on": met.state["read_on"]}

    def read_on(self, bulletins: Iterable[Document], person: str) -> dict[str, str]:
        """By bulletin, the day on which ``person`` read it, of those that ask for a receipt."""
        wanted = [receipt_of(each.id, person) for each in bulletins if each.state["mandatory"]]
        return {
            each.state["bulletin"]: each.state["read_on"] for each in found_by(self.receipts, "_id", wanted)
        }

    def _counted_with(self, bulletin: str, person: str) -> str:
        met = self.audiences.find_one({"bulletin": bulletin, "expected": person})
        if met is not None:
            return str(met.state["organisation"])
        return self._addressing.unit(self._directory.people.get(person).state["organisation"])

    # -- how many have -------------------------------------------------------------------------

    def counts(self, bulletin: Document, request: Answer) -> Answer:
        """How many read, by organisation: all to its publishers, to others where they hold a post over."""
        actor = context.actor()
        _require_mandatory(bulletin)
        wanted: Answer = {"bulletin": bulletin.id}
        if not self._access.may_publish(
            actor, bulletin.state["organisation"]
        ) and not self._access.reaches_everything(actor):
            scope = self._access.scope_of_people(actor)
            if not scope:
                raise not_a_reader()
            wanted["organisation"] = {"$in": sorted(scope)}
        found = page(
            self.audiences,
            wanted,
            order=[("organisation", 1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        read = self._read_in(bulletin.id, [each.state["organisation"] for each in found.documents])
        items = [
            {
                "organisation": each.state["organisation"],
                **rules.counted(each.state["expected"], read.get(each.state["organisation"], set())),
            }
            for each in found.documents
        ]
        return {"items": items, "next": found.next}

    def unread(self, bulletin: Document, request: Answer) -> Answer:
        """Who of an organisation has not read, to posts there or above. Asking is on record."""
        actor, organisation = context.actor(), request["organisation"]
        _require_mandatory(bulletin)
        self._access.require_reader(actor, organisation)
        met = self.audiences.find_one({"bulletin": bulletin.id, "organisation": organisation})
        expected = met.state["expected"] if met is not None else []
        read = self._read_in(bulletin.id, [organisation]).get(organisation, set())
        left = [each for each in expected if each not in read and each > (request["cursor"] or "")]
        told = left[: request["limit"]]
        names = self._directory.names(told)
        self._audit.append("bulletin.unread_listed", actor, "organisation", organisation)
        items = [{"person": each, "name": names.get(each, "")} for each in told]
        return {"items": items, "next": told[-1] if len(left) > len(told) else None}

    def _read_in(self, bulletin: str, organisations: Sequence[str]) -> dict[str, set[str]]:
        """By organisation, who of it has read."""
        places = {_place(bulletin, each): each for each in organisations}
        read: dict[str, set[str]] = {}
        for each in found_by(self.receipts, "place", places):
            read.setdefault(places[each.state["place"]], set()).add(each.state["person"])
        return read

    # -- overdue -------------------------------------------------------------------------------

    def turn(self, today: date, bulletins: Documents) -> None:
        """Tell, once for each organisation, where the last day is over and somebody has not read."""
        due = {"state": "open", "read_by": {"$lt": today.isoformat()}}
        while met := self.audiences.find(due, sort=(("read_by", 1),), limit=CLOSED_AT_ONCE):
            states = {
                each.id: each.state["state"]
                for each in found_by(bulletins, "_id", {each.state["bulletin"] for each in met})
            }
            for each in met:
                self._close(each, withdrawn=states[each.state["bulletin"]] == "withdrawn", today=today)

    def _close(self, met: Document, *, withdrawn: bool, today: date) -> None:
        organisation = met.state["organisation"]
        read = self._read_in(met.state["bulletin"], [organisation]).get(organisation, set())

        def decide(state: Answer) -> Change | None:
            return rules.close(state, read, withdrawn=withdrawn, today=today)

        self.audiences.change(met.id, decide)


def receipt_of(bulletin: str, person: str) -> str:
    """The id of the one receipt of ``person`` for ``bulletin``."""
    return derived_id("bulletin receipt", bulletin, person)


def _place(bulletin: str, organisation: str) -> str:
    """Bulletin and organisation as one key: the embedded store looks a list of values up in an index of one
    field alone."""
    return f"{bulletin} {organisation}"


def _require_mandatory(bulletin: Document) -> None:
    if not bulletin.state["mandatory"]:
        raise Conflict("bulletin.not_mandatory")
