"""Organisations dissolved, merged and split: asked for here, carried out by a job.

Who goes over goes in bunches of what a branch holds at most; the last bunch is written together with the end
of the organisations. So a branch is reorganised in one commit, and a college of thousands is resumed where a
crash left it, with everybody either where they were or where they go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.clock import Clock
from services.chassis.context import Context
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict
from services.chassis.identity import derived_id
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.transactions import in_transaction, on_commit
from services.records.access import Access
from services.records.development.following import Following
from services.records.directory import model as directory_rules
from services.records.directory import persons
from services.records.directory.organisations import Organisations
from services.records.directory.store import Directory, found_by
from services.records.posts.register import Posts
from services.records.sanctions.rights import Rights
from services.records.structure import model as rules
from services.records.transfers.following import TransferFollowing

Answer = dict[str, Any]
KIND = "reorganisation"
BUNCH = 300


class Reorganising:
    """Whatever ends stays readable, names its successors, and leaves nobody behind."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        organisations: Organisations,
        posts: Posts,
        access: Access,
        dossiers: Following,
        transfers: TransferFollowing,
        rights: Rights,
    ) -> None:
        self._database = application.database
        self._jobs = application.jobs
        self._jobs.work(KIND, self.step)
        self._directory = directory
        self._organisations = organisations
        self._posts = posts
        self._access = access
        self._dossiers = dossiers
        self._transfers = transfers
        self._rights = rights
        self._audit: Audit = application.audit
        self._clock: Clock = application.clock

    # -- commands ------------------------------------------------------------------------------

    def dissolve(self, request: Answer) -> Answer:
        """Dissolve an organisation; who belongs to it or its groups goes to ``members_to``."""
        closing = self._administered(request["organisation"])
        heir = self._administered_in("members_to", request["members_to"]) if "members_to" in request else None

        def task() -> Answer:
            groups = self._children(closing.id)
            ending = [closing.id, *(each.id for each in groups)]
            rules.judge_dissolution(
                _standing(closing),
                _standing(heir) if heir else None,
                [each.state for each in groups],
                bool(self._people_at(ending, 1)),
            )
            return self._task(request, "dissolved", ending, heir, [closing, *groups])

        return self._begin(task)

    def merge(self, request: Answer) -> Answer:
        """Merge ``others`` with an organisation, which stays, or ends with them where one is founded anew."""
        first = self._administered(request["organisation"])
        others = [
            self._administered_in(f"others.{position}", each)
            for position, each in enumerate(request["others"])
        ]
        anew = "as_new" in request
        if anew:
            self._access.require_administrator(context.actor(), first.state["parent"] or first.id)

        def task() -> Answer:
            ending = rules.judge_merger(
                _standing(first), [_standing(each) for each in others], stays=not anew
            )
            concerned = [each for each in (first, *others) if each.id in ending]
            for each in list(concerned):
                concerned += self._directory.organisations.find({"path": each.id}, limit=0)
            founding = self._founding(request["as_new"], first) if anew else None
            return self._task(request, "merged", ending, None if anew else first, concerned, founding)

        return self._begin(task)

    def split(self, request: Answer) -> Answer:
        """Found a second organisation beside one, with some of its members and groups."""
        whole = self._administered(request["organisation"])
        self._access.require_administrator(context.actor(), whole.state["parent"] or whole.id)

        def task() -> Answer:
            named = {each.id: each for each in found_by(self._directory.people, "_id", request["members"])}
            nobody = {"active": False}
            groups = [
                self._directory.organisation_named_in(f"groups.{position}", each)
                for position, each in enumerate(request["groups"])
            ]
            rules.judge_split(
                _standing(whole),
                [named[each].state if each in named else nobody for each in request["members"]],
                [_standing(each) for each in groups],
                [each.id for each in self._children(whole.id)],
            )
            founding = self._founding(request["new"], whole)
            task = self._task(request, "split_off", [], None, [whole, *groups], founding)
            along = [each.id for each in groups]
            homes = {whole.id, *(each.id for each in self._children(whole.id))} - set(along)
            return {**task, "people": sorted(named), "homes": sorted(homes), "children": along}

        return self._begin(task)

    # -- the job -------------------------------------------------------------------------------

    def step(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The job's work; see ``Jobs.work``. A piece that is repeated finds done what was done."""
        task, done = job.params, job.cursor or 0
        checkpoint(cursor=done, done=done, total=done + len(self._waiting(task, self._ending(task), 0)))
        with context.entered(Context(actor=job.owner, correlationid=job.id)):
            while True:
                moved, ended = in_transaction(self._database, partial(self._piece, task, job.id))
                done += moved
                checkpoint(cursor=done, done=done)
                # Whoever comes at that instant guards what ends: they went along, or were not taken in.
                if ended:
                    break
        for node in task["ending"] or [task["whole"]]:
            action = f"organisation.{task['change']}"
            self._audit.append(action, job.owner, "organisation", node, task["reason"])
        return {"created": int(task["founding"] is not None), "changed": done, "unchanged": 0, "refused": 0}

    def _piece(self, task: Answer, job: str) -> tuple[int, bool]:
        """How many went over in the running transaction, and whether the organisations end with them."""
        heir, ending = self._heir(task, job), self._ending(task)
        waiting = self._waiting(task, ending, BUNCH + 1)
        if waiting and heir is None:
            raise Conflict("organisation.heir_missing")
        if heir is not None:
            heir = self._directory.organisations.guard(heir.id)  # nobody goes to one that is closing
        for person in waiting[:BUNCH]:
            assert heir is not None
            self._take_over(person, heir, task)
        ended = len(waiting) <= BUNCH
        if ended:
            self._end(task, ending, heir)
        return min(len(waiting), BUNCH), ended

    def _ending(self, task: Answer) -> list[str]:
        """What ends, with the groups that came after it was asked for; raises where a branch came."""
        if task["change"] != "dissolved":
            return list(task["ending"])
        children = self._children(task["whole"])
        if any(each.state["kind"] != "group" for each in children):
            raise Conflict("organisation.has_children")
        return list(dict.fromkeys([*task["ending"], *(each.id for each in children)]))

    def _heir(self, task: Answer, job: str) -> Document | None:
        if task["founding"] is None:
            return self._directory.organisations.get(task["heir"]) if task["heir"] else None
        organisation = _founded_by(job)
        found = self._directory.organisations.find_one({"_id": organisation})
        if found is not None:
            return found
        parent = self._directory.organisation_named_in("parent", task["founding"]["parent"])
        change = directory_rules.found_organisation(
            organisation, task["founding"], (parent.id, parent.state), self._clock.today()
        )
        return self._organisations.found(organisation, change, _why(task))

    def _waiting(self, task: Answer, ending: Sequence[str], limit: int) -> list[Document]:
        """Who has still to go over; at most ``limit``, 0 for all."""
        if not task["people"]:
            return self._people_at(ending, limit)
        named = found_by(self._directory.people, "_id", task["people"], active=True)
        return [each for each in named if each.state["organisation"] in task["homes"]]

    def _take_over(self, person: Document, heir: Document, task: Answer) -> None:
        today, day = self._clock.today(), date.fromisoformat(task["effective_on"])

        def decide(state: Answer) -> Change | None:
            since = min(rules.goes_over(state, day), today)
            given = {"organisation": heir.id, "since": since, "reason": "reorganised"}
            return persons.change_person(person.id, state, given, heir.state, today)

        moved = self._directory.people.change(person.id, decide)
        on_commit(partial(self._directory.know_person, moved))
        self._bring_dossier(moved, heir)
        self._rights.follow(person.id, heir.id)
        left = person.state["organisation"]
        self._transfers.leave_from(person.id, left, heir.id, by=str(context.actor()))
        if not task["ending"]:
            self._posts.withdraw_left(person.id, left, heir.id)  # of what ends, all posts end with it

    def _bring_dossier(self, person: Document, heir: Document) -> None:
        branch = heir.state["parent"] if heir.state["kind"] == "group" else heir.id
        self._dossiers.follow(person.id, branch, by=context.actor())

    def _end(self, task: Answer, ending: Sequence[str], heir: Document | None) -> None:
        """What goes along goes under the heir, what ends is dissolved, and its posts with it."""
        why, along = _why(task), list(task["children"])
        if task["change"] == "merged":
            along += [each.id for node in ending for each in self._children(node)]
        day = self._day(task, [*along, *ending])
        for child in along:
            assert heir is not None, "what goes along goes somewhere"
            self._organisations.apply(
                child, {}, heir, effective_on=day, why=rules.Why(why.reason, why.document_number)
            )
            # The dossiers of a group's people are kept at its branch, which is another now.
            if self._directory.organisations.get(child).state["kind"] == "group":
                for person in self._people_at([child], 0):
                    self._bring_dossier(person, heir)
        successors = [heir.id] if heir is not None else []
        written: list[tuple[Document | None, Document]] = []
        # From below: a group ends before its branch.
        for node in reversed(ending):
            before = self._directory.organisations.get(node)
            ended = self._directory.organisations.change(
                node, partial(_dissolved, node, day=day, successors=successors)
            )
            written.append((before, ended))
        self._organisations.keep(written, why)
        self._posts.withdraw_at(ending)
        if heir is not None:
            self._transfers.go_to(ending, heir.id, by=str(context.actor()))

    def _day(self, task: Answer, concerned: Sequence[str]) -> date:
        """From when it counts: as was asked, but not before what changed since it was asked for."""
        since = [task["effective_on"]]
        for node in concerned:
            below = self._directory.organisations.find({"path": node}, limit=0)
            since += [each.state["since"] for each in below]
        return date.fromisoformat(max(since))

    # -- within --------------------------------------------------------------------------------

    def _begin(self, task: Any) -> Answer:
        """Queue the job of ``task()``; the same command again is answered the same, whatever was done."""
        repeated = self._jobs.repeated(KIND)
        params = self._jobs.view(repeated).params if repeated else task()
        job = repeated or self._jobs.create(KIND, context.actor(), params)
        return {"job": job, "organisation": _founded_by(job) if params["founding"] else params["heir"]}

    def _task(
        self,
        request: Answer,
        change: str,
        ending: Sequence[str],
        heir: Document | None,
        concerned: Sequence[Document],
        founding: Answer | None = None,
    ) -> Answer:
        today = self._clock.today()
        since = [each.state["since"] for each in concerned]
        since += [heir.state["founded_on"]] if heir else []
        day = directory_rules.effective_day(request.get("effective_on"), today, *since)
        if founding is not None:
            founding = {**founding, "founded_on": day.isoformat()}
            # Refused now rather than by the job.
            above = self._directory.organisations.get(founding["parent"])
            directory_rules.found_organisation("new", founding, (above.id, above.state), today)
            self._organisations.require_free_code(founding["code"])
        return {
            "change": change,
            "whole": request["organisation"],
            "ending": list(ending),
            "heir": heir.id if heir else None,
            "founding": founding,
            "children": [],
            "people": [],
            "homes": [],
            "effective_on": day.isoformat(),
            "reason": request["reason"],
            "document_number": request.get("document_number"),
        }

    def _founding(self, given: Answer, beside: Document) -> Answer:
        return {**given, "kind": beside.state["kind"], "parent": beside.state["parent"]}

    def _administered(self, organisation: str) -> Document:
        found = self._directory.organisations.get(organisation)
        self._access.require_administrator(context.actor(), found.id)
        return found

    def _administered_in(self, field: str, organisation: str) -> Document:
        found = self._directory.organisation_named_in(field, organisation)
        self._access.require_administrator(context.actor(), found.id)
        return found

    def _children(self, organisation: str) -> list[Document]:
        return self._directory.organisations.find({"parent": organisation, "active": True}, limit=0)

    def _people_at(self, nodes: Sequence[str], limit: int) -> list[Document]:
        found: list[Document] = []
        for node in nodes:
            left = limit - len(found) if limit else 0
            if limit and not left:
                break
            here = {"organisation": node, "active": True}
            found += self._directory.people.find(here, sort=[("number", 1)], limit=left)
        return found


def _standing(organisation: Document) -> rules.Standing:
    return organisation.id, organisation.state


def _founded_by(job: str) -> str:
    return derived_id("organisation", "reorganisation", job)


def _why(task: Answer) -> rules.Why:
    return rules.Why(task["reason"], task["document_number"], task["change"])


def _dissolved(node: str, state: Answer, *, day: date, successors: Sequence[str]) -> Change | None:
    return directory_rules.dissolve(node, state, on=day, successors=successors)
