"""The job that writes a roster: what is known, in the sheets and columns that an import reads."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import eventlet

from services.chassis import context
from services.chassis.application import Application
from services.chassis.context import Context
from services.chassis.documents import Document
from services.chassis.errors import Invalid, NotFound
from services.chassis.files.kept import Files
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.job_pulse import pulsed
from services.chassis.offload import offload
from services.chassis.vault import mask_id_number, mask_phone
from services.records.access import Access, not_a_reader
from services.records.directory.persons import SEALED
from services.records.directory.store import Directory, found_by
from services.records.roster.columns import ORGANISATION, PERSON
from services.records.roster.rewriting import Held, Row, organisation_row, person_row, table

Answer = dict[str, Any]
KIND = "roster export"
BUNCH = 200
WRITING_SECONDS = 300.0
KEPT = timedelta(days=7)
SHEETS = {ORGANISATION: "党组织", PERSON: "人员"}
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MASKS = {"phone": mask_phone, "id_number": mask_id_number}


class RosterExport:
    """Active organisations and people, as far as whoever asks may read them; read back, nothing changes.

    Phones and identity numbers are masked. Who asks for them unmasked holds the post for both at every
    organisation that they start from, gives a reason, and each person sees it in the audit chain. The file is
    theirs alone, and forgotten after ``KEPT``.
    """

    def __init__(self, application: Application, directory: Directory, access: Access, files: Files) -> None:
        self._jobs = application.jobs
        self._audit = application.audit
        self._clock = application.clock
        self._directory = directory
        self._access = access
        self._files = files
        self._jobs.work(KIND, self.step)
        files.guard(KIND, self._require_owner)

    def start(self, request: Answer) -> Answer:
        """Queue the job; the same command again gets the same one."""
        actor, within, reason = context.actor(), request.get("within"), request["reason"]
        self._tops(actor, within, unmasked=request["unmasked"])
        if request["unmasked"] and reason is None:
            raise Invalid.at("reason", "person.reason_missing", accepted="4 …")
        params = {"within": within, "unmasked": request["unmasked"], "reason": reason}
        job = self._jobs.create(KIND, actor, params)
        action = "roster.exported_unmasked" if request["unmasked"] else "roster.exported"
        self._audit.append(action, actor, "organisation", within or "all", reason)
        return {"job": job}

    def step(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The job's work; see ``Jobs.work``. It is short: what a crash cut off begins anew."""
        owner, params = job.owner or "", job.params
        with context.entered(Context(actor=owner, correlationid=job.id)):
            tops = self._tops(owner, params["within"], unmasked=params["unmasked"])
            nodes = sorted({each for top in tops for each in self._access.within(top)})
            known = {each.id: each for each in self._directory.organisations.find(limit=0)}
            people = found_by(self._directory.people, "organisation", nodes, active=True)
            people.sort(key=lambda person: person.state["number"])
            posts = self._posts(nodes, known)
            checkpoint(done=0, total=len(people))
            rows: list[Row] = []
            for bunch in _bunches(people):
                if params["unmasked"]:
                    self._note_unmasked(owner, bunch, params["reason"])
                rows += [self._person(each, known, posts, unmasked=params["unmasked"]) for each in bunch]
                checkpoint(done=len(rows))
                eventlet.sleep(0)  # seals were opened: others have their turn
            file = self._write(job, self._organisations(nodes, known), rows, checkpoint)
        return {"file": file, "rows": len(rows)}

    def _tops(self, actor: str, within: str | None, *, unmasked: bool) -> list[str]:
        """From where down it is exported, by the posts held now: those of the asking may be gone since.

        Raises ``Forbidden`` to who reads nobody there, or may not unmask them where they are to be.
        """
        if within is not None:
            tops = [within] if self._access.reads_people(actor, within) else []
        else:
            tops = self._access.posts_at(actor)
        if not tops:
            raise not_a_reader()
        if unmasked:
            for node in tops:
                for field in SEALED:
                    self._access.require_revealer(actor, field, node)
        return tops

    def _note_unmasked(self, owner: str, people: Sequence[Document], reason: str) -> None:
        ids = [each.id for each in people]
        self._audit.append_many("person.exported_unmasked", owner, "person", ids, reason)

    def _organisations(self, nodes: Sequence[str], known: Mapping[str, Document]) -> list[Row]:
        """Those in use, each after the one above it."""
        states = [known[each].state for each in nodes if each in known and known[each].state["active"]]
        states.sort(key=lambda state: (len(state["path"]), state["code"]))
        above = {each.id: each.state["code"] for each in known.values()}
        return [organisation_row(state, above.get(state["parent"] or "")) for state in states]

    def _posts(self, nodes: Sequence[str], known: Mapping[str, Document]) -> dict[str, list[Held]]:
        """What is held at ``nodes`` and not over, by person."""
        today, held = self._clock.today().isoformat(), dict[str, list[Held]]()
        for post in found_by(self._directory.posts, "organisation", nodes, active=True):
            state = post.state
            if state["until"] is None or state["until"] >= today:
                code = known[state["organisation"]].state["code"]
                held.setdefault(state["person"], []).append(Held(state["role"], code, state["since"]))
        return held

    def _person(
        self,
        person: Document,
        known: Mapping[str, Document],
        posts: Mapping[str, list[Held]],
        *,
        unmasked: bool,
    ) -> Row:
        home = known[person.state["organisation"]].state
        group = home["code"] if home["kind"] == "group" else None
        branch = known[home["parent"]].state["code"] if group else home["code"]
        opened = {field: self._directory.opened(person, field) for field in SEALED}
        phone, number = (
            text if unmasked or text is None else _MASKS[field](text) for field, text in opened.items()
        )
        return person_row(person.state, branch, group, posts.get(person.id, ()), phone, number)

    def _write(
        self, job: Job, organisations: Sequence[Row], people: Sequence[Row], checkpoint: Checkpoint
    ) -> str:
        sheets = {
            SHEETS[ORGANISATION]: table(ORGANISATION, organisations),
            SHEETS[PERSON]: table(PERSON, people),
        }
        writer, argument = "services.records.roster.writing:write", {"sheets": sheets}
        written = pulsed(checkpoint, offload, writer, argument, timeout=WRITING_SECONDS)
        name = f"名册-{self._clock.today().isoformat()}.xlsx"
        content = base64.b64decode(written)
        stored = self._files.store(name, MEDIA_TYPE, [content], KIND, job.id, forget_after=KEPT)
        return str(stored["file"])

    def _require_owner(self, job: str) -> None:
        if self._jobs.view(job).owner != context.actor():
            raise NotFound("files.not_found")


def _bunches(people: Sequence[Document]) -> Iterator[Sequence[Document]]:
    for start in range(0, len(people), BUNCH):
        yield people[start : start + BUNCH]
