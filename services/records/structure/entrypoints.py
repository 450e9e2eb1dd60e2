"""Who handles what about the tree as it was and its reorganisation."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import structure as calls
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class StructureTable:
    """Who handles what about the tree as it was and its reorganisation."""

    records: Records

    @rpc(request=calls.ListEditions, response=calls.Editions)
    def list_editions(self, request: Request) -> Answer:
        return self.records.history.listed(request)

    @rpc(request=calls.DissolveOrganisation, response=calls.StartedReorganisation)
    def dissolve_organisation(self, request: Request) -> Answer:
        return self.records.reorganising.dissolve(request)

    @rpc(request=calls.MergeOrganisations, response=calls.StartedReorganisation)
    def merge_organisations(self, request: Request) -> Answer:
        return self.records.reorganising.merge(request)

    @rpc(request=calls.SplitOrganisation, response=calls.StartedReorganisation)
    def split_organisation(self, request: Request) -> Answer:
        return self.records.reorganising.split(request)
