"""Intake: opinions that chat bots and counters file as events of the campus."""

from __future__ import annotations

from services.chassis.documents import Documents
from services.chassis.envelope import Event
from services.chassis.errors import Conflict, Invalid, Permanent, Retryable
from services.chassis.identity import derived_id
from services.feedback.opinions import store
from services.feedback.opinions.model import NOBODY, says_the_same
from services.feedback.opinions.receipts import opinion_of_digest
from services.feedback.opinions.receiving import Receiving


class Intake:
    """Nobody is signed in there, so whoever spoke has no name here: what is filed waits for its batch.

    The same reference of the same source is one opinion, and the same again changes nothing.
    """

    def __init__(self, documents: Documents, receiving: Receiving) -> None:
        self._documents = documents
        self._receiving = receiving

    def file(self, event: Event) -> None:
        """Take over what was filed.

        Raises ``Permanent`` with the code of the rule that was broken, or ``opinion_differs`` where the
        reference said something else before, or the same but not of the head; ``Retryable`` for an unknown
        organisation, activity or task: the event that tells of it may be on its way.
        """
        said = event.data
        opinion_id = (
            opinion_of_digest(said["receipt_digest"])
            if "receipt_digest" in said
            else derived_id("filed opinion", event.source, said["reference"])
        )
        try:
            opinion, events = self._receiving.received(opinion_id, said, NOBODY, said["channel"])
        except Invalid as wrong:
            if wrong.code in ("organisation.unknown", "subject.unknown"):
                raise Retryable(wrong.code) from None
            raise Permanent(wrong.code, ", ".join(sorted(wrong.fields))) from None
        try:
            self._documents.create(opinion.id, store.kept(opinion), events, anonymous=True)
        except Conflict:
            met = store.read(self._documents.get(opinion.id))
            if not says_the_same(met, opinion):
                raise Permanent("opinion_differs", "reference") from None
