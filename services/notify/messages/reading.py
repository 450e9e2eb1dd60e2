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
from services.notify.messages.store import Messages, Stored


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
        person = context.actor()
        wanted: dict[str, Any] = {}
        if "organisation" in request:
            self._authority.require(person, ROLES, request["organisation"])
            wanted["organisation"] = {"$in": self._authority.subtree(request["organisation"])}
            wanted["kind"] = {"$nin": list(PERSONAL_KINDS)}
        else:
            scope = self._authority.scope(person, ROLES)
            theirs = {"organisation": {"$in": sorted(scope)}, "kind": {"$nin": list(PERSONAL_KINDS)}}
            wanted["$or"] = [{"recipient": person}, theirs]
            if "obligation" in request:  # also for whoever sees what their branch owes
                own = {"organisation": {"$in": sorted(self._access.round())}}
                wanted["$or"].append({"obligation": request["obligation"], **own})
        if "obligation" in request:
            wanted["watch"] = request["obligation"]
        if "state" in request:
            wanted["state"] = request["state"]
        found, following = self._messages.page(wanted, request.get("cursor"), request["limit"])
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
            "channel": purpose.channel,
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
