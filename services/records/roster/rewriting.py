"""What is known as rows of a roster that reads back as it is. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.records.directory.codes import SEX_CODES, status_code
from services.records.roster import words
from services.records.roster.cells import marked
from services.records.roster.columns import COLUMNS, label

State = Mapping[str, Any]
Row = dict[str, str]


@dataclass(frozen=True)
class Held:
    """A post as a row tells it: the role, the code of the organisation, and from when."""

    role: str
    code: str
    since: str


def organisation_row(organisation: State, parent: str | None) -> Row:
    """An organisation; ``parent`` is the code of the one above, None for the root."""
    return {
        "code": organisation["code"],
        "name": organisation["name"],
        "kind": words.ORGANISATION_KINDS[organisation["kind"]][0],
        "parent": parent or "",
        "founded_on": organisation["founded_on"],
        "has_committee": words.FLAGS[organisation["has_committee"]][0],
        "has_leading_group": words.FLAGS[organisation["has_leading_group"]][0],
        "external_id": organisation["external_id"] or "",
    }


def person_row(
    person: State,
    branch: str,
    group: str | None,
    posts: Sequence[Held],
    phone: str | None,
    number: str | None,
) -> Row:
    """A person of ``branch`` (a code) and perhaps of a ``group`` of it, with ``posts``.

    A row has room for the posts at one organisation: one's own before the others. What it does not name is
    not withdrawn by reading it back.
    """
    at = min((each.code for each in posts), key=lambda code: (code not in (group, branch), code), default="")
    held = [each for each in posts if each.code == at]
    code, status = status_code(person), person["political_status"]
    told = words.CODES[code] if status == "none" and code else words.STATUSES[status]
    return {
        "name": person["name"],
        "number": person["number"],
        "sex": words.SEXES[person["sex"]][0],
        "sex_code": SEX_CODES[person["sex"]],
        "political_status": told[0],
        "political_status_code": code or "",
        "organisation": branch,
        "group": group or "",
        "phone": phone or "",
        "id_number": number or "",
        "joined_on": person["joined_on"] or "",
        "roles": "、".join(words.ROLES[each.role][0] for each in held),
        "post_organisation": at,
        "post_since": min((each.since for each in held), default=""),
        "external_id": person["external_id"] or "",
    }


def table(kind: str, rows: Sequence[Row]) -> list[list[str]]:
    """The header and the cells of ``rows``, in the order of the columns."""
    fields = list(COLUMNS[kind])
    header = [label(kind, field) for field in fields]
    return [header, *([marked(row[field]) for field in fields] for row in rows)]
