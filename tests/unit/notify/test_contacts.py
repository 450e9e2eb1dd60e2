"""Who answers for an organisation today, delegations, and what a person may choose."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.notify.contacts.model import (
    CodeRules,
    Delegation,
    Level,
    Preferences,
    check_address,
    check_delegation,
    check_kinds,
    code_asked,
    code_shown,
    responsible,
)

TODAY = date(2026, 9, 21)


@dataclass
class Campus:
    """university > faculty > branch, and who holds what."""

    posts: dict[str, dict[str, list[str]]]
    delegated: dict[tuple[str, str], str] = field(default_factory=dict)

    def heads(self, organisation: str) -> list[str]:
        return self.posts.get(organisation, {}).get("head", [])

    def deputies(self, organisation: str) -> list[str]:
        return self.posts.get(organisation, {}).get("deputy", [])

    def delegate(self, organisation: str, person: str) -> str | None:
        return self.delegated.get((organisation, person))

    def parent(self, organisation: str) -> str | None:
        return {"branch": "faculty", "faculty": "university"}.get(organisation)


FULL = {
    "university": {"head": ["rector"]},
    "faculty": {"head": ["dean"], "deputy": ["vice-dean"]},
    "branch": {"head": ["secretary"], "deputy": ["deputy"]},
}


def who(campus: Campus, *levels: Level, organisation: str = "branch") -> list[tuple[str, str]] | None:
    found = responsible(campus, organisation, levels)
    return None if found is None else [(each.person, each.label) for each in found]


def without(organisation: str, *posts: str) -> Campus:
    kept = {post: held for post, held in FULL[organisation].items() if post not in posts}
    return Campus({**FULL, organisation: kept})


def test_the_head_answers_then_the_deputy_then_the_level_above() -> None:
    assert who(Campus(FULL), Level.OWN) == [("secretary", "head")]
    assert who(without("branch", "head"), Level.OWN) == [("deputy", "deputy")]
    vacant = without("branch", "head", "deputy")
    assert who(vacant, Level.OWN) == [("dean", "head_for_vacancy")]
    vacant.posts["faculty"] = {}
    assert who(vacant, Level.OWN) == [("rector", "head_for_vacancy")]
    assert who(Campus({}), Level.OWN) == []


def test_whom_the_head_delegated_to_answers_in_their_place_and_there_alone() -> None:
    campus = Campus(FULL, {("branch", "secretary"): "stand-in"})
    assert who(campus, Level.OWN) == [("stand-in", "delegate")]
    assert who(campus, Level.ABOVE) == [("dean", "head")]


def test_a_rung_to_deputies_goes_to_the_level_above_where_there_are_none() -> None:
    assert who(Campus(FULL), Level.DEPUTY) == [("deputy", "deputy")]
    assert who(without("branch", "deputy"), Level.DEPUTY) == [("dean", "head_for_vacancy")]
    assert who(Campus(FULL), Level.OWN, Level.DEPUTY) == [("secretary", "head"), ("deputy", "deputy")]
    assert who(without("branch", "head"), Level.OWN, Level.DEPUTY) == [("deputy", "deputy")]


def test_the_level_above_answers_and_the_root_has_none() -> None:
    assert who(Campus(FULL), Level.ABOVE) == [("dean", "head")]
    assert who(without("faculty", "head", "deputy"), Level.ABOVE) == [("rector", "head_for_vacancy")]
    assert who(Campus(FULL), Level.ABOVE, organisation="university") is None


persons = st.lists(st.sampled_from("abcde"), max_size=3, unique=True)


@given(
    st.fixed_dictionaries(
        {
            node: st.fixed_dictionaries({"head": persons, "deputy": persons})
            for node in ("branch", "faculty", "university")
        }
    ),
    st.sets(st.sampled_from(list(Level)), min_size=1),
)
def test_somebody_answers_wherever_anybody_holds_a_post_above(posts: dict, levels: set[Level]) -> None:
    found = responsible(Campus(posts), "branch", levels)
    assert found is not None
    assert len({each.person for each in found}) == len(found)
    if posts["university"]["head"] or posts["university"]["deputy"]:
        assert found


# -- delegations --------------------------------------------------------------------------------

ASKED = Delegation(
    "branch", "secretary", "stand-in", TODAY, TODAY + timedelta(days=9), "出差在外", "secretary"
)


def check(asked: Delegation, *others: Delegation, heads: tuple[str, ...] = ("secretary",)) -> None:
    check_delegation(asked, others, heads=heads, today=TODAY, most_days=92)


def test_a_delegation_counts_on_its_days_until_it_is_ended() -> None:
    check(ASKED)
    assert not ASKED.counts(TODAY - timedelta(days=1))
    assert ASKED.counts(TODAY)
    assert ASKED.counts(ASKED.until)
    assert not ASKED.counts(ASKED.until + timedelta(days=1))
    assert not replace(ASKED, ended_on=TODAY + timedelta(days=3)).counts(TODAY + timedelta(days=3))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"person": "somebody"}, "delegation.not_head"),
        ({"to": "secretary"}, "delegation.to_oneself"),
        ({"since": TODAY - timedelta(days=1)}, "delegation.days"),
        ({"until": TODAY - timedelta(days=1)}, "delegation.days"),
        ({"until": TODAY + timedelta(days=92)}, "delegation.too_long"),
    ],
)
def test_a_delegation_that_may_not_be_made_is_refused(change: dict, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        check(replace(ASKED, **change))


def test_two_delegations_of_one_head_do_not_overlap_unless_the_first_was_ended() -> None:
    with pytest.raises(Conflict, match="overlaps"):
        check(ASKED, replace(ASKED, to="another", since=ASKED.until, until=ASKED.until))
    check(ASKED, replace(ASKED, ended_on=TODAY))
    check(ASKED, replace(ASKED, person="another head"))


# -- preferences --------------------------------------------------------------------------------

CONSENTS = {"obligation": "mandatory", "campus": "asked_first", "announcement": "unless_refused"}


def test_a_mandatory_notice_cannot_be_refused_and_the_refusal_says_which_can() -> None:
    with pytest.raises(Invalid, match=r"preferences\.mandatory") as refused:
        check_kinds({"obligation": False}, CONSENTS, pack="reminding-default", article="第二条")
    assert refused.value.params["accepted"] == "announcement, campus"
    assert refused.value.params["pack"] == "reminding-default"
    check_kinds({"obligation": True, "campus": False}, CONSENTS, pack="p", article="a")
    with pytest.raises(Invalid, match="kind_unknown"):
        check_kinds({"weather": False}, CONSENTS, pack="p", article="a")


@pytest.mark.parametrize(
    ("kind", "said", "reason"),
    [
        ("obligation", None, None),
        ("obligation", False, None),
        ("campus", None, "no_consent"),
        ("campus", True, None),
        ("campus", False, "declined"),
        ("announcement", None, None),
        ("announcement", False, "declined"),
    ],
)
def test_what_is_not_mandatory_is_sent_by_consent(kind: str, said: bool | None, reason: str | None) -> None:
    preferences = Preferences(kinds={} if said is None else {kind: said})
    assert preferences.refusal(kind, CONSENTS[kind]) == reason


def test_a_way_that_was_chosen_comes_first_and_none_is_lost() -> None:
    assert Preferences(("email",)).ways(("sms", "inbox")) == ("email", "sms", "inbox")
    assert Preferences().ways(("sms",)) == ("sms",)


# -- own addresses ------------------------------------------------------------------------------

CODES = CodeRules(minutes=30, most_a_day=3, guesses=2)
SOURCE = ("reminding-default", "第十条")
MORNING = datetime(2026, 9, 21, 1, 0, tzinfo=UTC)
EMPTY = {"addresses": {}, "codes": {}, "asked": {"on": None, "times": 0}}


def asked(state: dict, proof: str = "right", now: datetime = MORNING, today: date = TODAY) -> dict:
    return code_asked(state, "email", proof, now, today, CODES, SOURCE)


def test_an_address_counts_once_its_code_is_shown_in_time_and_the_one_before_until_then() -> None:
    book, right = code_shown(asked(EMPTY), "email", "right", "sealed-1", MORNING)
    assert right
    assert book["addresses"] == {"email": {"sealed": "sealed-1", "since": MORNING}}
    with pytest.raises(Conflict, match=r"address\.no_code"):  # it was used
        code_shown(book, "email", "right", "sealed-1", MORNING)
    again = asked(book, "another")
    assert again["addresses"] == book["addresses"]
    with pytest.raises(Conflict, match=r"address\.no_code"):
        code_shown(again, "wecom", "another", "sealed-2", MORNING)
    at_the_end = MORNING + timedelta(minutes=30)
    assert code_shown(again, "email", "another", "sealed-2", at_the_end - timedelta(seconds=1))[1]
    with pytest.raises(Conflict, match=r"address\.no_code"):
        code_shown(again, "email", "another", "sealed-2", at_the_end)


@given(st.lists(st.sampled_from(["right", "wrong"]), max_size=6))
def test_nobody_guesses_a_code_more_often_than_the_rule_lets_them(guesses: list[str]) -> None:
    book, kept = asked(EMPTY), False
    for number, guess in enumerate(guesses):
        if kept or number >= CODES.guesses:
            with pytest.raises(Conflict, match=r"address\.no_code"):
                code_shown(book, "email", guess, "sealed", MORNING)
        else:
            book, kept = code_shown(book, "email", guess, "sealed", MORNING)
            assert kept == (guess == "right")
    assert bool(book["addresses"]) == ("right" in guesses[: CODES.guesses])


def test_a_person_gets_so_many_codes_a_day_whatever_the_channel() -> None:
    book = EMPTY
    for channel in ("email", "wecom", "email"):
        book = code_asked(book, channel, "right", MORNING, TODAY, CODES, SOURCE)
    with pytest.raises(Conflict, match=r"address\.too_many_codes") as refused:
        asked(book)
    assert refused.value.params == {"most": 3, "pack": "reminding-default", "article": "第十条"}
    assert asked(book, today=TODAY + timedelta(days=1))["asked"]["times"] == 1


@pytest.mark.parametrize(
    ("channel", "fits", "unfit"),
    [
        (
            "email",
            ("zhang.san@cs.example.edu.cn",),
            ("zhang", "a@b@c.cn", "a@b.cn\nBcc: c@d.cn", "张 <a@b.cn>"),
        ),
        ("wecom", ("zhangsan", "2021-0012.a@b"), ("@all", "a|b", "", "a" * 65, "zhang\n")),
        ("dingtalk", ("manager4220",), ("a,b", "@all", "张三")),
        ("other", ("room-1", "+8613900000001"), ("a/b", "a b", "{secret}", "a?b=c")),
    ],
)
def test_an_address_names_one_recipient_and_nothing_else(
    channel: str, fits: tuple[str, ...], unfit: tuple[str, ...]
) -> None:
    for each in fits:
        check_address(channel, each)
    for each in unfit:
        with pytest.raises(Invalid, match=r"address\.unfit") as refused:
            check_address(channel, each)
        assert each not in str(refused.value.params) or len(each) < 2
