"""Every code that records can answer has its text in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.chassis.catalogue import Catalogue
from services.contracts.kinds import ACTIVITY_STATES

FOLDER = Path(__file__).parents[3] / "services" / "records"
_CODE = re.compile(
    r"\"((?:organisations?|people|person|posts?|activit(?:y|ies)|review|attendance|uploads?|roster|header|row"
    r"|dues(?:_[a-z]+)?|relief|deferral|expenditure|month|money"
    r"|files?|decision|amendment|entry_windows?"
    r"|make_up|check_in|activity_(?:templates?|participations|openings)"
    r"|programmes?|programme_[a-z]+|plans?|plan_templates|template|tasks?|task_[a-z]+"
    r"|bulletins?|bulletin_[a-z]+|text|link|audience|campaigns?|lectures?"
    r"|training_credits|credit|thought(?:_[a-z]+)?|contact"
    r"|development(?:_quotas)?|dossiers?|quota|vote|elections?"
    r"|transfers?|cell|code|number|id_number|phone|date|count|flag|sex|political_status|role|request|permission)\.[a-z_]+)\""
)
_NO_TEXTS = {
    "dues.bases_import",
    "dues.base_corrected",
    "dues.base_revealed",
    "dues.payment_reversed",
    "dues.expenditure_reversed",
    "person.read",
    "programme.read",
    "person.phone_revealed",
    "person.id_number_revealed",
    "activity.read",
    "entry_window.opened",
    "entry_window.closed",
    "dossier.read",
    "dossiers.listed",
    "file.read",
    "post.given",
    "sanction.imposed",
    "sanction.prolonged",
    "sanction.read",
    "post.prolonged",
    "post.withdrawn",
    "people.listed",
    "roster.import",
    "roster.exported",
    "roster.exported_unmasked",
    "person.exported_unmasked",
    "training.read",
    "training.listed",
    "thought.read",
    "thought.listed",
    "thought.contacts",
    "bulletin.unread_listed",
}  # actions of the audit chain
FILES = sorted(path for path in FOLDER.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_code_has_its_text(path: Path) -> None:
    catalogue = Catalogue.load([FOLDER / "texts"])
    codes = set(_CODE.findall(path.read_text(encoding="utf-8"))) - _NO_TEXTS
    assert {code for code in codes if code not in catalogue} == set()


@pytest.mark.parametrize("state", ACTIVITY_STATES)
def test_a_state_is_named_as_people_call_it(state: str) -> None:
    told = Catalogue.load([FOLDER / "texts"]).render("activity.state", {"state": state, "accepted": state})
    assert state not in told["zh"]
    assert "{" not in told["en"]
