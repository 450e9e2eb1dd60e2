"""Addresses of tasks, and of those of them that everybody may see."""

from __future__ import annotations

from gateway.routing import Access, Call, Route
from services.contracts.records_rpc import tasks as rpc

_WRITER = "writer of the organisation (secretary, deputy, commissioner, group leader) or administrator above"
_WORKER = f"who is responsible for the task, or {_WRITER}"
_READER = (
    "member of the organisation, a post there or above, or who is responsible; "
    "difficulties: who writes for it or reviews it from above"
)
_ABOVE = "what was pushed down: a post strictly above the organisation"
_PUBLISHER = "secretary, deputy or administrator of the organisation or above"

ROUTES = (
    Route(
        "POST",
        "/api/v1/tasks",
        "Enter a task, or a difficulty 群众疑难 that somebody raised",
        "tasks",
        call=Call("records.enter_task", rpc.EnterTask, rpc.Task),
        status=201,
        location="/api/v1/tasks/{id}",
        permission=_WRITER,
    ),
    Route(
        "GET",
        "/api/v1/tasks",
        "Tasks by due date",
        "tasks",
        call=Call("records.list_tasks", rpc.ListTasks, rpc.Tasks),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/me/tasks",
        "Tasks for which I am responsible, by due date",
        "tasks",
        call=Call("records.list_my_tasks", rpc.ListMyTasks, rpc.Tasks),
        permission="any session",
    ),
    Route(
        "GET",
        "/api/v1/tasks/{task}",
        "One task with its nodes, reports and earlier due dates",
        "tasks",
        call=Call("records.get_task", rpc.GetTask, rpc.Task),
        permission=_READER,
    ),
    Route(
        "PATCH",
        "/api/v1/tasks/{task}",
        "Change words, person, plan or target of a task",
        "tasks",
        call=Call("records.change_task", rpc.ChangeTask, rpc.Task),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/take-up",
        "Take up a task that was pushed down",
        "tasks",
        call=Call("records.take_up_task", rpc.TakeUpTask, rpc.Task),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/reschedule",
        "Change a due date, with the reason; the earlier one is kept",
        "tasks",
        call=Call("records.reschedule_task", rpc.RescheduleTask, rpc.Task),
        expects="expected_version",
        permission=f"{_WRITER}; {_ABOVE}",
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/nodes",
        "Add nodes 节点 to a task",
        "tasks",
        call=Call("records.add_task_nodes", rpc.AddNodes, rpc.Task),
        status=201,
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/nodes/{node}/finish",
        "Say that a node is reached",
        "tasks",
        call=Call("records.finish_task_node", rpc.FinishNode, rpc.Task),
        expects="expected_version",
        permission=_WORKER,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/nodes/{node}/reopen",
        "Say that a node was not reached after all",
        "tasks",
        call=Call("records.reopen_task_node", rpc.ReopenNode, rpc.Task),
        expects="expected_version",
        permission=_WORKER,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/nodes/{node}/drop",
        "Have a node count no more",
        "tasks",
        call=Call("records.drop_task_node", rpc.DropNode, rpc.Task),
        expects="expected_version",
        permission=_WRITER,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/reports",
        "Say how a task stands",
        "tasks",
        call=Call("records.report_task", rpc.ReportTask, rpc.Task),
        status=201,
        expects="expected_version",
        permission=_WORKER,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/complete",
        "Say that a task is done, and what it came to",
        "tasks",
        call=Call("records.complete_task", rpc.CompleteTask, rpc.Task),
        expects="expected_version",
        permission=_WORKER,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/confirm",
        "Confirm what somebody else did, or return it with a comment",
        "tasks",
        call=Call("records.confirm_task", rpc.ConfirmTask, rpc.Task),
        status=201,
        expects="expected_version",
        permission=f"{_WRITER}, or a post strictly above; {_ABOVE}; never who did it",
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/cancel",
        "Say that a task need not be done",
        "tasks",
        call=Call("records.cancel_task", rpc.CancelTask, rpc.Task),
        expects="expected_version",
        permission=f"{_WRITER}; what is required from above: a post strictly above",
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/publish",
        "Put a task into the open view, or take it out",
        "tasks",
        call=Call("records.publish_task", rpc.PublishTask, rpc.Task),
        expects="expected_version",
        permission=_PUBLISHER,
    ),
    Route(
        "POST",
        "/api/v1/tasks/{task}/urges",
        "Urge that a task be done 催办; nobody sees who did",
        "tasks",
        call=Call("records.urge_task", rpc.UrgeTask, rpc.Urged),
        status=201,
        permission="any session, of a published task; else who reads it",
    ),
    Route(
        "GET",
        "/api/v1/public/tasks",
        "Published tasks and difficulties, for everybody",
        "public",
        call=Call("records.public_tasks", rpc.ListPublicTasks, rpc.PublicTasks),
        access=Access.PUBLIC,
    ),
)
