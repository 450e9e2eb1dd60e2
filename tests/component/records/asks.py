"""Ways to ask for every list of records, and what each may cost: a list that is new has its row here."""

from __future__ import annotations

from collections.abc import Mapping

from services.chassis.commands import id_for_command
from services.chassis.context import Context, entered
from tests.store_calls import Ask

PAGE = 50
ROOT, FACULTY, BRANCH = "root", "faculty", "branch"
DEAN, SECRETARY, ADMINISTRATOR = "dean", "secretary", "administrator"
STARTING = Context(actor=DEAN, idempotency_key="a job")
with entered(STARTING):
    JOB = id_for_command("jobs")
# Names by ids, twenty at a time.
NAMES = -(-PAGE // 20)


_AT = {"organisation": BRANCH}
_ABOUT = {"person": "p-0"}
_SEEN = {"organisations": 1}
_KNOWN = {"people": 1}
# The names of who is responsible, and how often each task was urged.
_TASKS = {"people": 1, "task_urge_counts": 1}
_RECEIPTS = {"people": 1, "bulletin_receipts": NAMES}
_COUNTED = {"bulletins": 1, "bulletin_receipts": NAMES}
_TOLD = {"bulletin": "p-bulletins-0"}
_CALLED = {"campaign": "p-campaigns-0"}
_BELONGS = {"authority_members": 1}

ASKS: Mapping[str, tuple[Ask, ...]] = {
    "list_organisations": (
        Ask("organisations"),
        Ask("organisations", {"within": FACULTY}),
        Ask("organisations", {"parent": FACULTY, "kind": "branch", "active": True}),
        Ask("organisations", {"search": "支部"}),
        Ask("organisations", {"search": "支", "within": FACULTY}),
        Ask("organisation_history", {"search": "编 1", "on": "2026-09-10"}),
    ),
    "list_editions": (Ask("organisation_history", _AT, besides=_SEEN),),
    "list_people": (
        Ask("people"),
        Ask("people", actor=ADMINISTRATOR),
        Ask("people", _AT),
        Ask("people", {"within": FACULTY, "political_status": "member"}),
        Ask("people", {"search": "测试"}, actor=ADMINISTRATOR),
    ),
    "list_sanctions": (
        Ask("sanctions", besides=_KNOWN),
        Ask("sanctions", actor=ADMINISTRATOR, besides=_KNOWN),
        Ask("sanctions", {"within": FACULTY, "state": "running"}, besides=_KNOWN),
        Ask("sanctions", {"person": "p-0"}, besides={"people": 2}),
    ),
    "list_memberships": (
        Ask("people", {**_AT, "since": "2026-01-01", "until": "2026-12-31"}),
        Ask("people", {**_AT, "since": "2026-01-01", "until": "2026-12-31"}, actor=ADMINISTRATOR),
    ),
    "list_transfers": (
        Ask("transfers", besides=_KNOWN),
        Ask("transfers", actor=ADMINISTRATOR, besides=_KNOWN),
        Ask("transfers", {**_AT, "state": "asked"}, besides=_KNOWN),
        Ask("transfers", {**_AT, "overdue": True}, besides=_KNOWN),
    ),
    "list_posts": (
        Ask("posts", _AT),
        Ask("posts", {"person": "p-0", "active": True}, besides=_KNOWN),
    ),
    "list_activities": (
        Ask("activities", besides=_BELONGS),
        Ask("activities", actor=ADMINISTRATOR),
        Ask("activities", _AT, besides=_BELONGS),
        Ask("activities", {**_AT, "since": "2026-01-01", "until": "2026-12-31"}, besides=_BELONGS),
        Ask("activities", {"within": FACULTY, "kind": "theme_day", "state": "approved"}, besides=_BELONGS),
    ),
    "list_my_activities": (
        Ask("activities", {"when": "past"}, actor=SECRETARY, besides={"activity_participations": NAMES}),
    ),
    "list_activity_templates": (Ask("activity_templates", _AT, actor=SECRETARY),),
    "list_entry_windows": (
        Ask("entry_windows", _AT),
        Ask("entry_windows", {"within": FACULTY}),
        Ask("entry_windows", actor=ADMINISTRATOR),
    ),
    "list_ending_posts": (
        Ask("posts", actor=ADMINISTRATOR),
        Ask("posts", {"within": FACULTY}),
    ),
    # And the posts at the branches of the page.
    "list_vacancies": (
        Ask("organisations", besides={"posts": NAMES}),
        Ask("organisations", {"within": FACULTY}, besides={"posts": NAMES}),
        Ask("organisations", actor=ADMINISTRATOR, besides={"posts": NAMES}),
    ),
    "list_elections": (
        Ask("elections", _AT),
        Ask("elections", {"within": FACULTY, "standing": "due_soon"}),
        Ask("elections", actor=ADMINISTRATOR),
    ),
    "list_programmes": (Ask("programmes", _AT, besides=_SEEN),),
    "list_programme_members": (
        Ask("programme_members", {"programme": "p-programmes-0"}, besides={"programmes": 1, "people": 1}),
    ),
    "list_programme_entries": (
        Ask("programme_entries", {"programme": "p-programmes-0"}, besides={"programmes": 1}),
    ),
    "list_plans": (Ask("plans", {"within": FACULTY}), Ask("plans", {**_AT, "year": 2026})),
    "list_tasks": (
        Ask("tasks", besides=_TASKS),
        Ask("tasks", actor=ADMINISTRATOR, besides=_TASKS),
        Ask("tasks", {**_AT, "state": "open"}, besides=_TASKS),
    ),
    "list_my_tasks": (Ask("tasks", actor=SECRETARY, besides=_TASKS),),
    "list_plan_templates": (Ask("plan_templates", _AT, besides=_SEEN),),
    "list_pushed_tasks": (
        Ask(
            "tasks",
            {"template": "p-plan_templates-0"},
            besides={**_TASKS, "plan_templates": 1, "organisations": 1},
        ),
    ),
    "list_activity_kinds": (Ask("", paged=False),),
    "list_dues_bills": (
        Ask("dues_bills", _AT, besides=_SEEN),
        Ask("dues_bills", {**_AT, "state": "due"}, besides=_SEEN),
        Ask("dues_bills", {**_AT, "month": "2026-09"}, besides=_SEEN),
        Ask("dues_bills", _ABOUT, besides=_KNOWN),
    ),
    "list_dues_arrears": (Ask("dues_bills", _AT, besides=_SEEN, paged=False),),
    "list_dues_prompts": (Ask("dues_prompts", {**_AT, "state": "open"}, besides=_SEEN),),
    "list_dues_payments": (
        Ask("dues_payments", _AT, besides=_SEEN),
        Ask("dues_payments", {**_ABOUT, "state": "received"}, besides=_KNOWN),
    ),
    "list_dues_reliefs": (Ask("dues_reliefs", {**_AT, "state": "asked"}, besides=_SEEN),),
    "list_dues_reconciliation": (
        Ask("dues_reconciliation_lines", {"reconciliation": "p-r"}, besides={"dues_reconciliations": 1}),
    ),
    "list_dues_deferrals": (Ask("dues_deferrals", {**_AT, "state": "asked"}, besides=_SEEN),),
    "list_dues_expenditures": (
        Ask("dues_expenditures", _AT, besides=_SEEN),
        Ask("dues_expenditures", {**_AT, "state": "asked"}, besides=_SEEN),
    ),
    "list_dossiers": (
        Ask("dossiers"),
        Ask("dossiers", {**_AT, "state": "open", "stage": "application"}),
        Ask("dossiers", {"within": FACULTY}),
    ),
    "list_due_development_steps": (Ask("dossiers", _AT),),
    "list_development_steps": (Ask("", paged=False),),
    "list_training": (
        Ask("training_credits", {**_AT, "since": "2026-01-01"}),
        Ask("training_credits", _ABOUT, besides=_KNOWN),
    ),
    "list_training_hours": (
        Ask("people", _AT, besides={"organisations": 1, "training_credits": NAMES, "posts": NAMES}),
    ),
    "list_thought_reports": (
        Ask(
            "thought_reports",
            {"author": SECRETARY},
            actor=SECRETARY,
            besides={"authority_members": 1, "thought_contacts": 1},
        ),
    ),
    # As many as belong to one branch, in bunches of twenty.
    "list_thought_duties": (
        Ask(
            "people",
            _AT,
            actor=SECRETARY,
            besides={"organisations": 1, "thought_reports": 4, "thought_contacts": 4},
            paged=False,
        ),
    ),
    "list_my_bulletins": (
        Ask("bulletins", actor="p-0", besides=_RECEIPTS),
        Ask("bulletins", {"unread": True}, actor="p-0", besides=_RECEIPTS),
    ),
    "list_bulletins": (
        Ask("bulletins", _AT, actor=SECRETARY, besides=_SEEN),
        Ask("bulletins", {**_AT, "state": "published"}, actor=SECRETARY, besides=_SEEN),
    ),
    "list_bulletin_receipts": (
        Ask("bulletin_audiences", _TOLD, actor=SECRETARY, besides=_COUNTED),
        Ask("bulletin_audiences", _TOLD, besides=_COUNTED),
    ),
    "list_bulletin_unread": (
        Ask(
            "bulletin_audiences",
            {**_TOLD, **_AT},
            besides={"bulletins": 1, "bulletin_receipts": 1, "people": NAMES},
        ),
    ),
    "list_campaigns": (Ask("campaigns", actor="p-0", besides=_KNOWN), Ask("campaigns", _AT)),
    "list_my_lectures": (Ask("lectures", actor=SECRETARY, besides=_KNOWN),),
    "list_campaign_lectures": (
        Ask("lectures", _CALLED, actor=SECRETARY, besides={"campaigns": 1, **_KNOWN}),
        Ask(
            "lectures", {**_CALLED, "state": "published"}, actor=SECRETARY, besides={"campaigns": 1, **_KNOWN}
        ),
    ),
    "list_lectures": (Ask("lectures", besides=_KNOWN),),
    "list_job_errors": (Ask("job_errors", {"job": JOB}, besides={"jobs": 1}),),
}
