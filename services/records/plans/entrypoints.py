"""Who handles what about plans, tasks and templates."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts.records_rpc import plans as planned
from services.contracts.records_rpc import tasks as calls
from services.contracts.records_rpc.imports import StartedJob
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class PlansTable:
    """Who handles what about plans, tasks and templates."""

    records: Records

    @rpc(request=calls.EnterTask, response=calls.Task)
    def enter_task(self, request: Request) -> Answer:
        return self.records.plans.tasks.enter(request)

    @rpc(request=calls.GetTask, response=calls.Task)
    def get_task(self, request: Request) -> Answer:
        return self.records.plans.lists.get(request["task"])

    @rpc(request=calls.ListTasks, response=calls.Tasks)
    def list_tasks(self, request: Request) -> Answer:
        return self.records.plans.lists.listed(request)

    @rpc(request=calls.ListMyTasks, response=calls.Tasks)
    def list_my_tasks(self, request: Request) -> Answer:
        return self.records.plans.lists.mine(request)

    @rpc(request=calls.ChangeTask, response=calls.Task)
    def change_task(self, request: Request) -> Answer:
        return self.records.plans.tasks.change(request)

    @rpc(request=calls.TakeUpTask, response=calls.Task)
    def take_up_task(self, request: Request) -> Answer:
        return self.records.plans.tasks.take_up(request)

    @rpc(request=calls.RescheduleTask, response=calls.Task)
    def reschedule_task(self, request: Request) -> Answer:
        return self.records.plans.tasks.reschedule(request)

    @rpc(request=calls.AddNodes, response=calls.Task)
    def add_task_nodes(self, request: Request) -> Answer:
        return self.records.plans.tasks.add_nodes(request)

    @rpc(request=calls.FinishNode, response=calls.Task)
    def finish_task_node(self, request: Request) -> Answer:
        return self.records.plans.tasks.finish_node(request)

    @rpc(request=calls.ReopenNode, response=calls.Task)
    def reopen_task_node(self, request: Request) -> Answer:
        return self.records.plans.tasks.reopen_node(request)

    @rpc(request=calls.DropNode, response=calls.Task)
    def drop_task_node(self, request: Request) -> Answer:
        return self.records.plans.tasks.drop_node(request)

    @rpc(request=calls.ReportTask, response=calls.Task)
    def report_task(self, request: Request) -> Answer:
        return self.records.plans.tasks.report(request)

    @rpc(request=calls.CompleteTask, response=calls.Task)
    def complete_task(self, request: Request) -> Answer:
        return self.records.plans.tasks.complete(request)

    @rpc(request=calls.ConfirmTask, response=calls.Task)
    def confirm_task(self, request: Request) -> Answer:
        return self.records.plans.tasks.confirm(request)

    @rpc(request=calls.CancelTask, response=calls.Task)
    def cancel_task(self, request: Request) -> Answer:
        return self.records.plans.tasks.cancel(request)

    @rpc(request=calls.PublishTask, response=calls.Task)
    def publish_task(self, request: Request) -> Answer:
        return self.records.plans.tasks.publish(request)

    @rpc(request=calls.UrgeTask, response=calls.Urged)
    def urge_task(self, request: Request) -> Answer:
        return self.records.plans.urging.urge(request)

    @rpc(request=calls.ListPublicTasks, response=calls.PublicTasks, public=True)
    def public_tasks(self, request: Request) -> Answer:
        return self.records.plans.lists.public(request)

    @rpc(request=planned.DraftPlan, response=planned.Plan)
    def draft_plan(self, request: Request) -> Answer:
        return self.records.plans.annual.draft(request)

    @rpc(request=planned.ChangePlan, response=planned.Plan)
    def change_plan(self, request: Request) -> Answer:
        return self.records.plans.annual.change(request)

    @rpc(request=planned.SubmitPlan, response=planned.Plan)
    def submit_plan(self, request: Request) -> Answer:
        return self.records.plans.annual.submit(request)

    @rpc(request=planned.ReviewPlan, response=planned.Plan)
    def review_plan(self, request: Request) -> Answer:
        return self.records.plans.annual.review(request)

    @rpc(request=planned.ClosePlan, response=planned.Plan)
    def close_plan(self, request: Request) -> Answer:
        return self.records.plans.annual.close(request)

    @rpc(request=planned.PublishPlan, response=planned.Plan)
    def publish_plan(self, request: Request) -> Answer:
        return self.records.plans.annual.publish(request)

    @rpc(request=planned.GetPlan, response=planned.Plan)
    def get_plan(self, request: Request) -> Answer:
        return self.records.plans.annual.get(request["plan"])

    @rpc(request=planned.ListPlans, response=planned.Plans)
    def list_plans(self, request: Request) -> Answer:
        return self.records.plans.annual.listed(request)

    @rpc(request=planned.ListPublicPlans, response=planned.PublicPlans, public=True)
    def public_plans(self, request: Request) -> Answer:
        return self.records.plans.annual.public(request)

    @rpc(request=planned.MakePlanTemplate, response=planned.PlanTemplate)
    def make_plan_template(self, request: Request) -> Answer:
        return self.records.plans.templates.make(request)

    @rpc(request=planned.GetPlanTemplate, response=planned.PlanTemplate)
    def get_plan_template(self, request: Request) -> Answer:
        return self.records.plans.templates.get(request["template"])

    @rpc(request=planned.ListPlanTemplates, response=planned.PlanTemplates)
    def list_plan_templates(self, request: Request) -> Answer:
        return self.records.plans.templates.listed(request)

    @rpc(request=planned.PushPlanTemplate, response=StartedJob)
    def push_plan_template(self, request: Request) -> Answer:
        return self.records.plans.templates.push(request)

    @rpc(request=planned.WithdrawPlanTemplate, response=StartedJob)
    def withdraw_plan_template(self, request: Request) -> Answer:
        return self.records.plans.templates.withdraw(request)

    @rpc(request=planned.ListPushedTasks, response=planned.PushedTasks)
    def list_pushed_tasks(self, request: Request) -> Answer:
        return self.records.plans.templates.pushed(request)
