"""To whom which event is shown as it happens, and what of it: tables, closed for what they do not name."""

from __future__ import annotations

from collections.abc import Mapping

_ACTIVITY = ("activity", "organisation", "kind", "held_on", "restricted")
_COUNTS = ("expected", "present", "excused", "made_up")
_RECORD = (*_ACTIVITY, "entered_on", "late", *_COUNTS, "has_minutes", "decisions")
_CREDIT = ("credit", "person", "organisation", "year", "on", "form", "origin", "activity", "minutes")
_REPORT = ("report", "person", "organisation", "period")
_BILL = ("bill", "person", "organisation", "month", "due_on")
_PAYMENT = ("payment", "person", "organisation")
_EXPENDITURE = ("expenditure", "organisation", "use", "amount_fen")
_DOSSIER = ("dossier", "person", "organisation", "on")
_STEP = (*_DOSSIER, "step", "number")
_PLAN = ("plan", "organisation", "year", "state", "published")
_TASK = (
    "task",
    "organisation",
    "kind",
    "person",
    "due_on",
    "state",
    "progress",
    "origin",
    "plan",
    "published",
    "restricted",
)
_TRANSFER = ("transfer", "person", "kind", "organisation", "destination", "on")
_ENTRY = ("entry", "programme", "organisation", "target", "person")
_PROGRAMME = ("programme", "organisation", "kind", "from_year", "to_year", "state")
_OBLIGATION = ("obligation", "organisation", "rule", "period", "due_on", "pack", "article")
_PERSONAL = ("obligation", "person", *_OBLIGATION[1:])
_EXEMPTION = ("exemption", "organisation", "rule", "first_on", "last_on", "decided_at")
_ADDRESSED = ("organisation", "organisations", "roles", "political_statuses")
_BULLETIN = ("bulletin", *_ADDRESSED, "open")
_LECTURE = ("lecture", "campaign", "person", "organisation", "kind")
_OPINION = ("opinion", "organisation", "category", "mode")
_ELECTION = ("election", "organisation", "due_on")
_MEASURE = ("measure", "organisation", "owner", "due_on")
_ROUND = ("round", "kind", "organisation")

# By event, what is shown of it: as much as reading tells the same people, and nothing that is added to an
# event later before it is named here.
EVERYBODY: Mapping[str, tuple[str, ...]] = {
    "evaluation.policy.activated.v1": ("policy", "subject_kind", "kinds", "effective_from", "replaces"),
    "records.lecture.published.v1": (*_LECTURE, "published_on"),
    "records.lecture.withdrawn.v1": (*_LECTURE, "withdrawn_on"),
    "feedback.result.published.v1": ("measure", "organisation", "published_on"),
}
_ACTIVITIES: Mapping[str, tuple[str, ...]] = {
    "records.activity.planned.v1": _ACTIVITY,
    "records.activity.recorded.v1": _RECORD,
    "records.activity.submitted.v1": _RECORD,
    "records.activity.approved.v1": (*_RECORD, "imported", "revision"),
    "records.activity.returned.v1": _RECORD,
    "records.activity.made_up.v1": _RECORD,
    "records.activity.announced.v1": (*_ACTIVITY, "announced_on", "starts_at", "moved"),
    "records.activity.cancelled.v1": (*_ACTIVITY, "cancelled_on"),
    "records.activity.amendment_submitted.v1": (*_RECORD, "revision"),
    "records.activity.amendment_returned.v1": (*_RECORD, "revision"),
}
_TASKS: Mapping[str, tuple[str, ...]] = {
    "records.task.created.v1": (*_TASK, "template", "activity", "required"),
    "records.task.changed.v1": _TASK,
    "records.task.done.v1": (*_TASK, "done_on", "late"),
    "records.task.confirmed.v1": _TASK,
    "records.task.cancelled.v1": _TASK,
    "records.task.overdue.v1": _TASK,
    "records.task.urged.v1": ("task", "organisation", "kind", "due_on", "restricted", "urged_on"),
}
# What of these is restricted is shown to those alone to whom it is confided.
RESTRICTED = {**_ACTIVITIES, **_TASKS}
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "feedback.ballot_round.opened.v1": (*_ROUND, "closes_on"),
    "feedback.ballot_round.published.v1": (*_ROUND, "published_on"),
    **_ACTIVITIES,
    "records.organisation.changed.v1": (
        "organisation",
        "code",
        "name",
        "kind",
        "parent",
        "path",
        "has_committee",
        "has_leading_group",
        "founded_on",
        "active",
        "external_id",
        "since",
        "dissolved_on",
        "successors",
        "committee_elected_on",
        "committee_due_on",
    ),
    "records.plan.drafted.v1": _PLAN,
    "records.plan.changed.v1": _PLAN,
    "records.plan.submitted.v1": _PLAN,
    "records.plan.approved.v1": _PLAN,
    "records.plan.returned.v1": _PLAN,
    "records.plan.closed.v1": (*_PLAN, "tasks", "confirmed"),
    "records.programme.opened.v1": _PROGRAMME,
    "records.programme.changed.v1": _PROGRAMME,
    "records.programme.closed.v1": _PROGRAMME,
    "records.dues_accounts.published.v1": ("organisation", "year", "published_on"),
    "records.election.held.v1": (*_ELECTION, "held_on", "seats", "elected", "late"),
    "records.election.confirmed.v1": (*_ELECTION, "confirmed_on", "posts"),
    "records.election.due_soon.v1": _ELECTION,
    "records.election.overdue.v1": _ELECTION,
    "records.election.ended.v1": (*_ELECTION, "ended_on"),
    "evaluation.obligation.opened.v1": _OBLIGATION,
    "evaluation.obligation.due_soon.v1": _OBLIGATION,
    "evaluation.obligation.overdue.v1": _OBLIGATION,
    "evaluation.obligation.fulfilled.v1": (*_OBLIGATION, "late"),
    "evaluation.obligation.missed.v1": _OBLIGATION,
    "evaluation.obligation.exempted.v1": _OBLIGATION,
    "evaluation.obligation.reopened.v1": _OBLIGATION,
    "evaluation.score.changed.v1": ("organisation", "year", "points", "band", "policy", "evidence"),
}
# Whom it is addressed to; everybody, where it is open.
ADDRESSED: Mapping[str, tuple[str, ...]] = {
    "records.bulletin.published.v1": (*_BULLETIN, "published_on", "mandatory", "read_by"),
    "records.bulletin.corrected.v1": (*_BULLETIN, "edition", "corrected_on"),
    "records.bulletin.withdrawn.v1": (*_BULLETIN, "withdrawn_on"),
    "records.campaign.called.v1": ("campaign", *_ADDRESSED, "submit_until"),
    "records.campaign.closed.v1": ("campaign", *_ADDRESSED, "closed_on"),
}
# And the person whom it concerns.
POST_HOLDERS: Mapping[str, tuple[str, ...]] = {
    "evaluation.rating.published.v1": (
        "rating",
        "organisation",
        "subject_kind",
        "kind",
        "year",
        "policy",
        "published_on",
        "appeals_until",
    ),
    "evaluation.appeal.filed.v1": ("appeal", "rating", "organisation", "answer_until"),
    "evaluation.appeal.answered.v1": ("appeal", "rating", "organisation", "answer_until", "upheld"),
    # Without its result: who may read that is decided by feedback.
    "feedback.ballot_round.closed.v1": (*_ROUND, "closed_on"),
    "records.bulletin.read_overdue.v1": (
        "bulletin",
        "organisation",
        "read_by",
        "expected",
        "read",
        "unread",
    ),
    "records.activity_template.changed.v1": ("template", "organisation", "kind", "active"),
    "records.entry_window.changed.v1": (
        "window",
        "organisation",
        "held_from",
        "held_until",
        "open_until",
        "closed_on",
    ),
    "records.training.credited.v1": (*_CREDIT, "pack"),
    "records.training.reversed.v1": (*_CREDIT, "reverses"),
    "records.dues_base.set.v1": ("person", "year", "from_month"),
    "records.dues_bill.issued.v1": _BILL,
    "records.dues_bill.settled.v1": (*_BILL, "settled_on"),
    "records.dues_bill.reopened.v1": _BILL,
    "records.dues_bill.deferred.v1": _BILL,
    "records.dues_arrears.prompted.v1": (
        "prompt",
        "person",
        "organisation",
        "from_month",
        "to_month",
        "prompted_on",
        "pack",
        "article",
    ),
    "records.dues_payment.received.v1": (*_PAYMENT, "paid_on", "entered_by"),
    "records.dues_payment.drawn.v1": _PAYMENT,
    "records.dues_payment.reversed.v1": (*_PAYMENT, "reversed_on"),
    "records.dues_relief.asked.v1": ("relief", "organisation"),
    "records.dues_relief.decided.v1": ("relief", "organisation", "approved"),
    "records.dues_deferral.asked.v1": ("deferral", "organisation"),
    "records.dues_deferral.decided.v1": ("deferral", "organisation", "approved"),
    "records.dues_expenditure.asked.v1": _EXPENDITURE,
    "records.dues_expenditure.decided.v1": (*_EXPENDITURE, "approved"),
    "records.dues_expenditure.paid.v1": (*_EXPENDITURE, "paid_on"),
    "records.dues_expenditure.reversed.v1": (*_EXPENDITURE, "reversed_on"),
    **_TASKS,
    "records.plan_template.made.v1": ("template", "organisation", "due_on", "required"),
    "records.plan_template.withdrawn.v1": ("template", "organisation", "withdrawn_on"),
    "records.programme_member.changed.v1": (
        "programme",
        "organisation",
        "person",
        "mentor",
        "since",
        "until",
    ),
    "records.programme_entry.made.v1": (*_ENTRY, "number", "on"),
    "records.programme_entry.struck.v1": _ENTRY,
    "records.development_quota.changed.v1": ("quota", "organisation", "year", "places", "taken"),
    "records.election.shift_asked.v1": (*_ELECTION, "to"),
    "records.election.shift_decided.v1": (*_ELECTION, "to", "approved"),
    "records.person.changed.v1": ("person", "organisation", "political_status", "active", "since"),
    "records.transfer.asked.v1": (*_TRANSFER, "due_on"),
    "records.transfer.accepted.v1": (*_TRANSFER, "tasks"),
    "records.transfer.redirected.v1": _TRANSFER,
    "records.transfer.refused.v1": _TRANSFER,
    "records.transfer.withdrawn.v1": _TRANSFER,
    "records.transfer.completed.v1": (*_TRANSFER, "late"),
    "records.post.changed.v1": ("post", "person", "organisation", "role", "since", "until", "active"),
    "notify.delegation.changed.v1": (
        "delegation",
        "organisation",
        "person",
        "to",
        "since",
        "until",
        "ended_on",
    ),
    "evaluation.exemption.asked.v1": _EXEMPTION,
    "evaluation.exemption.decided.v1": (*_EXEMPTION, "approved"),
    "evaluation.exemption.ended.v1": _EXEMPTION,
    "notify.message.changed.v1": (
        "message",
        "state",
        "channel",
        "template",
        "obligation",
        "organisation",
        "step",
        "reason",
    ),
    "notify.announcement.changed.v1": ("announcement", "organisation", "state"),
}
# The person whom it concerns, and nobody by a post: who else may know of it, records decides on every read.
CONCERNED: Mapping[str, tuple[str, ...]] = {
    "records.dossier.opened.v1": _DOSSIER,
    "records.dossier.step_recorded.v1": (*_STEP, "outcome", "packs", "state"),
    "records.dossier.step_struck.v1": _STEP,
    "records.dossier.moved.v1": (*_DOSSIER, "before"),
    "records.dossier.closed.v1": (*_DOSSIER, "reason"),
    "records.thought_report.handed_in.v1": (*_REPORT, "on", "late"),
    "records.thought_report.accepted.v1": _REPORT,
    "records.thought_report.returned.v1": _REPORT,
    "records.thought_contacts.named.v1": ("person", "organisation", "contacts"),
    "notify.addresses.changed.v1": ("person", "channels"),
    "notify.preferences.changed.v1": ("person", "channels", "language"),
    "evaluation.personal_obligation.overdue.v1": _PERSONAL,
    "evaluation.personal_obligation.missed.v1": _PERSONAL,
    "evaluation.personal_obligation.fulfilled.v1": (*_PERSONAL, "late"),
    "evaluation.personal_obligation.exempted.v1": _PERSONAL,
    "evaluation.personal_obligation.reopened.v1": _PERSONAL,
}
# Its author, and who publishes for the organisation that reviews it.
REVIEWERS: Mapping[str, tuple[str, ...]] = {
    "records.lecture.submitted.v1": (*_LECTURE, "review_at", "submitted_on"),
    "records.lecture.reviewed.v1": (*_LECTURE, "review_at", "accepted"),
}
OPINION_HANDLERS: Mapping[str, tuple[str, ...]] = {
    "feedback.opinion.received.v1": _OPINION,
    "feedback.opinion.triaged.v1": (*_OPINION, "topics"),
    "feedback.opinion.reassigned.v1": (*_OPINION, "before"),
    "feedback.opinion.merged.v1": (*_OPINION, "into"),
    "feedback.opinion.declined.v1": _OPINION,
    "feedback.opinion.adopted.v1": (*_OPINION, "measure"),
    "feedback.opinion.paused.v1": _OPINION,
    "feedback.opinion.resumed.v1": _OPINION,
    "feedback.opinion.replied.v1": (*_OPINION, "who"),
    "feedback.opinion.rated.v1": (*_OPINION, "rating"),
    "feedback.opinion.reopened.v1": _OPINION,
    "feedback.opinion.due_soon.v1": (*_OPINION, "due_on", "speed", "roles"),
    "feedback.opinion.overdue.v1": (*_OPINION, "due_on", "speed", "roles"),
    "feedback.measure.planned.v1": (*_MEASURE, "title", "opinions"),
    "feedback.measure.changed.v1": (*_MEASURE, "title", "opinions"),
    "feedback.measure.cancelled.v1": (*_MEASURE, "title", "opinions"),
    "feedback.result.handed_in.v1": (*_MEASURE, "title"),
    "feedback.result.returned.v1": (*_MEASURE, "title"),
}
OWNER: Mapping[str, tuple[str, ...]] = {
    "feedback.measure.planned.v1": (*_MEASURE, "title"),
    "feedback.measure.changed.v1": (*_MEASURE, "title"),
    "feedback.measure.cancelled.v1": (*_MEASURE, "title"),
    "feedback.result.handed_in.v1": (*_MEASURE, "title"),
    "feedback.result.returned.v1": (*_MEASURE, "title"),
}
# Shown to nobody as it happens: each reading of a sanction is on record, which a stream is not; of an outcome
# whoever asked for the message learns, a system, from a queue of its own; the rest is for administrators.
NOBODY: Mapping[str, tuple[str, ...]] = {
    "records.sanction.changed.v1": (),
    # What was said or found of somebody: evaluation decides on every read who may know of it.
    "evaluation.assessment.given.v1": (),
    "evaluation.assessment.withdrawn.v1": (),
    "evaluation.finding.recorded.v1": (),
    "evaluation.finding.lifted.v1": (),
    "evaluation.rating.closed.v1": (),
    "evaluation.anomaly.raised.v1": (),
    "evaluation.anomaly.concluded.v1": (),
    "notify.message.sent.v1": (),
    "notify.message.delivered.v1": (),
    "notify.message.failed.v1": (),
    "notify.message.suppressed.v1": (),
    "notify.sending.switched.v1": (),
    "notify.template.saved.v1": (),
    "evaluation.rating.decided.v1": (),
}
