"""Reading messages: who may know of one, and what they see of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis import context
from services.chassis.authority import Authority
from services.chassis.errors import NotFound
from services.contracts.kinds import PERSONAL_KINDS, ROLES
from services.notify.access import Access
from services.notify.messages import model
from services.notify.messages.addressing import Addresses
from services.notify.messages.documents import Stored
from services.notify.messages.store import Messages


class Reading:
    """Each message is seen by its recipient, by posts and members as far as it is about an organisation."""

    def __init__(
        self, messages: Messages, addresses: Addresses, access: Access, authority: Authority
    ) -> None:
        self._messages = messages
        self._addresses = addresses
        self._access = access
        self._authority = authority

    def listed(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Messages in the caller's scope, newest first."""
        more = {"state": request["state"]} if "state" in request else {}
        found, following = self._messages.page(
            self._readable(context.actor(), request), request.get("cursor"), request["limit"], **more
        )
        digests = self._digests(found)
        return {"items": [self._view(each, digests) for each in found], "next": following}

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One message with every decision about it."""
        person = context.actor()
        stored = self._messages.get(request["message"])
        purpose = stored.purpose
        sees = self._access.covers if purpose.obligation is None else self._access.sees_duties
        is_personal = purpose.kind in PERSONAL_KINDS
        if person != purpose.recipient and (is_personal or not sees(purpose.organisation)):
            # Whoever may not read it may not learn that it exists.
            raise NotFound("messages.not_found")
        decisions = [
            {"at": each.at, "state": str(each.state), "reason": each.reason, "attempt": each.attempt}
            for each in stored.message.decisions
        ]
        return {**self._view(stored, self._digests([stored])), "decisions": decisions}

    def _readable(self, person: str, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What ``person`` may read of those asked for: filters that each begin with the field of an index."""
        about = {"watch": request["obligation"]} if "obligation" in request else {}
        others = {"kind": {"$nin": list(PERSONAL_KINDS)}}
        if "organisation" in request:
            self._authority.require(person, ROLES, request["organisation"])
            below = self._authority.subtree(request["organisation"])
            return [{**about, "organisation": {"$in": below}, **others}]
        readable: list[dict[str, Any]] = [{"recipient": person, **about}]
        if scope := self._authority.scope(person, ROLES):
            readable.append({**about, "organisation": {"$in": sorted(scope)}, **others})
        if about and (own := self._access.round()):  # also for whoever sees what their branch owes
            owed = {"obligation": request["obligation"], "organisation": {"$in": sorted(own)}}
            readable.append({**about, **owed})
        return readable

    def _digests(self, found: Sequence[Stored]) -> dict[str, Stored]:
        """The digests that messages were merged into, by id."""
        return self._messages.several(
            {each.message.merged_into for each in found if each.message.merged_into}
        )

    def _view(self, stored: Stored, digests: Mapping[str, Stored]) -> dict[str, Any]:
        purpose, message = stored.purpose, stored.message
        digest = digests.get(message.merged_into or "")
        return {
            "message": stored.id,
            "version": stored.version,
            "state": str(message.state),
            "reason": message.reason,
            "kind": purpose.kind,
            "channel": purpose.channels[message.way],
            "provider": message.provider,
            "language": purpose.language,
            "template": purpose.template,
            "step": purpose.step,
            "organisation": purpose.organisation,
            "obligation": purpose.obligation,
            "recipient": purpose.recipient,
            "answers_as": purpose.answers_as,
            "merged_into": digest
            and {
                "message": digest.id,
                "state": str(digest.message.state),
                "changed_at": digest.message.decisions[-1].at,
            },
            "phone": self._addresses.masked(purpose.channels[message.way], stored.sent_to),
            "text": purpose.text,
            "attempts": message.attempts,
            "created_at": message.decisions[0].at,
            "changed_at": message.decisions[-1].at,
            "due_at": message.act_at if message.state in model.WAITING else message.release_at,
        }
