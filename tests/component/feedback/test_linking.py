"""Many people whom everybody knows speak without a name, and a dump of everything links none."""

from __future__ import annotations

import base64
import logging
import random
from dataclasses import replace
from datetime import timedelta

import structlog
from prometheus_client import generate_latest

from deploy.local.tour_tickets import handed_in, new_ticket
from services.chassis.identity import derived_id
from services.chassis.said import member_said
from services.chassis.testing import wait_for
from services.feedback.opinions import model, store
from services.feedback.opinions.receipts import opinion_of
from services.feedback.tickets.signing import to_base64
from tests.linking import THRESHOLD, agreement, as_text, combined, hits, orders, shared

from .test_anonymity import feed  # noqa: F401 - a fixture
from .test_attachments import looked_into_here  # noqa: F401 - a fixture

PEOPLE, BATCHES = 200, 4
# By chance one of each batch is named rightly, so that their number is Poisson's with a mean of BATCHES:
# more than this come once in a million.
MOST_HITS = 17


def speak(box, person: str, *, attaches: bool = False) -> str:
    """Draw a ticket by name and spend it at once without: the worst a client can do. The opinion's id."""
    told = box.call(None, "get_ticket_key")
    ticket = new_ticket(told["public_key"], told["label"])
    answer = box.call(person, "draw_tickets", blinded=[to_base64(ticket.blinded)])
    spent = handed_in(told["key"], told["public_key"], ticket, answer["signatures"][0])
    receipt = box.say(None, ticket=spent, text=f"{random.SystemRandom().random():.12f}")["receipt"]
    if attaches:
        content = base64.b64encode(f"{random.SystemRandom().random():.12f}".encode()).decode()
        box.call(None, "attach_by_receipt", code=receipt, filename=f"{person}.txt", content=content)
    box.clock.advance(timedelta(milliseconds=1))
    return opinion_of(receipt)


def dumped(box) -> dict[str, dict]:
    """Everything in the store, each collection in the order in which it lies there."""
    database = box.application.database
    return {
        name: {str(each["_id"]): each for each in database[name].find()}
        for name in sorted(database.list_collection_names())
    }


def strength(order: list[str], batches: list[list[str]]) -> float:
    """How much an order of all entries says of the order within each batch."""
    within = [[each for each in order if each in set(batch)] for batch in batches]
    return combined([agreement(one, batch) for one, batch in zip(within, batches, strict=True)])


def of_opinions(entries: dict[str, dict], files: dict[str, dict]) -> dict[str, dict]:
    """Files or parts of files by the opinions that they are attached to, in the order in which they lie."""
    return {files[str(each.get("file", each["_id"]))]["holder_id"]: each for each in entries.values()}


def test_a_dump_of_everything_does_not_link_people_with_what_they_said(
    box,
    feed,  # noqa: F811
    caplog,
    looked_into_here,  # noqa: F811
):
    caplog.set_level(logging.INFO)
    tickets = box.application.tickets_to_speak
    tickets._rules = replace(tickets._rules, each=1)
    people = [f"person-{number:03}-of-so-many" for number in range(PEOPLE)]
    random.Random(5).shuffle(people)
    members = [member_said(person, "branch", standing="member") for person in people]
    box.application.authority.apply(members)
    random.Random(6).shuffle(people)  # so that nothing else has them in the order in which they speak

    batches: list[list[str]] = []
    with structlog.testing.capture_logs() as lines:
        for at in range(BATCHES):
            speaking = people[at * PEOPLE // BATCHES : (at + 1) * PEOPLE // BATCHES]
            attaching = set(speaking[::3])
            batches.append([speak(box, person, attaches=person in attaching) for person in speaking])
            if at == 0:
                before_release = dumped(box)
            box.release()
            wait_for(lambda at=at: len(feed.read()) == (at + 1) * PEOPLE // BATCHES)
    truth = [each for batch in batches for each in batch]
    wait_for(lambda: box.application.database["trend_entries"].count_documents({}) == len(truth))
    dump = dumped(box)

    # 1. In no order in which entries lie or can be put anywhere, do they come as people spoke.
    events = {each["body"]["subject"]: each for each in feed.messages}
    assert set(events) == set(dump["opinions"]) == set(truth)
    with_files = of_opinions(dump["files"], dump["files"])
    assert len(with_files) == len(dump["file_parts"]) == sum(len(batch[::3]) for batch in batches)
    of_files = {
        f"{place}, {name}": order
        for place, entries in (
            ("files", with_files),
            ("parts", of_opinions(dump["file_parts"], dump["files"])),
        )
        for name, order in orders(entries)
    }
    assert len(of_files) > 8
    sent = [batch[::3] for batch in batches]
    found = {name: strength(order, sent) for name, order in of_files.items()}
    assert {name: z for name, z in found.items() if abs(z) >= THRESHOLD} == {}, found
    attacks = {
        f"{place}, {name}": order
        for place, entries in (
            ("store", dump["opinions"]),
            ("events", events),
            ("trends", dump["trend_entries"]),
        )
        for name, order in orders(entries)
    }
    assert len(attacks) > 8
    found = {name: strength(order, batches) for name, order in attacks.items()}
    assert {name: z for name, z in found.items() if abs(z) >= THRESHOLD} == {}, found
    named = {
        name: sum(hits([each for each in order if each in set(batch)], batch) for batch in batches)
        for name, order in attacks.items()
    }
    assert max(named.values()) <= MOST_HITS, named

    # 2. Whoever has the dump alone, and not the door in view, has no order of people either: also not while
    # a batch still waits in the order in which it came in.
    key = box.call(None, "get_ticket_key")["key"]
    whose = {derived_id("ticket book", key, person): person for person in people}
    pages = before_release["ticket_books"].values()
    drew = [whose[line] for page in pages for line in page["drawn"]]
    assert sorted(drew) == sorted(people[: len(batches[0])])
    assert abs(agreement(drew, people[: len(drew)])) < THRESHOLD

    # 3. Nothing stands on both sides.
    # What is counted of released events, as whoever listens to them could count, stands on their side.
    counted = {"trend_entries", "trend_cells", "inbox", "inbox_sequences"}
    said = {"opinions", "files", "file_parts"}
    sides = [name for name in dump if name not in {*said, "schedules", "leases", *counted}]
    persons = {f"{name}/{each}": entry for name in sides for each, entry in dump[name].items()}
    persons |= {person: person for person in people}
    entries = {
        each: {"kept": dump["opinions"][each], "told": events[each], "file": with_files.get(each)}
        for each in truth
    }
    ours = {"university", "next-door", "received", "organisation"}
    assert {each for each in shared(persons, entries) if each not in ours} == set()

    # 4. No line and no measurement tells of an entry, whatever it calls it.
    said = as_text([lines, [record.getMessage() for record in caplog.records], generate_latest().decode()])
    assert not any(secret in said for each in truth for secret in (each, dump["opinions"][each]["text"]))
    assert not any(person in said or person in as_text(list(entries.values())) for person in people)


def test_without_shuffling_the_same_attack_names_everybody(box, looked_into_here):  # noqa: F811
    """The control: a release that leaves documents where they lie is found out by how they lie."""
    spoke = [opinion_of(box.say(None, text=f"{number}")["receipt"]) for number in range(30)]
    for opinion in spoke:
        box.application.opinions.change(opinion, store.decided_by(opinion, model.release), anonymous=True)
    receipts = [box.say(None, text=f"with a file {number}")["receipt"] for number in range(30)]
    for number, receipt in enumerate(receipts):
        content = base64.b64encode(f"{number}".encode()).decode()
        box.call(None, "attach_by_receipt", code=receipt, filename="a.txt", content=content)
    attached = [opinion_of(each) for each in receipts]
    assert [each["holder_id"] for each in dumped(box)["files"].values()] == attached, "before its batch"
    box.release()
    for name in ("files", "file_parts"):
        dump = dumped(box)
        assert abs(agreement(list(of_opinions(dump[name], dump["files"])), attached)) < THRESHOLD
    lies = [each for each in dumped(box)["opinions"] if each in set(spoke)]
    assert agreement(lies, spoke) > THRESHOLD
    assert hits(lies, spoke) == len(spoke)

    more = [opinion_of(box.say(None, text=f"{number}")["receipt"]) for number in range(30)]
    box.release()
    lies = [each for each in dumped(box)["opinions"] if each in set(more)]
    assert abs(agreement(lies, more)) < THRESHOLD
