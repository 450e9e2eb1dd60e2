"""Addresses of plans of a year, and of templates that are pushed down."""

from __future__ import annotations

from gateway.routing import Access, Call, Route
from services.contracts.records_rpc import plans as rpc
from services.contracts.records_rpc.imports import StartedJob

_WRITER = "writer of the organisation (secretary, deputy, commissioner, group leader) or administrator above"
_MEMBER = "member of the organisation, or a post there or above"
_ABOVE = "a post strictly above the organisation"
_POST = "a post at the organisation or above"
_PUBLISHER = "secretary, deputy or administrator of the organisation or above"

ROUTES = (
    Route(
        "POST",
        "/api/v1/plans",
        "Begin the plan of an organisation for a year",
        "plans",
        call=Call("records.draft_plan", rpc.DraftPlan, rpc.Plan),
        status=201,
        location="/api/v1/plans/{id}",
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/plans",
        "Plans, the newest year first",
        "plans",
        call=Call("records.list_plans", rpc.ListPlans, rpc.Plans),
        permission=_MEMBER,
    ),
    Route(
        "GET",
        "/api/v1/plans/{plan}",
        "One plan, and how its tasks stand",
        "plans",
        call=Call("records.get_plan", rpc.GetPlan, rpc.Plan),
        permission=_MEMBER,
    ),
    Route(
        "PUT",
        "/api/v1/plans/{plan}",
        "Write a plan anew",
        "plans",
        call=Call("records.change_plan", rpc.ChangePlan, rpc.Plan),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/plans/{plan}/submit",
        "Hand a plan to the level above",
        "plans",
        call=Call("records.submit_plan", rpc.SubmitPlan, rpc.Plan),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/plans/{plan}/review",
        "Approve a plan, or return it with a comment",
        "plans",
        call=Call("records.review_plan", rpc.ReviewPlan, rpc.Plan),
        status=201,
        expects="expected_version",
        permission=_ABOVE,
    ),
    Route(
        "POST",
        "/api/v1/plans/{plan}/close",
        "End a plan with what it came to",
        "plans",
        call=Call("records.close_plan", rpc.ClosePlan, rpc.Plan),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/plans/{plan}/publish",
        "Put a plan into the open view, or take it out",
        "plans",
        call=Call("records.publish_plan", rpc.PublishPlan, rpc.Plan),
        expects="expected_version",
        permission=_PUBLISHER,
    ),
    Route(
        "GET",
        "/api/v1/public/plans",
        "Published plans, for everybody",
        "public",
        call=Call("records.public_plans", rpc.ListPublicPlans, rpc.PublicPlans),
        access=Access.PUBLIC,
    ),
    Route(
        "POST",
        "/api/v1/plan-templates",
        "Make a task for organisations below",
        "plans",
        call=Call("records.make_plan_template", rpc.MakePlanTemplate, rpc.PlanTemplate),
        status=201,
        location="/api/v1/plan-templates/{id}",
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/plan-templates",
        "Templates of an organisation, newest first",
        "plans",
        call=Call("records.list_plan_templates", rpc.ListPlanTemplates, rpc.PlanTemplates),
        permission=_POST,
    ),
    Route(
        "GET",
        "/api/v1/plan-templates/{template}",
        "One template",
        "plans",
        call=Call("records.get_plan_template", rpc.GetPlanTemplate, rpc.PlanTemplate),
        permission=_POST,
    ),
    Route(
        "POST",
        "/api/v1/plan-templates/{template}/push",
        "Push the task down to organisations below, each once",
        "plans",
        call=Call("records.push_plan_template", rpc.PushPlanTemplate, StartedJob),
        status=202,
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/plan-templates/{template}/withdraw",
        "Take back what was pushed down; what was begun stays and is named",
        "plans",
        call=Call("records.withdraw_plan_template", rpc.WithdrawPlanTemplate, StartedJob),
        status=202,
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/plan-templates/{template}/tasks",
        "Who has the task, who took it up, and how far each is",
        "plans",
        call=Call("records.list_pushed_tasks", rpc.ListPushedTasks, rpc.PushedTasks),
        permission=_POST,
    ),
)
