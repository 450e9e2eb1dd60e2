"""Ballot rounds: a frozen electorate, secret ballots that may be changed, a result that tells nobody's."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from deploy.local.tour_tickets import handed_in, new_ticket
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.job_attempts import JobLost
from services.chassis.said import member_said
from services.chassis.testing import wait_for
from services.feedback.ballots.model import begin
from services.feedback.tickets import model as tickets
from services.feedback.tickets.signing import to_base64
from tests.linking import THRESHOLD, agreement

from .test_anonymity import feed  # noqa: F401 - a fixture

PEOPLE = [f"member-{number:02}" for number in range(9)]
CHOICES = ("excellent", "qualified", "basically_qualified", "unqualified")


def called(box, kind="democratic_appraisal", organisation="branch", person="secretary") -> str:
    """A round that is open, of a branch with nine members more."""
    box.application.authority.apply([member_said(each, "branch", standing="member") for each in PEOPLE])
    closes_on = (box.clock.today() + timedelta(days=3)).isoformat()
    drafted = box.call(
        person, "draft_round", kind=kind, organisation=organisation, title="年度评议", closes_on=closes_on
    )
    box.call(person, "open_round", round=drafted["id"])
    reached(box, drafted["id"], "open", person)
    return drafted["id"]


def reached(box, round: str, state: str, person="secretary"):  # noqa: A002 - the domain's word
    def there():
        found = box.call(person, "get_round", round=round)
        return found if found["state"] == state else None

    return wait_for(there)


def drawn(box, person: str, round: str, subjects: set[str] | None = None) -> dict[str, dict]:  # noqa: A002
    """A ticket of ``person`` for each of their papers, by who is rated on it."""
    papers = [
        each
        for each in box.call(person, "my_papers", round=round)["items"]
        if subjects is None or each["subject"] in subjects
    ]
    made = {each["paper"]: new_ticket(each["public_key"], each["label"]) for each in papers}
    asked = [{"paper": paper, "blinded": to_base64(ticket.blinded)} for paper, ticket in made.items()]
    signed = {
        each["paper"]: each["signature"]
        for each in box.call(person, "draw_papers", round=round, papers=asked)["items"]
    }
    return {
        each["subject"]: handed_in(
            each["paper"], each["public_key"], made[each["paper"]], signed[each["paper"]]
        )
        for each in papers
    }


def cast(box, ticket: dict, choice: str):
    return box.call(None, "cast_ballot", ticket=ticket, answers={"grade": choice})


def test_an_appraisal_from_its_draft_to_its_published_result(box, feed):  # noqa: F811
    round = called(box)  # noqa: A001 - the domain's word
    first, rated = PEOPLE[0], PEOPLE[-1]
    told = box.call(first, "get_round", round=round)
    assert (told["state"], told["results"], told["electors"]) == ("open", None, len(PEOPLE))
    assert f"{rated}/organisation" in told["left_out"], "one dean is not enough for a part"

    # Nobody rates themselves, nor votes where they do not belong.
    mine = box.call(rated, "my_papers", round=round)
    assert rated not in {each["subject"] for each in mine["items"]}
    assert len(mine["items"]) == len(PEOPLE) - 1
    assert {each["electors"] for each in mine["items"]} == {len(PEOPLE) - 1}
    foreign = next(
        each for each in box.call(first, "my_papers", round=round)["items"] if each["subject"] == rated
    )
    blinded = to_base64(new_ticket(foreign["public_key"], foreign["label"]).blinded)
    with pytest.raises(Forbidden, match="not_your_paper"):
        box.call(rated, "draw_papers", round=round, papers=[{"paper": foreign["paper"], "blinded": blinded}])
    with pytest.raises(NotFound):
        box.call("neighbour", "my_papers", round=round)

    # One ballot each: drawn once, and changed by whoever holds its ticket.
    held = {person: drawn(box, person, round, {rated})[rated] for person in PEOPLE[:-1]}
    with pytest.raises(Conflict, match="drawn_already"):
        drawn(box, first, round, {rated})
    for number, ticket in enumerate(held.values()):
        cast(box, ticket, CHOICES[number % 3])
    cast(box, held[first], "unqualified")
    cast(box, held[first], "basically_qualified")
    box.call(rated, "rate_myself", round=round, answers={"grade": "qualified"})
    for wrong, code in (({}, "request.invalid"), ({"grade": "superb"}, "ballot.invalid")):
        with pytest.raises(Invalid, match=code.split(".")[1]):
            box.call(None, "cast_ballot", ticket=held[first], answers=wrong)
    with pytest.raises(Invalid) as refused:
        box.call(
            None, "cast_ballot", ticket=held[first], answers={"grade": "qualified", "salary": "qualified"}
        )
    assert refused.value.fields == {"answers": {"salary": ["ballot.unknown_question"]}}
    forged = held[first] | {"signature": held[PEOPLE[1]]["signature"]}
    with pytest.raises(Invalid, match="forged"):
        cast(box, forged, "excellent")
    with pytest.raises(Invalid, match="unknown_key"):
        cast(box, box.ticket(), "excellent")
    assert box.application.database["ballots"].count_documents({}) == len(held)

    # While it is open nobody learns how many voted; then it is counted, and the ballots are gone.
    seen = box.call("secretary", "get_round", round=round)
    assert (seen["results"], seen["scores"], seen["electors"]) == (None, None, len(PEOPLE))
    assert box.call("secretary", "list_rounds", organisation="branch")["items"][0].keys() < seen.keys()
    box.call("secretary", "close_round", round=round)
    closed = reached(box, round, "closed")
    with pytest.raises(Conflict, match="is_closed"):
        cast(box, held[first], "excellent")
    (peer,) = [each for each in closed["results"] if each["node"] == f"{rated}/peer"]
    assert peer["ballots"] == 8
    assert peer["answers"] == [
        {"question": "grade", "counts": [2, 3, 3, 0], "mostly": None, "at_least": None}
    ]
    points = {each["subject"]: each["points"] for each in closed["scores"]}
    assert points[rated] == "78.33"  # 40 parts of 77.50 and 20 of 80
    assert points[first] is None
    ballots = box.application.database["ballots"]
    wait_for(lambda: ballots.count_documents({}) == 0)
    ballots.insert_one({"_id": "late", "round": round, "paper": "p", "fresh": True, "chosen": [0]})
    box.application.voting.shuffle()
    assert ballots.count_documents({}) == 0, "one that came in the instant of closing"
    assert box.call(first, "get_round", round=round)["results"] is None
    box.call("secretary", "publish_round", round=round)
    assert box.call(first, "get_round", round=round)["results"] == closed["results"]
    with pytest.raises(NotFound):
        box.call("neighbour", "get_round", round=round)
    wait_for(lambda: len(feed.read()) == 3)
    happened = [each["body"] for each in feed.messages]
    assert [each["type"].split(".")[2] for each in happened] == ["opened", "closed", "published"]
    assert happened[1]["data"]["results"] == closed["results"]
    both = ("closed_on", "smallest_cell", "results", "scores")
    assert [happened[2]["data"][name] for name in both] == [happened[1]["data"][name] for name in both]


def test_ballots_lie_in_no_order_and_are_all_counted(box):
    application = box.application
    application.authority.apply(
        [member_said(f"voter-{number}", "branch" if number % 2 else "next-door") for number in range(60)]
    )
    round = called(box, "satisfaction", "faculty", "dean")  # noqa: A001 - the domain's word
    papers = {each["node"]: each["_id"] for each in application.database["ballot_papers"].find()}
    assert set(papers) == {"branch", "faculty"}, "next door joins the few who belong to the faculty itself"
    # As cast: what six hundred calls would write, in one.
    names = list(papers.values())
    marks = [tickets.mark_of(tickets.Ticket("k", number.to_bytes(4), b"")) for number in range(600)]
    ballots = [
        {"_id": mark, "round": round, "paper": names[at % len(names)], "chosen": [at % 4, at % 3, at % 2]}
        for at, mark in enumerate(marks)
    ]
    fresh, few = [{**each, "fresh": True} for each in ballots[:300]], set(marks[:300])
    application.database["ballots"].insert_many([*fresh, *ballots[300:]])
    application.voting.shuffle()
    lie = [each["_id"] for each in application.database["ballots"].find({"round": round})]
    assert abs(agreement([each for each in lie if each in few], marks[:300])) < THRESHOLD

    box.call("dean", "close_round", round=round)
    closed = reached(box, round, "closed", "dean")
    top = next(each for each in closed["results"] if each["node"] == "faculty")
    assert top["ballots"] == 600
    assert [sum(each["counts"]) for each in top["answers"]] == [600] * 3


def test_a_round_that_could_tell_nothing_is_not_opened_and_only_those_in_post_call_one(box):
    closes_on = box.clock.today().isoformat()
    wanted = {"kind": "satisfaction", "organisation": "next-door", "title": "测评", "closes_on": closes_on}
    with pytest.raises(Forbidden):
        box.call("member", "draft_round", **wanted)
    drafted = box.call("neighbour", "draft_round", **wanted)
    with pytest.raises(Conflict, match="electorate_too_small") as refused:
        box.call("neighbour", "open_round", round=drafted["id"])
    assert refused.value.params == {"smallest": 5, "source": "ballots-default 第四条"}
    assert box.call("dean", "get_round", round=drafted["id"])["state"] == "draft"
    with pytest.raises(Forbidden):
        box.call("inspector", "open_round", round=drafted["id"])


def test_a_round_whose_count_was_never_begun_is_counted_in_the_night_after_its_last_day(box):
    round = called(box, "satisfaction", "faculty", "dean")  # noqa: A001 - the domain's word
    today = box.clock.today()
    # As whoever closed it died: its state was written, its job was not.
    box.application.rounds.documents.change(round, lambda state: begin(state, "closing", today))
    box.clock.advance(timedelta(days=4))
    assert reached(box, round, "closed", "dean")["state"] == "closed"


def test_a_round_whose_last_day_has_passed_closes_by_itself(box):
    round = called(box, "satisfaction", "faculty", "dean")  # noqa: A001 - the domain's word
    (ticket,) = drawn(box, PEOPLE[0], round).values()
    box.clock.advance(timedelta(days=4))
    with pytest.raises(Conflict, match="is_closed"):
        box.call(None, "cast_ballot", ticket=ticket, answers={"organisational_life": "satisfied"})
    assert reached(box, round, "closed", "dean")["results"][0]["ballots"] is None


def test_a_round_that_was_cut_off_while_it_opened_has_one_electorate_of_one_day(box):
    box.application.authority.apply([member_said(each, "branch", standing="member") for each in PEOPLE])
    rounds, today = box.application.rounds, box.clock.today()
    wanted = {"kind": "satisfaction", "organisation": "branch", "title": "评议"}
    closes_on = (today + timedelta(days=3)).isoformat()
    round = box.call("secretary", "draft_round", closes_on=closes_on, **wanted)["id"]  # noqa: A001
    rounds.documents.change(round, lambda met: begin(met, "opening", today))

    def cut_off(**said):
        if "cursor" in said:
            raise JobLost

    job = SimpleNamespace(params={"round": round}, token=1)
    with pytest.raises(JobLost):
        rounds.freezing.open(job, cut_off)
    left, stale = PEOPLE[0], rounds.freezing.electorate(rounds.documents.get(round), f"{round}:1")
    box.application.authority.apply([member_said(left, "next-door", standing="member", sequence=5)])
    rounds.freezing.open(SimpleNamespace(params={"round": round}, token=2), lambda **_: None)
    # Whoever does not know yet that it lost the job writes what nobody finds.
    rounds.freezing.open(SimpleNamespace(params={"round": round}, token=1), lambda **_: None)
    rounds.freezing._insert(
        rounds.freezing.electors,
        [
            {
                "_id": "stale",
                "round": round,
                "edition": f"{round}:1",
                "person": left,
                "papers": list(stale.papers),
            }
        ],
    )
    with pytest.raises(NotFound):
        box.call(left, "my_papers", round=round)
    (paper,) = box.call(PEOPLE[1], "my_papers", round=round)["items"]
    told = box.call("secretary", "get_round", round=round)
    assert paper["electors"] == told["electors"] == len(stale.electors) - 1
    with pytest.raises(Forbidden, match="not_your_paper"):
        box.call(
            PEOPLE[1],
            "draw_papers",
            round=round,
            papers=[{"paper": next(iter(stale.papers)), "blinded": "AA"}],
        )
