"""``python -m services.records.bootstrap``: the root organisation and its first administrator."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

import click
from marshmallow import ValidationError

from services.chassis import patch  # noqa: F401 - before anything that opens a socket
from services.chassis.catalogue import Catalogue
from services.chassis.identity import derived_id
from services.chassis.settings import Settings, SettingsError
from services.contracts.records_rpc.directory import CODE, NUMBER
from services.records.application import Records
from services.records.directory import model as rules
from services.records.directory import persons
from services.records.posts import model as posts

FOUNDED = date(1978, 1, 1)
PUBLISH_SECONDS = 10.0


def establish(
    records: Records, *, number: str, name: str, organisation: str, code: str, founded_on: date = FOUNDED
) -> tuple[str, str]:
    """The ids of the root and of its administrator, made where they are missing; repeated, nothing changes.

    A root that is there keeps its name and code; a person with this number is given the post.
    """
    directory, today = records.directory, records.clock.today()
    root = directory.organisations.find_one({"parent": None})
    if root is None:
        given = {
            "code": code,
            "name": organisation,
            "kind": "university_committee",
            "has_leading_group": True,
            "founded_on": founded_on,
        }
        founded = rules.found_organisation(derived_id("organisation", "root"), given, None, today)
        root = records.organisations.found(founded.state["path"][0], founded)
    directory.know_organisations([root])
    person = directory.people.find_one({"number": number})
    if person is None:
        entered = persons.enter_person(
            derived_id("person", "first", number),
            {
                "number": number,
                **directory.marked(number),
                "name": name,
                "political_status": "member",
                "organisation": root.id,
            },
            root.state,
            today,
        )
        person = directory.people.create(derived_id("person", "first", number), entered.state, entered.events)
    directory.know_person(person)
    slot = posts.slot(person.id, root.id, "administrator")
    held = directory.posts.find_one({"slot": slot})
    if held is None or posts.renew_slot(held.state, today):
        given = {"person": person.id, "organisation": root.id, "role": "administrator", "since": today}
        post = derived_id("post", "first", person.id, today.isoformat())
        held = records.posts.appoint(post, given, person, root, reason="bootstrap")
    directory.know_post(held)
    return root.id, person.id


def _publish(records: Records) -> None:
    """Give the relay a moment; what it does not manage the running service's sweeper does."""
    records.start()
    deadline = time.monotonic() + PUBLISH_SECONDS
    pending = [records.database[name] for name in ("organisations", "people", "posts")]
    while time.monotonic() < deadline and any(
        each.find_one({"pending_since": {"$exists": True}}) for each in pending
    ):
        time.sleep(0.05)
    records.stop()


@click.command()
@click.option("--number", required=True, help="Campus number of the first administrator.")
@click.option("--name", required=True, help="Their name.")
@click.option("--organisation", default="校党委", show_default=True, help="Name of the root organisation.")
@click.option("--code", default="DW", show_default=True, help="Its code.")
def main(number: str, name: str, organisation: str, code: str) -> None:
    """Found the root organisation and appoint its first administrator; run once all services are up."""
    try:
        NUMBER(number)
        CODE(code)
    except ValidationError as wrong:
        texts = Catalogue.load([Path(__file__).parent / "texts"])
        raise click.UsageError(" ".join(texts.render(each)["en"] for each in wrong.messages)) from None
    try:
        records = Records.for_test(Settings.from_environment("records"))
    except SettingsError as wrong:
        raise click.ClickException(str(wrong)) from None
    root, person = establish(records, number=number, name=name, organisation=organisation, code=code)
    _publish(records)
    click.echo(f"organisation {root}\nadministrator {person}")


if __name__ == "__main__":
    sys.exit(main())
