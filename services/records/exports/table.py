"""Every list that can be exported, one entry each; columns follow from the schema of the list's items."""

from __future__ import annotations

from collections.abc import Mapping

from services.contracts.kinds import DUES_USES
from services.records.exports.columns import Listed

_SOURCE = ("source.rule",)
_NAMED = ("responsible_name",)  # who is responsible is named by whom people are shown to
_LECTURE = ("campaign", "author_name")
_TAKEN_DOWN = {"withdrawn.reason": "column.withdrawn_for", "withdrawn.on": "column.withdrawn_on"}

LISTS: Mapping[str, Listed] = {
    "organisations": Listed("list_organisations"),
    "editions": Listed("list_editions", without=("edition",)),
    "people": Listed("list_people"),
    "memberships": Listed("list_memberships"),
    "transfers": Listed(
        "list_transfers",
        without=("name", "tasks", "redirected.left", "redirected.destination", *_SOURCE),
        titles={"redirected.on": "column.redirected_on", "place": "column.outside"},
    ),
    "posts": Listed("list_posts"),
    "ending_posts": Listed("list_ending_posts"),
    "vacancies": Listed("list_vacancies"),
    "elections": Listed(
        "list_elections",
        without=(
            "elected",
            "shift.reason",
            "shift.comment",
            "shift.asked_by",
            "shift.decided_by",
            "confirmed.since",
            "confirmed.by",
        ),
        titles={
            "confirmed.on": "column.confirmed_on",
            "shift.to": "column.shifted_to",
            "shift.state": "column.shift_state",
            "shift.asked_on": "column.shift_asked_on",
            "shift.decided_on": "column.shift_decided_on",
        },
    ),
    "activities": Listed("list_activities"),
    "my_activities": Listed(
        "list_my_activities", words={"answer": "word.answer", "cause": "word.absence_cause"}
    ),
    "activity_templates": Listed("list_activity_templates"),
    "entry_windows": Listed("list_entry_windows", people=("opened_by", "closed_by")),
    "plans": Listed("list_plans"),
    "tasks": Listed("list_tasks", without=_NAMED),
    "my_tasks": Listed("list_my_tasks", without=_NAMED),
    "plan_templates": Listed("list_plan_templates", without=("target",)),
    "pushed_tasks": Listed("list_pushed_tasks", without=(*_NAMED, "organisation_name")),
    "programmes": Listed("list_programmes"),
    "programme_members": Listed(
        "list_programme_members", without=("person_name", "mentor_name"), people=("mentor",)
    ),
    "programme_entries": Listed(
        "list_programme_entries",
        people=("entered_by",),
        titles={"number": "column.amount", "target": "column.programme_target", "text": "column.description"},
    ),
    "dues_bills": Listed("list_dues_bills", without=_SOURCE),
    "dues_arrears": Listed("list_dues_arrears", without=("prompt",)),
    "dues_prompts": Listed("list_dues_prompts", without=(*_SOURCE, "text")),
    "dues_payments": Listed("list_dues_payments", words={"entered_by": "word.entered_by"}),
    "dues_reliefs": Listed("list_dues_reliefs", without=_SOURCE),
    "dues_deferrals": Listed("list_dues_deferrals", without=_SOURCE),
    "dues_expenditures": Listed("list_dues_expenditures", without=_SOURCE),
    "dues_accounts": Listed("get_dues_accounts", money={"spent_fen": DUES_USES}),
    "dues_reconciliation": Listed("list_dues_reconciliation", without=("number", "payment")),
    "dossiers": Listed(
        "list_dossiers",
        titles={"number": "column.step_number"},
        words={"closed_for": "word.closing_reason"},
    ),
    "due_development_steps": Listed(
        "list_due_development_steps",
        without=("step",),
        titles={"number": "column.step_number", "title": "column.step"},
        words={"stage": "word.stage"},
    ),
    "development_places": Listed("get_development_places"),
    "training_credits": Listed("list_training", people=("entered_by",)),
    "training_hours": Listed(
        "list_training_hours",
        without=("name", "first_class.rule", "first_class.since"),
        titles={
            "role": "column.training_role",
            "expected": "column.pace",
            "first_class.due_on": "column.first_class_due_on",
            "first_class.done_on": "column.first_class_done_on",
            "first_class.state": "column.first_class_state",
        },
    ),
    "thought_reports": Listed("list_thought_reports"),
    "thought_duties": Listed(
        "list_thought_duties",
        without=("name", "report.id", "report.author", "report.organisation", "report.period"),
        words={"political_status": "word.political_status"},
    ),
    "bulletins": Listed("list_bulletins", without=("read_on",), titles=_TAKEN_DOWN),
    "bulletin_receipts": Listed("list_bulletin_receipts"),
    "bulletin_unread": Listed("list_bulletin_unread", without=("name",)),
    "campaigns": Listed("list_campaigns", without=("audience",)),
    "campaign_lectures": Listed("list_campaign_lectures", without=_LECTURE, titles=_TAKEN_DOWN),
    "lectures": Listed("list_lectures", without=_LECTURE, titles=_TAKEN_DOWN),
    "job_errors": Listed("list_job_errors", without=("code",)),
}
# Lists that no spreadsheet is made of, each with its reason.
NO_EXPORT: Mapping[str, str] = {
    "list_activity_kinds": "the kinds and their rules themselves: the same for everybody, and no records",
    "list_my_bulletins": "what one is told, as the list of an organisation's bulletins has it",
    "list_my_lectures": "one's own drafts; what was handed in is in the lectures of its campaign",
    "list_sanctions": "who is under discipline is read where each reading is on record, and not carried away",
    "list_development_steps": "the steps and rules themselves: the same for everybody, and no records",
}
