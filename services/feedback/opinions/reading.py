"""Reading opinions: who may know of one, what they see of it, and the lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document, Documents
from services.chassis.errors import Forbidden, Gone, NotFound
from services.chassis.pages import page
from services.chassis.vault import Vault
from services.feedback.access import Access
from services.feedback.opinions import store
from services.feedback.opinions.model import Opinion, Voice
from services.feedback.opinions.receipts import opinion_of
from services.feedback.opinions.rulebook import Rulebook
from services.feedback.opinions.showing import Showing

Answered = dict[str, Any]
_AUTHOR = "opinion.author"
_AT_ONCE = 200  # where much is hidden a small page would ask as often as there are documents


class Voices:
    """How much of who spoke is kept: by name the name, in confidence a mark and the name sealed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def of(self, person: str, mode: str) -> Voice:
        """The voice of ``person``, who speaks by name or in confidence."""
        mark = self._mark(person, mode)
        if mode == "named":
            return Voice(mode=mode, author=person, speaker=mark)
        return Voice(mode=mode, speaker=mark, sealed_author=self._vault.seal(_AUTHOR, person))

    def marks(self, person: str) -> list[str]:
        """The keyed marks by which ``person`` finds what they said, one for each way to say it.

        One for both would name who spoke in confidence to everybody who reads the store and finds it beside
        a name.
        """
        return [self._mark(person, mode) for mode in ("named", "confidential")]

    def is_of(self, person: str, opinion: Opinion) -> bool:
        """Whether ``person`` said it; by the name, open or sealed, which a change of keys leaves readable."""
        if opinion.sealed_author is not None:
            return self.opened(opinion.sealed_author) == person
        return opinion.author is not None and opinion.author == person

    def _mark(self, person: str, mode: str) -> str:
        return self._vault.fingerprint(f"opinion.speaker.{mode}", person)

    def opened(self, sealed: str) -> str:
        """Who spoke in confidence."""
        return self._vault.open(_AUTHOR, sealed)


class OpinionReading:
    """An id that the caller may not know of is answered as one that does not exist."""

    def __init__(
        self,
        application: Application,
        documents: Documents,
        access: Access,
        rules: Rulebook,
        showing: Showing,
    ) -> None:
        self.documents = documents
        self.voices = Voices(application.vault)
        self._access = access
        self._rules = rules
        self._showing = showing
        self._audit = application.audit
        self._clock = application.clock

    def followed(self, code: str) -> Document:
        """The document of an anonymous opinion, by the code of its receipt.

        Raises ``NotFound("receipts.not_found")``, and ``Gone("receipts.expired")`` so many days after the
        answer; where it was merged, after the answer to the other one.
        """
        found = self.documents.find_one({"_id": opinion_of(code), "mode": "anonymous"})
        if found is None:
            raise NotFound("receipts.not_found")
        settled_on = self._showing.answering(store.read(found)).settled_on
        ruling = self._rules.receipt_days()
        if settled_on is not None and self._clock.today() > settled_on + timedelta(days=ruling.value):
            params = {
                "days": ruling.value,
                "pack": ruling.pack.id,
                "article": ruling.parameter.article,
            }
            raise Gone("receipts.expired", params=params)
        return found

    def follow(self, code: str) -> Answered:
        """What became of the opinion whose receipt this is; raises as ``followed``."""
        return self._showing.to_author(self.followed(code))

    def one(self, id: str) -> Answered:  # noqa: A002 - the field's name
        """One opinion, to its author and its readers. Who opens another's named one is on record."""
        person = context.actor()
        document = self.readable(person, id)
        opinion = store.read(document)
        if self.is_author(person, opinion):
            return self._showing.to_author(document)
        if opinion.author is not None:
            self._audit.append("opinion.read", person, "opinion", id)
        return self._showing.to_handler(document)

    def author(self, id: str, reason: str) -> Answered:  # noqa: A002 - the field's name
        """Who spoke in confidence, to the few who may know; each question is on record with its reason.

        Raises ``Forbidden`` to every other handler, ``NotFound("opinion.no_author")`` where no name is kept.
        """
        person = context.actor()
        opinion = store.read(self.readable(person, id))
        if not self._access.may(person, self._rules.confidants(), opinion.organisation, opinion.kept_from):
            raise Forbidden("permission.denied")
        if opinion.sealed_author is None:
            raise NotFound("opinion.no_author")
        self._audit.append("opinion.author", person, "opinion", id, reason)
        return {"author": self.voices.opened(opinion.sealed_author)}

    def several(self, request: Answered) -> Answered:
        """What I said, what was said about an activity, or what I may read."""
        person = context.actor()
        found = page(
            *self._asked(person, request),
            order=store.NEWEST_FIRST,
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [self._showing.item(each) for each in found.documents], "next": found.next}

    def _asked(self, person: str, request: Answered) -> tuple[Visible | Documents, Answered]:
        state = request.get("state")
        if request["mine"]:
            return self.documents, store.said_by(self.voices.marks(person), state)
        reach = self._access.reach(person, request.get("organisation"))
        seen = Visible(self.documents, self._access, person, reach)
        if "activity" in request:
            return seen, store.said_about(request["activity"], state)
        return seen, store.found_by(reach, state)

    def is_author(self, person: str, opinion: Opinion) -> bool:
        """Whether ``person`` said it, by name or in confidence."""
        return self.voices.is_of(person, opinion)

    def readable(self, person: str, id: str) -> Document:  # noqa: A002 - the field's name
        """The document of an opinion, to its author and its readers; raises ``NotFound`` to others."""
        document = self.documents.get(id)
        opinion = store.read(document)
        if not self.is_author(person, opinion) and not (
            opinion.released and self._access.may_read(person, opinion.organisation, opinion.kept_from)
        ):
            raise NotFound("opinions.not_found")
        return document

    def handled(self, person: str, id: str) -> Opinion:  # noqa: A002 - the field's name
        """An opinion to those who may deal with it; raises ``NotFound`` to others."""
        opinion = store.read(self.documents.get(id))
        may_handle = self._access.may_handle(person, opinion.organisation, opinion.kept_from)
        if not (opinion.released and may_handle):
            raise NotFound("opinions.not_found")
        return opinion


class Visible:
    """The documents that ``person`` may read, as a list is read: what is kept from them leaves no gap.

    They hold what an opinion or a measure holds: ``organisation``, ``kept_from``, and ``released`` if not.
    """

    def __init__(self, documents: Documents, access: Access, person: str, reach: Sequence[str]) -> None:
        self._documents = documents
        self._hidden_from = {person, *access.posts_at(person)}
        self._reach = frozenset(reach)

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        """At most ``limit`` documents; a further question only where something was kept back."""
        found: list[Document] = []
        skip, some = 0, limit
        while len(found) < limit:
            met = self._documents.find(filter, sort=sort, limit=some, skip=skip)
            found.extend(each for each in met if self._sees(each.state))
            skip += len(met)
            if len(met) < some:
                break
            some = max(limit, _AT_ONCE)
        return found[:limit]

    def _sees(self, state: Mapping[str, Any]) -> bool:
        return (
            state["organisation"] in self._reach
            and state.get("released", True)
            and self._hidden_from.isdisjoint(state.get("kept_from", ()))
        )
