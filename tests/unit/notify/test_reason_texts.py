"""Every reason that a reader can meet has a text in both languages."""

import re
from pathlib import Path

from services.chassis.catalogue import Catalogue
from services.contracts.kinds import ACTIVITY_KINDS, MESSAGE_KINDS
from services.notify.announcements.model import State
from services.notify.application import FOLDER
from services.notify.reminders.model import Reason

CATALOGUE = Catalogue.load([FOLDER / "texts"])
# Where codes are spoken: arguments and returns of the models and of the sender.
SPOKEN = re.compile(r'"([a-z]+(?:_[a-z]+)+)"')
REASONS = {code.removeprefix("reason.") for code in CATALOGUE.codes if code.startswith("reason.")}


def test_every_reason_of_the_ladder_has_a_text() -> None:
    assert set(Reason) <= REASONS


def test_every_reason_with_a_text_is_given_somewhere() -> None:
    sources = [*FOLDER.glob("*/model.py"), *FOLDER.glob("messages/*.py"), *FOLDER.glob("channels/*.py")]
    sources += FOLDER.glob("announcements/*.py")
    said = {code for path in sources for code in _codes(path)}
    assert REASONS - set(Reason) - {"refused", "undeliverable"} <= said


def test_every_rule_that_is_reminded_of_has_a_name() -> None:
    named = {code.removeprefix("rule.") for code in CATALOGUE.codes if code.startswith("rule.")}
    owed = {"branch_meeting", "branch_committee", "group_meeting", "party_lecture", "theme_day"}
    assert owed <= named <= set(ACTIVITY_KINDS)


def _codes(path: Path) -> set[str]:
    return set(SPOKEN.findall(path.read_text(encoding="utf-8")))


def test_every_word_of_the_code_that_a_text_names_is_said_as_people_say_it() -> None:
    assert {f"kind.{each}" for each in MESSAGE_KINDS} <= set(CATALOGUE.codes)
    assert {f"announcement_state.{each}" for each in State} <= set(CATALOGUE.codes)
    said = CATALOGUE.render("preferences.mandatory", {"kind": "obligation"})
    assert ("应办事项提醒" in said["zh"], "what an organisation owes" in said["en"]) == (True, True)


def test_every_reason_that_sending_gives_has_a_text() -> None:
    given = re.compile(r'(?:Refused|NotReceived|NotCalled|NoAnswer)\("([a-z_]+)"')
    sources = [*FOLDER.glob("messages/*.py"), *FOLDER.glob("channels/*.py")]
    said = {code for path in sources for code in given.findall(path.read_text(encoding="utf-8"))}
    assert said <= REASONS
    assert len(said) > 5
