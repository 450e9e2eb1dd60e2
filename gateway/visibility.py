"""Who may see which event as it happens: a pure rule over the tables of ``audiences``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.audiences import (
    ADDRESSED,
    CONCERNED,
    EVERYBODY,
    MEMBERS,
    OPINION_HANDLERS,
    OWNER,
    POST_HOLDERS,
    RESTRICTED,
    REVIEWERS,
)
from services.chassis.envelope import Event
from services.contracts import audience
from services.contracts.kinds import OPINION_READERS

# Posts that speak for their organisation, and review what is handed in to it; an administrator also below.
PUBLISHERS = frozenset({"secretary", "deputy_secretary", "publicity_commissioner"})
# Posts whose holders handle or oversee what people say; feedback decides anew on every read.
OPINION_ROLES = frozenset(OPINION_READERS)
# What an author may have done at that very instant.
_SPOKEN = frozenset(
    {
        "feedback.opinion.received.v1",
        "feedback.opinion.replied.v1",
        "feedback.opinion.rated.v1",
        "feedback.opinion.reopened.v1",
    }
)


@dataclass(frozen=True)
class Post:
    """A post held today. ``path`` leads from the root to its organisation."""

    role: str
    organisation: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """Where a person stands: where they belong, their posts, the organisations at or below these."""

    person: str
    belongs: str
    posts: tuple[Post, ...] = ()
    covered: frozenset[str] = field(default_factory=frozenset)
    # Where restricted activities are read by a post, as records says; None for everywhere.
    confided: frozenset[str] | None = field(default_factory=frozenset)
    home: tuple[str, ...] = ()  # from the root to where they belong
    political_status: str = "none"

    def moved(self, organisation: str, path: list[str]) -> Scope:
        """The scope after an organisation was founded or moved to ``path``."""
        held = {post.organisation for post in self.posts}
        covered = self.covered - {organisation}
        if held.intersection(path):
            covered = self.covered | {organisation}
        # What is confided there is told again with the next look at where the reader stands.
        confided = self.confided - {organisation} if self.confided is not None else None
        return replace(self, covered=covered, confided=confided)


def view(scope: Scope, event: Event) -> dict[str, Any] | None:
    """What the person of ``scope`` is shown of ``event`` as it happens; ``None`` where nothing.

    Never who acted.
    """
    allowed = _fields(scope, event)
    if allowed is None:
        return None
    content: Mapping[str, Any] = event.wire["data"]
    return {
        "id": event.id,
        "type": event.type,
        "subject": event.subject,
        "sequence": event.sequence,
        "time": event.wire["time"],
        "data": {name: content[name] for name in allowed if name in content},
    }


def _fields(scope: Scope, event: Event) -> tuple[str, ...] | None:
    organisation = event.data.get("organisation")
    covered = organisation in scope.covered
    # Who receives a person has to know of it as well as who is left.
    either = covered or event.data.get("destination") in scope.covered
    if event.type in EVERYBODY:
        return EVERYBODY[event.type]
    if event.data.get("restricted"):
        return RESTRICTED.get(event.type) if _is_confided(scope, event) else None
    if event.type in ADDRESSED and _is_addressed(scope, event):
        return ADDRESSED[event.type]
    if event.type in MEMBERS and (covered or organisation == scope.belongs):
        return MEMBERS[event.type]
    if event.type in POST_HOLDERS and (either or event.data.get("person") == scope.person):
        return POST_HOLDERS[event.type]
    if event.type in CONCERNED and event.data.get("person") == scope.person:
        return CONCERNED[event.type]
    if event.type in REVIEWERS and _reviews(scope, event):
        return REVIEWERS[event.type]
    if event.type in OPINION_HANDLERS and event.data.get("restricted"):
        return None  # kept from people whom it does not name: feedback decides when it is read
    if event.type in OPINION_HANDLERS and _handles(scope, event):
        return OPINION_HANDLERS[event.type]
    if event.type in OWNER and event.data.get("owner") == scope.person:
        return OWNER[event.type]
    return None


def _is_confided(scope: Scope, event: Event) -> bool:
    """Whether what is restricted is for its reader: who writes or reviews there, took part, has to do it."""
    named = (*event.data.get("concerned", ()), *event.data.get("invitees", ()), event.data.get("person"))
    return scope.confided is None or event.data["organisation"] in scope.confided or scope.person in named


def _is_addressed(scope: Scope, event: Event) -> bool:
    """Whether it is for its reader, or said by an organisation that they hold a post over."""
    if event.data.get("open") or event.data["organisation"] in scope.covered:
        return True
    posts = [(post.role, post.path) for post in scope.posts]
    reached = audience.marks_of_reader(scope.home, scope.political_status, posts)
    return not set(audience.marks(event.data)).isdisjoint(reached)


def _reviews(scope: Scope, event: Event) -> bool:
    """Whether a lecture is its reader's own, or theirs to review."""
    reviewer = event.data["review_at"]
    return event.data["person"] == scope.person or any(
        (post.role in PUBLISHERS and post.organisation == reviewer)
        or (post.role == "administrator" and reviewer in scope.covered)
        for post in scope.posts
    )


def _handles(scope: Scope, event: Event) -> bool:
    if event.type in _SPOKEN and event.data.get("mode") != "named":
        return False  # seeing it arrive would tell the instant at which somebody spoke
    responsible = event.data["organisation"]
    return any(post.role in OPINION_ROLES and responsible in scope.covered for post in scope.posts)
