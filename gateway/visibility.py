"""Who may see which event as it happens: a pure rule, closed for every event that it does not name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.chassis.envelope import Event

# Posts whose holders handle or oversee what people say; feedback decides anew on every read.
OPINION_ROLES = frozenset(
    {"secretary", "deputy_secretary", "discipline_commissioner", "organiser", "administrator", "inspector"}
)
EVERYBODY = frozenset({"feedback.result.published.v1"})
MEMBERS = frozenset(
    {
        "records.organisation.changed.v1",
        "records.activity.planned.v1",
        "records.activity.recorded.v1",
        "records.activity.submitted.v1",
        "records.activity.approved.v1",
        "records.activity.returned.v1",
        "evaluation.obligation.opened.v1",
        "evaluation.obligation.due_soon.v1",
        "evaluation.obligation.overdue.v1",
        "evaluation.obligation.fulfilled.v1",
        "evaluation.obligation.missed.v1",
        "evaluation.obligation.exempted.v1",
        "evaluation.obligation.reopened.v1",
        "evaluation.score.changed.v1",
    }
)
POST_HOLDERS = frozenset(
    {"records.person.changed.v1", "records.post.changed.v1", "notify.message.changed.v1"}
)
OPINION_HANDLERS = frozenset(
    {
        "feedback.opinion.received.v1",
        "feedback.opinion.declined.v1",
        "feedback.opinion.adopted.v1",
        "feedback.measure.planned.v1",
    }
)
_HIDDEN = frozenset({"phone_sealed"})


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

    def moved(self, organisation: str, path: list[str]) -> Scope:
        """The scope after an organisation was founded or moved to ``path``."""
        held = {post.organisation for post in self.posts}
        covered = self.covered - {organisation}
        if held.intersection(path):
            covered = self.covered | {organisation}
        return Scope(self.person, self.belongs, self.posts, covered)


def may_see(scope: Scope, event: Event) -> bool:
    """Whether ``event`` may be shown to the person of ``scope`` as it happens."""
    if event.type in EVERYBODY:
        return True
    organisation = event.data.get("organisation")
    if event.type in MEMBERS:
        return organisation in scope.covered or organisation == scope.belongs
    if event.type in POST_HOLDERS:
        return organisation in scope.covered or event.data.get("person") == scope.person
    if event.type in OPINION_HANDLERS:
        return _handles(scope, event)
    return False


def shown(event: Event) -> dict[str, Any]:
    """What is shown of an event: neither who acted nor what is sealed."""
    data: Mapping[str, Any] = event.wire["data"]
    return {
        "id": event.id,
        "type": event.type,
        "subject": event.subject,
        "sequence": event.sequence,
        "time": event.wire["time"],
        "data": {name: value for name, value in data.items() if name not in _HIDDEN},
    }


def _handles(scope: Scope, event: Event) -> bool:
    if event.data.get("mode") == "anonymous" and event.type == "feedback.opinion.received.v1":
        return False  # seeing it arrive would tell the instant at which somebody spoke
    responsible = event.data["organisation"]
    if event.data.get("owner") == scope.person:
        return True
    # Whoever also holds a post further down may be the one it is about: the event does not say.
    if any(responsible in post.path[:-1] for post in scope.posts):
        return False
    return any(post.role in OPINION_ROLES and responsible in scope.covered for post in scope.posts)
