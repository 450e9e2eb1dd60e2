"""Closed vocabularies of the domain, shared by events and requests. Labels for people live in catalogues."""

LANGUAGES = ("zh", "en")
ORGANISATION_KINDS = ("university_committee", "secondary", "branch", "group")
ORGANISATION_CHANGES = (
    "founded",
    "renamed",
    "moved",
    "changed",
    "dissolved",
    "merged",
    "split_off",
)
POLITICAL_STATUSES = ("member", "probationary", "candidate", "activist", "applicant", "none")
# GB/T 4762: 01 member, 02 probationary, 03 league, 04 to 11 other parties, 12 none by choice, 13 masses.
POLITICAL_STATUS_CODES = tuple(f"{code:02}" for code in range(1, 14))
SEXES = ("male", "female", "unknown", "unspecified")
REVEALED = ("phone", "id_number")
SPELL_REASONS = ("entered", "changed", "transferred", "transferred_in", "transferred_out", "reorganised")
TRANSFER_KINDS = ("within", "out", "in")
TRANSFER_STATES = ("asked", "accepted", "refused", "withdrawn", "completed")
ROLES = (
    "secretary",
    "deputy_secretary",
    "organisation_commissioner",
    "publicity_commissioner",
    "discipline_commissioner",
    "group_leader",
    "organiser",
    "administrator",
    "inspector",
)
ACTIVITY_KINDS = (
    "branch_meeting",
    "branch_committee",
    "group_meeting",
    "party_lecture",
    "theme_day",
    "organisational_life_meeting",
    "democratic_appraisal",
    "democratic_life_meeting",
    "joint_meeting",
    "study_session",
    "heritage_visit",
    "integrity_education",
    "talk",
)
ACTIVITY_STATES = ("planned", "cancelled", "recorded", "submitted", "approved", "returned")
AMENDMENT_STATES = ("submitted", "returned")
ABSENCE_CAUSES = ("duty", "teaching", "placement", "illness", "family", "other")
OBLIGATION_STATES = ("open", "due_soon", "overdue", "fulfilled", "fulfilled_late", "exempted", "missed")
ANOMALY_RULES = (
    "arrears",
    "hours_behind",
    "reports_missing",
    "attendance_falling",
    "silent",
    "late_burst",
)
ANOMALY_STATES = ("raised", "talked", "dismissed")
EXEMPTION_CAUSES = ("placement", "very_small", "temporary", "vacation", "illness", "abroad", "other")
EXEMPTION_STATES = ("asked", "approved", "refused", "ended")
OPINION_MODES = ("named", "confidential", "anonymous")
OPINION_STATES = ("received", "triaged", "adopted", "declined", "answered", "merged")
OPINION_CHANNELS = ("web", "activity", "wechat", "qq", "counter")
OPINION_SPEEDS = ("ordinary", "complex", "urgent")
CLOCK_STATES = ("running", "paused", "stopped")
RATINGS = ("satisfied", "fair", "dissatisfied")
ROUND_KINDS = ("democratic_appraisal", "work_report", "satisfaction")
ROUND_STATES = ("draft", "opening", "open", "closing", "closed", "published")
# Who answers what people say, at the organisation responsible or above it; and who reads it.
OPINION_HANDLERS = ("secretary", "deputy_secretary", "discipline_commissioner", "organiser", "administrator")
OPINION_READERS = (*OPINION_HANDLERS, "inspector")
MEASURE_STATES = ("planned", "handed_in", "published", "cancelled")
MESSAGE_KINDS = ("obligation", "opinion", "election", "talk", "digest", "campus", "announcement")
# What is between a person and whoever asked for it: read by them alone, whatever posts others hold.
PERSONAL_KINDS = ("talk", "campus")
MESSAGE_CHANNELS = ("sms", "email", "wecom", "dingtalk", "other", "inbox")
# Those whose address a person enters; a phone number comes from records, an inbox needs none.
ADDRESS_CHANNELS = ("email", "wecom", "dingtalk", "other")
MESSAGE_STATES = (
    "created",
    "queued",
    "sending",
    "sent",
    "delivered",
    "temporary_failure",
    "permanent_failure",
    "technical_failure",
    "unknown",
    "suppressed",
)
ANNOUNCEMENT_STATES = ("running", "handed_over", "stopped", "failed")
TRAINING_FORMS = ("class", "lecture", "online_course", "activity")
TRAINING_ORIGINS = ("entered", "activity", "campus")
SANCTION_OUTCOMES = ("restored", "revoked", "expelled")
SANCTION_STATES = ("running", *SANCTION_OUTCOMES)
ELECTION_STANDINGS = ("running", "due_soon", "overdue", "ended")
SHIFT_STATES = ("asked", "approved", "refused")
THOUGHT_STATES = ("handed_in", "accepted", "returned")
DUES_KINDS = ("salaried", "retired", "student", "low_income", "farmer")
DUES_USES = ("education", "awards", "hardship_help", "venues", "subscriptions", "relief", "other")
BILL_STATES = ("due", "settled")
PAYMENT_STATES = ("received", "reversed")
RELIEF_STATES = ("asked", "approved", "refused")
PROMPT_STATES = ("open", "ended")
DEFERRAL_STATES = RELIEF_STATES
EXPENDITURE_STATES = ("asked", "approved", "refused", "paid", "reversed")
PLAN_STATES = ("draft", "submitted", "approved", "returned", "closed")
TASK_KINDS = ("work", "difficulty", "decision", "measure")
TASK_STATES = ("offered", "open", "done", "confirmed", "cancelled")
TASK_ORIGINS = ("entered", "template", "decision", "measure")
DIFFICULTY_CATEGORIES = ("study", "work", "living", "health", "hardship", "other")
PROGRAMME_KINDS = ("pioneer", "quality")
PROGRAMME_STATES = ("open", "closed")
PROGRAMME_OWERS = ("programme", "person")
PROGRAMME_COUNTS = ("activities", "entries")
BULLETIN_STATES = ("draft", "scheduled", "published", "withdrawn", "discarded")
LECTURE_KINDS = ("lecture", "video", "reading")
LECTURE_STATES = ("draft", "submitted", "returned", "accepted", "published", "withdrawn", "discarded")
