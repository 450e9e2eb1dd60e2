"""Who has to do with a rating: who closes it, reads it, reviews it, and whose result it is."""

from __future__ import annotations

from services.chassis import context
from services.chassis.authority import Authority
from services.chassis.documents import Document
from services.chassis.errors import Forbidden
from services.evaluation.assessments.assessing import Assessing
from services.evaluation.assessments.model import REVIEWERS, Subject, require_fit
from services.evaluation.indicators.model import ORGANISATION, SECRETARY
from services.evaluation.ratings.model import PUBLISHED

CLOSERS = ("secretary", "organisation_commissioner", "administrator")
HEADS = ("secretary", "deputy_secretary")  # who speaks for an organisation that was rated


class Parties:
    """The running caller's part in it, by the posts of the moment."""

    def __init__(self, authority: Authority, assessing: Assessing) -> None:
        self._authority = authority
        self._assessing = assessing

    def require_closer(self, organisation: str) -> None:
        """Raises ``Forbidden`` unless the caller may close what ``organisation`` rates."""
        self._authority.require(context.actor(), CLOSERS, organisation)

    def require_reviewer(self, rating: Document, entry: Document) -> None:
        """Raises ``Forbidden`` where the caller reviews nobody there, or by the rule of interest."""
        organisation = entry.state["organisation"]
        path = tuple(self._authority.path(organisation))
        kind = rating.state["subject_kind"]
        subject = Subject(kind, entry.state["subject"], organisation, rating.state["kind"], path)
        require_fit(self._assessing.reviewer(context.actor()), subject, REVIEWERS)

    def require_reader(self, rating: Document) -> None:
        """Raises ``Forbidden`` unless ``may_read``."""
        if not self.may_read(rating):
            raise Forbidden("permission.denied")

    def may_read(self, rating: Document) -> bool:
        """Closed ones only by those who may close; published ones by everybody who is signed in."""
        person = context.actor()
        if rating.state["state"] == PUBLISHED:
            return True
        return self._authority.may(person, CLOSERS, rating.state["organisation"])

    def may_see(self, rating: Document, entry: Document) -> bool:
        """Of an organisation whoever reads the rating; of a person they themselves, and who reviews them."""
        person, kind = context.actor(), rating.state["subject_kind"]
        if kind == ORGANISATION or self.is_own(entry):
            return True
        return self._authority.may(person, REVIEWERS, entry.state["organisation"], above=kind == SECRETARY)

    def is_own(self, entry: Document) -> bool:
        """Whether it is the caller's result, or that of the organisation they head."""
        person = context.actor()
        subject, organisation = entry.state["subject"], entry.state["organisation"]
        if subject == organisation:
            grants = self._authority.grants(person)
            return any(each.role in HEADS and each.node == organisation for each in grants)
        return bool(person == subject)

    def may_hear(self, appeal: Document) -> bool:
        """An appeal is read by who filed it and by those above who review."""
        person, state = context.actor(), appeal.state
        return person == state["by"] or self._authority.may(
            person, REVIEWERS, state["organisation"], above=True
        )
