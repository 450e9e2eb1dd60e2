"""Rows of a roster applied to the records, each wholly or not at all; the same row again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any, Protocol

from services.chassis.bundles import BundledDocuments
from services.chassis.contract import Change
from services.chassis.documents import Document, Documents, checked
from services.chassis.errors import Conflict, Refusal, Unavailable
from services.chassis.identity import derived_id
from services.records.activities import beginnings
from services.records.activities.kinds import Kinds
from services.records.directory import model as directory_rules
from services.records.directory.organisations import Organisations
from services.records.directory.store import Directory, found_by
from services.records.roster.cells import narrow

CREATED, CHANGED, UNCHANGED, REFUSED = "created", "changed", "unchanged", "refused"
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Handled:
    """What became of a row. ``problems`` are (field, code); a row with any was not taken over.

    ``params`` go into the texts of the codes; they hold what would be accepted and nothing of the row.
    """

    outcome: str
    problems: Sequence[tuple[str | None, str]] = field(default_factory=tuple)
    params: Values = field(default_factory=dict)


class RowRefused(Exception):
    """A row cannot be taken over, because of one of its fields."""

    def __init__(self, field_name: str | None, code: str) -> None:
        super().__init__(code)
        self.field = field_name
        self.code = code


class Rows(Protocol):
    """How rows of one kind are applied."""

    def apply(self, rows: Sequence[Values]) -> list[Handled]:
        """What became of each of ``rows``, in their order."""


def judged(apply: Callable[[], str]) -> Handled:
    """The outcome of ``apply``, or why it refused. A store that is away is no fault of the row."""
    try:
        return Handled(apply())
    except RowRefused as refused:
        return Handled(REFUSED, [(refused.field, refused.code)])
    except Unavailable:
        raise
    except Refusal as refused:
        if isinstance(refused, Conflict) and not refused.fields:
            return Handled(REFUSED, [(None, "row.conflict")])
        named: list[tuple[str | None, str]] = []
        named.extend((name, code) for name, codes in refused.fields.items() for code in codes)
        return Handled(REFUSED, named or [(None, refused.code)], refused.params)


def newly(known: Document, given: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """``given`` without those of ``fields`` that read as what is ``known`` reads: they stay as they are."""
    return {
        name: value
        for name, value in given.items()
        if name not in fields or narrow(known.state[name] or "") != value
    }


class Tree:
    """Organisations in memory while a roster is taken over, found by their code or their name."""

    def __init__(self, documents: Documents) -> None:
        self._by_code: dict[str, Document] = {}
        self._by_id: dict[str, Document] = {}
        self._by_name: dict[str, set[str]] = {}
        for each in documents.find(limit=0):
            self.keep(each)

    def keep(self, organisation: Document) -> None:
        """A new or changed organisation."""
        code = organisation.state["code"]
        before = self._by_code.get(code)
        if before is not None:
            self._by_name[before.state["name"]].discard(code)
        self._by_code[code] = organisation
        self._by_id[organisation.id] = organisation
        self._by_name.setdefault(organisation.state["name"], set()).add(code)

    def forget(self, organisation: Document) -> None:
        """One that was not founded after all."""
        state = organisation.state
        self._by_id.pop(organisation.id, None)
        if self._by_code.pop(state["code"], None) is not None:
            self._by_name[state["name"]].discard(state["code"])

    def with_code(self, code: str) -> Document | None:
        """The organisation with exactly this code."""
        return self._by_code.get(code)

    def with_id(self, organisation: str) -> Document | None:
        """The organisation with this id."""
        return self._by_id.get(organisation)

    def find(self, column: str, reference: str) -> Document:
        """By code, else by name; raises ``RowRefused``: ``organisation.unknown`` or ``.ambiguous``.

        By name one that goes on is meant, where it is called as one that ended.
        """
        found = self._by_code.get(reference)
        if found is not None:
            return found
        named = self._by_name.get(reference, set())
        codes = {code for code in named if self._by_code[code].state["active"]} or named
        if len(codes) != 1:
            raise RowRefused(column, "organisation.ambiguous" if codes else "organisation.unknown")
        return self._by_code[next(iter(codes))]


class OrganisationRows:
    """Organisations by code: new ones below their parent, known ones changed or moved."""

    def __init__(
        self, directory: Directory, organisations: Organisations, tree: Tree, today: date, job: str
    ) -> None:
        self._directory = directory
        self._organisations = organisations
        self._tree = tree
        self._today = today
        self._job = job

    def apply(self, rows: Sequence[Values]) -> list[Handled]:
        handled: list[Handled] = []
        for new, some in groupby(rows, key=lambda row: self._tree.with_code(row["code"]) is None):
            alike = list(some)
            handled += self._found(alike) if new else [judged(partial(self._one, row)) for row in alike]
        return handled

    def _found(self, rows: Sequence[Values]) -> list[Handled]:
        """Many new ones at once, in one transaction.

        Where a code is taken by another row, or by somebody else meanwhile, each row stands for itself.
        """
        founded: list[tuple[Document, Change]] = []
        handled = [judged(partial(self._decide, row, founded)) for row in rows]
        try:
            self._organisations.found_many(founded)
        except Conflict:
            for each, _ in founded:
                self._tree.forget(each)
            return [judged(partial(self._one, row)) for row in rows]
        return handled

    def _one(self, values: Values) -> str:
        known = self._tree.with_code(values["code"])
        if known is not None:
            return self._change(known, values)
        founded: list[tuple[Document, Change]] = []
        self._decide(values, founded)
        [(organisation, change)] = founded
        self._tree.forget(organisation)
        self._tree.keep(self._organisations.found(organisation.id, change))
        return CREATED

    def _decide(self, values: Values, founded: list[tuple[Document, Change]]) -> str:
        """Put what is to be founded into ``founded`` and into the tree, so that others find it above them."""
        parent = self._parent(values)
        if parent is None:
            root = values["kind"] == "university_committee"
            raise RowRefused(
                "code" if root else "parent", "organisation.root_exists" if root else "cell.missing"
            )
        if "founded_on" not in values:
            raise RowRefused("founded_on", "cell.missing")
        organisation = derived_id("organisation", self._job, values["code"])
        change = directory_rules.found_organisation(
            organisation, values, (parent.id, parent.state), self._today
        )
        document = checked(organisation, 1, change.state)
        self._tree.keep(document)
        founded.append((document, change))
        return CREATED

    def _change(self, known: Document, values: Values) -> str:
        parent = self._parent(values)
        given = {name: value for name, value in values.items() if name not in ("code", "kind", "parent")}
        given = newly(known, given, ("name", "external_id"))
        if known.state["kind"] != values["kind"]:
            raise RowRefused("kind", "organisation.kind_fixed")
        moved_to = parent if parent is not None and parent.id != known.state["parent"] else None
        if (
            moved_to is None
            and directory_rules.change_organisation(known.id, known.state, given, self._today) is None
        ):
            return UNCHANGED
        changed = self._organisations.apply(known.id, given, moved_to)
        if moved_to is not None:
            for each in self._directory.organisations.find({"path": known.id}, limit=0):
                self._tree.keep(each)
        self._tree.keep(changed)
        return UNCHANGED if changed.version == known.version else CHANGED

    def _parent(self, values: Values) -> Document | None:
        return self._tree.find("parent", values["parent"]) if "parent" in values else None


class ActivityRows:
    """Activities of an earlier system, known by organisation, kind, day and title.

    Two rows may name one organisation differently, by its code and by its name: that they are twins shows
    only here, and the later one is refused.
    """

    def __init__(
        self,
        documents: BundledDocuments,
        tree: Tree,
        titles: Mapping[str, str],
        kinds: Kinds,
        window_days: Callable[[list[str]], int],
        today: date,
    ) -> None:
        self._documents = documents
        self._tree = tree
        self._titles = titles
        self._kinds = kinds
        self._window_days = window_days
        self._today = today
        self._met: set[str] = set()

    def meet(self, rows: Iterable[Values]) -> None:
        """Know the rows that were applied before a crash."""
        self._met.update(each[0] for row in rows if isinstance(each := self._make(row), tuple))

    def apply(self, rows: Sequence[Values]) -> list[Handled]:
        made = [self._first_of_its_kind(self._make(row)) for row in rows]
        wanted = {each[0]: each[1] for each in made if isinstance(each, tuple)}
        known = {each.id: each for each in found_by(self._documents, "_id", wanted)}
        fresh = {activity: change for activity, change in wanted.items() if activity not in known}
        taken = self._documents.create_many(
            [(activity, change.state, change.events) for activity, change in fresh.items()]
        )
        created = fresh.keys() - taken  # what was taken was so by another import, a moment ago
        return [each if isinstance(each, Handled) else self._outcome(each, created, known) for each in made]

    def _first_of_its_kind(self, made: tuple[str, Change] | Handled) -> tuple[str, Change] | Handled:
        if isinstance(made, tuple):
            if made[0] in self._met:
                return Handled(REFUSED, [(None, "row.twice")])
            self._met.add(made[0])
        return made

    def _make(self, values: Values) -> tuple[str, Change] | Handled:
        made: list[tuple[str, Change]] = []

        def make() -> str:
            organisation = self._tree.find("organisation", values["organisation"])
            given = {
                "excused": 0,
                "has_minutes": False,
                "title": self._titles[values["kind"]],
                **values,
                "organisation": organisation.id,
                "held_on": date.fromisoformat(values["held_on"]),
                "entered_on": date.fromisoformat(values.get("entered_on", values["held_on"])),
            }
            activity = derived_id(
                "imported activity", organisation.id, given["kind"], values["held_on"], given["title"]
            )
            window = self._window_days(organisation.state["path"])
            change = beginnings.take_over(
                activity,
                given,
                organisation.state,
                kind=self._kinds[given["kind"]],
                today=self._today,
                window_days=window,
            )
            made.append((activity, change))
            return CREATED

        handled = judged(make)
        return made[0] if made else handled

    def _outcome(
        self, made: tuple[str, Change], created: Iterable[str], known: Mapping[str, Document]
    ) -> Handled:
        activity, change = made
        if activity in created:
            return Handled(CREATED)
        before = known.get(activity)
        if before is not None and before.state != change.state:
            return Handled(REFUSED, [(None, "activity.differs")])
        return Handled(UNCHANGED)
