"""Who handles what about scoring policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.rpc import rpc
from services.contracts import evaluation_policies_rpc as calls
from services.evaluation.application import Evaluation

Request = Mapping[str, Any]
Answer = Mapping[str, Any]


class PoliciesTable:
    """Who handles what about scoring policies."""

    evaluation: Evaluation

    @rpc(request=calls.ListPolicies, response=calls.ScoringPolicies)
    def list_policies(self, request: Request) -> Answer:
        return self.evaluation.editing.in_force(request)

    @rpc(request=calls.DraftPolicy, response=calls.PolicyDraft)
    def draft_policy(self, request: Request) -> Answer:
        return self.evaluation.editing.draft(request)

    @rpc(request=calls.NameDraft, response=calls.PolicyDraft)
    def get_policy_draft(self, request: Request) -> Answer:
        return self.evaluation.editing.get(request)

    @rpc(request=calls.TryPolicy, response=calls.PolicyDraft)
    def try_policy(self, request: Request) -> Answer:
        return self.evaluation.editing.try_on(request)

    @rpc(request=calls.ListDifferences, response=calls.DifferencePage)
    def list_differences(self, request: Request) -> Answer:
        return self.evaluation.editing.differences(request)

    @rpc(request=calls.ActivatePolicy, response=calls.PolicyDraft)
    def activate_policy(self, request: Request) -> Answer:
        return self.evaluation.editing.activate(request)
