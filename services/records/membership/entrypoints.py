"""Who handles what about membership."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import membership as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class MembershipTable:
    """Who handles what about membership."""

    records: Records

    @rpc(request=calls.ListMemberships, response=calls.Memberships)
    def list_memberships(self, request: Request) -> Answer:
        return self.records.membership.listed(request)

    @rpc(request=calls.GetHistory, response=calls.History)
    def get_membership_history(self, request: Request) -> Answer:
        return self.records.membership.history(request["person"])
