"""What an organisation asks for and the level above decides: how such requests are found, kept and shown."""

from __future__ import annotations

from collections.abc import Callable

from services.chassis import context
from services.chassis.contract import Change
from services.chassis.documents import Document, Documents
from services.chassis.errors import Forbidden
from services.chassis.pages import Page, page
from services.chassis.transactions import in_transaction
from services.records.directory.store import only
from services.records.dues.office import Answer, Office, shown


class Requests:
    """Requests of one kind, each with a reason that is sealed: it is read by those who decide or asked.

    ``name`` begins the codes of refusals and the actions of the audit chain.
    """

    def __init__(self, office: Office, documents: Documents, name: str) -> None:
        self._office = office
        self._documents = documents
        self._name = name
        self._field = f"dues {name} reason"

    def get(self, request: str) -> Answer:
        """One request with its reason. Whoever opens somebody else's is on record."""
        found = self._known(request)
        person = found.state["person"]
        if person is not None and context.actor() != person:
            self._office.audit.append(f"dues.{self._name}_read", context.actor(), "person", person)
        return self._opened(shown(found))

    def listed(self, request: Answer) -> Answer:
        """Requests of one organisation, newest first, without their reasons."""
        return listed(self._office, self._documents, request)

    def _asked(self, request: Answer, decide: Callable[[str, Answer], Change]) -> Answer:
        """Keep what ``decide(id, given)`` makes of a request with its reason sealed."""
        sealed = self._office.vault.seal(self._field, request["reason"])
        subject = self._documents.id_for_command()
        change = decide(subject, {**request, "reason_sealed": sealed})
        asked = self._documents.create(subject, change.state, change.events, respond=shown)
        return self._opened(asked.response or {})

    def _decided(
        self, request: Answer, decide: Callable[[str, Answer], Change], approved: Callable[[Document], None]
    ) -> Answer:
        """Decide from above; what follows of an approval is ``approved`` in the same commit."""
        office, actor = self._office, context.actor()
        found = self._known(request[self._name])
        require_above(office, actor, found, self._name)
        if actor == found.state["person"]:
            raise Forbidden(f"{self._name}.own_request")

        def commit() -> Document:
            repeated = self._documents.repeated(found.id)
            if repeated is not None:
                return repeated
            decided = self._documents.change(
                found.id,
                lambda state: decide(found.id, state),
                expected_version=request["expected_version"],
                respond=shown,
            )
            if decided.state["state"] == "approved":
                approved(decided)
            return decided

        return self._opened(in_transaction(office.database, commit).response or {})

    def _known(self, request: str) -> Document:
        found = self._documents.get(request)
        self._office.require_known_to(context.actor(), found, f"{self._documents.name}.not_found")
        return found

    def _opened(self, request: Answer) -> Answer:
        told = {name: value for name, value in request.items() if name != "reason_sealed"}
        return {**told, "reason": self._office.vault.open(self._field, request["reason_sealed"])}


def listed(office: Office, documents: Documents, request: Answer) -> Answer:
    """A page of what one organisation asked for, newest first; see ``page_of``."""
    found = page_of(office, documents, request, only(request, "state"), by="asked_on")
    return {"items": [shown(each) for each in found.documents], "next": found.next}


def page_of(office: Office, documents: Documents, request: Answer, wanted: Answer, *, by: str) -> Page:
    """A page of what is of one organisation, newest first; asks for a post there or above.

    Ids of one collection are not all ordered by time; the day ``by`` which it is sorted is.
    """
    node = office.directory.organisation_named_in("organisation", request["organisation"]).id
    office.access.require_reader(context.actor(), node)
    given = {"organisation": node, **wanted}
    return page(documents, given, order=[(by, -1)], limit=request["limit"], cursor=request["cursor"])


def require_above(office: Office, actor: str, found: Document, name: str) -> None:
    """A post strictly above, and none that writes for the organisation itself."""
    node = found.state["organisation"]
    office.access.require_reviewer(actor, node)
    if office.access.holds_writing_post(actor, node):
        raise Forbidden(f"{name}.own_organisation")
